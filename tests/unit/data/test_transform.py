"""Transforming: a step over shards gives what it gives over the whole frame, computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from blase_lab.core.errors import (
    ConfigError,
    DataError,
    EmptyDataError,
    OverBudgetError,
    StepFailedError,
    UnknownInputError,
    WrongShapeError,
)
from blase_lab.data import StepJob, apply_step, plan_step, read_frame
from blase_lab.store import Store
from blase_lab.testing import tables
from blase_lab.testing.tables import flights, small_source, step_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blase_lab.core.records import Progress, Snapshot

ROWS = 200
SHARD = 30
SHARDS = 7


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a real store."""
    return Store.create(tmp_path)


@pytest.fixture
def source(store: Store) -> Snapshot:
    """Give a source of seven shards."""
    return small_source(store, flights(ROWS), shard_rows=SHARD)


def values(store: Store, snapshot: Snapshot, **given: Any) -> pd.DataFrame:
    """Return all rows of a Snapshot."""
    return read_frame(store, [snapshot], start=0, stop=snapshot.rows, **given)


def job(
    source: Snapshot, function: Callable[..., Any], name: str = "made", **given: Any
) -> StepJob:
    """Return a feature's job."""
    kind = given.pop("kind", "feature")
    options = given.pop("options", None)
    step = step_of(name, kind, code=given.pop("code", ""), options=options)
    return StepJob(step, function, given.pop("inputs", (source,)), **given)


