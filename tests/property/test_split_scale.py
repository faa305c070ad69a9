"""Splits are exact partitions; statistics have the same bits for every chunking."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from blase_lab.core.records import FittedColumn, SplitPolicy
from blase_lab.data.grid import TRAIN, open_assignment
from blase_lab.data.scale import apply_scaling, fit_scaling
from blase_lab.data.shuffle import keys_of
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

SLOW = settings(max_examples=12, deadline=None)


@SLOW
@given(
    rows=st.integers(50, 3000),
    train=st.floats(0.3, 0.8),
    by=st.sampled_from(["hash", "time", "group"]),
    shard_rows=st.sampled_from([64, 1000, 4096]),
)
def test_every_row_is_in_exactly_one_split(
    *, rows: int, train: float, by: str, shard_rows: int
) -> None:
    """Counts add up to the rows, and the shards of the grid change nothing."""
    policy = SplitPolicy(
        by=by,  # type: ignore[arg-type]
        column=None if by == "hash" else "at",
        train=train,
        validation=0.0,
        test=1 - train,
    )
    with TemporaryDirectory() as folder:
        store = Store.create(Path(folder))
        codes = []
        for size in (shard_rows, 8192):
            source = write_table(store, "s", {"at": np.arange(rows) // 2}, shard_rows=size)
            split = make_split(policy, source=source, kept=None, store=store)
            codes.append(open_assignment(store, split).rows(0, rows))
            assert sum(split.rows.values()) == rows
            assert split.rows["train"] == int(np.sum(codes[-1] == TRAIN))
        assert np.array_equal(codes[0], codes[1])


def _fit(
    values: np.ndarray[Any, Any], folder: str, shard_rows: int
) -> tuple[FittedColumn, np.ndarray[Any, Any]]:
    store = Store.create(Path(folder))
    source = write_table(store, "s", {"at": np.arange(len(values))}, shard_rows=shard_rows)
    feature = write_table(store, "x", {"x": values}, shard_rows=shard_rows)
    split = make_split(SplitPolicy(), source=source, kept=None, store=store)
    fitted = fit_scaling([(feature, "standard")], split=split, store=store)
    train = open_assignment(store, split).rows(0, len(values)) == TRAIN
    return fitted.columns[0], values[train]


@SLOW
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(100, 40_000),
    shards=st.lists(st.sampled_from([500, 1777, 8192, 30_000]), min_size=2, max_size=2),
    center=st.floats(-1e6, 1e6),
)
def test_statistics_have_the_same_bits_for_every_chunking_and_agree_with_pandas(
    *, seed: int, rows: int, shards: list[int], center: float
) -> None:
    """Welford's sums over fixed ranges are exact to 1e-9 and equal for all shards."""
    rng = np.random.default_rng(seed)
    values = rng.normal(center, 3.0, size=rows)
    values[rng.random(rows) < 0.1] = np.nan
    found = []
    for shard_rows in shards:
        with TemporaryDirectory() as folder:
            column, train = _fit(values, folder, shard_rows)
            found.append(column)
    assert found[0] == found[1]
    series = pd.Series(train)
    assert np.isclose(found[0].mean or 0, series.mean(), rtol=1e-9, atol=1e-9)
    assert np.isclose(found[0].std or 0, series.std(ddof=0), rtol=1e-9)
    assert (found[0].low, found[0].high) == (series.min(), series.max())


@given(
    values=st.lists(st.floats(width=64), min_size=1, max_size=50),
    cut=st.integers(0, 50),
    mean=st.floats(-1e3, 1e3),
    std=st.floats(0, 1e3),
)
def test_scaling_is_the_same_for_every_cut_and_always_finite(
    *, values: list[float], cut: int, mean: float, std: float
) -> None:
    """The function is pure and by row: pieces scaled apart are the whole scaled at once."""
    fitted = FittedColumn(
        name="x", method="standard", count=9, missing=0, mean=mean, std=max(std, 1e-3), fill=mean
    )
    array = np.clip(np.array(values), -1e30, 1e30)
    whole = apply_scaling(fitted, array)
    parts = [apply_scaling(fitted, array[:cut]), apply_scaling(fitted, array[cut:])]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.isfinite(whole).all()


@given(seed=st.integers(-(2**63), 2**63 - 1), start=st.integers(0, 1000), rows=st.integers(0, 200))
def test_sorting_keys_do_not_depend_on_where_the_drawing_begins(
    seed: int, start: int, rows: int
) -> None:
    """A key belongs to the seed and the row's number alone."""
    assert np.array_equal(
        keys_of(seed, start, start + rows), keys_of(seed, 0, start + rows)[start:]
    )
