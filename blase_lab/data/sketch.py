"""Sketches of bounded size: how well one column orders the target, and which rows have twins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from blase_lab.data.grid import (
    SPLIT_CODES,
    TRAIN,
    GridColumn,
    logical_block,
    row_ranges,
)
from blase_lab.data.split import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS: Final = 256
SAMPLE_ROWS: Final = 65_536
ROOM_BYTES: Final = 8 << 20
MOST_TWIN_HASHES: Final = 2_000_000
ID_SHARE: Final = 0.9
UNSEEN_PAIRS: Final = 3.0
"""Nothing seen among n pairs means fewer than 3 in n (95 %)."""
FEWEST_SAMPLED: Final = 50
ROWS_PER_CATEGORY: Final = 20
MOST_CLASSES: Final = 20


@dataclass(frozen=True)
class Sample:
    """Evenly spaced train rows of every column: enough for the edges of bins."""

    values: dict[tuple[str, str], np.ndarray[Any, Any]]
    rows: int

    def of(self, column: GridColumn) -> np.ndarray[Any, Any]:
        """Give the sampled numbers of a column (its first number, where a row has several)."""
        return self.values[column.snapshot, column.column.name]

    def distinct_share(self, column: GridColumn) -> float:
        """Tell which part of the sampled values is distinct."""
        values = self.of(column)
        there = values[~np.isnan(values)]
        return len(np.unique(there)) / len(there) if len(there) >= FEWEST_SAMPLED else 0.0

    def is_id_like(self, column: GridColumn) -> bool:
        """Say whether nearly every row has a whole number or a name of its own."""
        if column.column.shape:
            return False
        values = self.of(column)
        there = values[~np.isnan(values)]
        is_whole = bool(np.all(there == np.trunc(there)))
        return is_whole and self.distinct_share(column) >= ID_SHARE

    def chance_of_twin(self, columns: Sequence[GridColumn], train_rows: int) -> float:
        """Bound the chance that a row has a twin in train without being a copy of it.

        Twins agree in every column, so they are no likelier than agreement in the column where
        different rows agree least: train rows times the chance that two rows agree there.
        """
        bits = [_bits(self.of(column)) for column in columns]
        _, first = np.unique(_row_hashes(bits), return_index=True)
        pairs = max(len(first) * (len(first) - 1) / 2, 1.0)
        agreeing = min(_agreeing_pairs(column[first]) for column in bits)
        return min(1.0, train_rows * (agreeing + UNSEEN_PAIRS) / pairs)


def _bits(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Give floats as bits that are equal where the values are: one NaN, no negative zero."""
    values = numbers + 0.0
    values[np.isnan(values)] = np.nan
    return np.ascontiguousarray(values).view(np.uint64)


