"""A scrub that is killed leaves a store that verifies, and is ended by scrubbing again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "unit" / "store"
sys.path.insert(0, str(SAMPLES))

from scrub_samples import SECRET, full_store, holds  # noqa: E402

from blase_lab.core.records import Bundle, Step  # noqa: E402
from blase_lab.store import Store  # noqa: E402
from blase_lab.store.redact import HIDDEN  # noqa: E402

_STRIDE = 3
"""Every third operation: an odd number, so that each kind of operation is met."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and kill -9")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give the folders of stores whose scrub was killed, each at a later operation."""
    folder = tmp_path_factory.mktemp("scrubbed")
    full_store(folder / "whole")
    done = subprocess.run(
        [sys.executable, str(HERE / "dying_scrub.py"), str(folder), str(_STRIDE)],
        env={**os.environ, "PYTHONPATH": str(SAMPLES)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [folder / str(turn) for turn in range(1, int(done.stdout), _STRIDE)]


def test_after_a_kill_at_any_moment_the_store_is_whole(killed: list[Path]) -> None:
    """No file is damaged, and every name leads to its record and its blobs."""
    assert len(killed) > 30
    for folder in killed:
        store = Store.open(folder)
        _check_names(store)
        assert store.verify().damaged == (), folder.name


def test_a_scrub_begun_again_ends_the_work(killed: list[Path]) -> None:
    """Whatever the kill left, the second scrub leaves no byte of the value."""
    was_left = 0
    for folder in killed:
        store = Store.open(folder)
        was_left += bool(holds(store.root, SECRET))
        store.scrub(SECRET, dry_run=False)
        again = Store.open(folder)
        assert holds(again.root, SECRET) == [], folder.name
        _check_names(again)
        ref = again.refs.resolve("step", "fetch")
        assert again.ledger.get(Step, ref.target).cell.endswith(f"'{HIDDEN}'")
        assert again.verify().damaged == (), folder.name
    assert was_left > 20


def _check_names(store: Store) -> None:
    """Follow every ref to its record, and the record with blobs to each of them."""
    for name in ("fetch", "plain"):
        store.ledger.get(Step, store.refs.resolve("step", name).target)
    for digest in store.ledger.get(Bundle, "bundle").files.values():
        store.blobs.get(digest)
    assert store.checkpoints.best("run") is not None
    assert store.checkpoints.latest("run") is not None
    assert len(store.events.read("run")[0]) == 2
