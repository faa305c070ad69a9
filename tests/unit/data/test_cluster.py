"""A cluster: worker processes write the same shards as threads do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from two_workers import two_workers

from blase_lab.core.errors import StepFailedError, UnknownInputError
from blase_lab.data import StepJob, apply_step
from blase_lab.store import Store
from blase_lab.testing import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of two real worker processes."""
    with two_workers() as found:
        yield found


def test_threads_and_processes_give_equal_digests(tmp_path: Path, address: str) -> None:
    """One graph, two schedulers, one result; errors cross the border whole."""
    frame = tables.flights(200)
    made = []
    for scheduler in (None, address):
        store = Store.create(tmp_path / str(scheduler is None))
        source = tables.small_source(store, frame, shard_rows=30)
        for name, function in [("previous", tables.previous_delay), ("route", tables.route)]:
            around = {"lookback": 1, "group": "tail"} if name == "previous" else {}
            job = StepJob(tables.step_of(name), function, (source,), **around)  # type: ignore[arg-type]
            made.append(apply_step(job, store=store, scheduler=scheduler))
    assert [each.computed_shards for each in made] == [7, 7, 7, 7]
    assert (made[0].digest, made[1].digest) == (made[2].digest, made[3].digest)
    assert (made[0].data, made[1].data) == (made[2].data, made[3].data)
    wrong = StepJob(tables.step_of("wrong"), tables.half_delay, (source,))
    with pytest.raises(UnknownInputError, match="Did you mean `delay`"):
        apply_step(wrong, store=store, scheduler=address)
    failing = StepJob(tables.step_of("failing"), tables.failing_late, (source,))
    with pytest.raises(StepFailedError) as caught:
        apply_step(failing, store=store, scheduler=address)
    assert caught.value.facts["step"] == "failing"
