"""What a step touched beside its rows travels with every shard, and decides what is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.core.errors import StepFailedError
from blase_lab.core.records import Observation
from blase_lab.data import StepJob, apply_step
from blase_lab.store import Store
from blase_lab.testing import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from blase_lab.core.records import Snapshot


class Rate:
    """A step that reads a rate from a file and notes it; it fails from some row on."""

    def __init__(self, path: Path, *, fails_from: int = 1_000_000) -> None:
        """Read from `path`."""
        self.path = path
        self.fails_from = fails_from
        self.calls = 0
        self._notes: list[Observation] = []

    def __call__(self, chunk: Any) -> Any:
        """Return the hour times the rate."""
        self.calls += 1
        if chunk.index[-1] >= self.fails_from:
            raise ValueError("too far")
        text = self.path.read_text()
        self._notes.append(Observation(kind="file", name=self.path.name, digest=text))
        return chunk["hour"] * float(text)

    def take_notes(self) -> list[Observation]:
        """Return what was read since last asked."""
        taken, self._notes = self._notes, []
        return taken

    def holds(self, notes: Sequence[Observation]) -> bool:
        """Say whether the file is as it was."""
        return all(note.digest == self.path.read_text() for note in notes)


def made(store: Store, source: Snapshot, rate: Rate) -> Snapshot:
    """Apply the step."""
    job = StepJob(tables.step_of("rated"), rate, (source,), holds=rate.holds)
    return apply_step(job, store=store)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store beside a file with the rate 2."""
    (tmp_path / "rate").write_text("2")
    return Store.create(tmp_path / "project")


def test_the_notes_of_all_shards_are_a_fact_of_the_snapshot(store: Store, tmp_path: Path) -> None:
    """Each once, as plain JSON, also for shards that are taken over from an older Snapshot."""
    frame = tables.flights(200)
    source = tables.small_source(store, frame[:120], shard_rows=30)
    first = made(store, source, Rate(tmp_path / "rate"))
    longer = tables.small_source(store, frame, shard_rows=30)
    rate = Rate(tmp_path / "rate")
    second = made(store, longer, rate)

    expected = [{"kind": "file", "name": "rate", "mode": "read", "digest": "2"}]
    assert first.facts["observed"] == second.facts["observed"] == expected
    assert second.reused_shards == 4
    assert rate.calls == second.computed_shards == 3


def test_a_shard_whose_notes_do_not_hold_is_not_taken_over(store: Store, tmp_path: Path) -> None:
    """Not from an older Snapshot of the very same step."""
    source = tables.small_source(store, tables.flights(120), shard_rows=30)
    first = made(store, source, Rate(tmp_path / "rate"))
    (tmp_path / "rate").write_text("3")
    second = made(store, source, Rate(tmp_path / "rate"))

    assert (second.computed_shards, second.reused_shards) == (4, 0)
    assert second.digest != first.digest
    assert [note["digest"] for note in second.facts["observed"]] == ["3"]


@pytest.mark.parametrize("rate_now", ["2", "3"])
def test_the_journal_of_a_failed_build_is_used_only_if_its_notes_hold(
    store: Store, tmp_path: Path, rate_now: str
) -> None:
    """What was written under the old file is never mixed with the new one."""
    source = tables.small_source(store, tables.flights(150), shard_rows=30)
    with pytest.raises(StepFailedError):
        made(store, source, Rate(tmp_path / "rate", fails_from=120))
    (tmp_path / "rate").write_text(rate_now)
    rate = Rate(tmp_path / "rate")
    resumed = made(store, source, rate)

    whole = Store.create(tmp_path / "other")
    other = tables.small_source(whole, tables.flights(150), shard_rows=30)
    assert resumed.digest == made(whole, other, Rate(tmp_path / "rate")).digest
    assert [note["digest"] for note in resumed.facts["observed"]] == [rate_now]
    assert (rate.calls < 5) == (rate_now == "2")


def test_a_function_that_keeps_no_notes_leaves_no_fact(store: Store) -> None:
    """The fact is not there at all."""
    source = tables.small_source(store, tables.flights(60), shard_rows=30)
    plain = StepJob(tables.step_of("half"), lambda chunk: chunk["hour"] / 2, (source,))

    assert "observed" not in apply_step(plain, store=store).facts
