"""Readers in C and C++ are wrapped while something is observed, and put back afterwards."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from blase_lab.capture.observe.frames import is_imported_by_own, is_own_file
from blase_lab.capture.observe.notes import CURRENT
from blase_lab.capture.observe.table import MODULES, TABLE, Row
from blase_lab.capture.observe.threads import PATCHES
from blase_lab.capture.observe.touches import touch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


_IMMUTABLE, _HEAP = 1 << 8, 1 << 9  # flags of a type, as Python's C headers number them


class _Patch(NamedTuple):
    """An attribute that stands for another one for a while."""

    holder: Any
    name: str
    original: Any
    stand_in: Any


_patches: dict[tuple[str, str], _Patch] = {}


def watch() -> None:
    """Wrap the readers of all loaded libraries, and of those that are loaded meanwhile."""
    for row in TABLE:
        _wrap(row)
    for holder, name, attaching in PATCHES:
        original = vars(holder)[name]
        _put(
            (holder.__name__, name), _Patch(holder, name, original, _attached(attaching, original))
        )
    # Another list each time: another thread may be going through this one for an import of its own.
    sys.meta_path = [_FINDER, *sys.meta_path]


@functools.cache
def _attached(attaching: Callable[[Any], Any], original: Any) -> Any:
    return attaching(original)


def leave() -> None:
    """Put back what was wrapped, but for what somebody else has replaced meanwhile."""
    sys.meta_path = [each for each in sys.meta_path if each is not _FINDER]
    for patch in reversed(_patches.values()):
        if vars(patch.holder).get(patch.name) is patch.stand_in:
            setattr(patch.holder, patch.name, patch.original)
    _patches.clear()


def _wrap(row: Row) -> None:
    module = sys.modules.get(row.module)
    if module is None or (row.module, row.name) in _patches:
        return
    owner, _, name = row.name.rpartition(".")
    if (row.module, owner) in _patches:
        return
    holder = getattr(module, owner, None) if owner else module
    if _is_sealed(holder):
        stand_in = _subclass(holder, row.module, owner)
        _put((row.module, owner), _Patch(module, owner, holder, stand_in))
        return
    if isinstance(holder, type):  # a method may be written in a parent, as in some Pythons
        holder = next((each for each in holder.__mro__ if name in vars(each)), None)
    original = vars(holder).get(name) if holder is not None else None
    if original is not None and not _is_sealed(holder):
        stand_in = _stand_in(original, row, bool(owner))
        _put((row.module, row.name), _Patch(holder, name, original, stand_in))


def _put(key: tuple[str, str], patch: _Patch) -> None:
    _patches[key] = patch
    setattr(patch.holder, patch.name, patch.stand_in)


@functools.cache
def _stand_in(original: Any, row: Row, is_method: bool) -> Any:  # noqa: FBT001 - a cached key
    """Return what does as the original does, and notes it."""
    if isinstance(original, staticmethod):
        return staticmethod(_method(original.__func__, row))
    if isinstance(original, type):
        return _class(original, row)
    return _method(original, row) if is_method else WatchedReader(original, row)


class WatchedReader:
    """A library's function that notes what it reads; it is pickled as the function itself."""

    def __init__(self, function: Callable[..., Any], row: Row) -> None:
        """Stand for a function."""
        functools.update_wrapper(self, function, updated=())
        self._row = row

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do as the function does."""
        if CURRENT.get():
            touch(self._row, args, kwargs)
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Look as the function does."""
        if name == "__wrapped__":
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Any]]:
        """Cross a process border as the function."""
        return (_itself, (self.__wrapped__,))


def _itself(function: Any) -> Any:
    return function


def _method(original: Any, row: Row) -> Any:
    @functools.wraps(original)
    def watched_method(*args: Any, **kwargs: Any) -> Any:
        if CURRENT.get():
            touch(row, args, kwargs)
        return original(*args, **kwargs)

    return watched_method


# --- classes in C, whose attributes cannot be set -------------------------------------------------


def _is_sealed(holder: Any) -> bool:
    """Tell whether a class forbids to set its attributes: one that is written in C."""
    if not isinstance(holder, type):
        return False
    return bool(holder.__flags__ & _IMMUTABLE) or not holder.__flags__ & _HEAP


def _meta(original: type, members: dict[str, Any], parent: type = type) -> type:
    """Return a metaclass by which instances of the original count as instances of the stand-in."""

    def is_instance(_: type, value: object) -> bool:
        return isinstance(value, original)

    def is_subclass(_: type, value: type) -> bool:
        return issubclass(value, original)

    checks = {"__instancecheck__": is_instance, "__subclasscheck__": is_subclass}
    return type("WatchedType", (parent,), {**checks, **members})


def _class(original: type, row: Row) -> Any:
    """Return a class whose call notes, and makes an instance of the original."""

    def make(_: type, *args: Any, **kwargs: Any) -> Any:
        if CURRENT.get():
            touch(row, args, kwargs)
        return original(*args, **kwargs)

    named = {"__module__": original.__module__, "__doc__": original.__doc__}
    return _meta(original, {"__call__": make})(original.__name__, (), named)


@functools.cache
def _subclass(original: type, module: str, owner: str) -> Any:
    """Return a subclass whose methods note; instances of the original count as its own."""
    named = {"__module__": original.__module__, "__doc__": original.__doc__}
    methods = {
        row.name.rpartition(".")[2]: _method(getattr(original, row.name.rpartition(".")[2]), row)
        for row in TABLE
        if row.module == module and row.name.startswith(f"{owner}.")
    }
    return _meta(original, {}, type(original))(original.__name__, (original,), named | methods)


# --- libraries that are imported while something is observed --------------------------------------


class _Finder:
    """Wraps the readers of a library right after it was loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as Python does, and let its loader call us before and after."""
        is_asked_for = bool(CURRENT.get()) and is_imported_by_own(sys._getframe(1))  # noqa: SLF001
        if name not in MODULES and not is_asked_for:
            return None
        for finder in sys.meta_path:
            found = None if finder is self else finder.find_spec(name, path, target)
            if found is not None:
                _around_loading(found, is_asked_for=is_asked_for)
                return found
        return None


def _around_loading(spec: ModuleSpec, *, is_asked_for: bool) -> None:
    """Wrap readers after a load; what a library draws while it loads is not the call's doing."""
    loader: Any = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None or not hasattr(loader, "__dict__") or isinstance(loader, type):
        return

    def exec_module(module: ModuleType) -> None:
        vars(loader).pop("exec_module", None)
        is_library = is_asked_for and not is_own_file(str(spec.origin))
        generators = [each.generators for each in CURRENT.get() if is_library and each.generators]
        for each in generators:
            each.settle()
        execute(module)
        for each in generators:
            each.look_again()
        for row in TABLE:
            if row.module == module.__name__ and _FINDER in sys.meta_path:
                _wrap(row)

    loader.exec_module = exec_module


_FINDER: Any = _Finder()
