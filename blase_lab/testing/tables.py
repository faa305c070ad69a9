"""Small sources and steps for tests of what works on them; the steps cross to worker processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.records import Closure, Digests, OptionValue, Snapshot, Step, StepKind
from blase_lab.data.ingest import ingest
from blase_lab.data.source import FrameTable

if TYPE_CHECKING:
    import pandas as pd

    from blase_lab.store import Store


def step_of(
    name: str,
    kind: StepKind = "feature",
    *,
    code: str = "",
    options: dict[str, OptionValue] | None = None,
) -> Step:
    """Return a step whose identity is its name and `code`."""
    root = f"{name}:{code}"
    digests = Digests(
        code=root, documentation="", parameters="", environment="", data="", seed="", root=root
    )
    return Step(
        name=name,
        version=1,
        kind=kind,
        cell="",
        options=options or {},
        documentation="",
        closure=Closure(function=name, definitions=()),
        leaves=(),
        digests=digests,
        created="2026-01-01T00:00:00+00:00",
    )


def small_source(
    store: Store, frame: pd.DataFrame, *, shard_rows: int, name: str = "flights"
) -> Snapshot:
    """Return the Snapshot of a frame, cut in shards of so many rows."""
    return ingest(FrameTable(frame), store=store, name=name, budget=1 << 28, shard_rows=shard_rows)


MISSING_DELAYS, MISSING_CARRIERS, LATE = 0.1, 0.05, 0.3
"""Parts of the rows."""

MORNING = 8


def flights(rows: int, *, seed: int = 0) -> pd.DataFrame:
    """Return rows as of flights: tail, carrier, delay with missing values, hour, a flag, a time."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    tails = np.array([f"N{k:03d}" for k in range(max(rows // 7, 1))])
    delay = rng.normal(10, 30, rows).round(1)
    delay[rng.random(rows) < MISSING_DELAYS] = np.nan
    carrier = pd.Series(rng.choice(["AA", "UA", "DL"], rows), dtype="str")
    carrier[rng.random(rows) < MISSING_CARRIERS] = None
    return pd.DataFrame(
        {
            "tail": pd.Series(rng.choice(tails, rows), dtype="str"),
            "carrier": carrier,
            "delay": delay,
            "hour": rng.integers(0, 24, rows),
            "is_late": rng.random(rows) < LATE,
            "time": pd.Timestamp("2013-01-01", tz="UTC") + pd.to_timedelta(np.arange(rows), "min"),
        }
    )


def is_known(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Keep rows with a delay."""
    return chunk["delay"].notna()


def previous_delay(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Return the delay of the tail's previous flight."""
    return chunk.groupby("tail")["delay"].shift(1)


def next_hour(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Return the hour of the tail's flight after the next."""
    return chunk.groupby("tail")["hour"].shift(-2)


def route(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Return a text made of two columns."""
    joined: pd.Series[Any] = chunk["tail"] + "-" + chunk["carrier"]
    return joined


def doubled(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Return twice the delay."""
    return chunk["delay"] * 2


def two_columns(chunk: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of a number and a flag."""
    import pandas as pd

    return pd.DataFrame({"half": chunk["hour"] / 2, "is_early": chunk["hour"] < MORNING})


def half_delay(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Ask for a column by a wrong name."""
    half: pd.Series[Any] = chunk["dleay"] / 2
    return half


def failing_late(chunk: pd.DataFrame) -> pd.Series[Any]:
    """Fail in any but the first shard."""
    if chunk.index[0] > 0:
        raise ZeroDivisionError(chunk.index[0])
    return chunk["hour"]
