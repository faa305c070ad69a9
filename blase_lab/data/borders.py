"""Borders in time: where validation and test begin, and the gap left out before each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from blase_lab.core.errors import EmptyDataError, SplitError
from blase_lab.data.grid import (
    EMBARGO,
    NOT_A_TIME,
    REMOVED,
    TEST,
    TRAIN,
    VALIDATION,
    GridColumn,
    row_ranges,
    shard_grid,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.core.records import SplitPolicy

SECOND: Final = 1_000_000_000
UNITS: Final = {
    "": SECOND,
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "min": 60 * SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86_400 * SECOND,
    "w": 7 * 86_400 * SECOND,
}
BINS: Final = 65_536
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Borders:
    """Where validation and test begin, in the units of the column; None: that split is empty."""

    validation: int | float | None
    test: int | float | None
    embargo: int | float
    texts: dict[str, str]

    def codes(self, times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Assign each row: a time on a border belongs to the later side; no time, no split."""
        codes = np.full(len(times), TRAIN, dtype=np.uint8)
        for border, code in ((self.validation, VALIDATION), (self.test, TEST)):
            if border is not None:
                codes[times >= border] = code
        for border in (self.validation, self.test):
            if border is not None and self.embargo:
                codes[(times >= border - self.embargo) & (times < border)] = EMBARGO
        codes[_is_missing(times)] = REMOVED
        return codes


def _is_missing(times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    missing: np.ndarray[Any, Any] = (
        np.isnan(times) if times.dtype.kind == "f" else (times == NOT_A_TIME)
    )
    return missing


def find_borders(policy: SplitPolicy, key: GridColumn | None, kept: GridColumn | None) -> Borders:
    """Take the borders that the policy names, and find the others by the shares of the rows.

    Raises:
        SplitError: the column holds no times, or the borders are not in order.
    """
    if key is None or key.column.kind not in {"datetime", "number"}:
        kind = key.column.kind if key else "missing"
        raise SplitError(
            f"The column `{policy.column}` to split by time is a {kind}.",
            way_out="Name a column of times or numbers under [split] in blase.toml.",
            column=policy.column,
        )
    test = _parse(policy.test_from, key)
    validation = _parse(policy.validation_from, key)
    times = _Times(key, kept)
    if test is None and policy.test > 0:
        share = policy.train + policy.validation
        if validation is not None:
            share = policy.validation / max(policy.validation + policy.test, 1e-12)
        test = times.quantile(share, low=validation, high=None)
    if validation is None and policy.validation > 0:
        share = policy.train / max(policy.train + policy.validation, 1e-12)
        validation = times.quantile(share, low=None, high=test)
    if validation is not None and test is not None and validation > test:
        raise SplitError(
            f"Validation begins at {_text(validation, key)}, after test at {_text(test, key)}.",
            way_out="Put validation_from before test_from under [split] in blase.toml.",
        )
    found = {"validation_from": validation, "test_from": test}
    return Borders(
        validation=validation,
        test=test,
        embargo=parse_span(policy.embargo, times=key.column.kind == "datetime"),
        texts={name: _text(at, key) for name, at in found.items() if at is not None},
    )


def parse_span(text: str, *, times: bool = True) -> int | float:
    """Read `1d`, `6h`, `30min` as nanoseconds, or a plain number in the units of the column.

    Raises:
        SplitError: the text is no span.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in UNITS:
        raise SplitError(
            f"The embargo `{text}` cannot be read as a span of time.",
            way_out="Write a number and s, min, h, d or w, as in `6h`.",
            embargo=text,
        )
    return round(float(match[1]) * UNITS[match[2]]) if times else float(match[1])


def _parse(text: str | None, key: GridColumn) -> int | float | None:
    if text is None:
        return None
    try:
        return parse_time(text, key.zone) if key.column.kind == "datetime" else float(text)
    except (ValueError, OverflowError):
        raise SplitError(
            f"The border `{text}` is no {key.column.kind} for `{key.column.name}`.",
            way_out="Write it as in `2013-10-01` or `2013-10-01T06:00`.",
            border=text,
        ) from None


def parse_time(text: str, zone: str | None = None) -> int:
    """Read an ISO 8601 time as nanoseconds UTC; without an offset it is in the column's zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        local: tzinfo = ZoneInfo(zone) if zone else UTC
        at = at.replace(tzinfo=local)
    return ((at - EPOCH) // timedelta(microseconds=1)) * 1_000


def _text(at: float, key: GridColumn) -> str:
    if key.column.kind != "datetime":
        return repr(at)
    return f"{np.datetime_as_string(np.datetime64(int(at), 'ns'), unit='auto')}Z"


class _Times:
    """Exact quantiles of a column in bounded memory: counts in bins, then in bins of the bin."""

    def __init__(self, key: GridColumn, kept: GridColumn | None) -> None:
        self.key = key
        self.kept = kept

    def quantile(self, share: float, *, low: float | None, high: float | None) -> int | float:
        """Give the least time with at least `share` of the rows (within low and high) before it."""
        first, last, rows = self._extent(low, high)
        if not rows:
            raise EmptyDataError(
                f"No row of `{self.key.column.name}` has a time where a border is sought.",
                way_out="Give borders under [split] in blase.toml that lie inside the data.",
            )
        rank = min(rows - 1, max(0, round(share * rows)))
        while first < last:
            edges = _edges(first, last)
            counts = self._counts(edges)
            place = int(np.searchsorted(np.cumsum(counts), rank, side="right"))
            rank -= int(counts[:place].sum())
            first, last, _ = self._extent(edges[place], edges[place + 1])
        found: int | float = first.item()
        return found

    def _chunks(self) -> Iterator[np.ndarray[Any, Any]]:
        for start, stop in row_ranges(int(self.key.array.shape[0]), shard_grid(self.key.array)[0]):
            times = self.key.rows(start, stop)
            usable = ~_is_missing(times)
            if self.kept is not None:
                usable &= self.kept.rows(start, stop).astype(bool)
            yield times[usable]

    def _extent(self, low: float | None, high: float | None) -> tuple[Any, Any, int]:
        first, last, rows = None, None, 0
        for times in self._chunks():
            inside = _between(times, low, high)
            if inside.size:
                first = inside.min() if first is None else min(first, inside.min())
                last = inside.max() if last is None else max(last, inside.max())
                rows += inside.size
        return first, last, rows

    def _counts(self, edges: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        counts = np.zeros(len(edges) - 1, dtype=np.int64)
        for times in self._chunks():
            places = np.searchsorted(edges, times, side="right") - 1
            inside = (places >= 0) & (places < len(counts))
            counts += np.bincount(places[inside], minlength=len(counts))
        return counts


def _edges(first: Any, last: Any) -> np.ndarray[Any, Any]:
    if isinstance(first, np.floating):
        after = np.nextafter(last, np.inf)
        return np.unique(np.append(np.linspace(first, last, BINS), after))
    span = int(last) - int(first) + 1
    width = -(-span // BINS)
    starts = [int(first) + width * place for place in range(-(-span // width))]
    return np.array([*starts, int(last) + 1], dtype=np.int64)


def _between(
    times: np.ndarray[Any, Any], low: float | None, high: float | None
) -> np.ndarray[Any, Any]:
    inside = np.ones(len(times), dtype=bool)
    if low is not None:
        inside &= times >= low
    if high is not None:
        inside &= times < high
    return times[inside]
