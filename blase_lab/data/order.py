"""Ordering: a table sorted by some columns in bounded memory, by sorted runs that are merged."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import DataError
from blase_lab.data.columns import MISSING_TIME, Form, encode
from blase_lab.data.frames import unknown_column
from blase_lab.data.source import Survey, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from blase_lab.store import Store

Keys = np.ndarray[Any, Any]
READ_ROWS = 16_384
RUN_SHARE = 24
"""A run takes this part of the budget: it is held, joined and sorted at once."""


class OrderedTable(Table):
    """The rows of a table by the rising values of columns; equal ones keep their order."""

    def __init__(self, table: Table, by: Sequence[str], *, store: Store, budget: int) -> None:
        """Check that the columns can be sorted by; the first one counts most.

        Raises:
            UnknownInputError: there is no such column.
            DataError: it holds text.
        """
        super().__init__()
        self._table, self._store = table, store
        self.files = table.files
        survey = table.survey()
        self._forms = {name: _sortable(name, survey) for name in by}
        self._run_rows = max(budget // RUN_SHARE // survey.bytes_per_row(), 1)
        runs = -(-survey.rows // self._run_rows)
        self._piece_rows = max(min(self._run_rows // (2 * max(runs, 1)), READ_ROWS), 1)

    def look(self) -> Survey:
        """Return the survey of the table: the order changes none of it."""
        return self._table.survey()

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the rows in order: runs are sorted and kept, then merged."""
        runs = [_Run(self._pieces(run), self) for run in self._sorted_runs()]
        for frame in _merged(runs):
            for start in range(0, len(frame), rows):
                yield frame.iloc[start : start + rows].reset_index(drop=True)

    def keys(self, frame: pd.DataFrame) -> Keys:
        """Return what rows are compared by; missing values come last."""
        parts = [_sort_bits(frame[name], form) for name, form in self._forms.items()]
        whole = np.stack(parts, axis=1).astype(">u8")
        return whole.view(f"S{8 * len(parts)}").ravel()

    def open(self, blob: str) -> pd.DataFrame:
        """Return a piece of a run."""
        import pandas as pd

        return pd.read_feather(io.BytesIO(self._store.blobs.get(blob)))

    def _sorted_runs(self) -> Iterator[pd.DataFrame]:
        import pandas as pd

        waiting: list[pd.DataFrame] = []
        for frame in self._table.chunks(min(READ_ROWS, self._run_rows)):
            if sum(map(len, waiting)) + len(frame) > self._run_rows and waiting:
                yield self._sorted(pd.concat(waiting, ignore_index=True))
                waiting = []
            waiting.append(frame)
        if waiting:
            yield self._sorted(pd.concat(waiting, ignore_index=True))

    def _sorted(self, frame: pd.DataFrame) -> pd.DataFrame:
        order = np.argsort(self.keys(frame), kind="stable")
        return frame.take(order).reset_index(drop=True)

    def _pieces(self, run: pd.DataFrame) -> list[str]:
        blobs = []
        for start in range(0, len(run), self._piece_rows):
            packed = io.BytesIO()
            piece = run.iloc[start : start + self._piece_rows].reset_index(drop=True)
            piece.to_feather(packed)
            blobs.append(self._store.blobs.put(packed.getvalue()))
        return blobs


def _sortable(name: str, survey: Survey) -> Form:
    if name not in survey.forms:
        raise unknown_column(name, survey.forms)
    form = survey.forms[name]
    check_sortable(name, form)
    return form


def check_sortable(name: str, form: Form) -> None:
    """Return if rows can be put in order by such a column.

    Raises:
        DataError: it holds neither times nor numbers.
    """
    if form.kind not in {"number", "datetime"} or form.shape:
        raise DataError(
            f"Column `{name}` holds no times and no numbers to sort by.",
            way_out="Name columns of times or numbers with --order.",
            column=name,
        )


def sort_keys(column: Any, form: Form) -> Keys:
    """Return values as numbers whose order is the column's; missing values are the largest."""
    keys = encode(column, form)
    if form.kind == "datetime":
        return np.where(keys == MISSING_TIME, np.iinfo(np.int64).max, keys)
    return np.where(np.isnan(keys), np.inf, keys) if keys.dtype.kind == "f" else keys


def _sort_bits(column: Any, form: Form) -> Keys:
    """Return an unsigned number a value, in the order of the values.

    Integers move by 2^63; of floats, positive ones get the sign bit and negative ones turn over.
    """
    keys = sort_keys(column, form)
    sign = np.uint64(1 << 63)
    if keys.dtype.kind == "f":
        bits = (keys.astype("<f8") + 0.0).view("<u8")
        bits = np.where(bits & sign, ~bits, bits | sign)
    elif keys.dtype.kind == "u":
        bits = keys.astype("<u8")
    else:
        bits = keys.astype("<i8").view("<u8") ^ sign
    return bits


class _Run:
    """A sorted run of which one piece is in memory."""

    def __init__(self, blobs: list[str], table: OrderedTable) -> None:
        self._blobs = blobs
        self._table = table
        self.head: pd.DataFrame | None = None
        self.keys: Keys = np.zeros(0, "S8")
        self.fill()

    @property
    def is_last(self) -> bool:
        """Whether nothing follows the piece in memory."""
        return not self._blobs

    def fill(self) -> None:
        """Read the next piece when the one in memory is used up."""
        if self.head is None or not len(self.head):
            self.head = self._table.open(self._blobs.pop(0)) if self._blobs else None
            self.keys = np.zeros(0, "S8") if self.head is None else self._table.keys(self.head)

    def take(self, count: int) -> tuple[pd.DataFrame, Keys]:
        """Return the first rows of the piece and drop them."""
        assert self.head is not None
        taken = self.head.iloc[:count], self.keys[:count]
        self.head, self.keys = self.head.iloc[count:], self.keys[count:]
        self.fill()
        return taken


def _merged(runs: list[_Run]) -> Iterator[pd.DataFrame]:
    """Yield merged frames: rows below every key that may still come, ties in the runs' order."""
    import pandas as pd

    while active := [run for run in runs if run.head is not None]:
        counts = _ready(active)
        taken = [run.take(count) for run, count in zip(active, counts, strict=True) if count]
        keys = np.concatenate([each for _, each in taken])
        frame = pd.concat([each for each, _ in taken], ignore_index=True)
        yield frame.take(np.argsort(keys, kind="stable")).reset_index(drop=True)


def _ready(active: list[_Run]) -> list[int]:
    """Return how many rows of each head nothing unread can come before."""
    open_runs = [place for place, run in enumerate(active) if not run.is_last]
    if not open_runs:
        return [len(run.keys) for run in active]
    limit = min(active[place].keys[-1] for place in open_runs)
    first = next(place for place in open_runs if active[place].keys[-1] == limit)
    return [
        int(np.searchsorted(run.keys, limit, side="right" if place <= first else "left"))
        for place, run in enumerate(active)
    ]
