"""Ingests and transforms so many rows and prints both peaks: run by test_peak_data.py."""

from __future__ import annotations

import sys
from pathlib import Path

from blase_lab.data import StepJob, apply_step, ingest, read_source
from blase_lab.store import Store
from blase_lab.testing.tables import flights, previous_delay, step_of

BUDGET = 96 << 20
SHARD = 8192


def main(folder: Path) -> None:
    """Work once on the small file, so that all is loaded, then on the file that is measured."""
    store = Store.create(folder)
    for name in ("warm", "rows"):
        table = read_source(f"{name}.csv", folder=folder)
        source = ingest(table, store=store, name=name, budget=BUDGET, shard_rows=SHARD)
        job = StepJob(
            step_of(f"{name}_previous"),
            previous_delay,
            (source,),
            budget=BUDGET,
            lookback=1,
            group="tail",
        )
        made = apply_step(job, store=store)
    sys.stdout.write(f"{source.measured_peak_bytes} {made.measured_peak_bytes} {BUDGET}\n")


def write(folder: Path, times: int) -> None:
    """Write a warm-up file and one so many times as long; the tails are the same ones."""
    frame = flights(80_000).assign(tail=lambda rows: rows["tail"].str[:3])
    frame.to_csv(folder / "warm.csv", index=False)
    (folder / "rows.csv").unlink(missing_ok=True)
    for k in range(times):
        frame.to_csv(folder / "rows.csv", index=False, header=k == 0, mode="a")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
    main(Path(sys.argv[1]))
