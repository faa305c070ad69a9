"""What is learned of the features from train rows, and the one function that applies it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from blase_lab.core.digest import canonical_json, sha256_hex
from blase_lab.core.errors import CellOptionError, EmptyDataError
from blase_lab.core.records import Fitted, FittedColumn, Progress
from blase_lab.data.grid import (
    LOGICAL_ROWS,
    TRAIN,
    GridColumn,
    check_same_rows,
    logical_block,
    open_assignment,
    open_columns,
    remember,
    remembered,
    row_ranges,
)
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blase_lab.core.records import Snapshot, Split
    from blase_lab.store import Store

Method = Literal["standard", "minmax", "none", "category"]
METHODS: Final = ("standard", "minmax", "none", "category")
ROOM_BYTES: Final = 8 << 20
MOST_CATEGORIES: Final = 1_000_000


def fit_scaling(
    features: Sequence[tuple[Snapshot, Method]],
    *,
    split: Split,
    store: Store,
    watch: Callable[[Progress], None] | None = None,
) -> Fitted:
    """Learn each feature's statistics and vocabulary from train rows only, in one streaming pass.

    Sums are made over fixed logical ranges of 8,192 rows and merged by Chan's formula (Chan, Golub
    and LeVeque, 1983), so the numbers have the same bits for every chunking of the same rows.
    A missing value is left out here and becomes the train mean in `apply_scaling`.

    Raises:
        CellOptionError: a method is unknown, or a category has too many values.
        EmptyDataError: there are no train rows.
    """
    _check_methods(features)
    check_same_rows([snapshot for snapshot, _ in features], sum(split.rows.values()))
    identity = sha256_hex(
        canonical_json(["fitted", split.id, [[snap.id, method] for snap, method in features]])
    )
    known = remembered(store, Fitted, identity)
    if known is not None:
        return known
    learners = [
        _learner(column, method)
        for snapshot, method in features
        for column in open_columns(store, snapshot)
    ]
    rows = _learn(learners, open_assignment(store, split), watch)
    columns = tuple(fitted for learner in learners for fitted in learner.fitted())
    fitted = Fitted(
        id=identity,
        columns=columns,
        rows=rows,
        split=split.id,
        digest=sha256_hex(canonical_json([split.digest, columns])),
        created=utc_now(),
    )
    return remember(store, fitted)


def apply_scaling(fitted: FittedColumn, values: Any) -> np.ndarray[Any, Any]:
    """Scale numbers to float32, or turn categories into their int32 codes, by what was learned.

    A missing or infinite number becomes the train mean first; a missing or unknown category is
    code 0. The same function serves training, evaluation and the exported bundle.
    """
    if fitted.method == "category":
        return _codes(fitted, np.asarray(values))
    numbers = np.asarray(values)
    if numbers.dtype.kind == "M":
        missing = np.isnat(numbers)
        stamps = numbers.astype("datetime64[ns]").astype(np.int64).astype(np.float64)
        numbers = np.where(missing, np.nan, stamps)
    scaled = scale_block((fitted,), np.asarray(numbers, dtype=np.float64).reshape(-1, 1))
    return scaled.reshape(numbers.shape)


def scale_block(
    columns: Sequence[FittedColumn], numbers: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Scale float64 numbers of shape (rows, columns) to float32."""
    centers, spreads = np.array([_center_and_spread(column) for column in columns]).T
    fills = np.array([column.fill or 0.0 for column in columns])
    filled = np.where(np.isfinite(numbers), numbers, fills)
    filled -= centers
    filled /= spreads
    return filled.astype(np.float32)


def code_table(fitted: FittedColumn, labels: Sequence[str]) -> np.ndarray[Any, Any]:
    """Give the learned code of each stored code; the last entry is for -1, the missing."""
    places = {label: code for code, label in enumerate(fitted.categories or (), start=1)}
    return np.array([*(places.get(label, 0) for label in labels), 0], dtype=np.int32)


def category_label(value: object) -> str | None:
    """Name a category as the vocabulary does: 3 and 3.0 are `3`, True is `1`, missing is None."""
    if value is None or value != value:  # noqa: PLR0124 - NaN and NaT differ from themselves
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    text = str(value)
    return None if text in {"<NA>", "NaT"} else text


