"""The row grid: Snapshots of one source have the same rows, so columns are read side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from blase_lab.core.digest import canonical_json, sha256_hex
from blase_lab.core.errors import DamagedError, NotFoundError, SplitError, VersionTakenError
from blase_lab.core.records import Fitted, Record, Snapshot, Split
from blase_lab.data.frames import array_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from blase_lab.core.records import Column
    from blase_lab.store import Store

R = TypeVar("R", bound=Record)
Made = TypeVar("Made", Snapshot, Split, Fitted)
LOGICAL_ROWS: Final = 8192
"""Statistics and digests are made over these ranges, whatever the chunks are."""
NOT_A_TIME: Final = np.iinfo(np.int64).min
REMOVED, TRAIN, VALIDATION, TEST, EMBARGO = range(5)
SPLIT_CODES: Final[dict[str, int]] = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True)
class GridColumn:
    """A stored column with all that is needed to read and to understand it."""

    array: Any
    column: Column
    step: str | None
    snapshot: str
    """The name of the Snapshot it belongs to."""
    labels: tuple[str, ...] = ()
    """The strings behind the codes of a category column, by code."""
    zone: str | None = None

    @property
    def row_bytes(self) -> int:
        """Bytes of one row as it lies in memory."""
        return int(np.dtype(self.column.dtype).itemsize * np.prod(self.column.shape, dtype=int))

    def rows(self, start: int, stop: int) -> np.ndarray[Any, Any]:
        """Read rows `start` to `stop` as they are stored."""
        return np.asarray(self.array[start:stop])

    def numbers(self, start: int, stop: int) -> np.ndarray[Any, Any]:
        """Read rows `start` to `stop` as float64, NaN where missing."""
        return as_numbers(self.rows(start, stop), self.column.kind)


def as_numbers(values: np.ndarray[Any, Any], kind: str) -> np.ndarray[Any, Any]:
    """Give stored values as float64: NaN for a missing time and for anything not finite."""
    numbers = values.astype(np.float64)
    if kind == "datetime":
        numbers[values == NOT_A_TIME] = np.nan
    elif kind == "category":
        numbers[values < 0] = np.nan
    elif values.dtype.kind == "f":
        numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def open_columns(
    store: Store, snapshot: Snapshot, *, names: Sequence[str] = ()
) -> list[GridColumn]:
    """Open the columns of a Snapshot, all of them or those named, in the order of the record."""
    group = store.arrays.open(snapshot.data)
    known = {column.name: column for column in snapshot.columns}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFoundError(
            f"`{snapshot.name}` has no column `{missing[0]}`; it has {', '.join(known)}.",
            way_out="Name one of its columns.",
            column=missing[0],
        )
    return [_open_column(group, known[name], snapshot) for name in (names or known)]


def _open_column(group: Any, column: Column, snapshot: Snapshot) -> GridColumn:
    array = group[array_path(column.name)]
    facts = array.attrs.get("blase") or {}
    return GridColumn(
        array=array,
        column=column,
        step=snapshot.step,
        snapshot=snapshot.name,
        labels=tuple(str(label) for label in facts.get("categories") or ()),
        zone=facts.get("tz"),
    )


def shard_grid(array: Any) -> tuple[int, int]:
    """Tell how many rows a shard and a chunk of this array hold."""
    chunk_rows = int(array.chunks[0])
    return (int(array.shards[0]) if array.shards else chunk_rows), chunk_rows


def row_ranges(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut `rows` into ranges of `size` rows; the last one may be shorter."""
    for start in range(0, rows, size):
        yield start, min(start + size, rows)


def logical_block(row_bytes: int, room_bytes: int) -> int:
    """Give the most rows, in whole logical ranges, that fit into the room; at least one range."""
    return max(1, room_bytes // max(1, row_bytes) // LOGICAL_ROWS) * LOGICAL_ROWS


def open_assignment(store: Store, split: Split) -> GridColumn:
    """Open the array that says of every row which split it belongs to."""
    snapshot = store.ledger.get(Snapshot, split.snapshot)
    return open_columns(store, snapshot, names=["split"])[0]


def check_same_rows(snapshots: Sequence[Snapshot], rows: int) -> None:
    """Raise unless all Snapshots have as many rows as the split was made for."""
    for snapshot in snapshots:
        if snapshot.rows != rows:
            raise SplitError(
                f"`{snapshot.name}` has {snapshot.rows} rows and the split was made for {rows}.",
                way_out="Build the features and the split again from the same source.",
                rows=snapshot.rows,
                split_rows=rows,
            )


def remembered(store: Store, kind: type[R], record_id: str) -> R | None:
    """Find a record of ours that an earlier, equal call has left."""
    try:
        return store.ledger.get(kind, record_id)
    except NotFoundError:
        return None


def remember(store: Store, record: Made) -> Made:
    """Write a record whose id says how it was made; one written before by an equal call wins.

    Raises:
        DamagedError: its data are gone, and what was written anew is not equal to them.
    """
    try:
        store.ledger.put(record, id=record.id)
    except VersionTakenError:
        known = store.ledger.get(type(record), record.id)
        if isinstance(known, Snapshot):
            _check_data(store, known)
        return known
    return record


def _check_data(store: Store, snapshot: Snapshot) -> None:
    if not store.arrays.has(snapshot.data):
        raise DamagedError(
            f"The data {snapshot.data[:12]} of `{snapshot.name}` are gone, "
            "and building them again gave other bytes.",
            way_out="Build with the versions that made them, or restore them from a backup.",
            snapshot=snapshot.id,
            digest=snapshot.data,
        )


def content_digest(columns: Sequence[Column]) -> str:
    """Digest the columns' names and contents, however the rows are chunked."""
    return sha256_hex(canonical_json([[column.name, column.digest] for column in columns]))
