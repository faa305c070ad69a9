"""kill -9 in the middle of a training, then a resume in a new process: equal to the last bit."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "train"))

from memory_batches import training

from blase_lab.core.records import Run
from blase_lab.store import Store

pytestmark = pytest.mark.keras

SCRIPT = Path(__file__).with_name("dying_training.py")


def train(folder: Path, training_id: str, kill_after: int) -> Run | None:
    """Train in a new process; None when it was killed."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), training_id, str(kill_after)],
        capture_output=True,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Run)


def test_a_training_killed_twice_and_resumed_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    """Weights, optimizer, ledger and history are equal though two processes died under it.

    With 10 batches an epoch and a checkpoint every 4, the first death is at batch 7 of epoch 2
    and the second one epoch later; both repeat some batches.
    """
    store = Store.create(tmp_path)
    whole, broken = training(number=1), training(number=2)
    for record in (whole, broken):
        store.ledger.put(record, id=record.id)
    expected = train(tmp_path, whole.id, 0)
    assert train(tmp_path, broken.id, 17) is None
    assert store.ledger.list(Run) == [expected]
    assert train(tmp_path, broken.id, 9) is None
    resumed = train(tmp_path, broken.id, 0)
    assert expected is not None
    assert resumed is not None
    assert (resumed.state, resumed.resumed) == ("finished", 2)
    for name in ("weights", "weights_digest", "optimizer_digest", "ledger_digest", "history"):
        assert getattr(resumed, name) == getattr(expected, name), name
