"""What a value looks like: in one short line for people, and as a literal for a closure."""

from __future__ import annotations

import ast
import builtins
import math
import reprlib
from functools import partial
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np

SCALARS = (type(None), bool, int, float, complex, str, bytes)
BUILTIN_CALLABLES = (
    BuiltinFunctionType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
_INNER = frozenset({"core", "src", "impl", "internals"})
_PLATFORMS = {"posixpath": "os.path", "ntpath": "os.path", "posix": "os", "nt": "os"}
_SHOWN_CHARACTERS = 200
_LITERAL_CHARACTERS = 20_000
_SHOWN_BITS = 4096
_ARRAY_ITEMS = 256
_reader = reprlib.Repr()
_reader.maxstring = _reader.maxother = _SHOWN_CHARACTERS


def is_scalar(value: object) -> bool:
    """Tell whether the value is a constant of a code's own kind."""
    return type(value) in SCALARS


def is_builtin(name: str, value: object) -> bool:
    """Tell whether a name is Python's own, or what IPython puts in its place, as with `open`."""
    home = getattr(value, "__globals__", {}).get("__name__") or getattr(value, "__module__", "")
    is_stand_in = str(home).startswith("IPython")
    return hasattr(builtins, name) and (is_stand_in or getattr(builtins, name) is value)


def is_generator(value: object) -> bool:
    """Tell whether the value draws random numbers."""
    kind = type(value)
    top = kind.__module__.partition(".")[0]
    names = {"Generator", "RandomState", "Random", "SystemRandom"}
    return top in {"numpy", "random"} and kind.__name__ in names


def generator_state(value: object) -> object:
    """Return the state of a random generator, as plain values."""
    bits = getattr(value, "bit_generator", None)
    if bits is not None:
        return bits.state
    read = getattr(value, "get_state", None) or getattr(value, "getstate", None)
    return read() if read is not None else None


def is_code(value: object) -> bool:
    """Tell whether the value is a function, class, module or something bound of those."""
    kinds = (FunctionType, type, ModuleType, MethodType, partial, staticmethod, classmethod)
    if isinstance(value, (*kinds, property, *BUILTIN_CALLABLES)):
        return True
    return "__wrapped__" in getattr(value, "__dict__", ())


def home_of(module: str) -> str:
    """Return a module's name without the inner parts that move between versions of a library."""
    first, *rest = _PLATFORMS.get(module, module).split(".")
    kept = [part for part in rest if part not in _INNER and not part.startswith("_")]
    return ".".join([first.lstrip("_"), *kept])


def place_of(value: Any) -> str:
    """Return where code comes from, for people: `math.floor`, `partial(f, 2)`."""
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, partial):
        given = [short(each) for each in value.args]
        given += [f"{name}={short(each)}" for name, each in sorted(value.keywords.items())]
        return f"partial({', '.join([getattr(value.func, '__name__', '?'), *given])})"
    home = home_of(str(getattr(value, "__module__", None) or ""))
    name = str(getattr(value, "__qualname__", type(value).__qualname__))
    return name if home in {"", "builtins", "main__"} else f"{home}.{name}"


def short(value: object) -> str:
    """Return one line that tells a person what the value is, never an address."""
    if type(value) is int and value.bit_length() > _SHOWN_BITS:
        return f"int of {value.bit_length()} bits"
    if is_scalar(value):
        return _reader.repr(value)
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", "")
    name = type(value).__qualname__
    if isinstance(shape, tuple) and not isinstance(value, np.generic):
        return f"{name} {dtype} {shape}".replace("  ", " ")
    text = literal(value)
    if text is not None and len(text) <= _SHOWN_CHARACTERS:
        return text
    try:
        return f"{name} of {len(value)}"  # type: ignore[arg-type]
    except TypeError:
        return name


def literal(value: object) -> str | None:
    """Return source text whose evaluation gives the value back, or None."""
    text = _literal(value, 0)
    if text is None or len(text) > _LITERAL_CHARACTERS:
        return None
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return (
            text if "float(" in text or "int('" in text or text.startswith("frozenset(") else None
        )
    return text


def array_literal(value: object) -> str | None:
    """Return an expression for a small plain array, or None."""
    if (
        type(value) is not np.ndarray
        or value.size > _ARRAY_ITEMS
        or value.dtype.kind not in "biufU"
    ):
        return None
    text = literal(value.tolist())
    if text is None:
        return None
    array = f"__import__('numpy').array({text}, dtype={value.dtype.str!r})"
    return array if value.size else f"{array}.reshape({value.shape!r})"


def _literal(value: object, depth: int) -> str | None:
    if depth > 50:  # noqa: PLR2004 - a container that holds itself ends here
        return None
    if is_scalar(value):
        return _scalar(value)
    if isinstance(value, dict) and type(value) is dict:
        return _pairs(value, depth)
    if type(value) in (list, tuple, set, frozenset):
        return _sequence(value, depth)
    return None


def _scalar(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"int('{value:x}', 16)"  # decimal digits have a limit
    return repr(value)


def _pairs(value: dict[object, object], depth: int) -> str | None:
    pairs = [(_literal(key, depth + 1), _literal(item, depth + 1)) for key, item in value.items()]
    if any(None in pair for pair in pairs):
        return None
    return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"


def _sequence(value: object, depth: int) -> str | None:
    assert isinstance(value, list | tuple | set | frozenset)
    items = [_literal(item, depth + 1) for item in value]
    texts = [item for item in items if item is not None]
    if len(texts) != len(items):
        return None
    if isinstance(value, list):
        return f"[{', '.join(texts)}]"
    if isinstance(value, tuple):
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
    body = f"{{{', '.join(sorted(texts))}}}" if texts else ""
    if isinstance(value, frozenset):
        return f"frozenset({body})"
    return body or "set()"