@pytest.mark.parametrize(
    ("function", "around"),
    [
        (tables.doubled, {}),
        (tables.route, {}),
        (tables.two_columns, {}),
        (tables.previous_delay, {"lookback": 1, "group": "tail"}),
        (tables.next_hour, {"lookahead": 2, "group": "tail"}),
        (lambda chunk: chunk["hour"].rolling(3).sum(), {"lookback": 2}),
        (lambda chunk: chunk["time"] + pd.Timedelta("1h"), {}),
        (lambda chunk: np.stack([chunk["hour"], chunk["hour"] ** 2], axis=1), {}),
        (lambda chunk: chunk["hour"].tolist(), {}),
        (lambda chunk: chunk.sort_values("delay")["hour"], {}),
    ],
)
@pytest.mark.parametrize("is_cleaned", [False, True])
def test_a_step_over_shards_is_the_step_over_the_whole_frame(
    *,
    store: Store,
    source: Snapshot,
    function: Callable[..., Any],
    around: dict[str, Any],
    is_cleaned: bool,
) -> None:
    """Cutting, halos, cleaning and the way of storing never change a value."""
    kept = None
    if is_cleaned:
        kept = apply_step(job(source, tables.is_known, "known", kind="clean"), store=store)
    made = apply_step(job(source, function, kept=kept, **around), store=store)
    frame = values(store, source, kept=kept)
    found = values(store, made, kept=kept)
    expected = function(frame)
    if isinstance(expected, np.ndarray):
        expected = pd.DataFrame(expected, index=frame.index)
    expected = pd.DataFrame(expected).set_axis(found.columns, axis=1)
    expected = (
        expected.loc[frame.index]
        if len(expected.index) == len(frame) and (set(expected.index) == set(frame.index))
        else expected.set_axis(frame.index)
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert (made.computed_shards, made.reused_shards) == (SHARDS, 0)


def test_cleaning_is_a_mask_that_counts_what_it_removed(store: Store, source: Snapshot) -> None:
    """Removed rows stay on the grid: features hold nothing there."""
    kept = apply_step(job(source, tables.is_known, "known", kind="clean"), store=store)
    missing = int(flights(ROWS)["delay"].isna().sum())
    assert kept.removed == kept.facts["removed"] == missing > 0
    assert [(column.name, column.kind) for column in kept.columns] == [("kept", "flag")]
    hour = apply_step(job(source, lambda chunk: chunk["hour"], kept=kept), store=store)
    late = apply_step(job(source, lambda chunk: chunk["is_late"], "late", kept=kept), store=store)
    tail = apply_step(job(source, lambda chunk: chunk["tail"], "tails", kept=kept), store=store)
    assert [each.columns[0].dtype for each in (hour, late, tail)] == ["<f8", "|b1", "<i4"]
    assert values(store, hour)["made"].isna().sum() == missing
    assert values(store, tail)["tails"].isna().sum() == missing


def test_a_second_cleaning_removes_more(store: Store, source: Snapshot) -> None:
    """It sees the rows that the first one left, and its mask is that of both."""
    first = apply_step(job(source, tables.is_known, "known", kind="clean"), store=store)
    given: dict[str, Any] = {"kind": "clean", "kept": first}
    second = apply_step(job(source, lambda chunk: chunk["hour"] < 12, "am", **given), store=store)
    frame = flights(ROWS)
    expected = frame["delay"].notna() & (frame["hour"] < 12)
    np.testing.assert_array_equal(values(store, second)["kept"], expected)
    assert second.removed == ROWS - expected.sum()


def test_a_step_reads_other_steps_and_only_the_columns_named(
    store: Store, source: Snapshot
) -> None:
    """Inputs are columns of the chunk beside the source's; --columns narrows them."""
    seen: list[list[str]] = []

    def sum_up(chunk: pd.DataFrame) -> pd.Series[Any]:
        seen.append(chunk.columns.tolist())
        return chunk["first"] + chunk["hour"]

    first = apply_step(job(source, tables.doubled, "first"), store=store)
    given: dict[str, Any] = {"inputs": (source, first), "options": {"columns": "first, hour"}}
    second = apply_step(job(source, sum_up, "second", **given), store=store)
    frame = flights(ROWS)
    assert seen[0] == ["first", "hour"]
    np.testing.assert_array_equal(
        values(store, second)["second"], frame["delay"] * 2 + frame["hour"]
    )


def test_building_again_computes_nothing(store: Store, source: Snapshot) -> None:
    """Every shard of an equal step over equal rows is taken over, bytes shared."""
    first = apply_step(job(source, tables.route), store=store)
    calls: list[int] = []

    def counted(chunk: pd.DataFrame) -> Any:
        calls.append(len(chunk))
        return tables.route(chunk)

    again = apply_step(job(source, counted), store=store)
    assert (again.computed_shards, again.reused_shards, calls) == (0, SHARDS, [])
    assert (again.digest, again.data) == (first.digest, first.data)
    changed = apply_step(job(source, counted, code="2"), store=store)
    assert (changed.computed_shards, changed.digest) == (SHARDS, first.digest)


@pytest.mark.parametrize(
    ("function", "around"),
    [(tables.previous_delay, {"lookback": 1, "group": "tail"}), (tables.route, {})],
)
def test_appended_rows_cost_only_their_own_shards(
    store: Store, function: Callable[..., Any], around: dict[str, Any]
) -> None:
    """Shards whose rows and halo are equal are reused; the result is that of a fresh build."""
    frame = flights(ROWS)
    short = small_source(store, frame.iloc[:130], shard_rows=SHARD)
    apply_step(job(short, function, **around), store=store)
    long = small_source(store, frame, shard_rows=SHARD)
    made = apply_step(job(long, function, **around), store=store)
    assert (made.computed_shards, made.reused_shards) == (3, 4)
    fresh = apply_step(job(long, function, "fresh", **around), store=store)
    pd.testing.assert_series_equal(
        values(store, made)["made"], values(store, fresh)["fresh"], check_names=False
    )
    assert made.columns[0].digest == fresh.columns[0].digest


def test_a_change_in_a_halo_computes_the_shards_that_see_it(store: Store) -> None:
    """A row that another shard looks back to is part of that shard's key."""
    frame = flights(60).assign(tail="N001")
    one = small_source(store, frame, shard_rows=20)
    around: dict[str, Any] = {"lookback": 1, "group": "tail"}
    apply_step(job(one, tables.previous_delay, **around), store=store)
    frame.loc[19, "delay"] = 999.0
    two = small_source(store, frame, shard_rows=20)
    made = apply_step(job(two, tables.previous_delay, **around), store=store)
    assert (made.computed_shards, made.reused_shards) == (2, 1)
    assert values(store, made)["made"][20] == 999.0


def test_types_and_texts_that_appear_late_widen_the_whole_column(store: Store) -> None:
    """The forms are those of all rows, in whatever shard they show first."""
    frame = pd.DataFrame({"k": np.arange(100)})
    source = small_source(store, frame, shard_rows=10)

    def late(chunk: pd.DataFrame) -> Any:
        return chunk["k"].where(chunk["k"] != 95).astype("Int64")

    def grown(chunk: pd.DataFrame) -> Any:
        return (chunk["k"] // 25).astype("str") if chunk["k"].max() != 49 else ["x"] * 10

    number = apply_step(job(source, late), store=store)
    assert number.columns[0].dtype == "<f8"
    assert values(store, number)["made"].isna().sum() == 1
    text = apply_step(job(source, grown, "text"), store=store)
    assert text.columns[0].categories == 5
    assert values(store, text)["text"].iloc[[0, 45, 99]].tolist() == ["0", "x", "3"]
    whole = apply_step(job(small_source(store, frame, shard_rows=100), late, "w"), store=store)
    assert whole.columns[0].digest == number.columns[0].digest


def test_a_text_that_comes_before_reused_shards_moves_their_codes(store: Store) -> None:
    """Shards whose codes changed meaning are written again, the digest is that of a fresh build."""
    frame = pd.DataFrame({"t": ["a"] * 10 + ["b"] * 10 + ["c"] * 10})
    one = small_source(store, frame, shard_rows=10)
    apply_step(job(one, lambda chunk: chunk["t"]), store=store)
    frame.loc[5, "t"] = "z"
    two = small_source(store, frame, shard_rows=10)
    made = apply_step(job(two, lambda chunk: chunk["t"]), store=store)
    assert values(store, made)["made"].tolist() == frame["t"].tolist()
    fresh = apply_step(job(two, lambda chunk: chunk["t"], "fresh"), store=store)
    assert made.columns[0].digest == fresh.columns[0].digest


def test_shards_without_any_row_left_are_blank(store: Store, source: Snapshot) -> None:
    """A shard that cleaning emptied is never given to the function."""
    for name, first in [("late", 50), ("none", ROWS)]:

        def mask(chunk: pd.DataFrame, first: int = first) -> Any:
            return chunk.index >= first

        kept = apply_step(job(source, mask, name, kind="clean"), store=store)
        if first == ROWS:
            with pytest.raises(EmptyDataError, match="removed all 200 rows"):
                apply_step(job(source, tables.route, kept=kept), store=store)
        else:
            made = apply_step(job(source, tables.route, kept=kept), store=store)
            assert values(store, made)["made"].iloc[:50].isna().all()


def test_a_failing_step_is_named_with_its_rows_and_line(store: Store, source: Snapshot) -> None:
    """The user reads which line of theirs raised what, in which rows."""

    def broken(chunk: pd.DataFrame) -> Any:
        return chunk["hour"] / int(chunk.index[0] < 60)  # the line

    def raising(chunk: pd.DataFrame) -> Any:
        if chunk.index[0] >= 60:
            raise ZeroDivisionError("no hours")
        return chunk["hour"]

    apply_step(job(source, broken, "fine"), store=store)
    with pytest.raises(StepFailedError) as caught:
        apply_step(job(source, raising), store=store)
    facts = caught.value.facts
    assert facts["start"] in {60, 90, 120, 150, 180}
    assert facts["text"] == 'raise ZeroDivisionError("no hours")'
    assert "ZeroDivisionError: no hours" in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [
        lambda chunk: chunk["dleay"],
        lambda chunk: chunk[["hour", "dleay"]],
        lambda chunk: chunk[["dleay"]],
        lambda chunk: chunk.dleay,
    ],
)
def test_an_unknown_column_names_the_close_ones(
    store: Store, source: Snapshot, function: Callable[..., Any]
) -> None:
    """A slip of the pen is answered with the name meant."""
    with pytest.raises(UnknownInputError, match="Did you mean `delay`") as caught:
        apply_step(job(source, function), store=store)
    assert caught.value.facts["column"] == "dleay"


def test_unknown_columns_in_options_are_told_before_any_work(
    store: Store, source: Snapshot
) -> None:
    """--columns, --group and --order must name columns."""
    for given in ({"options": {"columns": ["dleay"]}}, {"group": "dleay"}, {"order": "dleay"}):
        with pytest.raises(UnknownInputError, match="`delay`"):
            apply_step(job(source, tables.doubled, lookback=1, **given), store=store)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda chunk: chunk["hour"][:5], "returned 5 values for 30 rows"),
        (lambda _: 3, "returned one int"),
        (lambda _: np.float64(3), "returned one float64"),
        (lambda _: "text" * 30, "returned one str"),
        (lambda chunk: [object()] * len(chunk), "no array can hold"),
        (lambda chunk: chunk["hour"] if chunk.index[0] else chunk["tail"], "text in"),
        (lambda chunk: chunk[["hour"]] if chunk.index[0] else chunk[["tail"]], "the columns"),
        (lambda chunk: chunk[[]], "returned no columns for the rows 0 to 29"),
        (lambda chunk: chunk[[]] if chunk.index[0] else chunk[["tail"]], "returned no columns"),
        (lambda chunk: np.zeros((len(chunk), 0)), "returned no columns"),
    ],
)
def test_a_wrong_shape_is_told_with_numbers(
    *, store: Store, source: Snapshot, function: Callable[..., Any], said: str
) -> None:
    """A step returns one value of one type for each row."""
    with pytest.raises(WrongShapeError, match=said):
        apply_step(job(source, function), store=store)


