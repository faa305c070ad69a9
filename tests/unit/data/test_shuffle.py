"""Prepared data hold every row once, train in an order that depends on seed and rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.core.errors import (
    EmptyDataError,
    OverBudgetError,
    UnknownInputError,
    WrongShapeError,
)
from blase_lab.core.records import Snapshot, SplitPolicy
from blase_lab.data import shuffle
from blase_lab.data.grid import TEST, TRAIN, open_assignment
from blase_lab.data.scale import apply_scaling, fit_scaling
from blase_lab.data.shuffle import Preparation, input_specs, keys_of, prepare, shard_rows_of
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import Fitted, Split
    from blase_lab.data.scale import Method

ROWS = 12_000
PLENTY = 1 << 30


class Table:
    """Features of every kind, a target, a split and what was fitted."""

    def __init__(self, folder: Path, target: Any = None, rows: int = ROWS) -> None:
        """Write all that `prepare` needs into a new store."""
        rng = np.random.default_rng(4)
        self.store = Store.create(folder)
        self.x = rng.normal(size=rows)
        self.block = rng.normal(size=(rows, 2)).astype(np.float32)
        self.words = [f"w{row % 5}" for row in range(rows)]
        labels = self.x > 0 if target is None else target
        source = write_table(self.store, "source", {"id": np.arange(rows)}, stage="source")
        columns: dict[str, tuple[Any, Method]] = {
            "x": ({"x": self.x}, "standard"),
            "block": ({"block": self.block}, "none"),
            "word": ({"word": self.words}, "category"),
            "mixed": (
                {"mixed.a": self.x * 2, "mixed.b": self.words, "mixed.c": self.x > 0},
                "minmax",
            ),
        }
        given = [(write_table(self.store, n, c), m) for n, (c, m) in columns.items()]
        self.features = [feature for feature, _ in given]
        self.target = write_table(self.store, "late", {"late": labels}, stage="target")
        self.split: Split = make_split(SplitPolicy(), source=source, kept=None, store=self.store)
        self.fitted: Fitted = fit_scaling(given, split=self.split, store=self.store)

    def prepare(self, seed: int = 7, budget: int = PLENTY) -> Snapshot:
        """Prepare, as if for the first time."""
        job = Preparation(self.features, self.target, self.split, self.fitted, seed, budget)
        return prepare(job, store=self.store)

    def read(self, prepared: Snapshot, path: str) -> np.ndarray[Any, Any]:
        """Read a whole array of the prepared tree."""
        return np.asarray(self.array(prepared, path)[:])

    def array(self, prepared: Snapshot, path: str) -> Any:
        """Open an array of the prepared tree."""
        return self.store.arrays.open(prepared.data)[path]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Give one table ready to be prepared for all tests: what they write is never changed."""
    return Table(tmp_path_factory.mktemp("table"))


def test_every_row_of_a_split_is_there_once(table: Table) -> None:
    """Train holds the train rows in another order, test the test rows in row order."""
    prepared = table.prepare()
    codes = open_assignment(table.store, table.split).rows(0, ROWS)
    train = table.read(prepared, "train/row")
    assert np.array_equal(np.sort(train), np.flatnonzero(codes == TRAIN))
    assert not np.array_equal(np.sort(train), train)
    assert np.array_equal(table.read(prepared, "test/row"), np.flatnonzero(codes == TEST))


def test_a_prepared_row_is_the_scaled_row(table: Table) -> None:
    """Numbers, codes and target agree with `apply_scaling` on the raw values."""
    prepared = table.prepare()
    row = table.read(prepared, "train/row")
    numbers, codes = table.read(prepared, "train/numbers"), table.read(prepared, "train/codes")
    fitted = {column.name: column for column in table.fitted.columns}
    assert np.array_equal(numbers[:, 0], apply_scaling(fitted["x"], table.x)[row])
    assert np.array_equal(numbers[:, 1:3], table.block[row])
    assert np.array_equal(numbers[:, 3], apply_scaling(fitted["mixed.a"], table.x * 2)[row])
    words = apply_scaling(fitted["word"], np.array(table.words, dtype=object))
    assert np.array_equal(codes[:, 0], words[row])
    assert np.array_equal(table.read(prepared, "train/target"), (table.x > 0)[row])


def test_inputs_are_one_a_feature_and_one_a_category(table: Table) -> None:
    """The shapes are what `keras.Input` is given."""
    specs = {spec.name: spec for spec in input_specs(table.prepare())}
    assert {name: spec.shape for name, spec in specs.items()} == {
        "x": (1,),
        "block": (2,),
        "word": (1,),
        "mixed.b": (1,),
        "mixed": (2,),
    }
    assert (specs["word"].dtype, specs["word"].categories) == ("int32", 6)
    assert (specs["x"].dtype, specs["x"].categories) == ("float32", None)


