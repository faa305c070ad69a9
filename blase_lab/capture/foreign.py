"""The content of things that libraries made: what a value is, read without importing its library.

Each reader is asked only about values whose class has the name it knows, so the library is loaded
already. What a reader returns is plain, and is digested as any other value.
"""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import operator
import random
import re
import sys
from collections import Counter, deque
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.digest import Opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GETTERS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)
_NUMBERED = re.compile(r"(?P<stem>[a-z][a-z0-9_]*?)(_\d+)?")
_KERAS_OWN = frozenset({"name", "built"})
_OF_A_PROCESS = frozenset({"_stop_words_id"})
"""What an estimator holds of the process it lives in: an address."""


def content_of(value: object) -> tuple[object, ...] | None:
    """Return what a library's value holds, as plain values; None where no reader knows it.

    Raises:
        Opaque: the value is of a known kind but holds what cannot be read.
    """
    for kind in type(value).__mro__:
        read = _READERS.get(_place(kind))
        if read is not None:
            return read(value)
    return None


def inherited(value: object) -> list[object]:
    """Return what an own class's instance is beside its attributes: a list, a number, a date."""
    return [read(value) for base, read in _BASES if isinstance(value, base)]


def _place(kind: type) -> str:
    """Name a class by its library and its own name: inner modules move between versions."""
    module = kind.__module__ or ""
    return f"{module.partition('.')[0]} {kind.__name__}"


# --- the standard library and NumPy --------------------------------------------------------------


def _getter(value: Any) -> tuple[object, ...]:
    return tuple(value.__reduce__()[1:])


def _ufunc(value: np.ufunc) -> tuple[object, ...]:
    if getattr(np, value.__name__, None) is value:
        return (value.__name__,)
    special = sys.modules.get("scipy.special")
    if special is not None and getattr(special, value.__name__, None) is value:
        return ("scipy.special", value.__name__)
    raise Opaque(f"a ufunc has no content that can be read: `{value.__name__}`")


def _quiet(_: object) -> tuple[object, ...]:
    """Say nothing of what has no bearing on a result: locks, type variables."""
    return ()


# --- scipy.sparse --------------------------------------------------------------------------------


def _sparse(value: Any) -> tuple[object, ...]:
    """Read a sparse matrix or array: entries in order, those of one place added up."""
    form = value.format
    if form in {"csr", "csc", "bsr"}:
        one = value.copy()
        one.sum_duplicates()
        inner: tuple[object, ...] = (one.indptr.tolist(), one.indices.tolist(), one.data)
    elif form == "dia":
        inner = (value.offsets.tolist(), value.data)
    else:
        one = value.tocoo(copy=True)
        one.sum_duplicates()
        inner = (*(each.tolist() for each in _coordinates(one)), one.data)
    return (form, tuple(value.shape), value.dtype, *inner)


def _coordinates(value: Any) -> tuple[Any, ...]:
    return tuple(value.coords) if hasattr(value, "coords") else (value.row, value.col)


# --- scikit-learn and pandas ---------------------------------------------------------------------


def _estimator(value: Any) -> tuple[object, ...]:
    """Read an estimator or transformer: its parameters, and what it learned."""
    return (
        {name: each for name, each in sorted(vars(value).items()) if name not in _OF_A_PROCESS},
    )


def _categorical(value: Any) -> tuple[object, ...]:
    return (list(value.categories), np.asarray(value.codes), bool(value.ordered))


# --- Keras and TensorFlow ------------------------------------------------------------------------


def _tensor(value: Any) -> tuple[object, ...]:
    try:
        return (np.asarray(value),)
    except Exception as error:
        raise Opaque(f"a {type(value).__name__} has no content that can be read") from error


def _keras(value: Any) -> tuple[object, ...]:
    """Read a layer, model, optimizer or other part of Keras: configuration, weights, own fields."""
    try:
        config = {"class_name": type(value).__name__, "config": _plain(value.get_config())}
        weights = [np.asarray(each) for each in _weights(value)]
    except Exception as error:
        reason = f"a {type(value).__name__} has no content that can be read: {error}"
        raise Opaque(reason) from error
    own = {
        name: each
        for name, each in sorted(vars(value).items())
        if not name.startswith("_") and name not in _KERAS_OWN and _is_field(each)
    }
    return (_without_numbers(config), weights, own)


def _weights(value: Any) -> list[Any]:
    found = getattr(value, "variables", None)
    return list(found) if isinstance(found, list | tuple) else []


def _is_field(value: object) -> bool:
    return type(value) in {bool, int, float, str, bytes, np.ndarray}


