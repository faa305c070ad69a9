"""A build that is killed in its middle: run by test_build_kill.py in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blase_lab.data import StepJob, apply_step, ingest, read_source
from blase_lab.store import Store
from blase_lab.testing.tables import flights, route, small_source, step_of

if TYPE_CHECKING:
    import pandas as pd

    from blase_lab.core.records import Progress, Snapshot

ROWS = 300
SHARD = 30


def build(store: Store, *, dies_at: int | None) -> Snapshot:
    """Build a feature; the process kills itself when so many shards are safe."""
    source = small_source(store, flights(ROWS), shard_rows=SHARD)

    def watch(progress: Progress) -> None:
        if progress.done == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    return apply_step(StepJob(step_of("route"), route, (source,)), store=store, watch=watch)


def take_in(store: Store, *, dies_at: int | None) -> Snapshot:
    """Ingest a source; the process kills itself when so many shards are safe."""

    def watch(progress: Progress) -> None:
        if progress.done == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    table = read_source(frame(), folder=store.folder)
    given: dict[str, Any] = {"name": "f", "budget": 1 << 28, "shard_rows": SHARD, "watch": watch}
    return ingest(table, store=store, **given)


def frame() -> pd.DataFrame:
    """Return the rows of the source."""
    return flights(ROWS)


if __name__ == "__main__":
    work = {"build": build, "ingest": take_in}[sys.argv[2]]
    work(Store.create(Path(sys.argv[1])), dies_at=int(sys.argv[3]))
