"""What a step returned, drawn so that two processes can compare it without handing it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from blase_lab.core.digest import Opaque, digest_value, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

_CELL_CHARACTERS = 12
_MOST_COLUMNS = 64
_MOST_ROWS = 200


class Shown(msgspec.Struct, frozen=True):
    """One column of a result: its name, its dtype, and a short digest of every value."""

    name: str
    dtype: str
    cells: tuple[str, ...]


class Picture(msgspec.Struct, frozen=True):
    """A result by type and content; a picture of what has no content says why."""

    kind: str
    digest: str | None
    rows: int
    columns: tuple[Shown, ...] = ()
    opaque: str = ""


def picture_of(value: Any) -> Picture:
    """Return the picture of what a step returned; equal values and dtypes give equal pictures.

    A Series counts by its index, dtype and values, not by its name. An iterator is looked at as
    far as its first element, a Keras model as its layers: initial weights are drawn anew.
    """
    if _is_iterator(value):
        return picture_of([type(value).__name__, next(value, None)])
    if hasattr(value, "count_params") and hasattr(value, "layers"):
        return picture_of([_layer(each) for each in value.layers])
    kind = type(value).__name__
    try:
        return Picture(kind, _digest(value), _rows(value), tuple(_columns(value)))
    except Opaque as opaque:
        return Picture(kind, None, _rows(value), opaque=opaque.reason)


def first_difference(one: Picture, two: Picture) -> str:
    """Return where two pictures differ first, as the end of a sentence; no value is named."""
    if one.kind != two.kind:
        return f"one is a {one.kind}, the other a {two.kind}"
    if one.rows != two.rows:
        return f"{one.rows} rows against {two.rows}"
    names = [[each.name for each in picture.columns] for picture in (one, two)]
    if names[0] != names[1]:
        return f"the columns are {names[0]} against {names[1]}"
    for before, after in zip(one.columns, two.columns, strict=True):
        column = f"column `{before.name}`" if before.name else "the values"
        if before.dtype != after.dtype:
            return f"{column}: {before.dtype} against {after.dtype}"
        for row, (left, right) in enumerate(zip(before.cells, after.cells, strict=True)):
            if left != right:
                return f"{column} from row {row} on" if before.name else f"from row {row} on"
    return "the content differs"


def _is_iterator(value: object) -> bool:
    return hasattr(value, "__next__") and hasattr(value, "__iter__")


def _layer(layer: Any) -> list[object]:
    return [type(layer).__name__, int(layer.count_params())]


def _home(value: object) -> tuple[str, str]:
    kind = type(value)
    return kind.__module__.partition(".")[0], kind.__name__


def _digest(value: Any) -> str:
    if _home(value) == ("pandas", "Series"):
        return joined("series", digest_value(value.index), digest_value(value.rename(None)))
    return digest_value(value)


def _rows(value: Any) -> int:
    has_rows = isinstance(value, list | tuple) or getattr(value, "ndim", 0) > 0
    return len(value) if has_rows else 0


def _columns(value: Any) -> Iterator[Shown]:
    """Yield columns with a digest for each of their first values."""
    home = _home(value)
    if home == ("pandas", "DataFrame"):
        for place, name in enumerate(value.columns[:_MOST_COLUMNS]):
            column = value.iloc[:, place]
            yield Shown(str(name), str(column.dtype), _cells(column.tolist()))
    elif home == ("pandas", "Series"):
        yield Shown("", str(value.dtype), _cells(value.tolist()))
    elif isinstance(value, np.ndarray) and value.ndim:
        yield Shown("", str(value.dtype), _cells(value))
    elif isinstance(value, list | tuple):
        yield Shown("", "object", _cells(value))


def _cells(values: Any) -> tuple[str, ...]:
    return tuple(digest_value(each)[:_CELL_CHARACTERS] for each in values[:_MOST_ROWS])
