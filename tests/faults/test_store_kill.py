"""P1, P2, P3: what was saved survives kill -9, nothing half written is listed, one writer wins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blase_lab.store import Store

HERE = Path(__file__).parent

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and kill -9")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, dict[int, str], int]:
    """Give a store whose publishers were killed at every operation, and what they called saved."""
    folder = tmp_path_factory.mktemp("killed")
    script = [sys.executable, str(HERE / "dying_publisher.py"), str(folder)]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=300)
    said = [line.split() for line in done.stdout.splitlines()]
    return Store.open(folder), {int(turn): digest for _, turn, digest in said}, int(said[-1][1])


@needs_fork
def test_what_was_called_saved_is_there_after_kill(
    killed: tuple[Store, dict[int, str], int],
) -> None:
    """Every acknowledged publish resolves and reads back the same rows."""
    store, saved, turns = killed
    assert turns > 40
    for turn, digest in saved.items():
        assert store.refs.resolve("snapshot", f"turn{turn}").target == digest


@needs_fork
def test_nothing_half_written_is_listed_after_kill(
    killed: tuple[Store, dict[int, str], int],
) -> None:
    """Every name that is listed reads whole, and no byte of the store is damaged."""
    store, _, _ = killed
    for name in store.refs.names("snapshot"):
        array: Any = store.arrays.open(store.refs.resolve("snapshot", name).target)["x"]
        assert np.array_equal(array[:], np.arange(150) + int(name[4:]))
    report = store.verify()
    assert report.damaged == ()
    assert report.checked > 0


@needs_fork
def test_a_killed_build_is_resumed_by_its_key(killed: tuple[Store, dict[int, str], int]) -> None:
    """A later staging of the same key finds the shards that were marked done, whole."""
    store, _, turns = killed
    resumed = 0
    for turn in range(1, turns):
        with store.arrays.stage(f"turn {turn}") as staging:
            for facts in staging.done.values():
                start = facts["start"]
                array: Any = staging.group["x"]
                stop = min(start + 100, 150)
                assert np.array_equal(array[start:stop], np.arange(start, stop) + turn)
                resumed += 1
            staging.discard()
    assert resumed > 20


def test_two_processes_cannot_win_the_same_version(tmp_path: Path) -> None:
    """Of two that publish the same ref, exactly one wins each version."""
    store = Store.create(tmp_path)
    script = [sys.executable, str(HERE / "racing_publisher.py"), str(tmp_path)]
    both = {
        who: subprocess.Popen([*script, who, "60"], stdout=subprocess.PIPE, text=True)
        for who in ("one", "two")
    }
    won = {who: process.communicate(timeout=120)[0].split() for who, process in both.items()}
    assert sorted(int(v) for versions in won.values() for v in versions) == list(range(1, 61))
    for ref in store.refs.versions("step", "age"):
        assert str(ref.version) in won[ref.target]
