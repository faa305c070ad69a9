"""What a chunk is to its step: its rows in their order, and the halo around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from blase_lab.core.errors import DataError, WrongShapeError
from blase_lab.data import StepJob, apply_step, read_frame
from blase_lab.store import Store
from blase_lab.testing import tables
from blase_lab.testing.tables import flights, small_source, step_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blase_lab.core.records import Snapshot

ROWS = 200


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a real store."""
    return Store.create(tmp_path)


@pytest.fixture
def source(store: Store) -> Snapshot:
    """Give a source of seven shards."""
    return small_source(store, flights(ROWS), shard_rows=30)


def values(store: Store, snapshot: Snapshot) -> pd.DataFrame:
    """Return all rows of a Snapshot."""
    return read_frame(store, [snapshot], start=0, stop=snapshot.rows)


def job(source: Snapshot, function: Callable[..., Any], **given: Any) -> StepJob:
    """Return a feature's job."""
    return StepJob(step_of("made"), function, (source,), **given)


def test_a_text_that_changes_in_a_halo_computes_the_shards_that_see_it(store: Store) -> None:
    """The code stays and the text does not: the key is over what the code means."""
    frame = pd.DataFrame({"t": ["b", "A", "c", "b", "c", "b"]})

    def was_a_two_rows_ago(chunk: pd.DataFrame) -> Any:
        return chunk["t"].shift(2) == "A"

    apply_step(
        job(small_source(store, frame, shard_rows=3), was_a_two_rows_ago, lookback=2), store=store
    )
    frame.loc[1, "t"] = "X"
    edited = small_source(store, frame, shard_rows=3)
    made = apply_step(job(edited, was_a_two_rows_ago, lookback=2), store=store)
    assert not values(store, made)["made"].any()
    assert (made.computed_shards, made.reused_shards) == (2, 0)


def test_equal_texts_in_a_halo_are_equal_whatever_their_codes(store: Store) -> None:
    """A text that comes before moves the codes, and the shards that do not see it are reused."""
    frame = pd.DataFrame({"t": ["a", "a", "b", "c", "b", "c"]})
    made = None
    for first in ("a", "z"):
        frame.loc[0, "t"] = first
        source = small_source(store, frame, shard_rows=2)
        given = job(source, lambda chunk: chunk["t"].shift(1) == "a", lookback=1)
        made = apply_step(given, store=store)
    assert made is not None
    assert values(store, made)["made"].tolist() == [False, False, True, False, False, False]
    assert made.reused_shards == 2


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("around", [{}, {"lookback": 2, "lookahead": 1}])
def test_a_step_that_sorts_its_chunk_in_place_gives_each_row_its_value(
    store: Store, source: Snapshot, around: dict[str, Any]
) -> None:
    """The labels are compared with those that the chunk had when it was given."""

    def sorted_in_place(chunk: pd.DataFrame) -> Any:
        chunk.sort_values("delay", inplace=True)  # noqa: PD002 what users write
        return chunk["hour"] * 10

    made = apply_step(job(source, sorted_in_place, **around), store=store)
    assert values(store, made)["made"].tolist() == (flights(ROWS)["hour"] * 10).tolist()


def test_missing_values_come_last_in_a_declared_order(store: Store) -> None:
    """A number after a missing one is refused; missing ones at the end are not."""
    frame = pd.DataFrame({"k": [1.0, 2.0, np.nan, np.nan]})
    last = small_source(store, frame, shard_rows=2)
    apply_step(job(last, lambda chunk: chunk["k"], order="k"), store=store)
    frame["k"] = [1.0, np.nan, 0.5, 3.0]
    amid = small_source(store, frame, shard_rows=2)
    with pytest.raises(DataError, match="Row 2"):
        apply_step(job(amid, lambda chunk: chunk["k"], order="k"), store=store)


def test_texts_are_no_order(store: Store, source: Snapshot) -> None:
    """Codes stand in the order of first appearance, which says nothing of the texts."""
    with pytest.raises(DataError, match="`tail` holds no times and no numbers"):
        apply_step(job(source, tables.doubled, order="tail"), store=store)


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_rows_dropped_from_the_chunk_in_place_are_missed(store: Store, source: Snapshot) -> None:
    """The result is counted against the rows that were given."""

    def dropping(chunk: pd.DataFrame) -> Any:
        chunk.drop(chunk.index[::2], inplace=True)  # noqa: PD002 what users write
        return chunk["hour"]

    with pytest.raises(WrongShapeError, match="15 values for 30 rows"):
        apply_step(job(source, dropping), store=store)
