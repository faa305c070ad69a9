"""What exactness costs: a training with ledger, events and checkpoints against plain `keras.fit`.

Prints ratios of the wall time of one epoch in one process; the first epoch (tracing) is left out
of both. Run: `python benchmarks/checkpoint.py [ROWS] [UNITS] [ROUNDS]`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "unit" / "train"))

import msgspec
import numpy as np
from memory_batches import MemoryBatches

from blase_lab.core.records import Checkpointed, EpochEnd, Event, InputSpec, Progress
from blase_lab.store import Store
from blase_lab.train import TrainingJob, train_model
from blase_lab.train.determinism import seeded

EPOCHS = 4
BATCH = 1024
WIDTH = 32


def feed_of(rows: int) -> MemoryBatches:
    """Return rows of 32 numbers, all for training."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, WIDTH)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.float32)
    specs = (InputSpec(name="x", dtype="float32", shape=(WIDTH,)),)
    return MemoryBatches({"train": ({"x": x}, y, np.arange(rows))}, specs, 7)


def model_of(units: int) -> Any:
    """Return a model step: two dense layers with dropout."""

    def model(inputs: Any) -> Any:
        import keras

        tensors = inputs.tensors()
        x = keras.layers.Dense(units, activation="relu")(tensors["x"])
        x = keras.layers.Dropout(0.2)(keras.layers.Dense(units, activation="relu")(x))
        answer = keras.layers.Dense(1, activation="sigmoid")(x)
        net = keras.Model(inputs=tensors, outputs=answer)
        net.compile(optimizer="adam", loss="binary_crossentropy")
        return net

    return model


def plain(feed: MemoryBatches, model_function: Any) -> float:
    """Return the seconds of one epoch of `keras.fit`, the first one left out."""
    import keras

    from blase_lab.train import Inputs

    times: list[float] = []

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            del epoch, logs
            times.append(time.perf_counter())

    with seeded(7, deterministic=True):
        model = model_function(Inputs(feed.specs))
        data = feed.dataset("train", batch=BATCH, epochs=EPOCHS).prefetch(-1)
        steps = feed.batches("train", BATCH)
        model.fit(
            data.repeat(),
            epochs=EPOCHS,
            steps_per_epoch=steps,
            verbose=0,
            shuffle=False,
            callbacks=[Clock()],
        )
    return (times[-1] - times[0]) / (EPOCHS - 1)


def ours(feed: MemoryBatches, model_function: Any, checkpoint_batches: int) -> tuple[float, float]:
    """Return the seconds of one epoch of ours, and of those the seconds in checkpoints."""
    from memory_batches import training

    saves: list[float] = []
    ends: list[float] = []

    def watch(event: Event | Progress) -> None:
        if isinstance(event, EpochEnd):
            ends.append(time.perf_counter())
        if isinstance(event, Checkpointed) and ends:
            saves.append(event.seconds)

    record = training(epochs=EPOCHS, batch=BATCH, checkpoint_batches=checkpoint_batches)
    record = msgspec.structs.replace(record, inputs=feed.specs)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder))
        store.ledger.put(record, id=record.id)
        job = TrainingJob(training=record, model_function=model_function, feed=feed)
        train_model(job, store=store, watch=watch)
    return (ends[-1] - ends[0]) / (EPOCHS - 1), sum(saves) / EPOCHS


def main() -> None:
    """Print the ratios: medians of the rounds."""
    rows, units, rounds = (
        int(a) for a in (sys.argv[1:] + ["200000", "128", "3"][len(sys.argv) - 1 :])
    )
    feed, model_function = feed_of(rows), model_of(units)
    table: dict[str, list[float]] = {}
    for _ in range(rounds):
        base = plain(feed, model_function)
        rare, saved = ours(feed, model_function, 10**9)
        often, _ = ours(feed, model_function, 50)
        table.setdefault("ledger, events, a checkpoint an epoch", []).append(rare / base)
        table.setdefault("the same without the checkpoint", []).append((rare - saved) / base)
        table.setdefault("a checkpoint every 50 batches", []).append(often / base)
    print(f"{rows:,} rows, {units} units, batches of {BATCH}; keras.fit = 1.00")
    for name, ratios in table.items():
        print(f"{name:40s} {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
