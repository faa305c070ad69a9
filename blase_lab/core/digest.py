"""Canonical digests: equal content has equal digests in every process, on every Python.

A value is digested by its type and its content: sets in the order of their elements' digests,
dictionaries in their own order, floats by their bits, arrays by dtype, shape and content. What
has no content (a socket, a lock) is `Opaque`: never digested by its address.
"""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import pathlib
import re
import struct
import uuid
from collections import OrderedDict, defaultdict, deque
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from blase_lab.core.content import Opaque, content_bytes, dtype_name, joined, sha256_hex
from blase_lab.core.rows import RANGE_ROWS, RowsDigest, digest_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "RANGE_ROWS",
    "Opaque",
    "RowsDigest",
    "canonical_json",
    "digest_rows",
    "digest_value",
    "joined",
    "merkle",
    "sha256_hex",
]


def canonical_json(obj: object) -> bytes:
    """Return JSON with sorted keys and no blanks: equal records give equal bytes."""
    return msgspec.json.encode(obj, order="sorted")


def merkle(leaves: Iterable[tuple[str, str]]) -> str:
    """Return one digest over named leaves, whatever order they come in."""
    return joined("merkle", *(joined(name, digest) for name, digest in sorted(leaves)))


def digest_value(obj: object, *, other: Callable[[object], str] | None = None) -> str:
    """Return the typed digest of a value's content.

    Args:
        obj: Python scalars and containers, dates, paths, NumPy and pandas values, in any nesting.
        other: what to ask about a value that is none of these; it may raise `Opaque` too.

    Raises:
        Opaque: the value, or something in it, has no content.
    """
    return _Walk(other).digest(obj)


def _float_bits(value: float) -> bytes:
    return struct.pack("<d", value)


def _type_name(value: object) -> str:
    kind = type(value)
    module = kind.__module__.replace("pathlib._local", "pathlib")  # its home in Python 3.13
    return f"{module}.{kind.__qualname__}"


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    type(...): lambda _: b"",
    type(NotImplemented): lambda _: b"",
    bool: lambda value: b"1" if value else b"0",
    int: lambda value: hex(value).encode(),
    float: _float_bits,
    complex: lambda value: _float_bits(value.real) + _float_bits(value.imag),
    str: lambda value: value.encode("utf-8", "surrogatepass"),
    bytes: bytes,
    bytearray: bytes,
    range: lambda value: repr(value).encode(),
    decimal.Decimal: lambda value: str(value).encode(),
    fractions.Fraction: lambda value: str(value).encode(),
    uuid.UUID: lambda value: value.bytes,
    dt.date: lambda value: value.isoformat().encode(),
    dt.datetime: lambda value: f"{value.isoformat()} {value.fold} {value.tzinfo!r}".encode(),
    dt.time: lambda value: f"{value.isoformat()} {value.fold} {value.tzinfo!r}".encode(),
    dt.timedelta: lambda value: repr(value).encode(),
    dt.timezone: lambda value: repr(value).encode(),
    re.Pattern: lambda value: repr((value.pattern, value.flags)).encode(),
}


class _Walk:
    """One descent into a value; containers that hold themselves are cut by their depth."""

    def __init__(self, other: Callable[[object], str] | None) -> None:
        self._other = other
        self._depths: dict[int, int] = {}

    def digest(self, obj: object) -> str:
        encode = _SCALARS.get(type(obj))
        if encode is not None:
            return joined(_type_name(obj), encode(obj))
        if id(obj) in self._depths:
            return joined("itself", str(len(self._depths) - self._depths[id(obj)]))
        self._depths[id(obj)] = len(self._depths)
        try:
            return self._compound(obj)
        except RecursionError:
            raise Opaque("nested too deeply") from None
        finally:
            del self._depths[id(obj)]

    def _compound(self, obj: object) -> str:
        describe = _COMPOUNDS.get(type(obj)) or _described(obj)
        if describe is not None:
            return joined(_type_name(obj), *describe(self, obj))
        if self._other is not None:
            return self._other(obj)
        raise Opaque(f"a {_type_name(obj)} has no content that can be read")

    def each(self, values: Iterable[object]) -> list[str]:
        return [self.digest(value) for value in values]


def _sequence(walk: _Walk, value: Iterable[object]) -> Sequence[str]:
    return walk.each(value)


def _deque(walk: _Walk, value: deque[object]) -> Sequence[str]:
    longest = [] if value.maxlen is None else [joined("maxlen", str(value.maxlen))]
    return [*walk.each(value), *longest]


def _set(walk: _Walk, value: Iterable[object]) -> Sequence[str]:
    return sorted(walk.each(value))


def _mapping(walk: _Walk, value: dict[object, object]) -> Sequence[str]:
    return [walk.digest(part) for pair in value.items() for part in pair]


def _default(walk: _Walk, value: defaultdict[object, object]) -> Sequence[str]:
    factory = value.default_factory
    name = getattr(factory, "__qualname__", repr(factory))
    if factory is not None and getattr(factory, "__module__", "") != "builtins":
        name = walk.digest(factory)
    return [name, *_mapping(walk, value)]