@pytest.mark.parametrize(
    "function",
    [lambda chunk: chunk.dropna(), lambda chunk: chunk["hour"], lambda c: [None] * len(c)],
)
def test_cleaning_returns_truth_values_only(
    store: Store, source: Snapshot, function: Callable[..., Any]
) -> None:
    """A frame or numbers are no mask."""
    with pytest.raises(WrongShapeError):
        apply_step(job(source, function, kind="clean"), store=store)


def test_a_declared_order_is_checked(store: Store, source: Snapshot) -> None:
    """Rows that fall in the declared column are refused, and the first is named."""
    frame = flights(60)
    apply_step(job(source, tables.doubled, order="time"), store=store)
    frame.loc[40, "time"] = frame["time"][3]
    fallen = small_source(store, frame, shard_rows=20)
    with pytest.raises(DataError, match="Row 40"):
        apply_step(job(fallen, tables.doubled, order="time"), store=store)


def test_rows_without_a_group_have_no_halo(store: Store) -> None:
    """A missing group is no group: the tail stays short."""
    frame = flights(60).assign(tail=None)
    source = small_source(store, frame.astype({"tail": "str"}), shard_rows=20)
    made = apply_step(
        job(source, lambda chunk: chunk["hour"], lookback=3, group="tail"), store=store
    )
    assert made.facts["haloRows"] == 0