def _plain(value: object) -> object:
    """Turn a configuration into plain containers; classes and functions stay as they are."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _without_numbers(config: object) -> object:
    """Number the names that Keras gave from one on: it counts all that a process ever made."""
    names: dict[str, str] = {}
    stems: Counter[str] = Counter()
    for kind, name in _named(config):
        match = _NUMBERED.fullmatch(name)
        if name in names or match is None or match["stem"] != _snake(kind):
            continue
        stems[match["stem"]] += 1
        names[name] = f"{match['stem']}_{stems[match['stem']]}"
    return _renamed(config, names)


def _named(config: object) -> Iterator[tuple[str, str]]:
    """Yield the class and the name of every part of a configuration."""
    if isinstance(config, list):
        for each in config:
            yield from _named(each)
    elif isinstance(config, dict):
        inner, kind = config.get("config"), config.get("class_name")
        if isinstance(inner, dict) and isinstance(kind, str) and isinstance(inner.get("name"), str):
            yield kind, inner["name"]
        for each in config.values():
            yield from _named(each)


def _renamed(config: object, names: dict[str, str]) -> object:
    if isinstance(config, list):
        return [_renamed(each, names) for each in config]
    if isinstance(config, dict):
        return {key: _renamed(each, names) for key, each in config.items()}
    return names.get(config, config) if isinstance(config, str) else config


def _snake(name: str) -> str:
    """Return the stem that Keras makes of a class's name."""
    words = re.sub(r"\W+", "", name)
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", words)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


_BASES: tuple[tuple[type, Callable[[Any], object]], ...] = (
    *((each, each) for each in (dict, list, tuple, set, frozenset, int, float, str, bytes)),
    (complex, complex),
    (bytearray, bytes),
    (deque, lambda value: (list(value), value.maxlen)),
    (dt.date, lambda value: (value.isoformat(), getattr(value, "fold", 0))),
    (dt.datetime, lambda value: value.tzinfo),
    (dt.time, lambda value: (value.isoformat(), value.fold, value.tzinfo)),
    (dt.timedelta, lambda value: (value.days, value.seconds, value.microseconds)),
    (decimal.Decimal, str),
    (fractions.Fraction, str),
    (BaseException, lambda value: value.args),
    (random.Random, random.Random.getstate),
    (np.ndarray, np.asarray),
)
_SPARSE = ("csr", "csc", "bsr", "coo", "dia", "dok", "lil")
_KERAS_KINDS = (
    "Layer",
    "Optimizer",
    "Loss",
    "Metric",
    "Initializer",
    "Regularizer",
    "Constraint",
    "LearningRateSchedule",
    "SeedGenerator",
)
_READERS: dict[str, Callable[[Any], tuple[object, ...]]] = {
    **{_place(kind): _getter for kind in _GETTERS},
    **{f"scipy {form}_{kind}": _sparse for form in _SPARSE for kind in ("matrix", "array")},
    **{f"keras {kind}": _keras for kind in _KERAS_KINDS},
    "sklearn BaseEstimator": _estimator,
    "sklearn Tree": lambda value: (value.__getstate__(),),
    "pandas Categorical": _categorical,
    "keras Variable": _tensor,
    "tensorflow Tensor": _tensor,
    "tensorflow EagerTensor": _tensor,
    "tensorflow ResourceVariable": _tensor,
    "numpy ufunc": _ufunc,
    "numpy poly1d": lambda value: (value.coeffs, value.variable),
    "zoneinfo ZoneInfo": lambda value: (value.key,),
    "array array": lambda value: (value.typecode, value.tolist()),
    "collections Counter": lambda value: (dict(value),),
    "collections ChainMap": lambda value: tuple(value.maps),
    "types SimpleNamespace": lambda value: (vars(value),),
    "builtins mappingproxy": lambda value: (dict(value),),
    "functools cached_property": lambda value: (value.func,),
    "functools partialmethod": lambda value: (value.func, value.args, value.keywords),
    "functools singledispatchmethod": lambda value: (
        value.func,
        list(value.dispatcher.registry.items()),
    ),
    "logging Logger": lambda value: (value.name,),
    "logging RootLogger": lambda value: (value.name,),
    "_thread lock": _quiet,
    "_thread RLock": _quiet,
    "typing TypeVar": lambda value: (value.__name__,),
    "typing ParamSpec": lambda value: (value.__name__,),
}
_READERS[_place(SimpleNamespace)] = _READERS["types SimpleNamespace"]
_READERS[_place(MappingProxyType)] = _READERS["builtins mappingproxy"]
