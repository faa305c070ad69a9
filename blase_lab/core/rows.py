"""The digest of a column's rows: equal for every chunking, and mergeable across workers."""

from __future__ import annotations

from typing import Any

import numpy as np

from blase_lab.core.content import Opaque, content_bytes, dtype_name, joined, sha256_hex

RANGE_ROWS = 8192
"""Rows of one logical range: the grain of `RowsDigest`."""


class RowsDigest:
    """The digest of rows that come in pieces: equal for every way of cutting them.

    Rows are digested in fixed logical ranges of `RANGE_ROWS`. Pieces may come in any order, and
    digests of different pieces can be merged, also after crossing a process border.
    """

    def __init__(self, dtype: np.dtype[Any] | str | type, row_shape: tuple[int, ...] = ()) -> None:
        """Begin with no rows; `row_shape` is the shape of one row, () for a scalar."""
        self.dtype = np.dtype(dtype)
        if self.dtype.kind in "OTV":
            raise Opaque(f"rows of dtype {self.dtype} have no fixed bytes")
        self.row_shape = tuple(row_shape)
        self._done: dict[int, str] = {}
        self._pending: dict[int, dict[int, bytes]] = {}

    @property
    def row_bytes(self) -> int:
        """Return the size of one row."""
        return int(self.dtype.itemsize * np.prod(self.row_shape, dtype=np.int64))

    def update(self, start: int, array: np.ndarray[Any, Any]) -> None:
        """Take the rows `start … start + len(array)`; each row must come once."""
        values = np.asarray(array)
        if values.dtype != self.dtype or values.shape[1:] != self.row_shape:
            message = f"Rows of {values.dtype}{values.shape[1:]}, not {self.dtype}{self.row_shape}"
            raise ValueError(message)
        done = 0
        while done < len(values):
            place, offset = divmod(start + done, RANGE_ROWS)
            count = min(RANGE_ROWS - offset, len(values) - done)
            self._add(place, offset, content_bytes(values[done : done + count]))
            done += count

    def merge(self, other: RowsDigest) -> RowsDigest:
        """Take over the rows that another digest has seen; returns itself."""
        if (other.dtype, other.row_shape) != (self.dtype, self.row_shape):
            raise ValueError(f"{other.dtype}{other.row_shape} is not {self.dtype}{self.row_shape}")
        for place, digest in other._done.items():
            self._refuse_twice(place in self._done or place in self._pending, place)
            self._done[place] = digest
        for place, pieces in other._pending.items():
            for offset, piece in pieces.items():
                self._add(place, offset, piece)
        return self

    def hexdigest(self) -> str:
        """Return the digest of all rows.

        Raises:
            ValueError: rows are missing before the last one.
        """
        ranges = dict(self._done)
        last_rows = RANGE_ROWS
        last = max([*ranges, *self._pending], default=-1)
        for place, pieces in self._pending.items():
            whole = self._whole(pieces)
            if whole is None or place != last:
                raise ValueError(f"Rows are missing in the range at row {place * RANGE_ROWS}")
            ranges[place] = sha256_hex(whole)
            last_rows = len(whole) // max(self.row_bytes, 1)
        if len(ranges) != last + 1:
            raise ValueError(f"Rows are missing: {len(ranges)} of {last + 1} ranges are here")
        rows = last * RANGE_ROWS + last_rows if ranges else 0
        header = ("rows", dtype_name(self.dtype), repr(self.row_shape), str(rows))
        return joined(*header, *(ranges[place] for place in range(last + 1)))

    def _add(self, place: int, offset: int, piece: bytes) -> None:
        if place in self._done:
            self._refuse_twice(True, place)
        if offset == 0 and len(piece) == RANGE_ROWS * self.row_bytes:
            self._refuse_twice(place in self._pending, place)
            self._done[place] = sha256_hex(piece)
            return
        pieces = self._pending.setdefault(place, {})
        self._refuse_twice(offset in pieces, place)
        pieces[offset] = piece
        if sum(map(len, pieces.values())) >= RANGE_ROWS * self.row_bytes:
            whole = self._whole(pieces)
            self._refuse_twice(whole is None, place)
            self._done[place] = sha256_hex(whole or b"")
            del self._pending[place]

    def _whole(self, pieces: dict[int, bytes]) -> bytes | None:
        """Join the pieces of a range, or None where they do not meet."""
        at = 0
        for offset in sorted(pieces):
            if offset * self.row_bytes != at:
                return None
            at += len(pieces[offset])
        return b"".join(pieces[offset] for offset in sorted(pieces))

    @staticmethod
    def _refuse_twice(is_twice: object, place: int) -> None:
        if is_twice:
            raise ValueError(f"Rows of the range at row {place * RANGE_ROWS} came twice")


def digest_rows(array: np.ndarray[Any, Any]) -> str:
    """Return the `RowsDigest` of an array that is here as a whole."""
    values = np.asarray(array)
    rows = RowsDigest(values.dtype, values.shape[1:])
    rows.update(0, values)
    return rows.hexdigest()
