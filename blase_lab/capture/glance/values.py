"""What a value holds now, as a token that is cheap to make: equal tokens, equal content.

Tokens are for comparing within one process and are never stored. A token may differ where the
content does not (a dictionary's internals, a copy): then a full walk decides. What cannot be
looked into has none: `Unseen`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import hashlib
import marshal
import pathlib
import re
import struct
import uuid
from collections import OrderedDict, defaultdict, deque
from types import GenericAlias, UnionType
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.digest import Opaque, digest_value

if TYPE_CHECKING:
    from collections.abc import Callable

Token = object

_EXACT = frozenset({int, str, bytes, bool, type(None)})
_MARSHALLED = frozenset({*_EXACT, float, complex})
IMMUTABLE: frozenset[type] = frozenset(
    {
        *(range, decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern, type(...)),
        *(dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone, type(NotImplemented)),
        *(pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath),
        *(GenericAlias, UnionType, np.ufunc),
    }
)
"""Kinds whose objects never change: one that is the same object is the same value."""
_WHOLE_BYTES = 64


class Unseen(Exception):  # noqa: N818 - a way to say that there is no token, not an error
    """There is no cheap way to see whether this thing changed."""


def plain(value: Any) -> Token | None:
    """Return the token of a plain scalar, or of a flat container of them; None for others."""
    kind = type(value)
    if kind in _EXACT:
        return (kind, value)
    if isinstance(value, float) and kind is float:
        return struct.pack("<d", value)
    if isinstance(value, complex) and kind is complex:
        return struct.pack("<dd", value.real, value.imag)
    flat = _FLAT.get(kind)
    if flat is None or not flat(value):
        return None
    return (kind, _shortened(marshal.dumps(value, 2)))


def _is_flat(value: Any) -> bool:
    return set(map(type, value)) <= _MARSHALLED


def _is_flat_dict(value: dict[object, object]) -> bool:
    return _is_flat(value) and _is_flat(value.values())


_FLAT: dict[type, Callable[[Any], bool]] = {
    list: _is_flat,
    tuple: _is_flat,
    set: _is_flat,
    frozenset: _is_flat,
    dict: _is_flat_dict,
}


def _shortened(data: bytes) -> bytes:
    return data if len(data) <= _WHOLE_BYTES else hashlib.sha256(data).digest()


def array(value: np.ndarray[Any, Any], each: Callable[[object], Token]) -> Token:
    """Return the token of an array: every byte of it is read."""
    dtype = value.dtype
    if dtype.hasobject or dtype.kind == "T":
        return ("array", dtype, value.shape, each(value.ravel().tolist()))
    flat: Any = np.ascontiguousarray(value).reshape(-1)
    data = flat.view(np.uint8) if flat.size and dtype.itemsize else b""
    return ("array", dtype, value.shape, hashlib.sha256(data).digest())


def contents(value: Any) -> list[object] | None:
    """Return what a built-in container holds, in its own order; None for other values."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset, deque):
        return [*value, getattr(value, "maxlen", None)]
    if kind in (dict, OrderedDict, defaultdict):
        pairs = [part for pair in value.items() for part in pair]
        return [*pairs, getattr(value, "default_factory", None)]
    return [value.start, value.stop, value.step] if kind is slice else None


def data(value: Any, each: Callable[[object], Token]) -> Token | None:
    """Return the token of NumPy's and pandas' values by their content; None for others."""
    kind = type(value)
    if kind is np.ndarray:
        return array(value, each)
    if kind is np.ma.MaskedArray:
        parts = (np.asarray(value.data), np.ma.getmaskarray(value))
        return ("masked", *(array(part, each) for part in parts))
    if isinstance(value, np.generic | np.dtype | bytearray):
        return (kind, _digest(value))
    if kind.__module__.partition(".")[0] == "pandas":
        return _pandas(value, each)
    return None


def _pandas(value: Any, each: Callable[[object], Token]) -> Token:
    name = type(value).__name__
    if name == "DataFrame":
        columns = [value.iloc[:, place] for place in range(value.shape[1])]
        axes = (each(value.index), each(value.columns), each(value.attrs))
        return (name, *axes, *(_column(column, each) for column in columns))
    if name == "Series":
        said = (each(value.name), each(value.attrs))
        return (name, each(value.index), *said, _column(value, each))
    if name == "RangeIndex":
        return (name, value.start, value.stop, value.step, each(value.name))
    if name in {"Index", "DatetimeIndex", "TimedeltaIndex"}:
        return (name, each(list(value.names)), _column(value, each))
    return (name, _digest(value))


def _column(value: Any, each: Callable[[object], Token]) -> Token:
    """Read a column as NumPy holds it; pandas' own kinds of columns as the full digest does."""
    dtype = value.dtype
    if isinstance(dtype, np.dtype):
        return (dtype, array(value.to_numpy(), each))
    return (repr(dtype), _digest(value))


def _digest(value: object) -> str:
    try:
        return digest_value(value)
    except Opaque as opaque:
        raise Unseen(opaque.reason) from None