def _slice(walk: _Walk, value: slice) -> Sequence[str]:
    return walk.each((value.start, value.stop, value.step))


def _array(walk: _Walk, value: np.ndarray[Any, Any]) -> Sequence[str | bytes]:
    dtype, shape = value.dtype, repr(value.shape)
    if dtype.fields is not None:
        names = dtype.names or ()
        return ["fields", shape, *(part for n in names for part in (n, walk.digest(value[n])))]
    if dtype.kind in "OT":
        return [dtype.kind, shape, *walk.each(value.ravel().tolist())]
    return [dtype_name(dtype), shape, content_bytes(value)]


def _masked(walk: _Walk, value: Any) -> Sequence[str]:
    filled = value.filled(np.zeros((), dtype=value.dtype)[()])
    return [walk.digest(np.asarray(filled)), walk.digest(np.ma.getmaskarray(value))]


def _numpy_scalar(walk: _Walk, value: np.generic) -> Sequence[str | bytes]:
    return _array(walk, np.asarray(value))


def _dtype(_: _Walk, value: np.dtype[Any]) -> Sequence[str]:
    return [repr(value)]


def _path(_: _Walk, value: pathlib.PurePath) -> Sequence[str]:
    return [value.as_posix()]


def _record(_: _Walk, value: msgspec.Struct) -> Sequence[str | bytes]:
    return [canonical_json(value)]


def _frame(walk: _Walk, value: Any) -> Sequence[str]:
    columns = [_series_content(walk, value.iloc[:, place]) for place in range(value.shape[1])]
    return [walk.digest(value.index), walk.digest(value.columns), *columns, *_said(walk, value)]


def _series(walk: _Walk, value: Any) -> Sequence[str]:
    content = [walk.digest(value.index), walk.digest(value.name), _series_content(walk, value)]
    return [*content, *_said(walk, value)]


def _said(walk: _Walk, value: Any) -> Sequence[str]:
    """Digest what somebody wrote on a frame (`attrs`), where it is not empty."""
    return [joined("attrs", walk.digest(value.attrs))] if value.attrs else []


def _index(walk: _Walk, value: Any) -> Sequence[str]:
    return [walk.digest(list(value.names)), _series_content(walk, value)]


def _levels(walk: _Walk, value: Any) -> Sequence[str]:
    return [walk.digest(list(value.names)), *walk.each(value.tolist())]


def _series_content(walk: _Walk, value: Any) -> str:
    """Digest a pandas column by its dtype's name and its values."""
    dtype = value.dtype
    if getattr(dtype, "name", "") == "category":
        codes = getattr(value, "cat", value).codes
        ordered = str(dtype.ordered)
        return joined("category", ordered, walk.digest(dtype.categories), walk.digest(codes))
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return walk.digest(value.to_numpy())
    missing = value.isna()
    masks = np.asarray(missing, dtype=bool)
    values = [None if gone else item for item, gone in zip(value, masks, strict=True)]
    return joined(str(dtype), *walk.each(values))


def _timestamp(_: _Walk, value: Any) -> Sequence[str]:
    return [value.isoformat(), str(getattr(value, "tz", None))]


def _pandas_text(_: _Walk, value: Any) -> Sequence[str]:
    return [str(value)]


_COMPOUNDS: dict[type, Callable[[_Walk, Any], Sequence[str | bytes]]] = {
    tuple: _sequence,
    list: _sequence,
    deque: _deque,
    set: _set,
    frozenset: _set,
    dict: _mapping,
    OrderedDict: _mapping,
    defaultdict: _default,
    slice: _slice,
    np.ndarray: _array,
    np.ma.MaskedArray: _masked,
}
_FAMILIES: tuple[tuple[type, Callable[[_Walk, Any], Sequence[str | bytes]]], ...] = (
    (np.generic, _numpy_scalar),
    (np.dtype, _dtype),
    (pathlib.PurePath, _path),
)
_PANDAS: dict[str, Callable[[_Walk, Any], Sequence[str]]] = {
    "DataFrame": _frame,
    "Series": _series,
    "Index": _index,
    "RangeIndex": _index,
    "MultiIndex": _levels,
    "DatetimeIndex": _index,
    "TimedeltaIndex": _index,
    "PeriodIndex": _index,
    "IntervalIndex": _index,
    "CategoricalIndex": _index,
    "Timestamp": _timestamp,
    "Timedelta": _timestamp,
    "NaTType": _pandas_text,
    "NAType": _pandas_text,
    "Period": _pandas_text,
    "Interval": _pandas_text,
    "DateOffset": _pandas_text,
}


def _described(obj: object) -> Callable[[_Walk, Any], Sequence[str | bytes]] | None:
    """Find how to read a value whose exact type stands in no table."""
    kind = type(obj)
    if kind.__module__.partition(".")[0] == "pandas":
        return _PANDAS.get(kind.__name__)
    for family, describe in _FAMILIES:
        if isinstance(obj, family):
            return describe
    is_ours = kind.__module__.partition(".")[0] == "blase_lab"
    return _record if is_ours and isinstance(obj, msgspec.Struct) else None
