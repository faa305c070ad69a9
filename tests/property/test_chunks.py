"""Chunks: cutting rows never changes a result, and a plan never passes its budget."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blase_lab.core.errors import OverBudgetError
from blase_lab.data import StepJob, apply_step, plan_chunks, read_frame
from blase_lab.data.columns import Form, join_forms
from blase_lab.data.halo import last_of_each
from blase_lab.data.plan import bounds
from blase_lab.store import Store
from blase_lab.testing.tables import small_source, step_of

if TYPE_CHECKING:
    from blase_lab.core.records import Snapshot

FEW = settings(max_examples=10, deadline=None)


@given(
    rows=st.integers(0, 10**12),
    bytes_per_row=st.integers(1, 10**7),
    budget=st.integers(1, 10**12),
    tasks=st.integers(1, 64),
    halo_rows=st.integers(0, 10**5),
)
@settings(deadline=None)
def test_a_plan_is_within_its_budget_or_refused(
    *, rows: int, bytes_per_row: int, budget: int, tasks: int, halo_rows: int
) -> None:
    """For any rows and bytes: the peak fits, or one row with its halo really does not."""
    given = {"rows": rows, "bytes_per_row": bytes_per_row, "budget": budget, "tasks": tasks}
    needed = bytes_per_row * (1 + halo_rows)
    if needed > budget:
        with pytest.raises(OverBudgetError) as caught:
            plan_chunks(**given, halo_rows=halo_rows)
        assert caught.value.facts["needed"] == needed
        return
    plan = plan_chunks(**given, halo_rows=halo_rows)
    assert plan.peak_bytes <= budget
    assert 1 <= plan.tasks_in_flight <= tasks
    assert plan.shard_rows >= 1
    assert plan.shard_rows % plan.chunk_rows == 0


@given(rows=st.integers(0, 10**5), bytes_per_row=st.integers(1, 10**5))
@settings(deadline=None)
def test_shards_are_an_exact_partition_of_the_rows(rows: int, bytes_per_row: int) -> None:
    """Every row lies in exactly one shard."""
    plan = plan_chunks(rows=rows, bytes_per_row=bytes_per_row, budget=10**6, tasks=1)
    cuts = bounds(plan)
    assert [start for start, _ in cuts] == [0, *(stop for _, stop in cuts)][: len(cuts)]
    assert (cuts[-1][1] if cuts else 0) == rows
    assert all(start < stop for start, stop in cuts)


FORMS = st.sampled_from(
    [Form("number", each) for each in ("|i1", "<i4", "<i8", "|u1", "<u8", "<f4", "<f8")]
    + [Form("flag", "|b1"), Form("missing", "<f8"), Form("missing", "")]
)


@given(forms=st.lists(FORMS, min_size=1, max_size=6), seed=st.randoms())
@settings(deadline=None)
def test_the_form_of_a_column_does_not_depend_on_the_order_of_its_shards(
    forms: list[Form], seed: Any
) -> None:
    """Joining is commutative and associative."""
    expected = join_forms(forms, name="x")
    shuffled = list(forms)
    seed.shuffle(shuffled)
    assert join_forms(shuffled, name="x") == expected
    cut = seed.randint(0, len(forms) - 1) or 1
    parts = [part for part in (forms[:cut], forms[cut:]) if part]
    assert join_forms([join_forms(part, name="x") for part in parts], name="x") == expected


@given(groups=st.lists(st.integers(0, 4), max_size=40), count=st.integers(1, 3))
@settings(deadline=None)
def test_the_last_rows_of_each_group_are_pandas_tail(groups: list[int], count: int) -> None:
    """The halo's mask is `groupby.tail`."""
    mask = last_of_each(np.array(groups, dtype=int), count)
    frame = pd.DataFrame({"g": groups}, dtype=int)
    assert np.flatnonzero(mask).tolist() == frame.groupby("g").tail(count).index.tolist()


def build(store: Store, source: Snapshot, function: Any, **around: Any) -> Snapshot:
    """Build a feature."""
    return apply_step(StepJob(step_of("made"), function, (source,), **around), store=store)


@given(data=st.data())
@FEW
def test_a_halo_gives_what_groupby_shift_gives_over_the_whole_frame(data: st.DataObject) -> None:
    """For any groups, gaps, cuts and depth: rows across shard borders are seen."""
    rows = data.draw(st.integers(1, 60))
    depth = data.draw(st.integers(1, 4))
    ahead = data.draw(st.booleans())
    letters = st.sampled_from(["a", "b", "c", None])
    group = data.draw(st.lists(letters, min_size=rows, max_size=rows))
    kept = data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    kept[data.draw(st.integers(0, rows - 1))] = True
    frame = pd.DataFrame({"g": pd.Series(group, dtype="str"), "x": np.arange(rows) * 1.5})
    frame["keep"] = kept

    def shifted(chunk: pd.DataFrame) -> Any:
        return chunk.groupby("g")["x"].shift(-depth if ahead else depth)

    around = {"lookahead" if ahead else "lookback": depth, "group": "g"}
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder))
        source = small_source(store, frame, shard_rows=data.draw(st.integers(1, 25)))
        clean = StepJob(step_of("keep", "clean"), lambda chunk: chunk["keep"], (source,))
        mask = apply_step(clean, store=store)
        made = build(store, source, shifted, kept=mask, **around)
        found = read_frame(store, [made], start=0, stop=rows, kept=mask)["made"]
    expected = shifted(frame[frame["keep"]])
    pd.testing.assert_series_equal(found, expected, check_names=False)


def test_a_text_that_comes_after_a_shard_without_any_is_text(tmp_path: Path) -> None:
    """A first shard of missing values only says nothing of the column's kind."""
    store = Store.create(tmp_path)
    frame = pd.DataFrame({"t": pd.Series([None, "a"], dtype="str")})
    source = small_source(store, frame, shard_rows=1)

    made = build(store, source, lambda chunk: pd.DataFrame({"t": chunk["t"] + "!"}))

    assert [column.kind for column in made.columns] == ["category"]


@given(data=st.data())
@FEW
def test_the_result_is_equal_for_every_chunking(data: st.DataObject) -> None:
    """One digest, however the rows are cut, also with types and texts that appear late."""
    rows = data.draw(st.integers(2, 50))
    cells = st.sampled_from(["a", "b", "c", "d", None])
    texts = data.draw(st.lists(cells, min_size=rows, max_size=rows))
    numbers = data.draw(st.lists(st.none() | st.integers(0, 9), min_size=rows, max_size=rows))
    frame = pd.DataFrame(
        {"t": pd.Series(texts, dtype="str"), "n": pd.array(numbers, dtype="Int64")}
    )
    cuts = {rows, data.draw(st.integers(1, rows)), data.draw(st.integers(1, rows))}

    def both(chunk: pd.DataFrame) -> pd.DataFrame:
        whole = chunk["n"].convert_dtypes()
        return pd.DataFrame({"t": chunk["t"] + "!", "n": whole, "f": chunk["n"] > 5})

    digests = set()
    for shard_rows in cuts:
        with tempfile.TemporaryDirectory() as folder:
            store = Store.create(Path(folder))
            source = small_source(store, frame, shard_rows=shard_rows)
            digests.add((source.digest, build(store, source, both).digest))
    assert len(digests) == 1
