"""Statistics come from train rows only, and one function applies them everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.core.errors import CellOptionError, SplitError
from blase_lab.core.records import Fitted, FittedColumn, SplitPolicy
from blase_lab.data.grid import TRAIN, open_assignment
from blase_lab.data.scale import apply_scaling, category_label, fit_scaling
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

if TYPE_CHECKING:
    from blase_lab.core.records import Split
    from blase_lab.data.scale import Method

ROWS = 2000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give one store for all tests: what they write is never changed."""
    return Store.create(tmp_path_factory.mktemp("store"))


def split_of_rows(store: Store, rows: int = ROWS) -> Split:
    """Split rows by their place: the first 70 % train."""
    source = write_table(store, "source", {"at": np.arange(rows)}, stage="source")
    return make_split(SplitPolicy(by="time", column="at"), source=source, kept=None, store=store)


def fit_one(store: Store, values: Any, method: Method = "standard") -> FittedColumn:
    """Fit one feature of these values."""
    feature = write_table(store, "x", {"x": values})
    return fit_scaling([(feature, method)], split=split_of_rows(store), store=store).columns[0]


def test_only_train_rows_are_seen(store: Store) -> None:
    """Changing all other rows changes nothing."""
    values = np.random.default_rng(0).normal(size=ROWS)
    fitted = fit_one(store, values)
    train = open_assignment(store, split_of_rows(store)).rows(0, ROWS) == TRAIN
    other = values.copy()
    other[~train] = 1e9
    assert fit_one(store, other) == fitted
    assert fitted.count == 1400
    assert fitted.high == values[train].max()


def test_standard_scaling_gives_mean_0_and_deviation_1_on_train(store: Store) -> None:
    """Train rows have mean nought and deviation one."""
    values = np.random.default_rng(1).gamma(2.0, size=ROWS)
    scaled = apply_scaling(fit_one(store, values), values)[:1400]
    assert scaled.dtype == np.float32
    assert abs(float(scaled.mean())) < 1e-6
    assert abs(float(scaled.std()) - 1) < 1e-6


def test_minmax_scaling_maps_train_to_0_and_1(store: Store) -> None:
    """The least train value is 0 and the greatest is 1; others may lie outside."""
    values = np.arange(ROWS, dtype=np.float64)
    scaled = apply_scaling(fit_one(store, values, "minmax"), values)
    assert (scaled[0], scaled[1399]) == (0.0, 1.0)
    assert scaled[-1] > 1


def test_a_missing_value_becomes_the_train_mean(store: Store) -> None:
    """NaN and infinity are filled before scaling."""
    values = np.random.default_rng(2).normal(5.0, size=ROWS)
    values[::7] = np.nan
    values[1] = np.inf
    fitted = fit_one(store, values)
    assert fitted.missing == 201
    assert fitted.fill == fitted.mean
    assert apply_scaling(fitted, np.array([np.nan, np.inf])).tolist() == [0.0, 0.0]
    plain = fit_one(store, values, "none")
    assert apply_scaling(plain, [np.nan])[0] == np.float32(plain.mean or 0)


def test_a_constant_or_empty_feature_is_scaled_to_nought(store: Store) -> None:
    """No division by a deviation of nought."""
    assert apply_scaling(fit_one(store, np.full(ROWS, 3.0)), [3.0, 3.0]).tolist() == [0.0, 0.0]
    nothing = fit_one(store, np.full(ROWS, np.nan))
    assert nothing.mean is None
    assert apply_scaling(nothing, [np.nan, 2.0]).tolist() == [0.0, 2.0]


def test_categories_are_coded_by_the_sorted_train_vocabulary(store: Store) -> None:
    """Code 0 is what is missing or was never seen in train."""
    words: list[str | None] = [["pear", "apple", None][row % 3] for row in range(ROWS)]
    words[-1] = "quince"
    fitted = fit_one(store, words)
    assert fitted.categories == ("apple", "pear")
    found = apply_scaling(fitted, np.array(["pear", "apple", None, "quince", np.nan], dtype=object))
    assert found.dtype == np.int32
    assert found.tolist() == [2, 1, 0, 0, 0]


def test_numbers_may_be_categories(store: Store) -> None:
    """Whole numbers, floats of the same value and truth values have one label."""
    fitted = fit_one(store, np.arange(ROWS) % 3, "category")
    assert fitted.categories == ("0", "1", "2")
    assert apply_scaling(fitted, np.array([0.0, 2.0, 7.0, np.nan])).tolist() == [1, 3, 0, 0]
    assert apply_scaling(fitted, np.array([True, False])).tolist() == [2, 1]


@pytest.mark.parametrize(
    ("value", "label"),
    [(3, "3"), (3.0, "3"), (2.5, "2.5"), (True, "1"), ("x", "x"), (None, None), (np.nan, None)],
)
def test_a_label_is_the_value_whatever_its_type(value: object, label: str | None) -> None:
    """The same category has the same label in training and in the bundle."""
    assert category_label(value) == label


def test_columns_of_several_numbers_are_fitted_each(store: Store) -> None:
    """Every place of a row has statistics of its own."""
    block = np.random.default_rng(3).normal(size=(ROWS, 3)) * [1, 10, 100]
    feature = write_table(store, "m", {"m": block})
    fitted = fit_scaling([(feature, "standard")], split=split_of_rows(store), store=store)
    assert [column.name for column in fitted.columns] == ["m[0]", "m[1]", "m[2]"]
    assert np.allclose([column.std or 0.0 for column in fitted.columns], block[:1400].std(axis=0))


def test_times_are_scaled_as_numbers_and_a_missing_time_is_filled(store: Store) -> None:
    """NaT is missing, not the smallest number."""
    times = np.datetime64("2013-01-01", "D") + np.arange(ROWS)
    times[3] = np.datetime64("NaT", "D")
    fitted = fit_one(store, times)
    assert fitted.missing == 1
    scaled = apply_scaling(fitted, times)
    assert scaled[3] == 0
    assert np.all(np.diff(scaled[4:]) > 0)


def test_the_same_fit_is_one_record(store: Store) -> None:
    """An equal call gives the record made before."""
    feature = write_table(store, "x", {"x": np.arange(ROWS)})
    split = split_of_rows(store)
    one = fit_scaling([(feature, "standard")], split=split, store=store)
    assert fit_scaling([(feature, "standard")], split=split, store=store) == one
    assert store.ledger.get(Fitted, one.id) == one
    assert one.rows == 1400


def test_an_unknown_method_and_another_number_of_rows_are_refused(store: Store) -> None:
    """Both are named with the way out."""
    feature = write_table(store, "x", {"x": np.arange(ROWS)})
    split = split_of_rows(store)
    unknown: Any = "robust"
    with pytest.raises(CellOptionError, match="robust"):
        fit_scaling([(feature, unknown)], split=split, store=store)
    short = write_table(store, "short", {"short": np.arange(10)})
    with pytest.raises(SplitError, match="10 rows"):
        fit_scaling([(short, "none")], split=split, store=store)
