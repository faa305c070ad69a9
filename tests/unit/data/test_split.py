"""Rows are assigned to splits by time, by hash or by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from blase_lab.core.errors import DamagedError, EmptyDataError, SplitError
from blase_lab.core.records import Snapshot, Split, SplitPolicy
from blase_lab.data.borders import parse_span, parse_time
from blase_lab.data.grid import EMBARGO, REMOVED, TEST, TRAIN, VALIDATION, open_assignment, remember
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 3000
HOUR = 3600 * 10**9


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give one store for all tests: what they write is never changed."""
    return Store.create(tmp_path_factory.mktemp("store"))


def table(store: Store, rows: int = ROWS, name: str = "source") -> Snapshot:
    """Write a source of hours, numbers, words and keys."""
    hours = np.datetime64("2013-01-01T00", "h") + np.arange(rows)
    columns: dict[str, Any] = {
        "at": hours,
        "place": np.arange(rows, dtype=np.float64),
        "tail": [f"N{row % 83}" for row in range(rows)],
        "key": np.arange(rows) * 7,
    }
    return write_table(store, name, columns, stage="source")


def move_away(store: Store, data: str, to: Path) -> None:
    """Take a tree out of the store, as a check that finds it damaged does."""
    folder = store.arrays.folder(data).parent
    folder.chmod(0o755)
    folder.rename(to)


def codes_of(store: Store, split: Split) -> np.ndarray[Any, Any]:
    """Read the whole assignment."""
    return open_assignment(store, split).rows(0, 10**9)


def test_a_split_by_hash_keeps_about_the_shares(store: Store) -> None:
    """Shares are met to a few standard deviations."""
    split = make_split(SplitPolicy(), source=table(store), kept=None, store=store)
    assert abs(split.rows["train"] / ROWS - 0.7) < 0.04
    assert abs(split.rows["test"] / ROWS - 0.15) < 0.03
    assert sum(split.rows.values()) == ROWS


def test_a_split_whose_rows_are_gone_writes_them_again(tmp_path: Path) -> None:
    """The record is the old one and its rows are there, byte for byte."""
    store = Store.create(tmp_path)
    source = table(store)
    first = make_split(SplitPolicy(), source=source, kept=None, store=store)
    before = codes_of(store, first)
    data = store.ledger.get(Snapshot, first.snapshot).data
    move_away(store, data, tmp_path / "gone")
    again = make_split(SplitPolicy(), source=source, kept=None, store=store)
    assert again == first
    assert store.arrays.has(data)
    assert np.array_equal(codes_of(store, again), before)


def test_rows_that_come_out_otherwise_than_recorded_are_refused(tmp_path: Path) -> None:
    """A record is never given for data that are not in the store."""
    store = Store.create(tmp_path)
    split = make_split(SplitPolicy(), source=table(store), kept=None, store=store)
    snapshot = store.ledger.get(Snapshot, split.snapshot)
    move_away(store, snapshot.data, tmp_path / "gone")
    with pytest.raises(DamagedError, match="other bytes"):
        remember(store, msgspec.structs.replace(snapshot, data="0" * 64))


def test_a_split_by_hash_stays_when_rows_are_appended(store: Store) -> None:
    """No old row changes sides."""
    few = make_split(SplitPolicy(), source=table(store), kept=None, store=store)
    many = make_split(SplitPolicy(), source=table(store, ROWS + 500, "m"), kept=None, store=store)
    assert np.array_equal(codes_of(store, few), codes_of(store, many)[:ROWS])


def test_a_split_by_key_does_not_depend_on_the_order_of_rows(store: Store) -> None:
    """The same key goes to the same side, wherever it stands and whatever its type of number."""
    source = write_table(store, "one", {"key": np.arange(500)}, stage="source")
    other = write_table(store, "two", {"key": np.arange(500.0)[::-1]}, stage="source")
    policy = SplitPolicy(column="key")
    one = codes_of(store, make_split(policy, source=source, kept=None, store=store))
    two = codes_of(store, make_split(policy, source=other, kept=None, store=store))
    assert np.array_equal(one, two[::-1])


def test_a_group_is_never_divided(store: Store) -> None:
    """All rows of a group are on one side."""
    policy = SplitPolicy(by="group", column="tail")
    codes = codes_of(store, make_split(policy, source=table(store), kept=None, store=store))
    assert all(len(set(codes[start::83])) == 1 for start in range(83))


def test_rows_without_a_group_go_the_same_way(store: Store) -> None:
    """They could belong together."""
    words = [f"g{row}" if row % 3 else None for row in range(900)]
    source = write_table(store, "source", {"tail": words}, stage="source")
    policy = SplitPolicy(by="group", column="tail")
    codes = codes_of(store, make_split(policy, source=source, kept=None, store=store))
    assert len(set(codes[::3])) == 1


def test_a_split_by_time_with_shares_has_borders_at_the_shares(store: Store) -> None:
    """Ratios become exact quantiles of time."""
    policy = SplitPolicy(by="time", column="at")
    split = make_split(policy, source=table(store), kept=None, store=store)
    assert split.rows == {
        "removed": 0,
        "train": 2100,
        "validation": 450,
        "test": 450,
        "embargo": 0,
    }
    assert np.array_equal(
        codes_of(store, split), np.repeat([TRAIN, VALIDATION, TEST], [2100, 450, 450])
    )
    assert split.borders == {
        "validation_from": "2013-03-29T12:00Z",
        "test_from": "2013-04-17T06:00Z",
    }


