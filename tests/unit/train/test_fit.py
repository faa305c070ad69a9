"""A training is exact: one seed, one result, whatever interrupts it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from memory_batches import dropout_model, job_of, people, training

from blase_lab.core.errors import ModelError, ResumeError
from blase_lab.core.records import BatchEnd, Ended, Event, Paused, Progress, Run
from blase_lab.store import Store
from blase_lab.train import TrainingJob, request, run_of, train_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a new store."""
    return Store.create(tmp_path)


def facts(run: Run) -> dict[str, object]:
    """Return all of a run that must be equal when it is trained again."""
    return {
        "weights": run.weights_digest,
        "initial": run.initial_weights_digest,
        "optimizer": run.optimizer_digest,
        "ledger": run.ledger_digest,
        "history": run.history,
        "batches": run.batches,
        "epochs": run.epochs,
    }


def slow_callback() -> Any:
    """Return a callback that gives other threads time to ask for something."""
    import keras

    class Slow(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            del batch, logs
            time.sleep(0.03)

    return Slow()


def stop_after(store: Store, job: TrainingJob, events: int) -> Any:
    """Return a watch that asks to stop at the nth event of a kind that has a batch."""
    seen = []

    def watch(event: Event | Progress) -> None:
        if isinstance(event, BatchEnd):
            seen.append(event)
            if len(seen) == events:
                request(store, job.training.id, "stop")

    return watch


def patient_callbacks() -> dict[str, Any]:
    """Return callbacks with a state of their own, and one that slows the training down."""
    import keras

    return {
        "early": lambda: keras.callbacks.EarlyStopping(
            "val_loss", patience=2, min_delta=0.3, restore_best_weights=True
        ),
        "plateau": lambda: keras.callbacks.ReduceLROnPlateau(
            "val_loss", patience=1, min_delta=0.3, factor=0.5
        ),
        "slow": slow_callback,
    }


def test_two_trainings_with_one_seed_are_equal_to_the_last_bit(store: Store) -> None:
    """Weights, optimizer, ledger and history are equal, in whatever order they are trained."""
    first = train_model(job_of(training(number=1), store), store=store)
    second = train_model(job_of(training(number=2), store), store=store)
    assert facts(first) == facts(second)
    assert first.state == "finished"
    assert first.batches == 30
    assert len(store.blobs.get(first.ledger_digest)) == 4 * first.batches
    assert set(first.history) == {
        *("loss", "auc", "accuracy"),
        *("val_loss", "val_auc", "val_accuracy"),
    }


def test_another_seed_gives_another_training(store: Store) -> None:
    """Initial weights, weights and losses all depend on the seed."""
    first = train_model(job_of(training(seed=1, epochs=1), store), store=store)
    second = train_model(job_of(training(seed=2, epochs=1), store), store=store)
    names = ("weights", "initial", "ledger")
    assert all(facts(first)[name] != facts(second)[name] for name in names)


def test_a_training_equals_fit_of_keras_on_the_same_batches(store: Store) -> None:
    """The loop is `fit`: the weights are equal to the last bit."""
    import keras

    from blase_lab.train.build import arrange, build_model
    from blase_lab.train.determinism import seeded
    from blase_lab.train.variables import digest_variables

    job = job_of(training(), store)
    run = train_model(job, store=store)
    with seeded(7, deterministic=True):
        model = build_model(job)
        data = job.feed.dataset("train", batch=32, epochs=3)
        data = data.map(lambda features, target: (arrange(model, features), target))
        told = model.fit(data.repeat(), epochs=3, steps_per_epoch=10, verbose=0, shuffle=False)
    assert digest_variables(model.variables) == run.weights_digest
    assert told.history["loss"] == run.history["loss"]
    assert isinstance(model, keras.Model)


def test_a_paused_and_continued_training_equals_an_uninterrupted_one(store: Store) -> None:
    """Pause and continue, asked for by another thread, leave no trace in the result."""
    slow = {"slow": slow_callback}
    plain = train_model(job_of(training(number=1), store, callbacks=slow), store=store)
    job = job_of(training(number=2), store, callbacks=slow)
    kinds: list[str] = []

    def ask() -> None:
        time.sleep(0.15)
        request(store, job.training.id, "continue")

    def watch(event: Event | Progress) -> None:
        kinds.append(type(event).__name__)
        if isinstance(event, BatchEnd) and kinds.count("BatchEnd") == 2:
            request(store, job.training.id, "pause")
        if isinstance(event, Paused):
            threading.Thread(target=ask).start()

    paused = train_model(job, store=store, watch=watch)
    assert (kinds.count("Paused"), kinds.count("Continued")) == (1, 1)
    assert facts(paused) == facts(plain)


def test_a_stopped_training_resumed_equals_an_uninterrupted_one(store: Store) -> None:
    """Stopped in the middle of an epoch, twice, and resumed: equal to the last bit."""
    callbacks = patient_callbacks()
    plain = train_model(
        job_of(training(number=1, epochs=5), store, callbacks=callbacks), store=store
    )
    job = job_of(training(number=2, epochs=5), store, callbacks=callbacks)
    first = train_model(job, store=store, watch=stop_after(store, job, 1))
    assert first.state == "stopped"
    assert 0 < first.batches < plain.batches
    again = replace(job, resume=True)
    second = train_model(again, store=store, watch=stop_after(store, job, 2))
    assert second.state == "stopped"
    assert first.batches < second.batches < plain.batches
    last = train_model(again, store=store)
    assert (last.state, last.resumed) == ("finished", 2)
    assert facts(last) == facts(plain)
    assert run_of(store, job.training.id) == last


def test_a_finished_training_is_not_resumed(store: Store) -> None:
    """Resuming what has finished raises and changes nothing."""
    job = job_of(training(epochs=1), store)
    run = train_model(job, store=store)
    with pytest.raises(ResumeError, match="has finished"):
        train_model(replace(job, resume=True), store=store)
    assert run_of(store, job.training.id) == run


def test_another_model_cannot_be_resumed(store: Store) -> None:
    """A checkpoint of another model is refused before a batch is trained."""
    job = job_of(training(), store, callbacks={"slow": slow_callback})
    train_model(job, store=store, watch=stop_after(store, job, 1))

    def wider(inputs: Any) -> Any:
        import keras

        tensors = inputs.tensors()
        answer = keras.layers.Dense(1, activation="sigmoid")(tensors["signal"])
        return keras.Model(inputs=tensors["signal"], outputs=answer)

    with pytest.raises(ResumeError):
        train_model(replace(job, resume=True, model_function=wider), store=store)


def test_the_events_tell_the_whole_training(store: Store) -> None:
    """The log begins with Started, ends with Ended, and has every epoch and checkpoint."""
    job = job_of(training(epochs=2), store)
    run = train_model(job, store=store)
    events, _ = store.events.read(job.training.id)
    kinds = [type(event).__name__ for event in events]
    assert kinds[0] == "Started"
    assert isinstance(events[-1], Ended)
    assert kinds.count("EpochEnd") == 2
    assert kinds.count("Checkpointed") == 6
    assert run.peak_bytes > 0
    assert store.ledger.get(Run, job.training.id) == run


def test_the_global_generators_are_given_back() -> None:
    """A training does not touch the randomness of the notebook around it."""
    import random

    from tensorflow.python.framework import config

    from blase_lab.train.determinism import generators, seeded

    random.seed(3)
    before = generators()
    with seeded(5, deterministic=True):
        assert config.is_op_determinism_enabled()
        assert generators() != before
    assert generators() == before
    assert not config.is_op_determinism_enabled()


def no_model(inputs: Any) -> Any:
    """Forget to return the model."""
    dropout_model(inputs)


def unknown_input(inputs: Any) -> Any:
    """Build on an input that there is not."""
    return inputs["height"]


def strange_tensor(_inputs: Any) -> Any:
    """Build on a tensor of one's own."""
    import keras

    own = keras.Input(shape=(3,), name="elsewhere")
    return keras.Model(inputs=own, outputs=keras.layers.Dense(1)(own))


def two_outputs(inputs: Any) -> Any:
    """Give two values a row for one target."""
    return _dense(inputs, 2, "sigmoid")


def no_probability(inputs: Any) -> Any:
    """Forget the sigmoid."""
    return _dense(inputs, 1, None)


def broken(_inputs: Any) -> Any:
    """Raise while building."""
    return 1 / 0


def _dense(inputs: Any, units: int, activation: str | None) -> Any:
    import keras

    tensors = inputs.tensors()
    answer = keras.layers.Dense(units, activation=activation)(tensors["signal"])
    return keras.Model(inputs=tensors, outputs=answer)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (no_model, "returned nothing"),
        (unknown_input, "asks for the input `height`"),
        (strange_tensor, "has an input `elsewhere`"),
        (two_outputs, "has 2 outputs"),
        (no_probability, "are no probabilities"),
        (broken, "ZeroDivisionError"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_the_way_out(
    store: Store, model: Any, sentence: str
) -> None:
    """The error names the cause, and a failed run is kept."""
    job = job_of(training(), store, model=model)
    with pytest.raises(ModelError, match=sentence) as caught:
        train_model(job, store=store)
    assert caught.value.way_out
    kept = run_of(store, job.training.id)
    assert kept is not None
    assert kept.state == "failed"


def test_a_loss_that_is_no_number_stops_the_training(store: Store) -> None:
    """The error names the epoch and the batch."""

    def nothing(y_true: Any, y_pred: Any) -> Any:
        import keras

        return keras.ops.mean(y_pred - y_true) / 0.0 * 0.0

    job = job_of(training(), store, losses={"nothing": nothing})
    with pytest.raises(ModelError, match=r"loss is nan in epoch 1, batch 1\."):
        train_model(job, store=store)


def test_own_losses_and_metrics_are_used_under_their_names(store: Store) -> None:
    """A loss step is the loss, and a metric step stands in the history."""
    import keras

    def halved(y_true: Any, y_pred: Any) -> Any:
        return keras.losses.binary_crossentropy(y_true, y_pred) / 2

    def highest(_y_true: Any, y_pred: Any) -> Any:
        return keras.ops.max(y_pred, axis=-1)

    plain = train_model(job_of(training(number=1, epochs=1), store), store=store)
    own = train_model(
        job_of(
            training(number=2, epochs=1),
            store,
            losses={"halved": halved},
            metrics={"highest": highest},
        ),
        store=store,
    )
    first = np.frombuffer(store.blobs.get(plain.ledger_digest), dtype="<f4")[0]
    half = np.frombuffer(store.blobs.get(own.ledger_digest), dtype="<f4")[0]
    assert half == pytest.approx(first / 2)
    assert "val_highest" in own.history


def test_a_compiled_model_keeps_its_own_settings(store: Store) -> None:
    """What the model step compiled is what is trained, whatever loss steps there are."""

    def mine(y_true: Any, y_pred: Any) -> Any:
        return (y_pred - y_true) ** 2

    def compiled(inputs: Any) -> Any:
        model = dropout_model(inputs)
        model.compile(optimizer="sgd", loss=mine, metrics=["mae"])
        return model

    job = job_of(training(epochs=1), store, model=compiled, losses={"halved": mine})
    run = train_model(job, store=store)
    assert set(run.history) == {"loss", "mae", "val_loss", "val_mae"}


@pytest.mark.parametrize(
    ("kind", "units", "name"), [("classes", 3, "accuracy"), ("number", 1, "mae")]
)
def test_the_default_loss_follows_the_target(
    store: Store, *, kind: str, units: int, name: str
) -> None:
    """Classes get a cross-entropy and accuracy, numbers a squared error and mae."""

    def model(inputs: Any) -> Any:
        return _dense(inputs, units, "softmax" if units > 1 else None)

    run = train_model(job_of(training(epochs=1), store, model=model, kind=kind), store=store)
    assert f"val_{name}" in run.history


def test_a_memory_feed_can_be_entered_at_any_batch() -> None:
    """The tests' own feed keeps the order law that they rest on."""
    feed = people()
    whole = list(feed.dataset("train", batch=32, epochs=2))
    late = list(feed.dataset("train", batch=32, epoch=1, skip_batches=4))
    assert len(whole) == 20
    for (_, expected), (_, target) in zip(whole[14:], late, strict=True):
        np.testing.assert_array_equal(expected, target)