def _row_hashes(columns: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    hashes = np.zeros(len(columns[0]), dtype=np.uint64)
    for bits in columns:
        hashes = mix(hashes ^ bits)
    return hashes


def _agreeing_pairs(values: np.ndarray[Any, Any]) -> float:
    _, counts = np.unique(values, return_counts=True)
    return float((counts * (counts - 1.0) / 2).sum())


def draw_sample(columns: Sequence[GridColumn], assignment: GridColumn) -> Sample:
    """Read at most 65,536 evenly spaced train rows of each column."""
    rows = int(assignment.array.shape[0])
    block = logical_block(sum(column.row_bytes for column in columns) + 64, ROOM_BYTES)
    train = sum(
        int(np.count_nonzero(assignment.rows(start, stop) == TRAIN))
        for start, stop in row_ranges(rows, block)
    )
    step = max(1, -(-train // SAMPLE_ROWS))
    pieces: dict[tuple[str, str], list[np.ndarray[Any, Any]]] = {}
    seen = taken = 0
    for start, stop in row_ranges(rows, block):
        ordinals = np.flatnonzero(assignment.rows(start, stop) == TRAIN)
        chosen = ordinals[(-seen) % step :: step]
        seen += len(ordinals)
        taken += len(chosen)
        for column in columns:
            numbers = column.numbers(start, stop).reshape(stop - start, -1)[chosen, 0]
            pieces.setdefault((column.snapshot, column.column.name), []).append(numbers)
    return Sample({key: np.concatenate(parts) for key, parts in pieces.items()}, taken)


class Alone:
    """The area under the curve of one number, by counts in at most 256 bins and one for missing."""

    def __init__(self, column: GridColumn, sides: Sides, sample: Sample) -> None:
        """Cut the bins: by quantiles for numbers, by frequency for categories."""
        self.column, self.sides = column, sides
        self.is_category = column.column.kind == "category"
        values = sample.of(column)
        there = values[~np.isnan(values)]
        self.edges = _frequent(there) if self.is_category else _quantiles(there)
        self.counts = np.zeros((sides.number, 2, len(self.edges) + 2), dtype=np.int64)

    def see(self, start: int, stop: int, is_train: np.ndarray[Any, Any]) -> None:
        """Count the train rows of a range by bin and by side of the target."""
        numbers = self.column.numbers(start, stop).reshape(stop - start, -1)[is_train, 0]
        bins = self._bins(numbers)
        for side, is_positive in enumerate(self.sides.of(start, stop, is_train)):
            known = is_positive >= 0
            flat = is_positive[known] * self.counts.shape[2] + bins[known]
            counted = np.bincount(flat, minlength=self.counts[side].size)
            self.counts[side] += counted.reshape(self.counts[side].shape)

    def _bins(self, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        places = np.searchsorted(self.edges, numbers, side="right")
        if self.is_category and len(self.edges):
            found = np.clip(places - 1, 0, len(self.edges) - 1)
            places = np.where(self.edges[found] == numbers, found, len(self.edges))
        bins: np.ndarray[Any, Any] = np.where(np.isnan(numbers), len(self.edges) + 1, places)
        return bins.astype(np.int64)

    @property
    def auc(self) -> float:
        """The greatest area over the sides of the target, whichever direction is the better."""
        return max((self._auc(side) for side in range(self.sides.number)), default=0.5)

    @property
    def error(self) -> float:
        """The standard error of the area (Hanley and McNeil, 1982)."""
        area = self.auc
        best = max(range(self.sides.number), key=self._auc)
        negatives, positives = (max(1, int(total)) for total in self.counts[best].sum(axis=1))
        first, second = area / (2 - area), 2 * area**2 / (1 + area)
        spread = area * (1 - area)
        spread += (positives - 1) * (first - area**2) + (negatives - 1) * (second - area**2)
        return float(np.sqrt(max(spread, 0.0) / (positives * negatives)))

    def _auc(self, side: int) -> float:
        """Sum over bins in order; the missing stand below or above all, whichever is the better."""
        negatives, positives = self.counts[side].astype(np.float64)
        if not negatives.sum() or not positives.sum():
            return 0.5
        if self.is_category:
            order = np.argsort(positives / np.maximum(positives + negatives, 1), kind="stable")
            return _area(negatives[order], positives[order])
        areas = [_area(np.roll(negatives, turn), np.roll(positives, turn)) for turn in (0, 1)]
        return max(max(area, 1 - area) for area in areas)


def _area(negatives: np.ndarray[Any, Any], positives: np.ndarray[Any, Any]) -> float:
    below = np.cumsum(negatives) - negatives
    pairs = np.sum(positives * (below + negatives / 2))
    return float(pairs / (negatives.sum() * positives.sum()))


def _quantiles(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if not len(values):
        return np.zeros(0)
    distinct = np.unique(values)
    if len(distinct) < BINS:
        return distinct[1:]
    return np.unique(np.quantile(values, np.arange(1, BINS) / BINS))


def _frequent(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """List the most frequent codes, few enough that their rates are not noise; sorted."""
    distinct, counts = np.unique(codes, return_counts=True)
    most = min(BINS - 1, len(codes) // ROWS_PER_CATEGORY)
    return np.sort(distinct[np.argsort(-counts, kind="stable")[:most]])


class Sides:
    """The target cut in two, once or in several ways: above its median, or one class or not."""

    def __init__(self, target: GridColumn, sample: Sample) -> None:
        """Decide the cuts from the sample: the classes, if few, else the median."""
        self.target = target
        values = sample.of(target)
        there = values[~np.isnan(values)]
        classes = np.unique(there)
        self.cuts: list[tuple[str, float]] = []
        is_named = target.column.kind == "category" or len(classes) <= 2  # noqa: PLR2004 - binary
        if is_named and len(classes) > 1:
            kept = classes[1:] if len(classes) == 2 else classes[:MOST_CLASSES]  # noqa: PLR2004
            self.cuts = [("is", float(one)) for one in kept]
        elif len(classes) > 1:
            middle = float(np.median(there))
            self.cuts = [("above", middle if middle < classes[-1] else float(classes[-2]))]

    @property
    def number(self) -> int:
        """In how many ways the target is cut."""
        return len(self.cuts)

    def of(
        self, start: int, stop: int, is_train: np.ndarray[Any, Any]
    ) -> list[np.ndarray[Any, Any]]:
        """Give for each cut, of every train row: 1, 0, or -1 where the target is missing."""
        values = self.target.numbers(start, stop)[is_train]
        found = []
        for how, at in self.cuts:
            is_positive = (values == at) if how == "is" else (values > at)
            found.append(np.where(np.isnan(values), -1, is_positive.astype(np.int64)))
        return found


def alone(columns: Sequence[GridColumn], target: GridColumn, sample: Sample) -> list[Alone]:
    """Prepare the score of every scalar feature column; none if the target never changes."""
    sides = Sides(target, sample)
    if not sides.number:
        return []
    return [Alone(column, sides, sample) for column in columns if not column.column.shape]


class Twins:
    """Hashes of whole rows, kept for a part of the hash space that always fits into memory."""

    def __init__(self, columns: Sequence[GridColumn]) -> None:
        """Hash these columns together; twins agree in all of them."""
        self.columns = list(columns)
        self.most = np.uint64(2**64 - 1)
        self.hashes: list[np.ndarray[Any, Any]] = []
        self.codes: list[np.ndarray[Any, Any]] = []
        self.held = 0

    def see(self, start: int, stop: int, codes: np.ndarray[Any, Any]) -> None:
        """Hash the rows of a range and keep those in the kept part of the space."""
        bits = []
        for column in self.columns:
            numbers = column.numbers(start, stop).reshape(stop - start, -1)
            bits += [_bits(numbers[:, place]) for place in range(numbers.shape[1])]
        hashes = _row_hashes(bits)
        self._keep(hashes, codes)
        while self.held > MOST_TWIN_HASHES:
            self._narrow()

    def _keep(self, hashes: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> None:
        is_kept = (hashes <= self.most) & np.isin(codes, list(SPLIT_CODES.values()))
        self.hashes.append(hashes[is_kept])
        self.codes.append(codes[is_kept])
        self.held += len(self.hashes[-1])

    def _narrow(self) -> None:
        self.most //= np.uint64(2)
        hashes, codes = np.concatenate(self.hashes), np.concatenate(self.codes)
        is_kept = hashes <= self.most
        self.hashes, self.codes = [hashes[is_kept]], [codes[is_kept]]
        self.held = len(self.hashes[0])

    def _of(self, code: int) -> np.ndarray[Any, Any]:
        hashes = np.concatenate(self.hashes) if self.hashes else np.zeros(0, np.uint64)
        codes = np.concatenate(self.codes) if self.codes else np.zeros(0, np.uint8)
        found: np.ndarray[Any, Any] = hashes[codes == code]
        return found

    def share_inside_train(self) -> float:
        """Tell which part of the train rows has a twin in train."""
        hashes = self._of(TRAIN)
        _, counts = np.unique(hashes, return_counts=True)
        return float(counts[counts > 1].sum() / max(len(hashes), 1))

    def in_train(self, split: str) -> tuple[int, int]:
        """Count the rows of a split that have a twin in train, and those looked at."""
        hashes = self._of(SPLIT_CODES[split])
        return int(np.isin(hashes, self._of(TRAIN)).sum()), len(hashes)
