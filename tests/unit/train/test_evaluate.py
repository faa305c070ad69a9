"""An evaluation says what a run is worth on rows it has not seen, beside an honest baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from memory_batches import MemoryBatches, job_of, people, training
from sklearn import metrics as sk

from blase_lab.core.errors import EmptyDataError, ModelError
from blase_lab.core.records import Evaluation, Snapshot
from blase_lab.store import Store
from blase_lab.train import evaluate_run, open_model, train_model
from blase_lab.train.baseline import fit_baseline
from blase_lab.train.target import Target, target_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.keras


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a new store."""
    return Store.create(tmp_path)


def test_an_evaluation_is_what_scikit_learn_says_of_the_kept_predictions(store: Store) -> None:
    """Predictions lie in the store by row id, and the metrics follow from them."""
    job = job_of(training(), store)
    run = train_model(job, store=store)
    told = evaluate_run(run, job.training, feed=job.feed, split="test", store=store)
    group: Any = store.arrays.open(store.ledger.get(Snapshot, told.predictions).data)
    truth, score = group["target"][:], group["prediction"][:]
    _, expected, rows = job.feed.arrays("test", 0, 150)
    np.testing.assert_array_equal(truth, expected)
    np.testing.assert_array_equal(group["row"][:], rows)
    assert told.metrics["auc"] == pytest.approx(sk.roc_auc_score(truth, score), abs=1e-12)
    assert told.intervals["auc"][0] < told.metrics["auc"] < told.intervals["auc"][1]
    assert told.baseline["auc"] > 0.8
    assert told.baseline_name == "logistic regression on 300 of 300 train rows"
    assert store.ledger.get(Evaluation, told.id) == told


def test_the_file_and_the_model_step_give_the_same_predictions(store: Store) -> None:
    """The `.keras` file and the rebuilt model with the kept weights agree to the last bit."""
    job = job_of(training(epochs=1), store)
    run = train_model(job, store=store)
    by_file = evaluate_run(run, job.training, feed=job.feed, split="test", store=store)
    rebuilt = evaluate_run(run, job, feed=job.feed, split="test", store=store)
    assert by_file.predictions_digest == rebuilt.predictions_digest


def test_a_layer_of_ones_own_is_evaluated_by_the_model_step(store: Store) -> None:
    """Without the step the file cannot be opened, and the error says so."""
    import keras

    class Doubled(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x * 2.0

    def model(inputs: Any) -> Any:
        tensors = inputs.tensors()
        answer = keras.layers.Dense(1, activation="sigmoid")(Doubled()(tensors["signal"]))
        return keras.Model(inputs=tensors, outputs=answer)

    job = job_of(training(epochs=1), store, model=model)
    run = train_model(job, store=store)
    with pytest.raises(ModelError, match="cannot be opened"):
        open_model(run, job.training, store=store)
    assert evaluate_run(run, job, feed=job.feed, split="test", store=store).rows == 150


@pytest.mark.parametrize(("kind", "units"), [("classes", 3), ("number", 1)])
def test_other_targets_are_evaluated_beside_their_baseline(
    store: Store, kind: str, units: int
) -> None:
    """Classes and numbers have metrics of their own for model and baseline alike."""
    import keras

    def model(inputs: Any) -> Any:
        tensors = inputs.tensors()
        last = keras.layers.Dense(units, activation="softmax" if units > 1 else None)
        return keras.Model(inputs=tensors, outputs=last(tensors["signal"]))

    job = job_of(training(epochs=1), store, model=model, kind=kind)
    run = train_model(job, store=store)
    told = evaluate_run(run, job, feed=job.feed, split="test", store=store)
    assert set(told.metrics) == set(told.baseline)
    assert len(told.confusion) == (3 if kind == "classes" else 0)


def test_a_split_without_rows_is_refused(store: Store) -> None:
    """There is nothing to say about no rows."""
    job = job_of(training(epochs=1), store)
    feed = MemoryBatches({"train": people()._splits["train"]}, people().specs, 7)
    run = train_model(replace(job, feed=feed), store=store)
    assert not any(name.startswith("val_") for name in run.history)
    with pytest.raises(EmptyDataError, match="test split has 0 rows"):
        evaluate_run(run, job.training, feed=feed, split="test", store=store)


def test_the_baseline_sees_categories_as_columns_and_one_class_as_certain() -> None:
    """A feed whose train target is one class still has a baseline."""
    feed = people()
    feed._splits["train"][1][:] = 0.0
    assert target_of(feed) == Target("binary", 2)
    baseline = fit_baseline(feed, target_of(feed))
    told = baseline.predict(feed.arrays("test", 0, 10)[0])
    assert told.tolist() == [0.0] * 10
