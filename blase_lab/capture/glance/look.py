"""One look at the live world: a token for each name, attribute and module that a walk asked for.

A look belongs to one check: what several steps read is looked at once. Functions, classes and
modules are told apart by identity and by all that they carry, data by content.
"""

from __future__ import annotations

import builtins
import linecache
import sys
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from blase_lab.capture import foreign, modules, values
from blase_lab.capture.glance import values as contents_of
from blase_lab.capture.glance.values import IMMUTABLE, Token, Unseen
from blase_lab.capture.used_modules import FRAMES, put_into
from blase_lab.core.digest import Opaque
from blase_lab.core.errors import BlaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MISSING = object()
_BUILTIN_BASES = (dict, list, tuple, set, frozenset, int, float, str, bytes)
_BARE = frozenset({"__builtins__", "__loader__", "__spec__", "__cached__", "__doc__"})


_put: dict[str, tuple[tuple[int, ...], list[object], list[tuple[str, object]]]] = {}
"""What was found put into a library, with the members that it had then."""


class Note(NamedTuple):
    """One thing that a walk asked for."""

    what: str
    """`name`, `attribute`, `chain`, `module`, `loaded`, `patched`, `file` or `cells`."""
    owner: Any
    """The namespace or module that was asked; None where it is the whole process."""
    name: Any

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others."""
        return (self.what, id(self.owner), self.name)


_numbers: dict[tuple[object, ...], int] = {}


def number_of(note: Note) -> int:
    """Return the number of a question: quicker to look up than its key.

    An owner lives as long as a note of it does, so no two living notes share a key by chance.
    """
    return _numbers.setdefault(note.key, len(_numbers))


class Look:
    """What stands where, at one moment."""

    def __init__(self, namespace: Mapping[str, object], *, folder: Path) -> None:
        """Look at a notebook's namespace and a project's folder."""
        self.namespace = namespace
        self.folder = folder
        self.alive: list[object] = []
        """All that tokens name by identity, so that no other object gets its id."""
        self.seen: dict[int, Token] = {}
        """The answers given so far, by the number of the question."""
        self._known: dict[int, Token] = {}
        self._active: dict[int, int] = {}
        self._lowest = sys.maxsize
        self._files: dict[str, Token] = {}
        self._aliases: dict[int, dict[int, str]] = {}
        self._homes: dict[str, bool] = {}
        self._held: list[object] = []
        self._roots = _roots(folder, tuple(sys.path))

    def at(self, note: Note) -> Token:
        """Return the token of what was asked for; Unseen."""
        number = number_of(note)
        found = self.seen.get(number, _MISSING)
        if found is _MISSING:
            try:
                found = getattr(self, f"_{note.what}")(note.owner, note.name)
            except (Unseen, BlaseError):
                raise
            except Exception as error:  # a user's object may raise whatever it is asked
                raise Unseen(f"it raised {type(error).__name__} when it was read") from error
            self.seen[number] = found
            self.alive.append(note.owner)
        return found

    # --- what can be asked for -------------------------------------------------------------------

    def _name(self, scope: Mapping[str, object], name: str) -> Token:
        value = scope.get(name, _MISSING)
        if value is not _MISSING:
            return self.of(value)
        value = getattr(builtins, name, _MISSING)
        return "absent" if value is _MISSING else ("builtin", self._shallow(value))

    def _attribute(self, module: ModuleType, name: str) -> Token:
        return self._shallow(getattr(module, name, _MISSING))

    def _chain(self, scope: Mapping[str, object], chain: Sequence[str]) -> Token:
        at = scope.get(chain[0], _MISSING)
        found: list[Token] = []
        for name in chain[1:]:
            if not isinstance(at, ModuleType):
                break
            at = getattr(at, name, _MISSING)
            found.append(self._shallow(at))
        return tuple(found)

    def _module(self, _: object, name: str) -> Token:
        """Tell which object a dotted name is loaded as, and which file it has or could have."""
        loaded = sys.modules.get(name)
        file = getattr(loaded, "__file__", None)
        if isinstance(file, str):
            return (self._identity(loaded), file, self._state(file))
        files = _candidates(name, self._roots)
        return (self._identity(loaded), *(self._state(each) for each in files))

    def _loaded(self, _: object, name: str) -> Token:
        """Tell what a local module holds in memory."""
        loaded = sys.modules.get(name)
        if not isinstance(loaded, ModuleType):
            return "absent"
        members = [(k, v) for k, v in list(vars(loaded).items()) if k not in _BARE]
        return tuple((key, self._kept(value)) for key, value in members)

    def _patched(self, _: object, name: str) -> Token:
        """Tell what was put into a library: asked anew only where it has other members."""
        module = sys.modules.get(name)
        owners: list[Mapping[str, object]] = [] if module is None else [vars(module)]
        owners += [vars(getattr(module, each, object)) for each in FRAMES if name == "pandas"]
        members = [value for owner in owners for value in list(owner.values())]
        ids = tuple(map(id, members))
        if _put.get(name, ((), [], []))[0] != ids:
            _put[name] = (ids, members, put_into(name))
        return tuple((label, self._shallow(value)) for label, value in _put[name][2])

    def _file(self, _: object, file: str) -> Token:
        return self._state(file)

    def _cells(self, namespace: Mapping[str, object], _: object) -> Token:
        history = namespace.get("In")
        ran = tuple(map(str, history)) if isinstance(history, list) else ()
        return (hash(ran), len(ran), hash(tuple(linecache.cache)), len(linecache.cache))

    # --- values ----------------------------------------------------------------------------------

    def of(self, value: object) -> Token:
        """Return the token of a value and of all in it; Unseen."""
        found = contents_of.plain(value)
        if found is not None:
            return found
        key = id(value)
        if key in self._known:
            return self._known[key]
        if key in self._active:
            self._lowest = min(self._lowest, self._active[key])
            return ("at work", key)
        return self._descend(key, value)

    def _descend(self, key: int, value: object) -> Token:
        """Go into a value; what holds itself is known only together with the whole circle."""
        depth, outer = len(self._active), self._lowest
        self._active[key], self._lowest = depth, sys.maxsize
        try:
            found = self._deep(value)
        except RecursionError:
            raise Unseen("nested too deeply") from None
        finally:
            del self._active[key]
            is_whole = self._lowest >= depth
            self._lowest = outer if is_whole else min(outer, self._lowest)
        if is_whole:
            self._known[key] = found
            self._held.append(value)
        return found

    def _deep(self, value: Any) -> Token:
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType) or type(value) in IMMUTABLE:
            return self._identity(value)
        inside = contents_of.contents(value)
        if inside is not None:
            return (type(value), *map(self.of, inside))
        found = contents_of.data(value, self.of)
        if found is not None:
            return found
        found = self._holder(value)
        return self._instance(value) if found is None else found

    def _function(self, value: FunctionType) -> Token:
        """Look at what it carries; in a library's function, at worst by identity."""
        code = value.__code__
        is_own = value.__globals__ is self.namespace or self._is_own(value.__module__ or "")
        each = self.of if is_own else self._shallow
        cells = zip(code.co_freevars, value.__closure__ or (), strict=True)
        named = (value.__module__, value.__name__, value.__qualname__)
        carried = (value.__defaults__, value.__kwdefaults__, vars(value))
        alias = self._alias(value) if code.co_name == "<lambda>" else ""
        parts = [self._identity(part) for part in (value, code, value.__globals__)]
        held = [self._cell(name, cell, each) for name, cell in cells]
        return (*parts, named, alias, *map(each, carried), *held)

    def _cell(self, name: str, cell: Any, each: Callable[[object], Token]) -> Token:
        try:
            held = cell.cell_contents
        except ValueError:
            return "empty"
        return self._identity(held) if name == "__class__" else each(held)

    def _alias(self, value: FunctionType) -> str:
        """Return the first name that a lambda has in its module: that is what it is called."""
        scope = value.__globals__
        if id(scope) not in self._aliases:
            names: dict[int, str] = {}
            for name, each in list(scope.items()):
                if isinstance(each, FunctionType):
                    names[id(each)] = min(name, names.get(id(each), name))
            self._aliases[id(scope)] = names
        return self._aliases[id(scope)].get(id(value), "")

    def _class(self, kind: type) -> Token:
        members = list(vars(kind).items())
        own = self._identity(kind)
        if not self._is_own(kind.__module__):
            return (own, tuple(self._identity(value) for _, value in members))
        bases = tuple(self.of(base) for base in (*kind.__bases__, type(kind)) if base is not type)
        return (own, bases, tuple((key, self._member(key, value)) for key, value in members))

    def _member(self, key: str, value: object) -> Token:
        is_ours = isinstance(value, FunctionType | staticmethod | classmethod | property)
        if key.startswith("__") and not is_ours:
            return self._shallow(value)
        if type(value).__name__ in {"member_descriptor", "getset_descriptor", "_abc_data"}:
            return self._identity(value)
        return self.of(value)

    def _holder(self, value: Any) -> Token | None:
        """Look into what holds a function: partials, bound methods, descriptors, caches."""
        if isinstance(value, partial):
            parts: tuple[object, ...] = (value.func, value.args, value.keywords)
        elif isinstance(value, MethodType):
            parts = (value.__self__, value.__func__)
        elif isinstance(value, staticmethod | classmethod):
            parts = (value.__func__,)
        elif isinstance(value, property):
            parts = (value.fget, value.fset, value.fdel)
        elif isinstance(value, values.BUILTIN_CALLABLES):
            owner = getattr(value, "__self__", None)
            parts = () if owner is None or isinstance(owner, ModuleType) else (owner,)
            name = None if parts else self._identity(value)
            return (type(value), name, value.__qualname__, *map(self.of, parts))
        elif type(value).__module__ == "functools" and hasattr(value, "__wrapped__"):
            return (self._identity(value), self.of(value.__wrapped__))
        elif self._is_library_name(value) or type(value).__module__ == "typing":
            return self._identity(value)
        else:
            return None
        return (type(value), *map(self.of, parts), *map(self.of, [getattr(value, "__dict__", {})]))

    def _is_library_name(self, value: object) -> bool:
        """Tell whether a callable is what its own library calls so, e.g. `numpy.mean`."""
        home, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if not (isinstance(home, str) and isinstance(name, str) and callable(value)):
            return False
        is_own = self._is_own(type(value).__module__) or self._is_own(home)
        return not is_own and getattr(sys.modules.get(home), name, None) is value

    def _instance(self, value: object) -> Token:
        """Look into an instance of an own class; a library's instance has no token."""
        kind = type(value)
        if values.is_generator(value):
            return (self._identity(kind), self.of(values.generator_state(value)))
        if not self._is_own(kind.__module__):
            return (self._identity(kind), self.of(_content(value)))
        known = (object, *_BUILTIN_BASES, Enum)
        for base in kind.__mro__:
            is_seen = base in known or self._is_own(base.__module__) or base.__module__ == "enum"
            if not is_seen and base.__module__ not in {"abc", "typing", "collections.abc"}:
                raise Unseen(f"{kind.__module__}.{kind.__qualname__}")
        bases = (base for base in _BUILTIN_BASES if isinstance(value, base))
        inside = [self.of(_as_base(base, value)) for base in bases]
        state = dict(getattr(value, "__dict__", {}))
        slots = [each for base in kind.__mro__ for each in _slots(base)]
        held = [(name, self.of(getattr(value, name))) for name in slots if hasattr(value, name)]
        alone = self._identity(value) if isinstance(value, Enum) else None
        return (self.of(kind), alone, self.of(state), *held, *inside)

    def _shallow(self, value: object) -> Token:
        """Return the token of a value that nobody looks into where it has none: its identity."""
        try:
            return self.of(value)
        except Unseen:
            return self._identity(value)

    def _kept(self, value: object) -> Token:
        """Return the token of what a local module holds; a library's opaque object is itself."""
        try:
            return self.of(value)
        except Unseen:
            is_plain = type(value).__module__ == "builtins" or values.is_code(value)
            if is_plain or self._is_own(type(value).__module__):
                raise
        inside = list(getattr(value, "__dict__", {}).values())
        code = [each for each in inside if isinstance(each, FunctionType | type)]
        return (self._identity(value), *map(self._shallow, code))

    def _identity(self, value: object) -> int:
        self.alive.append(value)
        return id(value)

    # --- files -----------------------------------------------------------------------------------

    def _state(self, file: str) -> Token:
        if file not in self._files:
            try:
                facts = Path(file).stat()
            except OSError:
                self._files[file] = None
            else:
                times = (facts.st_mtime_ns, facts.st_ctime_ns)
                self._files[file] = (facts.st_size, facts.st_ino, *times)
        return self._files[file]

    def _is_own(self, module: str) -> bool:
        """Tell whether a class of this module is the user's: then its content counts."""
        if module not in self._homes:
            is_main = module in {"__main__", self.namespace.get("__name__")}
            top = module.partition(".")[0]
            is_library = top == "builtins" or top in sys.stdlib_module_names
            is_local = not is_library and modules.home_of(module, self.folder) == "local"
            self._homes[module] = is_main or is_local
        return self._homes[module]


def _content(value: object) -> tuple[object, ...]:
    """Return what a library's value holds, as the walk reads it; Unseen."""
    try:
        found = foreign.content_of(value)
    except Opaque as opaque:
        raise Unseen(opaque.reason) from None
    if found is None:
        raise Unseen(f"{type(value).__module__}.{type(value).__qualname__}")
    return found


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in {"__dict__", "__weakref__"})


def _as_base(base: Any, value: object) -> object:
    return dict(dict.items(value)) if isinstance(value, dict) else base(value)


@lru_cache(maxsize=64)
def _roots(folder: Path, path: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the folders in which modules of the user's own are looked for."""
    inside = [Path(entry) for entry in path if entry and modules.is_below(Path(entry), folder)]
    return (folder, *inside)


@lru_cache(maxsize=4096)
def _candidates(name: str, roots: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the files that a module would have if it were the user's own."""
    if name.partition(".")[0] in sys.builtin_module_names:
        return ()
    stems = dict.fromkeys(root.joinpath(*name.split(".")) for root in roots)
    files = [(stem.with_name(f"{stem.name}.py"), stem / "__init__.py") for stem in stems]
    return tuple(str(file) for pair in files for file in pair)
