"""One row of training data as it lies on the disk: numbers, codes, target, row id side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from blase_lab.core.errors import UnknownInputError, WrongShapeError
from blase_lab.core.records import InputSpec
from blase_lab.data.grid import (
    SPLIT_CODES,
    TRAIN,
    GridColumn,
    logical_block,
    open_columns,
    row_ranges,
)
from blase_lab.data.scale import category_label, code_table, scale_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blase_lab.core.records import Fitted, FittedColumn, Snapshot
    from blase_lab.store import Store

MOST_CLASSES: Final = 1000
ROOM_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class InputColumn:
    """A stored feature column, what was fitted of it, and its place in the packed row."""

    source: GridColumn
    fitted: tuple[FittedColumn, ...]
    place: int
    """The first of its numbers in `numbers`, or its one place in `codes`."""

    @property
    def is_category(self) -> bool:
        """Say whether it is packed as a code."""
        return self.fitted[0].method == "category"


@dataclass(frozen=True)
class Packing:
    """How rows of features and target become packed rows."""

    columns: tuple[InputColumn, ...]
    specs: tuple[InputSpec, ...]
    places: dict[str, tuple[int, int]]
    """Where each input stands: first and last place in `numbers`, or in `codes`."""
    numbers: int
    codes: int
    target: GridColumn
    facts: TargetFacts

    @property
    def dtype(self) -> np.dtype[Any]:
        """The packed row: float32 numbers, int32 codes, the target and the int64 row id."""
        return np.dtype(
            [
                ("numbers", "<f4", (self.numbers,)),
                ("codes", "<i4", (self.codes,)),
                ("target", self.facts.dtype),
                ("row", "<i8"),
            ]
        )

    @property
    def read_bytes(self) -> int:
        """About how many bytes a row takes while it is read and scaled."""
        widest = max(column.source.row_bytes for column in self.columns)
        return 4 * widest + self.dtype.itemsize + 64

    def rows(self, start: int, chosen: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Pack the chosen ones (a mask) of the rows that begin at `start`, in row order."""
        stop = start + len(chosen)
        packed = np.zeros(int(np.count_nonzero(chosen)), dtype=self.dtype)
        if not len(packed):
            return packed
        for column in self.columns:
            place = column.place
            if column.is_category:
                packed["codes"][:, place] = _codes(column, start, chosen)
                continue
            numbers = column.source.numbers(start, stop)[chosen].reshape(len(packed), -1)
            last = place + numbers.shape[1]
            packed["numbers"][:, place:last] = scale_block(column.fitted, numbers)
        packed["target"] = self.facts.encode(self.target, start, chosen)
        packed["row"] = start + np.flatnonzero(chosen)
        return packed


