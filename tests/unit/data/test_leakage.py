"""The leakage guard finds planted leaks and leaves clean data alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blase_lab.core.records import SplitPolicy
from blase_lab.data.leakage import Examination, check_leakage
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

ROWS = 4000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give one store for all tests: what they write is never changed."""
    return Store.create(tmp_path_factory.mktemp("store"))


class Case:
    """A table of noise with a target that two features explain a little."""

    def __init__(self, store: Store, **changed: Any) -> None:
        """Write source, features, target and split; `changed` replaces or adds feature columns."""
        rng = np.random.default_rng(5)
        features = {"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS)}
        target = features["a"] + rng.normal(size=ROWS) > 0
        self.store = store
        self.target = target
        given = {
            name: make(target, rng) if callable(make) else make for name, make in changed.items()
        }
        columns = features | given
        rows = len(next(iter(columns.values())))
        self.source = write_table(
            store, "source", {"at": np.arange(rows).astype("datetime64[s]")}, stage="source"
        )
        self.snapshots = tuple(
            write_table(store, name, {name: values}) for name, values in columns.items()
        )
        labels = target if rows == ROWS else np.concatenate([target, target[: rows - ROWS]])
        self.labels = write_table(store, "late", {"late": labels}, stage="target")

    def examine(self, policy: SplitPolicy | None = None, **declared: Any) -> list[tuple[str, str]]:
        """Give check and grade of every finding."""
        split = make_split(policy or SplitPolicy(), source=self.source, kept=None, store=self.store)
        job = Examination(self.snapshots, self.labels, split, self.source)
        found = check_leakage(replace(job, **declared), store=self.store)
        return [(finding.check, finding.grade) for finding in found]


def test_clean_features_give_no_finding(store: Store) -> None:
    """Nothing is found where nothing leaks."""
    assert Case(store).examine() == []


def test_a_copy_of_the_target_is_a_proof(store: Store) -> None:
    """A feature that holds the label is found with certainty."""
    case = Case(store, copy=lambda target, _: target.astype(np.float64))
    assert case.examine() == [("target-alone", "proof")]


def test_a_negated_noisy_copy_of_the_target_is_found(store: Store) -> None:
    """The direction does not matter."""
    case = Case(store, copy=lambda target, rng: rng.normal(size=ROWS) * 0.1 - 1.0 * target)
    assert case.examine() == [("target-alone", "proof")]


def test_a_feature_far_above_the_others_is_evidence(store: Store) -> None:
    """AUC of 0.95 beside features below 0.8 asks for a reason."""
    case = Case(store, strong=lambda target, rng: target * 2.4 + rng.normal(size=ROWS))
    assert case.examine() == [("target-alone", "evidence")]


def test_two_strong_features_explain_each_other(store: Store) -> None:
    """Where the second best is as good, nothing stands alone."""

    def strong(target: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
        return target * 2.4 + rng.normal(size=ROWS)

    assert Case(store, one=strong, two=strong).examine() == []


def test_missing_values_that_tell_the_target_are_found(store: Store) -> None:
    """A value that is only there for late rows is a leak, whatever the value."""
    case = Case(store, gap=lambda target, rng: np.where(target, np.nan, rng.normal(size=ROWS)))
    assert case.examine() == [("target-alone", "proof")]


def test_a_category_that_tells_the_target_is_found(store: Store) -> None:
    """Categories are ordered by their own rate of the target."""

    def cause(target: np.ndarray[Any, Any], rng: np.random.Generator) -> list[str]:
        numbers = rng.integers(0, 5, ROWS)
        return [f"{'late' if y else 'fine'} {k}" for y, k in zip(target, numbers, strict=True)]

    assert Case(store, cause=cause).examine() == [("target-alone", "proof")]


def test_a_category_of_many_values_is_not_taken_for_the_target(store: Store) -> None:
    """A name of its own for nearly every row orders nothing by itself."""
    case = Case(store, name=lambda _, rng: [f"n{k}" for k in rng.integers(0, 2000, ROWS)])
    assert case.examine() == []


def test_copied_rows_across_splits_are_a_proof_although_an_id_differs(store: Store) -> None:
    """Duplicates are seen through a column of ids."""
    rng = np.random.default_rng(9)
    copies = ROWS // 20
    a, b = rng.normal(size=ROWS), rng.normal(size=ROWS)
    case = Case(
        store,
        a=np.concatenate([a, a[:copies]]),
        b=np.concatenate([b, b[:copies]]),
        number=np.arange(ROWS + copies),
    )
    assert case.examine() == [("duplicates", "proof"), ("duplicates", "proof")]


def test_coarse_rows_that_agree_by_chance_are_no_duplicates(store: Store) -> None:
    """Where rows agree inside train as often, agreeing across splits says nothing."""
    rng = np.random.default_rng(3)
    case = Case(store, a=rng.integers(0, 8, ROWS), b=rng.integers(0, 5, ROWS))
    assert case.examine() == []


def test_train_rows_after_the_first_test_row_are_a_proof_if_time_is_declared(store: Store) -> None:
    """A random split of rows in time is found out."""
    case = Case(store)
    assert case.examine(time_column="at") == [("time-order", "proof")]


def test_a_split_by_time_is_in_order(store: Store) -> None:
    """The split that we make ourselves passes."""
    assert Case(store).examine(SplitPolicy(by="time", column="at")) == []


def test_a_feature_that_reads_what_is_known_after_is_a_proof_unless_it_looks_back(
    store: Store,
) -> None:
    """A declared column may be read through lookback only."""
    case = Case(store)
    reads = {"a": ["arrival"], "b": ["departure"]}
    assert case.examine(known_after=["arrival"], reads=reads) == [("known-after", "proof")]
    assert case.examine(known_after=["arrival"], reads=reads, lookback={"a": 3}) == []


def test_a_measured_target_is_judged_above_and_below_its_median(store: Store) -> None:
    """A regression target that stands among the features is found too."""
    rng = np.random.default_rng(1)
    minutes = rng.normal(size=ROWS) * 30
    source = write_table(store, "s", {"k": np.arange(ROWS)}, stage="source")
    split = make_split(SplitPolicy(), source=source, kept=None, store=store)
    leaky = write_table(store, "leaky", {"leaky": minutes * 2 + 1})
    fine = write_table(store, "fine", {"fine": rng.normal(size=ROWS)})
    target = write_table(store, "delay", {"delay": minutes}, stage="target")
    found = check_leakage(Examination((leaky, fine), target, split, source), store=store)
    assert [(one.check, one.step) for one in found] == [("target-alone", "leaky")]
