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
import json, resource, sys, threading, time
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
    small_folder = folder / "small"
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
    made = Preparation([parts[0]], parts[1], parts[2], parts[3], 1, budget)
    prepared = prepare(made, store=Store.open(folder))
    stop.append(1)
    thread.join()
    print(json.dumps({"used": peak[0] - base, "planned": prepared.plan.peak_bytes}))
"""


def measure(folder: Path, rows: int) -> dict[str, int]:
    """Prepare in a process of its own; give the peak over what was there before."""
    folder.mkdir()
    script = [sys.executable, "-c", SCRIPT, str(folder), str(rows), str(BUDGET)]
    subprocess.run([*script, "make"], check=True)
    done = subprocess.run([*script, "run"], check=True, capture_output=True, text=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_the_shuffle_stays_within_its_budget_and_does_not_grow(tmp_path: Path) -> None:
    """At four times the rows the peak is as planned, under the budget, and hardly greater."""
    small = measure(tmp_path / "small", 500_000)
    large = measure(tmp_path / "large", 2_000_000)
    assert max(small["planned"], large["planned"]) <= BUDGET
    assert large["used"] <= BUDGET
    assert large["used"] <= 1.1 * small["used"]
