"""The feed gives every row once an epoch, in an order that can be entered anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.core.errors import DamagedError, NotFoundError, TrainingError
from blase_lab.core.records import Snapshot, SplitPolicy
from blase_lab.data import shuffle
from blase_lab.data.feed import Feed
from blase_lab.data.scale import fit_scaling
from blase_lab.data.shuffle import Preparation, prepare
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.keras
ROWS = 6000
BATCH = 256


def prepared_in(store: Store, target: Any) -> Snapshot:
    """Prepare two numbers, one category and a target, in shards of 512 rows."""
    source = write_table(store, "source", {"id": np.arange(ROWS)}, stage="source")
    split = make_split(SplitPolicy(), source=source, kept=None, store=store)
    place = write_table(store, "place", {"place": np.arange(ROWS, dtype=np.float64)})
    pair = write_table(store, "pair", {"pair.a": np.arange(ROWS) * 2.0, "pair.b": np.ones(ROWS)})
    word = write_table(store, "word", {"word": [f"w{row % 9}" for row in range(ROWS)]})
    fitted = fit_scaling(
        [(place, "none"), (pair, "none"), (word, "category")], split=split, store=store
    )
    labels = write_table(store, "late", {"late": target}, stage="target")
    job = Preparation([place, pair, word], labels, split, fitted, 7, 1 << 30)
    return prepare(job, store=store)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """Give a feed over labels sorted by row: the hardest order for a shuffle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffle, "SHARD_BYTES", 512 * 24)
        store = Store.create(tmp_path_factory.mktemp("feed"))
        return Feed(prepared_in(store, np.arange(ROWS) >= ROWS // 2), store=store, seed=3)


def places(dataset: Any) -> list[np.ndarray[Any, Any]]:
    """Read the row of origin of every row, batch by batch."""
    return [inputs["place"].numpy()[:, 0] for inputs, _ in dataset]


def same(one: list[np.ndarray[Any, Any]], two: list[np.ndarray[Any, Any]]) -> bool:
    """Say whether two lists of batches are equal."""
    return len(one) == len(two) and all(map(np.array_equal, one, two))


def test_every_train_row_comes_exactly_once_an_epoch(feed: Feed) -> None:
    """Nothing is lost at the borders of windows and batches."""
    rows = feed.arrays("train", 0, ROWS)[2]
    batches = places(feed.dataset("train", batch=BATCH))
    assert [len(batch) for batch in batches[:-1]] == [BATCH] * (len(batches) - 1)
    assert len(batches) == feed.batches("train", BATCH) == len(feed.dataset("train", batch=BATCH))
    assert np.array_equal(np.sort(np.concatenate(batches)), np.sort(rows))


def test_every_epoch_has_another_order_and_the_same_epoch_the_same(feed: Feed) -> None:
    """The order is a function of seed and epoch."""
    first = places(feed.dataset("train", batch=BATCH))
    assert same(first, places(feed.dataset("train", batch=BATCH)))
    assert not same(first, places(feed.dataset("train", batch=BATCH, epoch=1)))
    other = Feed(feed.prepared, store=feed.store, seed=-4)
    assert not same(first, places(other.dataset("train", batch=BATCH)))


@pytest.mark.parametrize("skip", [1, 2, 7, 16])
def test_an_epoch_entered_in_the_middle_goes_on_the_same(feed: Feed, skip: int) -> None:
    """The tail has the same batches, wherever it begins."""
    whole = places(feed.dataset("train", batch=BATCH, epoch=5))
    tail = feed.dataset("train", batch=BATCH, epoch=5, skip_batches=skip)
    assert len(tail) == len(whole) - skip
    assert same(places(tail), whole[skip:])


def test_several_epochs_are_one_dataset_and_no_batch_crosses_them(feed: Feed) -> None:
    """Epoch after epoch, as each would come alone; also when entered in the middle."""
    alone = [places(feed.dataset("train", batch=BATCH, epoch=epoch)) for epoch in (2, 3, 4)]
    together = feed.dataset("train", batch=BATCH, epoch=2, epochs=3, skip_batches=3)
    assert same(places(together), [*alone[0][3:], *alone[1], *alone[2]])


def test_all_inputs_of_a_row_stay_together(feed: Feed) -> None:
    """Numbers, codes and target of a batch belong to the same rows."""
    for inputs, target in feed.dataset("train", batch=BATCH, epoch=1):
        row = inputs["place"].numpy()[:, 0]
        assert np.array_equal(inputs["pair"].numpy()[:, 0], row * 2)
        assert np.array_equal(inputs["word"].numpy()[:, 0], row % 9 + 1)
        assert np.array_equal(target.numpy()[:, 0], row >= ROWS // 2)


def test_shapes_and_types_are_those_of_the_specs(feed: Feed) -> None:
    """`keras.Input(shape=spec.shape, dtype=spec.dtype)` fits the batches."""
    inputs, target = feed.dataset("train", batch=BATCH).element_spec
    for spec in feed.specs:
        assert tuple(inputs[spec.name].shape)[1:] == spec.shape
        assert inputs[spec.name].dtype.name == spec.dtype
    assert (tuple(target.shape), target.dtype.name) == ((None, 1), "float32")


def test_validation_and_test_come_in_row_order(feed: Feed) -> None:
    """What is compared is never shuffled; train is not when asked so."""
    for split in ("validation", "test"):
        rows = np.concatenate(places(feed.dataset(split, batch=100)))
        assert np.array_equal(rows, feed.arrays(split, 0, ROWS)[2])
        assert np.all(np.diff(rows) > 0)
    stored = np.concatenate(places(feed.dataset("train", batch=BATCH, shuffle=False)))
    assert np.array_equal(stored, feed.arrays("train", 0, ROWS)[2])


def test_arrays_agree_with_the_dataset(feed: Feed) -> None:
    """NumPy and TensorFlow read the same bytes."""
    inputs, target, _ = feed.arrays("test", 100, 200)
    tensors, labels = next(iter(feed.dataset("test", batch=100, skip_batches=1)))
    assert all(np.array_equal(inputs[name], tensors[name].numpy()) for name in inputs)
    assert np.array_equal(target, labels.numpy()[:, 0])


def test_sorted_labels_are_spread_over_batches_as_by_chance(feed: Feed) -> None:
    """The variance of a batch's label mean is at most 1.2 times that of independent draws."""
    batch, means = 64, []
    for epoch in range(8):
        for inputs, target in feed.dataset("train", batch=batch, epoch=epoch):
            if len(inputs["place"]) == batch:
                means.append(float(target.numpy().mean()))
    share = feed.arrays("train", 0, ROWS)[1].mean()
    assert np.var(means) / (share * (1 - share) / batch) < 1.2


def test_a_flipped_bit_is_found_before_it_is_read(tmp_path: Path) -> None:
    """A damaged shard raises with its path, before any batch."""
    store = Store.create(tmp_path)
    prepared = prepared_in(store, np.arange(ROWS) % 2)
    shard = store.arrays.folder(prepared.data) / "train/numbers/c/0/0"
    shard.chmod(0o600)
    data = bytearray(shard.read_bytes())
    data[1000] ^= 4
    shard.write_bytes(data)
    with pytest.raises(DamagedError, match="checksum") as caught:
        Feed(prepared, store=store, seed=0).dataset("train", batch=BATCH)
    assert str(shard) in caught.value.happened
    shard.write_bytes(data[:-1])
    with pytest.raises(DamagedError, match="bytes"):
        Feed(prepared, store=store, seed=0).dataset("train", batch=BATCH)


def test_more_than_two_classes_are_whole_numbers_of_one_axis(tmp_path: Path) -> None:
    """Sparse labels are `(batch,)` int32."""
    store = Store.create(tmp_path)
    feed = Feed(prepared_in(store, np.arange(ROWS) % 3), store=store, seed=0)
    _, target = feed.dataset("test", batch=10).element_spec
    assert (tuple(target.shape), target.dtype.name) == ((None,), "int32")


@pytest.mark.parametrize(
    ("batch", "skip", "epochs"), [(0, 0, 1), (10, -1, 1), (10, 10**6, 1), (10, 0, 0)]
)
def test_a_cursor_outside_the_epoch_is_refused(
    *, feed: Feed, batch: int, skip: int, epochs: int
) -> None:
    """The error names the rows and the cursor."""
    with pytest.raises(TrainingError, match="rows"):
        feed.dataset("train", batch=batch, skip_batches=skip, epochs=epochs)


def test_an_unknown_split_is_refused(feed: Feed) -> None:
    """Only train, validation and test can be read."""
    unknown: Any = "holdout"
    with pytest.raises(NotFoundError, match="holdout"):
        feed.rows(unknown)


def test_keras_fits_several_epochs_through_one_dataset(feed: Feed) -> None:
    """`fit` with `steps_per_epoch` sees every batch of every epoch."""
    import keras

    inputs = {s.name: keras.Input(shape=s.shape, dtype=s.dtype, name=s.name) for s in feed.specs}
    numbers = [inputs[spec.name] for spec in feed.specs if spec.categories is None]
    outputs = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Concatenate()(numbers))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    batches = feed.batches("train", BATCH)
    dataset = feed.dataset("train", batch=BATCH, epochs=2)
    history = model.fit(dataset, epochs=2, steps_per_epoch=batches, shuffle=False, verbose=0)
    assert len(history.history["loss"]) == 2
    assert int(model.optimizer.iterations) == 2 * batches