def _codes(fitted: FittedColumn, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    places = {label: code for code, label in enumerate(fitted.categories or (), start=1)}
    if values.dtype.kind in "biuf":
        distinct, inverse = np.unique(values, return_inverse=True)
        table = [places.get(category_label(one) or "", 0) for one in distinct]
        found = np.array(table, dtype=np.int32)[inverse]
        return found.reshape(values.shape)
    labels = (category_label(value) for value in values.ravel())
    codes = [0 if label is None else places.get(label, 0) for label in labels]
    return np.array(codes, dtype=np.int32).reshape(values.shape)


def _center_and_spread(column: FittedColumn) -> tuple[float, float]:
    if column.method == "standard":
        return column.mean or 0.0, column.std or 1.0
    if column.method == "minmax":
        low = column.low or 0.0
        return low, ((column.high or 0.0) - low) or 1.0
    return 0.0, 1.0


def _check_methods(features: Sequence[tuple[Snapshot, Method]]) -> None:
    for snapshot, method in features:
        if method not in METHODS:
            raise CellOptionError(
                f"`{snapshot.name}` asks for the scaling `{method}`, which does not exist.",
                way_out=f"Choose one of {', '.join(METHODS)}.",
                method=method,
            )


def _learn(
    learners: Sequence[_Moments | _Vocabulary | _Distinct],
    assignment: GridColumn,
    watch: Callable[[Progress], None] | None,
) -> int:
    rows = int(assignment.array.shape[0])
    widest = max((learner.column.row_bytes for learner in learners), default=1)
    seen = 0
    for start, stop in row_ranges(rows, logical_block(widest, ROOM_BYTES)):
        is_train = assignment.rows(start, stop) == TRAIN
        seen += int(np.count_nonzero(is_train))
        for learner in learners:
            learner.learn(start, stop, is_train)
        if watch is not None:
            watch(Progress(stage="scale", done=stop, total=rows, unit="rows"))
    if not seen:
        raise EmptyDataError(
            "There are no train rows to learn the scaling from.",
            way_out="Change the shares or the borders under [split] in blase.toml.",
        )
    return seen


def _learner(column: GridColumn, method: Method) -> _Moments | _Vocabulary | _Distinct:
    if column.column.kind == "category":
        return _Vocabulary(column)
    return _Distinct(column) if method == "category" else _Moments(column, method)


class _Moments:
    """Count, mean, squared deviations, least and greatest of every number of a column."""

    def __init__(self, column: GridColumn, method: Method) -> None:
        width = int(np.prod(column.column.shape, dtype=int))
        self.column = column
        self.method: Method = method
        self.rows = 0
        self.counts = np.zeros(width)
        self.means = np.zeros(width)
        self.deviations = np.zeros(width)
        self.lows = np.full(width, np.inf)
        self.highs = np.full(width, -np.inf)

    def learn(self, start: int, stop: int, is_train: np.ndarray[Any, Any]) -> None:
        numbers = self.column.numbers(start, stop).reshape(stop - start, -1)
        for first, last in row_ranges(stop - start, LOGICAL_ROWS):
            chosen = numbers[first:last][is_train[first:last]]
            if len(chosen):
                self._merge(chosen)

    def _merge(self, numbers: np.ndarray[Any, Any]) -> None:
        is_there = ~np.isnan(numbers)
        counts = np.count_nonzero(is_there, axis=0).astype(np.float64)
        at_least_one = np.maximum(counts, 1.0)
        means = np.where(is_there, numbers, 0.0).sum(axis=0) / at_least_one
        deviations = (np.where(is_there, numbers - means, 0.0) ** 2).sum(axis=0)
        total = np.maximum(self.counts + counts, 1.0)
        apart = means - self.means
        self.means = self.means + np.where(counts > 0, apart * (counts / total), 0.0)
        self.deviations = self.deviations + deviations + apart**2 * (self.counts * counts / total)
        self.counts = self.counts + counts
        self.lows = np.minimum(self.lows, np.where(is_there, numbers, np.inf).min(axis=0))
        self.highs = np.maximum(self.highs, np.where(is_there, numbers, -np.inf).max(axis=0))
        self.rows += len(numbers)

    def fitted(self) -> list[FittedColumn]:
        name, scalar = self.column.column.name, not self.column.column.shape
        return [
            self._column(name if scalar else f"{name}[{place}]", place)
            for place in range(len(self.counts))
        ]

    def _column(self, name: str, place: int) -> FittedColumn:
        count = int(self.counts[place])
        mean = float(self.means[place])
        return FittedColumn(
            name=name,
            method=self.method,
            count=count,
            missing=self.rows - count,
            mean=mean if count else None,
            std=float(np.sqrt(self.deviations[place] / count)) if count else None,
            low=float(self.lows[place]) if count else None,
            high=float(self.highs[place]) if count else None,
            fill=mean if count else 0.0,
        )


class _Vocabulary:
    """Which labels of a category column stand in train."""

    def __init__(self, column: GridColumn) -> None:
        self.column = column
        self.counts = np.zeros(len(column.labels) + 1, dtype=np.int64)

    def learn(self, start: int, stop: int, is_train: np.ndarray[Any, Any]) -> None:
        codes = self.column.rows(start, stop)[is_train].ravel()
        self.counts += np.bincount(codes.astype(np.int64) + 1, minlength=len(self.counts))

    def fitted(self) -> list[FittedColumn]:
        known = [
            label for label, count in zip(self.column.labels, self.counts[1:], strict=True) if count
        ]
        missing = int(self.counts[0])
        return [
            FittedColumn(
                name=self.column.column.name,
                method="category",
                count=int(self.counts.sum()) - missing,
                missing=missing,
                categories=tuple(sorted(known)),
            )
        ]


class _Distinct:
    """Which values of a number column stand in train, for a number that is a name."""

    def __init__(self, column: GridColumn) -> None:
        self.column = column
        self.counts: Counter[float] = Counter()
        self.missing = 0

    def learn(self, start: int, stop: int, is_train: np.ndarray[Any, Any]) -> None:
        numbers = self.column.numbers(start, stop)[is_train].ravel()
        is_there = ~np.isnan(numbers)
        self.missing += int(numbers.size - np.count_nonzero(is_there))
        values, counts = np.unique(numbers[is_there], return_counts=True)
        self.counts.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if len(self.counts) > MOST_CATEGORIES:
            raise CellOptionError(
                f"`{self.column.column.name}` has more than {MOST_CATEGORIES:,} different values.",
                way_out="Scale it as a number, or put its values into fewer classes.",
                column=self.column.column.name,
            )

    def fitted(self) -> list[FittedColumn]:
        labels = sorted(filter(None, map(category_label, self.counts)))
        return [
            FittedColumn(
                name=self.column.column.name,
                method="category",
                count=self.counts.total(),
                missing=self.missing,
                categories=tuple(labels),
            )
        ]