def test_work_over_the_budget_is_refused_before_it_starts(store: Store, source: Snapshot) -> None:
    """Nothing is called when a shard or its halo does not fit."""
    called: list[int] = []
    with pytest.raises(OverBudgetError, match="--columns"):
        apply_step(job(source, called.append, budget=1000), store=store)
    given: dict[str, Any] = {"lookback": 200, "group": "tail", "options": {"columns": ["hour"]}}
    plan = plan_step(job(source, called.append, options=given["options"]), store=store)
    least = plan.peak_bytes // plan.tasks_in_flight
    with pytest.raises(OverBudgetError, match="lookback"):
        apply_step(job(source, called.append, budget=least, **given), store=store)
    assert not called


def test_progress_is_told_shard_by_shard(store: Store, source: Snapshot) -> None:
    """The last word is that all are done."""
    seen: list[Progress] = []
    apply_step(job(source, tables.doubled), store=store, watch=seen.append)
    plan, *work = seen
    assert (plan.stage, plan.total) == ("plan", SHARDS)
    assert [one.done for one in work] == list(range(1, SHARDS + 1))
    assert {(one.stage, one.total, one.sentence) for one in work} == {("feature", SHARDS, "made")}


def test_a_scheduler_that_does_not_answer_is_named(store: Store, source: Snapshot) -> None:
    """The address stands in the error."""
    import dask

    quick = dask.config.set({"distributed.comm.timeouts.connect": "0.2s"})
    with quick, pytest.raises(ConfigError, match=r"127\.0\.0\.1:9"):
        apply_step(job(source, tables.doubled), store=store, scheduler="tcp://127.0.0.1:9")