def test_the_embargo_leaves_out_rows_before_each_border(store: Store) -> None:
    """A day of hours is missing before validation and before test."""
    policy = SplitPolicy(
        by="time", column="at", validation_from="2013-03-01", test_from="2013-04-01", embargo="1d"
    )
    split = make_split(policy, source=table(store), kept=None, store=store)
    codes = codes_of(store, split)
    validation = (31 + 28) * 24
    assert set(codes[validation - 24 : validation]) == {EMBARGO}
    assert codes[validation - 25] == TRAIN
    assert codes[validation] == VALIDATION
    assert split.rows["embargo"] == 48


def test_a_border_without_an_offset_is_in_the_zone_of_the_column() -> None:
    """Midnight in New York is five hours after midnight UTC in winter."""
    assert parse_time("2013-01-01", "America/New_York") == parse_time("2013-01-01") + 5 * HOUR
    assert parse_time("2013-01-01T00:00+01:00") == parse_time("2013-01-01") - HOUR


def test_one_border_may_be_given_and_the_other_found(store: Store) -> None:
    """The missing border follows from the shares on its side."""
    policy = SplitPolicy(by="time", column="place", test_from="2000", embargo="10")
    split = make_split(policy, source=table(store), kept=None, store=store)
    assert split.rows["test"] == 1000
    assert abs(split.rows["train"] - (2000 * 0.7 / 0.85 - 10)) <= 1
    later = SplitPolicy(by="time", column="place", validation_from="2000")
    found = make_split(later, source=table(store), kept=None, store=store)
    assert (found.rows["train"], found.rows["validation"], found.rows["test"]) == (2000, 500, 500)


def test_cleaned_rows_and_rows_without_a_time_are_removed(store: Store) -> None:
    """What cannot be placed takes no part."""
    hours = np.datetime64("2013-01-01T00", "h") + np.arange(1000)
    hours[5] = np.datetime64("NaT", "h")
    source = write_table(store, "source", {"at": hours}, stage="source")
    keep = np.arange(1000) % 10 != 0
    kept = write_table(store, "kept", {"kept": keep}, stage="clean")
    policy = SplitPolicy(by="time", column="at")
    split = make_split(policy, source=source, kept=kept, store=store)
    codes = codes_of(store, split)
    assert codes[5] == REMOVED
    assert set(codes[~keep]) == {REMOVED}
    assert split.rows["removed"] == 101
    assert split.rows["train"] == round(899 * 0.7)


def test_quantiles_of_time_are_exact_for_odd_values(store: Store) -> None:
    """Bins within bins end at a value of the data, for times and for fractions."""
    rng = np.random.default_rng(0)
    for values in (rng.exponential(size=999) * 1e6, rng.integers(-(2**40), 2**60, 999)):
        source = write_table(store, f"t{values.dtype}", {"at": values}, stage="source")
        policy = SplitPolicy(by="time", column="at", train=0.5, validation=0.0, test=0.5)
        split = make_split(policy, source=source, kept=None, store=store)
        assert split.rows["train"] == 500


def test_the_same_split_is_made_once(store: Store) -> None:
    """An equal call gives the same record."""
    source = table(store)
    one = make_split(SplitPolicy(), source=source, kept=None, store=store)
    assert make_split(SplitPolicy(), source=source, kept=None, store=store) == one


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (SplitPolicy(train=0.9), "add up to 1.2"),
        (SplitPolicy(by="time"), "needs a column"),
        (SplitPolicy(by="group", column="nowhere"), "no column `nowhere`"),
        (SplitPolicy(by="time", column="tail"), "is a category"),
        (SplitPolicy(by="time", column="at", embargo="soon"), "embargo `soon`"),
        (SplitPolicy(by="time", column="at", test_from="soon"), "border `soon`"),
        (
            SplitPolicy(
                by="time", column="at", test_from="2013-02-01", validation_from="2013-03-01"
            ),
            "after test",
        ),
        (SplitPolicy(by="time", column="at", test_from="2030-01-01"), "no row for test"),
    ],
)
def test_an_impossible_policy_is_refused(store: Store, policy: SplitPolicy, sentence: str) -> None:
    """The error says what is wrong and how to mend it."""
    with pytest.raises(SplitError, match=sentence) as caught:
        make_split(policy, source=table(store), kept=None, store=store)
    assert "blase.toml" in caught.value.way_out or "Write" in caught.value.way_out


def test_a_border_is_not_sought_where_there_is_no_row(store: Store) -> None:
    """A validation border behind the last row leaves nothing to divide."""
    policy = SplitPolicy(by="time", column="at", validation_from="2030-01-01")
    with pytest.raises(EmptyDataError, match="No row"):
        make_split(policy, source=table(store), kept=None, store=store)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("1d", 86400), ("6h", 21600), ("1.5min", 90), ("2w", 1209600)]
)
def test_spans_are_read_in_their_units(text: str, seconds: int) -> None:
    """Each unit is what it says."""
    assert parse_span(text) == seconds * 10**9
