"""Batches held in memory with the order law of the feed: a function of (seed, epoch) alone."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.records import Hyperparameters, InputSpec, SplitName, Training
from blase_lab.store import Store, utc_now
from blase_lab.train import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, Any]
Split = tuple[dict[str, Array], Array, Array]


class MemoryBatches:
    """A NumPy-backed feed: the order of an epoch is a Philox permutation keyed by (seed, epoch)."""

    def __init__(self, splits: dict[str, Split], specs: tuple[InputSpec, ...], seed: int) -> None:
        """Hold (inputs, target, row ids) of each split."""
        self._splits = splits
        self._seed = seed
        self.specs = specs

    def rows(self, split: SplitName) -> int:
        """Count the rows of a split."""
        return len(self._splits[split][1]) if split in self._splits else 0

    def batches(self, split: SplitName, batch: int) -> int:
        """Count the batches of an epoch."""
        return -(-self.rows(split) // batch)

    def arrays(
        self, split: SplitName, start: int, stop: int
    ) -> tuple[dict[str, Array], Array, Array]:
        """Return a range of rows."""
        inputs, target, rows = self._splits[split]
        cut = slice(start, stop)
        return {name: values[cut] for name, values in inputs.items()}, target[cut], rows[cut]

    def dataset(
        self,
        split: SplitName,
        *,
        batch: int,
        epoch: int = 0,
        skip_batches: int = 0,
        epochs: int = 1,
        shuffle: bool = True,
    ) -> Any:
        """Return the batches of `epochs` epochs from a cursor on."""
        import tensorflow as tf

        inputs, target, _ = self._splits[split]
        tensors = (
            {name: tf.constant(value) for name, value in inputs.items()},
            tf.constant(target),
        )
        places = []
        for number in range(epoch, epoch + epochs):
            order = np.arange(len(target))
            if shuffle:
                key = np.random.Philox(key=self._seed, counter=[0, 0, 0, number])
                order = np.random.Generator(key).permutation(len(target))
            first = skip_batches * batch if number == epoch else 0
            places.append(tf.data.Dataset.from_tensor_slices(order[first:]).batch(batch))
        joined = places[0]
        for each in places[1:]:
            joined = joined.concatenate(each)
        return joined.map(
            lambda at: tf.nest.map_structure(lambda each: tf.gather(each, at), tensors)
        )


SPECS = (
    InputSpec(name="age", dtype="float32"),
    InputSpec(name="signal", dtype="float32", shape=(3,)),
    InputSpec(name="city", dtype="int32", categories=5),
)


def people(rows: int = 600, *, seed: int = 7, kind: str = "binary") -> MemoryBatches:
    """Return rows whose target depends on all three features; a half of them for training."""
    rng = np.random.default_rng(99)
    age = rng.normal(size=rows).astype(np.float32)
    signal = rng.normal(size=(rows, 3)).astype(np.float32)
    city = rng.integers(0, 5, size=rows).astype(np.int32)
    score = age + signal[:, 0] - 0.5 * (city == 2) + rng.normal(scale=0.7, size=rows)
    target = {
        "binary": (score > 0).astype(np.float32),
        "classes": np.digitize(score, [-0.7, 0.7]).astype(np.int32),
        "number": score.astype(np.float32),
    }[kind]
    borders = {"train": (0, rows // 2), "validation": (rows // 2, rows * 3 // 4)}
    borders["test"] = (rows * 3 // 4, rows)
    splits = {
        name: (
            {"age": age[a:b], "signal": signal[a:b], "city": city[a:b]},
            target[a:b],
            np.arange(a, b, dtype=np.int64),
        )
        for name, (a, b) in borders.items()
    }
    return MemoryBatches(splits, SPECS, seed)


def dropout_model(inputs: Any) -> Any:
    """Return a model with an embedding, batch normalisation and dropout."""
    import keras

    tensors = inputs.tensors()
    city = keras.layers.Embedding(inputs["city"].categories, 2)(tensors["city"])
    age = keras.layers.Reshape((1,))(tensors["age"])
    x = keras.layers.Concatenate()([age, tensors["signal"], city])
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.3)(x)
    return keras.Model(inputs=tensors, outputs=keras.layers.Dense(1, activation="sigmoid")(x))


def training(*, seed: int = 7, number: int = 1, **changed: Any) -> Training:
    """Return the record of a training of `dropout_model` on `people`."""
    settings = {"epochs": 3, "batch": 32, "checkpoint_batches": 4} | changed
    return Training(
        id=f"{number:04d}-{secrets.token_hex(4)}",
        number=number,
        steps={},
        snapshots={},
        prepared="prepared",
        split="split",
        fitted="fitted",
        inputs=SPECS,
        target="target",
        model="dropout_model@1",
        hyperparameters=Hyperparameters(seed=seed, **settings),
        rows={"train": 300, "validation": 150, "test": 150},
        environment={},
        created=utc_now(),
    )


def job_of(
    record: Training,
    store: Store,
    *,
    model: Callable[..., Any] = dropout_model,
    kind: str = "binary",
    **more: Any,
) -> TrainingJob:
    """Return a job whose Training is in the ledger."""
    store.ledger.put(record, id=record.id)
    feed = people(seed=record.hyperparameters.seed, kind=kind)
    return TrainingJob(training=record, model_function=model, feed=feed, **more)
