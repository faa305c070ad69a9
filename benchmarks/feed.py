"""The feed against other ways to read the same rows: a table of ratios, no assertions.

python benchmarks/feed.py --rows 300000
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.records import SplitPolicy
from blase_lab.data.feed import Feed
from blase_lab.data.scale import fit_scaling
from blase_lab.data.shuffle import Preparation, prepare
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = 32
BUFFER = 65_536


def prepared_feed(folder: Path, rows: int) -> Feed:
    """Write one feature of 32 numbers and a binary target, all rows but a few in train."""
    rng = np.random.default_rng(0)
    store = Store.create(folder)
    block = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    source = write_table(store, "source", {"id": np.arange(rows)}, shard_rows=BUFFER)
    policy = SplitPolicy(train=0.98, validation=0.01, test=0.01)
    split = make_split(policy, source=source, kept=None, store=store)
    x = write_table(store, "x", {"x": block}, shard_rows=BUFFER)
    y = write_table(store, "y", {"y": block[:, 0] > 0}, stage="target", shard_rows=BUFFER)
    fitted = fit_scaling([(x, "none")], split=split, store=store)
    started = time.perf_counter()
    snapshot = prepare(Preparation([x], y, split, fitted, 1, 1 << 30), store=store)
    print(f"prepared {snapshot.rows:,} rows in {time.perf_counter() - started:.1f} s")
    return Feed(snapshot, store=store, seed=1)


def write_records(feed: Feed, path: Path, batch: int) -> None:
    """Write the train rows as TFRecord, one packed batch a record."""
    import tensorflow as tf

    rows = feed.rows("train") // batch * batch
    with tf.io.TFRecordWriter(str(path)) as writer:
        for start in range(0, rows, batch):
            inputs, target, _ = feed.arrays("train", start, start + batch)
            packed = np.concatenate([inputs["x"], target[:, None]], axis=1)
            writer.write(np.ascontiguousarray(packed, dtype=np.float32).tobytes())


def packed_records(path: Path, batch: int, *, row_shuffle: bool) -> Any:
    """Read packed TFRecords, shuffling records only or rows through a buffer."""
    import tensorflow as tf

    def decode(record: Any) -> Any:
        rows = tf.reshape(tf.io.decode_raw(record, tf.float32), [-1, FEATURES + 1])
        return {"x": rows[:, :FEATURES]}, rows[:, FEATURES:]

    records = tf.data.TFRecordDataset(str(path))
    if not row_shuffle:
        read = records.shuffle(1000).map(decode, num_parallel_calls=2)
        return read.prefetch(4)
    rows = records.map(decode, num_parallel_calls=2).unbatch().shuffle(BUFFER)
    return rows.batch(batch, drop_remainder=True).prefetch(4)


def rate_alone(make: Callable[[], Any], rows: int, repeats: int) -> float:
    """Give the best rows a second over whole passes, each summed so that it is really read."""
    import tensorflow as tf

    best = 0.0
    for _ in range(repeats):
        started = time.perf_counter()
        make().reduce(tf.constant(0.0), lambda total, pair: total + tf.reduce_sum(pair[1])).numpy()
        best = max(best, rows / (time.perf_counter() - started))
    return best


def new_model() -> Any:
    """Make a small dense model, the same for every feed."""
    import keras

    keras.utils.set_random_seed(0)
    inputs = {"x": keras.Input(shape=(FEATURES,), name="x")}
    hidden = keras.layers.Dense(128, activation="relu")(inputs["x"])
    hidden = keras.layers.Dense(64, activation="relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


def rate_in_fit(fit: Callable[[Any], Any], rows: int, repeats: int) -> float:
    """Give the best rows a second of one epoch of `fit`, after one that compiles."""
    model = new_model()
    fit(model)
    best = 0.0
    for _ in range(repeats):
        started = time.perf_counter()
        fit(model)
        best = max(best, rows / (time.perf_counter() - started))
    return best


def compare_alone(feed: Feed, path: Path, *, batch: int, repeats: int) -> dict[str, float]:
    """Measure every feed without a model."""
    rows = feed.rows("train")
    makers: dict[str, Callable[[], Any]] = {
        "feed": lambda: feed.dataset("train", batch=batch),
        "packed TFRecord, rows shuffled": lambda: packed_records(path, batch, row_shuffle=True),
        "packed TFRecord, records shuffled": lambda: packed_records(path, batch, row_shuffle=False),
    }
    return {name: rate_alone(make, rows, repeats) for name, make in makers.items()}


def compare_fit(feed: Feed, path: Path, *, batch: int, repeats: int) -> dict[str, float]:
    """Measure `fit` through every feed, on one constant batch, and on arrays in memory."""
    import tensorflow as tf

    rows = feed.rows("train")
    batches = rows // batch
    inputs, target, _ = feed.arrays("train", 0, rows)
    first = next(iter(feed.dataset("train", batch=batch)))
    constant = tf.data.Dataset.from_tensors(first).repeat()

    def through(make: Callable[[], Any]) -> Callable[[Any], Any]:
        return lambda model: model.fit(make(), steps_per_epoch=batches, shuffle=False, verbose=0)

    fits: dict[str, Callable[[Any], Any]] = {
        "feed": through(lambda: feed.dataset("train", batch=batch)),
        "one constant batch": through(lambda: constant),
        "arrays in memory": lambda model: model.fit(
            inputs, target, batch_size=batch, shuffle=True, verbose=0
        ),
        "packed TFRecord, rows shuffled": through(
            lambda: packed_records(path, batch, row_shuffle=True)
        ),
        "packed TFRecord, records shuffled": through(
            lambda: packed_records(path, batch, row_shuffle=False)
        ),
    }
    return {name: rate_in_fit(fit, batches * batch, repeats) for name, fit in fits.items()}


def show(title: str, rates: dict[str, float]) -> None:
    """Print rates and the ratio of the feed to each."""
    print(f"\n{title:40} {'rows/s':>12} {'feed / this':>12}")
    for name, rate in rates.items():
        print(f"{name:40} {rate:12,.0f} {rates['feed'] / rate:12.2f}")


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with TemporaryDirectory() as folder:
        feed = prepared_feed(Path(folder), given.rows)
        path = Path(folder) / "train.tfrecord"
        write_records(feed, path, given.batch)
        show("alone", compare_alone(feed, path, batch=given.batch, repeats=given.repeats))
        show("inside fit", compare_fit(feed, path, batch=given.batch, repeats=given.repeats))


if __name__ == "__main__":
    main()
