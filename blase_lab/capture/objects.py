"""How live things other than plain values are walked: classes, instances, bound and wrapped."""

from __future__ import annotations

import sysconfig
from abc import ABC, abstractmethod
from enum import Enum
from functools import cached_property, lru_cache, partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from blase_lab.capture import foreign, values
from blase_lab.capture.names import reads_of_source
from blase_lab.capture.sources import class_source, is_made_by
from blase_lab.core.digest import Opaque, digest_value, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blase_lab.capture.sources import Cells, Source
    from blase_lab.core.records import Aspect

_SLOTS = frozenset({"member_descriptor", "getset_descriptor", "_abc_data", "_tuplegetter"})
_MAKERS = frozenset({"dataclasses", "collections", "typing", "enum", "abc", "reprlib"})
"""Library modules that write methods into classes; the class's own source says so."""
_UNSEEN_STATE = frozenset({"__dict__", "__weakref__"})


class Objects(ABC):
    """The part of a walk that knows the kinds of things; what becomes of them is `Resolver`'s."""

    namespace: Mapping[str, object]
    folder: Path
    cells: Cells

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._digests: dict[tuple[int, ...], str] = {}
        self._alive: list[object] = []
        self._active: list[int] = []
        self._values: set[tuple[str, int]] = set()

    @abstractmethod
    def leaf(self, name: str, aspect: Aspect, digest: str, *, text: str = "") -> None:
        """Add a leaf."""

    @abstractmethod
    def flag(self, sentence: str) -> None:
        """Remember what cannot be known."""

    @abstractmethod
    def value(self, label: str, value: object) -> None:
        """Add a value under a name."""

    @abstractmethod
    def function(self, label: str, function: FunctionType) -> str:
        """Add a user's function."""

    @abstractmethod
    def parts(
        self, label: str, function: FunctionType, constants: Mapping[str, object] = ...
    ) -> None:
        """Add what a function carries."""

    @abstractmethod
    def reads_of(self, function: FunctionType) -> None:
        """Add what a function reads."""

    @abstractmethod
    def name(self, name: str, scope: Mapping[str, object]) -> None:
        """Add what a global name stands for."""

    @abstractmethod
    def imported(self, name: str) -> None:
        """Add a module by its name."""

    @abstractmethod
    def local(self, name: str) -> None:
        """Add a module of the user's own."""

    @abstractmethod
    def has(self, aspect: Aspect, name: str) -> bool:
        """Tell whether a leaf is there."""

    @abstractmethod
    def live_function(self, function: FunctionType) -> None:
        """Follow a function of a local module as it is in memory."""

    @abstractmethod
    def live_class(self, kind: type) -> None:
        """Follow a class of a local module as it is in memory."""

    @abstractmethod
    def is_user(self, value: object) -> bool:
        """Tell whether the user wrote it."""

    @abstractmethod
    def is_local_module(self, name: str) -> bool:
        """Tell whether it is a module of the user's own."""

    def seen(self, thing: object, digest: str) -> None:
        """Remember the digest of a thing, and keep it alive so that its id stays its own."""
        self._digests[_identity(thing)] = digest
        self._alive.append(thing)

    def is_first(self, label: str, value: object) -> bool:
        """Tell whether a value was not yet met under this label, and remember it."""
        key = (label, id(value))
        is_new = key not in self._values
        self._values.add(key)
        self._alive.append(value)
        return is_new

    def digest(self, value: object) -> str:
        """Return the digest of a value's content; what is code in it is walked on the way."""
        return digest_value(value, other=self._other)

    def _other(self, value: object) -> str:
        """Digest what is no plain value: code, own instances, generators."""
        if values.is_code(value):
            return self.code(getattr(value, "__name__", type(value).__name__), value)
        if values.is_generator(value):
            return self.digest(values.generator_state(value))
        if id(value) in self._active:
            return joined("itself", str(len(self._active) - self._active.index(id(value))))
        self._active.append(id(value))
        try:
            found = foreign.content_of(value)
            if found is not None:
                kind = type(value)
                return joined("content", self.code(kind.__name__, kind), self.digest(found))
            return self._instance(value)
        finally:
            self._active.pop()

    # --- code ------------------------------------------------------------------------------------

    def code(self, label: str, value: object) -> str:
        """Walk a callable, class or module once; return a digest that names it."""
        if _identity(value) in self._digests:
            return self._digests[_identity(value)]
        self.seen(value, joined("at work", label))
        digest = self._code(label, value)
        self.seen(value, digest)
        return digest

    def _code(self, label: str, value: object) -> str:
        if isinstance(value, ModuleType):
            self.imported(value.__name__)
            return joined("module", value.__name__)
        if isinstance(value, FunctionType):
            return self._any_function(label, value)
        if isinstance(value, type):
            return self._class(label, value)
        if isinstance(value, partial):
            words = sorted(value.keywords.items())
            parts = [self.digest(part) for part in (value.func, value.args, words)]
            return joined("partial", *parts)
        return self._wrapper(label, value)

    def _wrapper(self, label: str, value: object) -> str:
        """Walk what holds a function: bound methods, descriptors, decorators' objects."""
        if isinstance(value, MethodType):
            self.value(f"{label}.self", value.__self__)
            return joined("method", self.code(label, value.__func__))
        if isinstance(value, staticmethod | classmethod):
            return joined(type(value).__name__, self.code(label, value.__func__))
        if isinstance(value, property):
            parts = (value.fget, value.fset, value.fdel)
            return joined("property", *(self.code(label, part) for part in parts if part))
        if isinstance(value, values.BUILTIN_CALLABLES):
            return self._builtin(label, value)
        self.imported(type(value).__module__)
        kind = values.home_of(type(value).__module__), type(value).__qualname__
        return joined("wrapper", *kind, self.code(label, getattr(value, "__wrapped__", None)))

    def _builtin(self, label: str, value: Any) -> str:
        owner = getattr(value, "__self__", None)
        module = getattr(value, "__module__", None)
        if owner is not None and not isinstance(owner, ModuleType):
            self.value(f"{label}.self", owner)
        elif module and module != "builtins":
            self.imported(module)
        return joined("function", values.home_of(str(module)), value.__qualname__)

    def _any_function(self, label: str, function: FunctionType) -> str:
        """Walk a user's function whole; of a library's or a module's, what it carries."""
        home = function.__module__ or ""
        if function.__globals__ is not self.namespace and self.is_local_module(home):
            self.local(home)
            self.live_function(function)
        elif self.is_user(function):
            return self.function(_own_name(label, function), function)
        else:
            self.imported(home)
        if function.__closure__:
            self.parts(label, function)
        return joined("function", values.home_of(home), function.__qualname__)

    # --- classes and instances -------------------------------------------------------------------

    def _class(self, label: str, kind: type) -> str:
        if not self.is_user(kind):
            if self.is_local_module(kind.__module__):
                self.local(kind.__module__)
                self.live_class(kind)
            elif kind.__module__ != "builtins":
                self.imported(kind.__module__)
            return joined("class", values.home_of(kind.__module__), kind.__qualname__)
        source = class_source(kind, self.cells)
        digest = source.digest if source else joined("class", kind.__qualname__)
        self.seen(kind, digest)
        name = kind.__qualname__.rpartition("<locals>.")[2] or label
        self.leaf(f"class {name}", "code", digest, text=source.text if source else "")
        if source is None:
            self.flag(f"source unknown: class `{name}`")
        else:
            for read in sorted(reads_of_source(source.text).at_once & self.namespace.keys()):
                self.name(read, self.namespace)
        for base in (*kind.__bases__, type(kind)):
            self.code(base.__name__, base)
        for key, value in sorted(_members(kind), key=lambda member: member[0]):
            self._member(f"{name}.{key}", value, source)
        return digest

    def names_itself(self, label: str, value: object) -> bool:
        """Tell whether a leaf of the name, with its content, says what stands under the name."""
        if isinstance(value, ModuleType):
            return value.__name__ == label
        is_own = self.is_user(value) and not self.is_local_module(value.__module__ or "")
        if isinstance(value, FunctionType):
            return is_own and _own_name(label, value) == label
        return isinstance(value, type) and is_own and value.__qualname__ == label

    def _member(self, label: str, value: object, source: Source | None) -> None:
        """Walk a class's attribute: its methods' reads, and values as they are now."""
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if isinstance(function, FunctionType) and source and is_made_by(source, function):
            self.parts(label, function)
            self.reads_of(function)
        elif isinstance(value, property):
            self.code(label, value)
        elif not isinstance(value, Enum):
            self.value(label, value)

    def _instance(self, value: object) -> str:
        """Digest an own class's instance by its state; others are opaque, their code is seen."""
        kind = type(value)
        if not (self.is_user(kind) or self.is_local_module(kind.__module__)):
            for each in list(getattr(value, "__dict__", {}).values()):
                if self.is_user(each):
                    self.code(getattr(each, "__name__", ""), each)
            if isinstance(value, Enum):
                return joined("enum", kind.__module__, kind.__qualname__, value.name)
            self.imported(kind.__module__)
            name = f"{kind.__module__}.{kind.__qualname__}"
            raise Opaque(f"a {name} has no content that can be read")
        identity = self.code(kind.__name__, kind)
        state = dict(sorted(_state(value), key=lambda each: each[0]))
        if isinstance(value, Enum):
            state = {"name": value.name, "value": value.value}
        content = foreign.inherited(value)
        parts = (self.digest(each) for each in (state, content))
        return joined("instance", kind.__qualname__, identity, *parts)


