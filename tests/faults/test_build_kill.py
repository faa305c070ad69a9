"""A build killed in its middle goes on where it was, and gives what an undisturbed one gives."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blase_lab.core.records import Snapshot
from blase_lab.store import Store

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import dying_build  # noqa: E402 found beside this file


@pytest.mark.parametrize("work", ["build", "ingest"])
@pytest.mark.parametrize("dies_at", [1, 6])
def test_a_killed_build_is_finished_by_the_next_one(
    tmp_path: Path, work: str, dies_at: int
) -> None:
    """Shards that were safe are not computed again, and the digest is that of a whole build."""
    place = tmp_path / "killed"
    command = [sys.executable, str(HERE / "dying_build.py"), str(place), work, str(dies_at)]
    died = subprocess.run(command, check=False, capture_output=True, timeout=120)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    function = dying_build.build if work == "build" else dying_build.take_in
    store = Store.open(place)
    names = [each.name for each in store.ledger.list(Snapshot)]
    assert names == (["flights"] if work == "build" else [])
    again = function(store, dies_at=None)
    whole = function(Store.create(tmp_path / "whole"), dies_at=None)
    assert again.digest == whole.digest
    assert again.data == whole.data
    assert again.reused_shards >= dies_at
    assert again.computed_shards + again.reused_shards == 10
    assert whole.reused_shards == 0
