"""From prepared shards to batches: TensorFlow reads the files itself, Python stays out of the loop.

A window is one shard, read whole. Epoch e takes the windows of train in an order of its own, and
the rows of each window in an order of their own; both are stateless draws keyed by (seed, epoch,
window). So an epoch can be entered at any batch, in any process, and goes on exactly the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np

from blase_lab.core.errors import NotFoundError, TrainingError
from blase_lab.core.records import SplitName
from blase_lab.data.crc import check_shards
from blase_lab.data.shuffle import ARRAYS, input_specs

if TYPE_CHECKING:
    from blase_lab.core.records import InputSpec, Snapshot
    from blase_lab.store import Store

READ_AHEAD: Final = 2
"""Windows read and permuted ahead of the one that is being cut into batches."""
BATCHES_AHEAD: Final = 4
WINDOW_BITS: Final = 32


@dataclass(frozen=True)
class _Part:
    """One array of one split, as TensorFlow must read it."""

    name: str
    files: tuple[str, ...]
    dtype: np.dtype[Any]
    width: int
    """Numbers in a row; 0 for an array of scalars."""


class Feed:
    """Batches of a prepared Snapshot: `(dict of inputs by name, target)`."""

    def __init__(self, prepared: Snapshot, *, store: Store, seed: int) -> None:
        """Look at the prepared Snapshot; nothing is read yet.

        Args:
            prepared: what `prepare` made.
            store: where it lies.
            seed: with the epoch, it decides the order of the batches.
        """
        self.prepared = prepared
        self.store = store
        self.seed = seed
        self.specs: tuple[InputSpec, ...] = input_specs(prepared)
        self.target: dict[str, Any] = dict(prepared.facts["target"])
        self._group: Any = store.arrays.open(prepared.data)
        self._checked: set[str] = set()

    def rows(self, split: SplitName) -> int:
        """Count the rows of a split.

        Raises:
            NotFoundError: there is no such split.
        """
        if split not in get_args(SplitName):
            raise NotFoundError(
                f"There is no split `{split}`.",
                way_out=f"Name one of {', '.join(get_args(SplitName))}.",
                split=split,
            )
        return int(self.prepared.facts["splits"][split])

    def batches(self, split: SplitName, batch: int) -> int:
        """Count the batches of an epoch; the last one may hold fewer rows."""
        return -(-self.rows(split) // batch)

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
        """Give a `tf.data.Dataset` over whole epochs, beginning at any batch of the first one.

        Inputs have the shapes of `specs` behind the batch axis; the target is `(batch, 1)` float32,
        or `(batch,)` int32 for more than two classes. Validation and test come in row order, and so
        does train when `shuffle` is false. Every shard's crc32c is checked here once.

        Raises:
            DamagedError: a shard is not what was written.
            TrainingError: the batch or the cursor lies outside the split.
        """
        self._check_cursor(split, batch=batch, skip=skip_batches, epochs=epochs)
        self._verify(split)
        order = _Order(self.seed, self._windows(split), shuffle=shuffle and split == "train")
        reader = _Reader(self._parts(split), order, rows=self.rows(split))
        return _assemble(
            reader, self._to_inputs(), batch=batch, span=(epoch, epochs), skip=skip_batches * batch
        )

    def arrays(
        self, split: SplitName, start: int, stop: int
    ) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Read rows as stored (train in its shuffled order): inputs by name, target, row ids.

        Inputs have the shapes of `specs` behind the row axis; the target is one-dimensional.
        """
        stop = min(stop, self.rows(split))
        read = {
            name: np.asarray(self._group[f"{split}/{name}"][start:stop])
            for name in self._names(split)
        }
        inputs = {}
        for spec in self.specs:
            first, last = self.prepared.facts["places"][spec.name]
            inputs[spec.name] = read[_home(spec)][:, first:last]
        return inputs, read["target"], read["row"]

    def _names(self, split: SplitName) -> list[str]:
        known = {column.name for column in self.prepared.columns}
        return [name for name in ARRAYS if f"{split}/{name}" in known]

    def _windows(self, split: SplitName) -> list[int]:
        rows = self.rows(split)
        size = int(self._group[f"{split}/target"].chunks[0])
        return [min(size, rows - start) for start in range(0, rows, size)]

    def _parts(self, split: SplitName) -> list[_Part]:
        folder = self.store.arrays.folder(self.prepared.data)
        parts = []
        for name in self._names(split):
            if name == "row":
                continue
            array = self._group[f"{split}/{name}"]
            rest = "/0" * (array.ndim - 1)
            files = [
                str(folder / split / name / f"c/{place}{rest}")
                for place in range(len(self._windows(split)))
            ]
            width = int(array.shape[1]) if array.ndim > 1 else 0
            parts.append(_Part(name, tuple(files), np.dtype(array.dtype), width))
        return parts

    def _verify(self, split: SplitName) -> None:
        if split in self._checked:
            return
        size = int(self._group[f"{split}/target"].chunks[0])
        for part in self._parts(split):
            payload = size * max(1, part.width) * part.dtype.itemsize
            check_shards(part.files, payload)
        self._checked.add(split)

    def _check_cursor(self, split: SplitName, *, batch: int, skip: int, epochs: int) -> None:
        rows = self.rows(split)
        is_inside = batch > 0 and epochs > 0 and 0 <= skip <= self.batches(split, max(batch, 1))
        if rows and is_inside:
            return
        raise TrainingError(
            f"The {split} split has {rows} rows: {epochs} epochs of batches of {batch}, "
            f"beginning at batch {skip}, cannot be read from it.",
            way_out="Give a batch of at least one row and a batch number within the epoch.",
            rows=rows,
            batch=batch,
            skip_batches=skip,
        )

    def _to_inputs(self) -> Any:
        import tensorflow as tf

        homes = {
            home: [spec for spec in self.specs if _home(spec) == home]
            for home in ("numbers", "codes")
        }
        is_column = self.target["kind"] != "classes"

        def to_inputs(read: dict[str, Any]) -> tuple[dict[str, Any], Any]:
            cut: dict[str, Any] = {}
            for home, specs in homes.items():
                if specs:
                    widths = [spec.shape[0] for spec in specs]
                    pieces = tf.split(read[home], widths, axis=1)
                    cut.update(zip((spec.name for spec in specs), pieces, strict=True))
            target = tf.expand_dims(read["target"], 1) if is_column else read["target"]
            return {spec.name: cut[spec.name] for spec in self.specs}, target

        return to_inputs


