"""Sorting more rows than fit into memory: sorted groups are spilled, then merged by key ranges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.store import Store

Keyed = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
CHUNK_BYTES: Final = 128 << 10
SHARD_CHUNKS: Final = 16
PIECE_BYTES: Final = CHUNK_BYTES * SHARD_CHUNKS
INDEX_BYTES: Final = 32
"""Beside each row while it is sorted: its key, its place, and the sort's own room."""
FILLED: Final = 0.9
"""Keys are spread evenly but not exactly: a range is planned a little smaller than a group."""
KEY_SPAN: Final = 2**64


def sorting_bytes(dtype: np.dtype[Any]) -> int:
    """Tell how many bytes one row of a group takes while it is sorted."""
    return dtype.itemsize + 8 + INDEX_BYTES


class ExternalSort:
    """Sorts rows by evenly spread 64-bit keys; equal keys stay in the order they came in."""

    def __init__(self, dtype: np.dtype[Any], *, rows: int, group_rows: int) -> None:
        """Plan to sort `rows` rows of this type, holding at most `group_rows` at a time."""
        self.dtype = np.dtype([("key", "<u8"), ("packed", dtype)])
        self.rows = rows
        self.chunk_rows = max(1, min(CHUNK_BYTES // self.dtype.itemsize, group_rows))
        self.shard_rows = self.chunk_rows * max(1, min(SHARD_CHUNKS, group_rows // self.chunk_rows))
        self.group_rows = group_rows // self.shard_rows * self.shard_rows
        if rows <= group_rows:
            self.group_rows = max(1, rows)

    @property
    def key_ranges(self) -> int:
        """Into how many ranges of keys the merge is cut, so that each fits in a group."""
        return max(1, math.ceil(self.rows / (FILLED * self.group_rows)))

    def sort(self, pieces: Iterator[Keyed], *, store: Store, key: str) -> Iterator[Any]:
        """Yield all rows in the order of their keys, a few at a time."""
        if self.rows <= self.group_rows:
            for group in self._groups(pieces):
                yield from self._in_order(group, "packed")
            return
        with store.arrays.stage(key, self.rows * self.dtype.itemsize) as spill:
            try:
                yield from self._through(spill, pieces)
            finally:
                spill.discard()

    def _through(self, spill: Any, pieces: Iterator[Keyed]) -> Iterator[Any]:
        array = spill.create_array(
            "spill",
            shape=(self.rows, self.dtype.itemsize),
            dtype=np.dtype(np.uint8),
            chunk_rows=self.chunk_rows,
            shard_rows=self.shard_rows,
            compress=False,
        )
        keys = [place * KEY_SPAN // self.key_ranges for place in range(1, self.key_ranges)]
        borders = np.array(keys, dtype=np.uint64)
        offsets, start = [], 0
        for group in self._groups(pieces):
            inside = np.searchsorted(np.sort(group["key"]), borders, side="left")
            offsets.append([start + place for place in (0, *inside.tolist(), len(group))])
            for piece in self._in_order(group):
                spill.write_rows("spill", start, piece.view(np.uint8).reshape(len(piece), -1))
                start += len(piece)
        del group
        for place in range(self.key_ranges):
            merged = self._read(array, [one[place : place + 2] for one in offsets])
            yield from self._in_order(merged, "packed")

    def _read(self, array: Any, ranges: list[list[int]]) -> np.ndarray[Any, Any]:
        """Read one range of keys from every group."""
        merged = np.zeros(sum(stop - start for start, stop in ranges), dtype=self.dtype)
        flat, held = merged.view(np.uint8).reshape(len(merged), -1), 0
        for first, last in ranges:
            for start in range(first, last, self.shard_rows):
                stop = min(start + self.shard_rows, last)
                flat[held : held + stop - start] = array[start:stop]
                held += stop - start
        return merged

    def _groups(self, pieces: Iterator[Keyed]) -> Iterator[np.ndarray[Any, Any]]:
        """Fill one buffer again and again; what is yielded is overwritten afterwards."""
        group, held = np.zeros(self.group_rows, dtype=self.dtype), 0
        for keys, rows in pieces:
            taken = 0
            while taken < len(rows):
                count = min(len(rows) - taken, self.group_rows - held)
                group["key"][held : held + count] = keys[taken : taken + count]
                group["packed"][held : held + count] = rows[taken : taken + count]
                taken += count
                held += count
                if held == self.group_rows:
                    yield group
                    held = 0
        if held:
            yield group[:held]

    def _in_order(
        self, rows: np.ndarray[Any, Any], field: str | None = None
    ) -> Iterator[np.ndarray[Any, Any]]:
        """Yield the rows, or one field of them, by key: a shard of the spill at a time."""
        order = np.argsort(rows["key"], kind="stable")
        for start in range(0, len(rows), self.shard_rows):
            piece = rows[order[start : start + self.shard_rows]]
            yield piece if field is None else piece[field]
