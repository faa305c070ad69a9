"""The public questions: what is the digest of this, and why do these two differ."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING

from blase_lab.capture import modules
from blase_lab.capture.cell import IDENTITY, digests_of
from blase_lab.capture.inspection import Inspection, read_leaves, reads_in
from blase_lab.capture.observe import observing
from blase_lab.capture.resolve import Resolver, leaves_of
from blase_lab.capture.sources import cells_of
from blase_lab.core.lineage import changes
from blase_lab.core.records import Change, Leaf, Observation, Step

if TYPE_CHECKING:
    from collections.abc import Mapping


def digest(obj: object) -> str:
    """Return 64 hex digits: the identity of a step, function or class, or a value's content.

    Equal in every process and on every supported Python. Comments, docstrings and formatting of
    code do not count; whatever the code reads does.

    Raises:
        Opaque: a value has no content that can be read.
    """
    if isinstance(obj, Step):
        return obj.digests.root
    walk = _walk(obj)
    if not _is_code(obj):
        return walk.digest(obj)
    return digests_of(_leaves(obj, walk)).root


def inspect(obj: object, *, sample: tuple[object, ...] | None = None) -> Inspection:
    """Return what the digest of a step, function, class or value rests on, and what is not known.

    Args:
        obj: as for `digest`; a value without content is no error here, but a flag.
        sample: the arguments of one call, which is then made and observed: the files, folders and
            variables that it reads are leaves too, and count in the digest.

    Raises:
        TypeError: a sample is given for what cannot be called.
    """
    if isinstance(obj, Step):
        return Inspection(obj.digests.root, obj.leaves, obj.flags, reads_in(obj.leaves))
    walk = _walk(obj)
    leaves = _leaves(obj, walk)
    reads = () if sample is None else _observed(obj, sample)
    found = (*leaves, *read_leaves(reads))
    if reads or _is_code(obj) or any(flag.startswith("opaque") for flag in walk.flags):
        identity = digests_of(found).root
    else:
        identity = _walk(obj).digest(obj)
    listed = (*found, *leaves_of(walk, ("environment",)))
    return Inspection(identity, listed, tuple(walk.flags), reads)


def _observed(obj: object, sample: tuple[object, ...]) -> tuple[Observation, ...]:
    """Call once with the sample and return what the call touched."""
    if not callable(obj):
        raise TypeError(f"a {type(obj).__qualname__} cannot be called with a sample")
    with observing(Path.cwd()) as observer:
        obj(*sample)
    return observer.observations()


def why(a: object, b: object) -> list[Change]:
    """Return how two steps, functions, classes or values differ; [] if their digests are equal."""
    return list(changes(_identity(a), _identity(b)))


def _identity(obj: object) -> tuple[Leaf, ...]:
    if isinstance(obj, Step):
        return tuple(leaf for leaf in obj.leaves if leaf.aspect in IDENTITY)
    return _leaves(obj, _walk(obj))


def _is_code(obj: object) -> bool:
    return isinstance(obj, FunctionType | type) or "__wrapped__" in getattr(obj, "__dict__", ())


def _leaves(obj: object, walk: Resolver) -> tuple[Leaf, ...]:
    if _is_code(obj):
        named = walk.code(getattr(obj, "__name__", "value"), obj)
        walk.finish()
        found = leaves_of(walk, IDENTITY)
        return found or (Leaf(name="value", aspect="code", digest=named),)
    walk.value("value", obj)
    walk.finish()
    return leaves_of(walk, IDENTITY)


def _walk(obj: object) -> Resolver:
    function = obj if isinstance(obj, FunctionType) else getattr(obj, "__wrapped__", None)
    scope: Mapping[str, object] = getattr(function, "__globals__", None) or _scope_of(obj)
    folder = Path.cwd()
    if "__file__" in scope and modules.home_of(str(scope["__name__"]), folder) != "local":
        scope = {}
    return Resolver(scope, folder=folder, cells=cells_of(scope))


def _scope_of(obj: object) -> Mapping[str, object]:
    """Return the namespace that a class's methods, or a value's class's methods, live in."""
    kind = obj if isinstance(obj, type) else type(obj)
    for each in vars(kind).values():
        if isinstance(each, FunctionType) and not each.__code__.co_filename.startswith("<string"):
            return each.__globals__
    loaded = sys.modules.get(kind.__module__)
    return {} if loaded is None else vars(loaded)