def _home(spec: InputSpec) -> str:
    return "numbers" if spec.categories is None else "codes"


class _Order:
    """The order of windows in an epoch and of rows in a window, as pure functions of the key."""

    def __init__(self, seed: int, windows: list[int], *, shuffle: bool) -> None:
        self.seed = (seed + 2**63) % 2**64 - 2**63
        self.windows = windows
        self.shuffle = shuffle

    def _permutation(self, size: Any, epoch: Any, window: Any) -> Any:
        import tensorflow as tf

        if not self.shuffle:
            return tf.range(size)
        stream = tf.bitwise.left_shift(tf.cast(epoch, tf.int64), WINDOW_BITS)
        key = tf.stack([tf.constant(self.seed, tf.int64), stream + tf.cast(window, tf.int64)])
        drawn = tf.random.stateless_uniform(
            [size], seed=key, minval=None, maxval=None, dtype=tf.int32, alg="philox"
        )
        return tf.argsort(drawn, stable=True)

    def of_windows(self, epoch: Any) -> Any:
        """Give the windows in the order of this epoch, as an int32 tensor."""
        return self._permutation(len(self.windows), epoch, 0)

    def of_rows(self, size: Any, epoch: Any, window: Any) -> Any:
        """Give the rows of a window in the order of this epoch, as an int32 tensor."""
        return self._permutation(size, epoch, window + 1)


class _Reader:
    """Reads one window of every array, in the graph."""

    def __init__(self, parts: list[_Part], order: _Order, *, rows: int) -> None:
        self.parts, self.order, self.rows = parts, order, rows

    def plan(self, epoch: int, skip_rows: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Name the windows left of an epoch, and how many rows of each are past already."""
        windows = np.asarray(self.order.of_windows(epoch), dtype=np.int32)
        sizes = np.array(self.order.windows, dtype=np.int64)[windows]
        past = np.clip(skip_rows - (np.cumsum(sizes) - sizes), 0, sizes)
        is_left = past < sizes
        return windows[is_left], past[is_left].astype(np.int32)

    def window(self, epoch: Any, window: Any, past: Any) -> dict[str, Any]:
        """Read a window and put its rows in order, without those that are past."""
        import tensorflow as tf

        size = tf.gather(tf.constant(self.order.windows, tf.int32), window)
        rows = self.order.of_rows(size, epoch, window)[past:]
        read = {}
        for part in self.parts:
            data = tf.io.read_file(tf.gather(tf.constant(part.files), window))
            length = self.order.windows[0] * max(1, part.width) * part.dtype.itemsize
            values = tf.io.decode_raw(data, tf.as_dtype(part.dtype), fixed_length=length)
            if part.width:
                values = tf.reshape(values, [-1, part.width])
            is_moved = self.order.shuffle
            read[part.name] = tf.gather(values, rows) if is_moved else values[past:size]
        return read


def _assemble(
    reader: _Reader, to_inputs: Any, *, batch: int, span: tuple[int, int], skip: int
) -> Any:
    """Chain the epochs; no batch crosses from one to the next."""
    import tensorflow as tf

    first, epochs = span

    def one_epoch(epoch: Any, windows: Any, past: Any) -> Any:
        plan = tf.data.Dataset.from_tensor_slices((windows, past))
        read = plan.map(
            lambda window, gone: reader.window(epoch, window, gone),
            num_parallel_calls=READ_AHEAD,
            deterministic=True,
        )
        return read.prefetch(1).rebatch(batch)

    def later_epoch(epoch: Any) -> Any:
        windows = reader.order.of_windows(epoch)
        return one_epoch(epoch, windows, tf.zeros_like(windows))

    windows, past = reader.plan(first, skip)
    chained = one_epoch(tf.constant(first, tf.int64), windows, past)
    if epochs > 1:
        later = tf.data.Dataset.range(first + 1, first + epochs).flat_map(later_epoch)
        chained = chained.concatenate(later)
    count = -(-reader.rows // batch)
    total = count * epochs - skip // batch
    mapped = chained.map(to_inputs, num_parallel_calls=READ_AHEAD, deterministic=True)
    return mapped.apply(tf.data.experimental.assert_cardinality(total)).prefetch(BATCHES_AHEAD)
