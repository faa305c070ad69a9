"""The shuffle at write keeps its budget, and does not grow with the data."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
BUDGET = 96 * MIB
SCRIPT = """
import json, sys, threading, time, tracemalloc
from pathlib import Path
import numpy as np
import psutil
from blase_lab.core.records import SplitPolicy
from blase_lab.data.scale import fit_scaling
from blase_lab.data.shuffle import Preparation, prepare
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

folder, rows, budget = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
is_traced = sys.argv[4] == "traced"

def job(folder, rows):
    store = Store.create(folder)
    rng = np.random.default_rng(0)
    source = write_table(store, "s", {"id": np.arange(rows)}, stage="source", shard_rows=65536)
    split = make_split(SplitPolicy(), source=source, kept=None, store=store)
    numbers = rng.normal(size=(rows, 20)).astype("f4")
    block = write_table(store, "m", {"m": numbers}, shard_rows=65536)
    target = write_table(store, "y", {"y": np.arange(rows) % 2}, stage="target", shard_rows=65536)
    fitted = fit_scaling([(block, "standard")], split=split, store=store)
    return store, Preparation([block], target, split, fitted, 1, budget)

if sys.argv[4] == "make":
    store, made = job(folder, rows)
    import msgspec
    (folder / "job.json").write_bytes(msgspec.json.encode(
        [made.features[0], made.target, made.split, made.fitted]))
else:
    import msgspec
    from blase_lab.core.records import Fitted, Snapshot, Split
    small_folder = folder / sys.argv[4]
    small_folder.mkdir()
    small, tiny = job(small_folder, 3000)
    prepare(tiny, store=small)
    parts = msgspec.json.decode((folder / "job.json").read_bytes(),
        type=tuple[Snapshot, Snapshot, Split, Fitted])
    process = psutil.Process()
    base = process.memory_info().rss
    peak, stop = [base], []
    def watch():
        while not stop:
            peak[0] = max(peak[0], process.memory_info().rss)
            time.sleep(0.002)
    thread = threading.Thread(target=watch)
    thread.start()
    if is_traced:
        tracemalloc.start()
    made = Preparation([parts[0]], parts[1], parts[2], parts[3], 1 + is_traced, budget)
    prepared = prepare(made, store=Store.open(folder))
    held = tracemalloc.get_traced_memory()[1] if is_traced else 0
    stop.append(1)
    thread.join()
    facts = {"resident": peak[0] - base, "held": held, "planned": prepared.plan.peak_bytes}
    print(json.dumps(facts))
"""


def make(folder: Path, rows: int) -> list[str]:
    """Write a table in a process of its own; give the command that works on it."""
    folder.mkdir()
    script = [sys.executable, "-c", SCRIPT, str(folder), str(rows), str(BUDGET)]
    subprocess.run([*script, "make"], check=True)
    return script


def measure(script: list[str], how: str) -> dict[str, int]:
    """Prepare in a process of its own; give the peak over what was there before."""
    done = subprocess.run([*script, how], check=True, capture_output=True, text=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_the_shuffle_stays_within_its_budget_and_does_not_hold_more_for_more_rows(
    tmp_path: Path,
) -> None:
    """At four times the rows the process stays under the budget, and no more is held at once.

    Growth is asserted on what Python and NumPy hold (tracemalloc), which is exact. The resident
    size also counts what the allocator keeps back for each thread, which differs from run to run.
    """
    small, large = make(tmp_path / "few", 500_000), make(tmp_path / "many", 2_000_000)
    resident = measure(large, "resident")
    assert resident["resident"] <= BUDGET
    assert resident["planned"] <= BUDGET
    assert measure(large, "traced")["held"] <= 1.1 * measure(small, "traced")["held"]