def _codes(column: InputColumn, start: int, chosen: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    stop = start + len(chosen)
    if column.source.column.kind == "category":
        codes = column.source.rows(start, stop)[chosen]
        found: np.ndarray[Any, Any] = code_table(column.fitted[0], column.source.labels)[codes]
        return found
    numbers = column.source.numbers(start, stop)[chosen]
    distinct, inverse = np.unique(numbers, return_inverse=True)
    labels = [category_label(number) or "" for number in distinct]
    return code_table(column.fitted[0], labels)[:-1][inverse]


@dataclass
class TargetFacts:
    """What the target is, and how many rows of each split have one."""

    name: str
    kind: str
    """`binary` (float32 0 or 1), `classes` (int32 from 0) or `number` (float32)."""
    classes: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    """Rows left out of each split because their target is missing or no class of train."""

    @property
    def dtype(self) -> str:
        """The stored type of the target."""
        return "<i4" if self.kind == "classes" else "<f4"

    def usable(self, target: GridColumn, start: int, stop: int) -> np.ndarray[Any, Any]:
        """Say of every row whether it has a target that can be learned or compared."""
        usable: np.ndarray[Any, Any]
        if self._is_named(target):
            usable = self._classes_of(target, start, stop) >= 0
        elif self.kind == "binary":
            usable = np.isin(target.numbers(start, stop), (0.0, 1.0))
        else:
            usable = ~np.isnan(target.numbers(start, stop))
        return usable

    def encode(
        self, target: GridColumn, start: int, chosen: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Give the target of the chosen rows as it is stored."""
        stop = start + len(chosen)
        if self._is_named(target):
            values = self._classes_of(target, start, stop)
        else:
            values = target.numbers(start, stop)
        stored: np.ndarray[Any, Any] = values[chosen].astype(self.dtype)
        return stored

    def _is_named(self, target: GridColumn) -> bool:
        """Say whether the target stands for one of the classes."""
        return self.kind == "classes" or target.column.kind == "category"

    def _classes_of(self, target: GridColumn, start: int, stop: int) -> np.ndarray[Any, Any]:
        places = {label: code for code, label in enumerate(self.classes)}
        values = target.rows(start, stop)
        if target.column.kind == "category":
            table = [*(places.get(label, -1) for label in target.labels), -1]
            named: np.ndarray[Any, Any] = np.array(table, dtype=np.int32)[values]
            return named
        numbers = target.numbers(start, stop)
        is_unknown = np.isnan(numbers) | (numbers >= len(places))
        codes: np.ndarray[Any, Any] = np.where(is_unknown, -1, numbers).astype(np.int32)
        return codes


def plan_packing(
    features: Sequence[Snapshot], target: Snapshot, *, fitted: Fitted, store: Store
) -> Packing:
    """Decide how rows are packed; look at the target, but not yet at the features' rows.

    Raises:
        UnknownInputError: a feature was not fitted.
        WrongShapeError: the target is not one column of scalars.
    """
    opened = open_columns(store, target)
    if len(opened) != 1 or opened[0].column.shape:
        raise WrongShapeError(
            f"The target `{target.name}` has {len(opened)} columns of row shape "
            f"{opened[0].column.shape}; one column of single values is needed.",
            way_out="Return one Series from the target step.",
            target=target.name,
        )
    known = {column.name: column for column in fitted.columns}
    columns: list[InputColumn] = []
    specs: list[InputSpec] = []
    places: dict[str, tuple[int, int]] = {}
    numbers = codes = 0
    for feature in features:
        for column in open_columns(store, feature):
            placed = _place(column, known, (numbers, codes))
            columns.append(placed)
            width = len(placed.fitted)
            _add_input(placed, feature, specs=specs, places=places)
            numbers, codes = (
                (numbers, codes + 1) if placed.is_category else (numbers + width, codes)
            )
    return Packing(
        columns=tuple(columns),
        specs=tuple(specs),
        places=places,
        numbers=numbers,
        codes=codes,
        target=opened[0],
        facts=TargetFacts(name=opened[0].column.name, kind="number"),
    )


def _place(
    column: GridColumn, known: dict[str, FittedColumn], taken: tuple[int, int]
) -> InputColumn:
    name, width = column.column.name, int(np.prod(column.column.shape, dtype=int))
    names = [f"{name}[{place}]" for place in range(width)] if column.column.shape else [name]
    if any(one not in known for one in names):
        raise UnknownInputError(
            f"Nothing was fitted for the feature `{name}`.",
            way_out="Give `fit_scaling` the same features as `prepare`.",
            feature=name,
        )
    fitted = tuple(known[one] for one in names)
    return InputColumn(column, fitted, taken[1] if fitted[0].method == "category" else taken[0])


def _add_input(
    column: InputColumn,
    feature: Snapshot,
    *,
    specs: list[InputSpec],
    places: dict[str, tuple[int, int]],
) -> None:
    """Add an input, or widen the one that holds the earlier numbers of the same feature."""
    width = len(column.fitted)
    if column.is_category:
        name, known = column.source.column.name, column.fitted[0].categories or ()
        places[name] = (column.place, column.place + 1)
        specs.append(InputSpec(name=name, dtype="int32", shape=(1,), categories=len(known) + 1))
        return
    name = feature.name if len(feature.columns) > 1 else column.source.column.name
    first = places[name][0] if name in places else column.place
    places[name] = (first, column.place + width)
    spec = InputSpec(name=name, dtype="float32", shape=(column.place + width - first,))
    if specs and specs[-1].name == name:
        specs[-1] = spec
    else:
        specs[:] = [one for one in specs if one.name != name]
        specs.append(spec)


def learn_target(packing: Packing, assignment: GridColumn) -> None:
    """Find out from train rows what the target is, then count the usable rows of every split."""
    rows = int(assignment.array.shape[0])
    facts, target = packing.facts, packing.target
    block = logical_block(target.row_bytes + 16, ROOM_BYTES)
    facts.classes = _classes(target, assignment, block)
    facts.kind = _kind(target, facts.classes)
    if facts.kind == "number":
        facts.classes = ()
    counts, missing = np.zeros(5, dtype=np.int64), np.zeros(5, dtype=np.int64)
    for start, stop in row_ranges(rows, block):
        codes = assignment.rows(start, stop)
        usable = facts.usable(target, start, stop)
        counts += np.bincount(codes[usable], minlength=5)
        missing += np.bincount(codes[~usable], minlength=5)
    facts.rows = {name: int(counts[code]) for name, code in SPLIT_CODES.items()}
    facts.missing = {name: int(missing[code]) for name, code in SPLIT_CODES.items()}


def _classes(target: GridColumn, assignment: GridColumn, block: int) -> tuple[str, ...]:
    """List the classes that stand in train, () if there are too many or the values are measures."""
    rows = int(assignment.array.shape[0])
    found: set[float] = set()
    for start, stop in row_ranges(rows, block):
        chosen = assignment.rows(start, stop) == TRAIN
        values = target.numbers(start, stop)[chosen]
        found.update(np.unique(values[~np.isnan(values)]).tolist())
        if target.column.kind != "category" and len(found) > MOST_CLASSES:
            return ()
    if target.column.kind == "category":
        return tuple(sorted(target.labels[int(code)] for code in found))
    ordered = sorted(found)
    if ordered != [float(number) for number in range(len(ordered))]:
        return ("0", "1") if set(ordered) <= {0.0, 1.0} and ordered else ()
    return tuple(str(int(number)) for number in ordered)


def _kind(target: GridColumn, classes: tuple[str, ...]) -> str:
    if target.column.kind == "datetime":
        return "number"
    if len(classes) == 2 or target.column.kind == "flag":  # noqa: PLR2004 - binary is two
        return "binary"
    is_whole = np.dtype(target.column.dtype).kind in "iu"
    return "classes" if classes and is_whole else "number"