def _identity(thing: object) -> tuple[int, ...]:
    """Tell things apart; a bound method, made anew by each access, is the same each time."""
    if isinstance(thing, MethodType):
        return id(thing.__func__), id(thing.__self__)
    return (id(thing),)


def _own_name(label: str, function: FunctionType) -> str:
    """Name a function as its source does, not by a chance alias."""
    name = function.__code__.co_qualname.rpartition("<locals>.")[2]
    if not name.startswith("<"):
        return name
    named = (key for key, value in function.__globals__.items() if value is function)
    return min(named, default=label)


def _members(kind: type) -> Iterator[tuple[str, object]]:
    """Yield what a class body defines, without what Python or a decorator adds."""
    for key, value in vars(kind).items():
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        is_function = isinstance(function, FunctionType)
        if isinstance(function, FunctionType) and _is_made(function):
            continue
        is_ours = is_function or not key.startswith("__")
        if is_ours and type(value).__name__ not in _SLOTS and not _is_sunder(key):
            yield key, value


def _is_made(function: FunctionType) -> bool:
    """Tell whether a dataclass, a named tuple or an enumeration wrote the method itself."""
    home = str(function.__globals__.get("__name__"))
    return function.__code__.co_filename == "<string>" or home in _MAKERS


def _is_sunder(key: str) -> bool:
    return (
        key.startswith("_")
        and (key.endswith("_") or key in {"_abc_impl", "_field_defaults"})
        and not key.startswith("__")
    )


def _state(value: object) -> Iterator[tuple[str, object]]:
    cached = {
        name
        for kind in type(value).__mro__
        for name, each in vars(kind).items()
        if isinstance(each, cached_property)
    }
    own = getattr(value, "__dict__", {})
    yield from ((name, each) for name, each in own.items() if name not in cached)
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in _UNSEEN_STATE and hasattr(value, name):
                yield name, getattr(value, name)


def is_user_file(value: object, folder: Path) -> bool:
    """Tell whether a function's code was compiled from a cell or from a file of the project."""
    function = value if isinstance(value, FunctionType) else getattr(value, "__wrapped__", None)
    if not isinstance(function, FunctionType):
        return False
    place = function.__code__.co_filename
    if place.startswith("<"):
        place = str(function.__globals__.get("__file__") or place)
    return _is_user_place(place, folder)


@lru_cache(maxsize=4096)
def _is_user_place(name: str, folder: Path) -> bool:
    if name.startswith("<frozen"):
        return False
    if name.startswith("<") or "ipykernel_" in name:
        return True
    path = Path(name)
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    standard = Path(sysconfig.get_path("stdlib"))
    return path.is_relative_to(folder) and not path.is_relative_to(standard)