def test_every_budget_gives_the_same_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spilling to the disk or not, with many groups or few, the bytes are equal."""
    monkeypatch.setattr(shuffle, "SHARD_BYTES", 1 << 14)
    with pytest.raises(OverBudgetError) as refused:
        Table(tmp_path / "least").prepare(budget=1)
    least = int(str(refused.value.facts["needed"]))
    plans, digests = [], set()
    for number, budget in enumerate((PLENTY, least + 500_000, least)):
        prepared = Table(tmp_path / str(number)).prepare(budget=budget)
        plans.append(prepared.plan)
        digests.add((prepared.digest, prepared.data))
    assert len(digests) == 1
    sizes = [plan.chunk_rows for plan in plans if plan]
    assert sizes[0] > 8000 > sizes[1] > sizes[2]
    assert all(plan.peak_bytes <= plan.budget_bytes for plan in plans if plan)


def test_another_seed_gives_another_order_of_the_same_rows(table: Table) -> None:
    """The order of train follows the seed; test does not move."""
    one, two = table.prepare(seed=1), table.prepare(seed=2)
    first, second = table.read(one, "train/row"), table.read(two, "train/row")
    assert not np.array_equal(first, second)
    assert np.array_equal(np.sort(first), np.sort(second))
    assert np.array_equal(table.read(one, "test/row"), table.read(two, "test/row"))


def test_the_order_is_that_of_the_keys(table: Table) -> None:
    """The i-th train row has the i-th draw of the Philox stream as its key."""
    prepared = table.prepare(seed=11)
    train = np.flatnonzero(open_assignment(table.store, table.split).rows(0, ROWS) == TRAIN)
    order = np.argsort(keys_of(11, 0, len(train)), kind="stable")
    assert np.array_equal(table.read(prepared, "train/row"), train[order])


def test_keys_are_a_slice_of_one_stream() -> None:
    """Wherever a slice begins, it holds the same draws."""
    whole = keys_of(-3, 0, 100)
    assert all(np.array_equal(keys_of(-3, start, 100), whole[start:]) for start in range(9))


def test_the_same_preparation_is_made_once(table: Table) -> None:
    """An equal call gives the record made before."""
    assert table.prepare() == table.prepare()


def test_shards_are_raw_and_one_chunk_each(table: Table) -> None:
    """A shard is payload, crc32c and index: TensorFlow can read it."""
    prepared = table.prepare()
    array = table.array(prepared, "train/numbers")
    folder = table.store.arrays.folder(prepared.data) / "train/numbers/c"
    sizes = {path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert array.chunks == array.shards
    assert sizes == {array.chunks[0] * array.shape[1] * 4 + 4 + 20}


@pytest.mark.parametrize(
    ("target", "kind", "classes"),
    [
        (np.arange(ROWS) % 2, "binary", ["0", "1"]),
        (np.arange(ROWS) % 4, "classes", ["0", "1", "2", "3"]),
        (np.arange(ROWS) - 50, "number", []),
        (np.linspace(0, 1, ROWS), "number", []),
        ([["late", "fine"][row % 2] for row in range(ROWS)], "binary", ["fine", "late"]),
        ([["b", "a", "c"][row % 3] for row in range(ROWS)], "classes", ["a", "b", "c"]),
    ],
)
def test_the_kind_of_target_is_found_from_train(
    *, tmp_path: Path, target: Any, kind: str, classes: list[str]
) -> None:
    """Two classes are binary, more are classes, measures are numbers."""
    facts = Table(tmp_path, target).prepare().facts["target"]
    assert facts == {"name": "late", "kind": kind, "classes": classes}


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    """A row that cannot be compared takes no part in any split."""
    target = np.linspace(-1, 1, ROWS)
    target[::10] = np.nan
    table = Table(tmp_path, target)
    prepared = table.prepare()
    assert prepared.rows == ROWS - ROWS // 10
    assert sum(prepared.facts["missing_target"].values()) == ROWS // 10
    assert not np.isnan(table.read(prepared, "validation/target")).any()


def test_a_target_that_is_missing_everywhere_is_refused(tmp_path: Path) -> None:
    """There is nothing to learn."""
    with pytest.raises(EmptyDataError, match="has a target"):
        Table(tmp_path, np.full(ROWS, np.nan)).prepare()


def test_a_budget_below_the_smallest_plan_is_refused_with_the_numbers(table: Table) -> None:
    """Nothing is written before the refusal."""
    with pytest.raises(OverBudgetError) as caught:
        table.prepare(seed=99, budget=1 << 20)
    assert caught.value.facts["budget"] == 1 << 20
    assert int(str(caught.value.facts["needed"])) > 1 << 20


def test_a_feature_that_was_not_fitted_is_refused(table: Table) -> None:
    """Preparing needs the statistics of every feature."""
    new = write_table(table.store, "new", {"new": np.arange(ROWS)})
    job = Preparation([new], table.target, table.split, table.fitted, 0, PLENTY)
    with pytest.raises(UnknownInputError, match="`new`"):
        prepare(job, store=table.store)


def test_a_target_of_several_columns_is_refused(table: Table) -> None:
    """One column of single values is a target."""
    columns = {"a": np.arange(ROWS), "b": np.arange(ROWS)}
    two = write_table(table.store, "two", columns, stage="target")
    job = Preparation(table.features, two, table.split, table.fitted, 0, PLENTY)
    with pytest.raises(WrongShapeError, match="2 columns"):
        prepare(job, store=table.store)


def test_an_empty_validation_split_is_no_error(tmp_path: Path) -> None:
    """A share of nought gives arrays of no rows."""
    store = Store.create(tmp_path)
    source = write_table(store, "source", {"id": np.arange(400)}, stage="source")
    policy = SplitPolicy(train=0.8, validation=0.0, test=0.2)
    split = make_split(policy, source=source, kept=None, store=store)
    x = write_table(store, "x", {"x": np.arange(400.0)})
    fitted = fit_scaling([(x, "standard")], split=split, store=store)
    prepared = prepare(Preparation([x], x, split, fitted, 0, PLENTY), store=store)
    assert prepared.facts["splits"]["validation"] == 0
    array: Any = store.arrays.open(prepared.data)["validation/target"]
    assert array.shape == (0,)


@pytest.mark.parametrize("row_bytes", [1, 24, 132, 4096, 10**8])
def test_a_shard_holds_a_power_of_two_rows_of_about_8_mib(row_bytes: int) -> None:
    """Shards depend on the row's size only."""
    rows = shard_rows_of(row_bytes)
    assert rows & (rows - 1) == 0
    assert rows == 1 or rows * row_bytes <= 8 << 20
