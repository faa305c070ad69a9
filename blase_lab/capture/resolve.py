"""From a live function to the named leaves that its behaviour rests on."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping  # noqa: TC003 - the type of a constant
from functools import lru_cache
from types import FunctionType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from blase_lab.capture import modules, values
from blase_lab.capture.canonical import digest_of_source
from blase_lab.capture.names import code_key, modules_named, reads, reads_of_source
from blase_lab.capture.objects import Objects, is_user_file
from blase_lab.capture.sources import function_source, signature_of
from blase_lab.core.digest import Opaque, joined, sha256_hex
from blase_lab.core.records import Leaf
from blase_lab.store import redact
from blase_lab.store.redact import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from blase_lab.capture.sources import Cells
    from blase_lab.core.records import Aspect

_NOTHING: Mapping[str, object] = MappingProxyType({})
_UNSEEN = frozenset({"globals", "locals", "vars", "exec", "eval", "__import__"})
_UNSEEDED = {"numpy": "random", "numpy.random": "", "random": ""}
# fmt: off
_SEEDED = frozenset(
    {
        "seed", "default_rng", "Generator", "RandomState", "SeedSequence", "PCG64", "PCG64DXSM",
        "Philox", "SFC64", "MT19937", "Random", "SystemRandom", "BitGenerator",
    }
)
# fmt: on
_NOTEBOOKS_OWN = frozenset({"In", "Out", "get_ipython", "exit", "quit", "_", "__", "___"})


class Resolver(Objects):
    """One walk from a function through all that it reads; each thing is visited once."""

    def __init__(self, namespace: Mapping[str, object], *, folder: Path, cells: Cells) -> None:
        """Walk within a notebook's namespace and a project's folder."""
        super().__init__()
        self.namespace = namespace
        self.folder = folder
        self.cells = cells
        self.leaves: dict[tuple[str, str], Leaf] = {}
        self.flags: dict[str, None] = {}
        self.local_names: set[str] = set()
        self.packages: dict[str, str] = {}
        self._homes: dict[str, modules.Home] = {}
        self.chains: set[tuple[str, ...]] = set()

    # --- what the walk leaves behind -------------------------------------------------------------

    def leaf(self, name: str, aspect: Aspect, digest: str, *, text: str = "") -> None:
        """Add a leaf; a second one of the same name gets a number."""
        number, unique = 1, name
        while (aspect, unique) in self.leaves:
            number += 1
            unique = f"{name} ({number})"
        shown = redacted(text)
        if shown != text:
            self.flag(f"secret: `{name}` holds one; it is left out of the record")
        self.leaves[aspect, unique] = Leaf(name=unique, aspect=aspect, digest=digest, text=shown)

    def flag(self, sentence: str) -> None:
        """Remember what cannot be known, once."""
        self.flags[sentence] = None

    def finish(self) -> None:
        """Add the leaves of local modules with all that they import."""
        files = modules.local_closure(self.local_names, self.folder)
        for name, local in files.items():
            self.leaf(f"module {name}", "code", local.digest, text=local.source)
        for name in sorted(modules.packages_of(files.values())):
            self.package(name)

    # --- functions -------------------------------------------------------------------------------

    def function(self, label: str, function: FunctionType) -> str:
        """Add a user's function and all that it reads; return its own digest."""
        source = function_source(function.__code__, self.cells)
        if source is None:
            self.flag(f"source unknown: function `{label}` is known by its bytecode only")
            digest = bytecode(function)
            self.leaf(f"function {label}", "code", digest, text="source unknown")
        else:
            digest = source.digest
            self.leaf(f"function {label}", "code", digest, text=source.text)
        self.seen(function, digest)
        head = signature_of(source.text if source else "")
        for name in sorted(head.decorators & function.__globals__.keys()):
            self.name(name, function.__globals__)
        self.parts(label, function, head.constants)
        self.reads_of(function)
        return digest

    def parts(
        self, label: str, function: FunctionType, constants: Mapping[str, object] = _NOTHING
    ) -> None:
        """Add what a function carries: defaults, closure cells, attributes, what it wraps.

        Defaults that its source shows as the same `constants` are left to the source.
        """
        code = function.__code__
        positional = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        given = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
        given |= function.__kwdefaults__ or {}
        for name, value in sorted(given.items()):
            shown = constants.get(name, _NOTHING)
            if type(shown) is type(value) and repr(shown) == repr(value):
                continue
            self.value(f"{label}({name}=)", value)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            if name == "__class__":
                continue
            try:
                self.value(f"{label}.{name}", cell.cell_contents)
            except ValueError:
                self.flag(f"undefined: `{name}` in function `{label}`")
        for name, value in sorted(vars(function).items()):
            self.value(f"{label}.{name}", value)

    def packages_named_in(self, function: FunctionType) -> None:
        """Add the installed packages that a function finds by their name as text."""
        for name in sorted(modules_named(function.__code__)):
            if modules.version_of(name.partition(".")[0]) is not None:
                self.package(name)

    def reads_of(self, function: FunctionType) -> None:
        """Add every global that a function reads, at any depth of nesting."""
        found = reads(function.__code__)
        for name in sorted(found.names):
            self.name(name, function.__globals__)
        self.packages_named_in(function)
        self.chains |= found.chains
        for chain in sorted(found.chains):
            self.chain(chain, function.__globals__)
        for wanted in sorted(found.imports):
            package = str(function.__globals__.get("__package__") or "")
            base = modules.absolute(wanted.module, wanted.level, package)
            self.imported(base)
            for name in wanted.names:
                if f"{base}.{name}" in sys.modules or modules.find_file(
                    f"{base}.{name}", self.folder
                ):
                    self.imported(f"{base}.{name}")
                elif base in sys.modules:
                    self.attribute(sys.modules[base], name)
        for name in sorted(found.written):
            self.flag(f"writes global: `{name}` is written by the step itself")

    def name(self, name: str, scope: Mapping[str, object]) -> None:
        """Add what a global name stands for now."""
        if name in _NOTEBOOKS_OWN or (name.startswith("__") and name.endswith("__")):
            if name in _UNSEEN:
                self.flag(f"hidden reads: `{name}()` may read names that cannot be seen")
        elif name in scope:
            self.value(name, scope[name])
        elif name in _UNSEEN:
            self.flag(f"hidden reads: `{name}()` may read names that cannot be seen")
        elif hasattr(builtins, name):
            value = getattr(builtins, name)
            if self.is_user(value):
                self.flag(f"monkeypatched: builtins.{name}")
                self.value(f"builtins.{name}", value)
        else:
            self.flag(f"undefined: `{name}` does not exist")
            self.leaf(f"value {name}", "code", sha256_hex(b"undefined"), text="undefined")

    # --- values ----------------------------------------------------------------------------------

    def value(self, label: str, value: object) -> None:
        """Add a value under a name: code is walked, everything else digested by content."""
        if values.is_code(value):
            self.code(label, value)
            return
        if not self.is_first(label, value):
            return
        key = f"value {label}"
        aspect: Aspect = "code" if values.is_scalar(value) else "data"
        if values.is_generator(value):
            aspect = "seed"
            self.flag(f"draws: `{label}` is a generator that every draw changes; make it inside")
        digest, text = self.content(label, value)
        self.leaf(key, aspect, digest, text=text)

    def content(self, label: str, value: object) -> tuple[str, str]:
        """Return the digest of a value's content and its text; an opaque one is named with why.

        An opaque value is known by the statements that made it, where cells show them.
        """
        try:
            return self.digest(value), values.short(value)
        except Opaque as opaque:
            self.flag(f"opaque: `{label}`: {opaque.reason}")
        kind = joined("opaque", type(value).__module__, type(value).__qualname__)
        is_global = label in self.namespace and self.namespace[label] is value
        stated = [each.text for each in self.cells.binding(label)] if is_global else []
        if not stated:
            return kind, values.short(value)
        for text in stated:
            for read in sorted(reads_of_source(text).at_once & self.namespace.keys() - {label}):
                self.name(read, self.namespace)
        # the latest of equal ones: a closure's definitions are searched each once
        shown = dict.fromkeys(_digest_of_statement(text) for text in reversed(stated))
        return joined(kind, *shown), "".join(stated)

    # --- modules ---------------------------------------------------------------------------------

    def imported(self, name: str) -> None:
        """Add a module by its dotted name, loaded or not."""
        if name.partition(".")[0] in {"", "__main__", "builtins"}:
            return
        home = self.home(name)
        if home == "local":
            self.local(name)
        elif home == "standard":
            version = modules.python_version()
            self.once(f"import {name.partition('.')[0]}", version, f"Python {version}")
        else:
            self.package(name)

    def home(self, name: str) -> modules.Home:
        """Tell where a module lives; asked of the disk once a walk."""
        if name not in self._homes:
            self._homes[name] = modules.home_of(name, self.folder)
        return self._homes[name]

    def is_local_module(self, name: str) -> bool:
        """Tell whether a dotted name is a module of the user's own."""
        return name not in {"", "__main__", "builtins"} and self.home(name) == "local"

    def once(self, name: str, digest_of: str, text: str) -> None:
        """Add an environment leaf unless it is there."""
        if ("environment", name) not in self.leaves:
            self.leaf(name, "environment", sha256_hex(digest_of.encode()), text=text)

    def package(self, name: str) -> None:
        """Add the installed distribution that brings a module."""
        top = name.partition(".")[0]
        if top in {"", "__main__", "builtins"}:
            return
        if top in sys.stdlib_module_names:
            self.imported(top)
            return
        found = modules.version_of(top)
        if found is None:
            self.flag(f"unknown module: `{name}` belongs to no installed package")
            return
        self.packages[found[0]] = found[1]
        self.once(f"package {found[0]}", found[1], found[1])

    def local(self, name: str) -> None:
        """Add a module of the user's own, and what was changed in it since it was loaded."""
        if name in self.local_names:
            return
        self.local_names.add(name)
        for each, file in modules.local_closure([name], self.folder).items():
            self.local_names.add(each)
            loaded = sys.modules.get(each)
            if not isinstance(loaded, ModuleType):
                continue
            if not modules.is_below(file.file, self.folder):
                self.flag(f"outside: module `{each}` lies outside the project's folder")
            for attribute in modules.differing(loaded, file):
                self.flag(f"differs from disk: `{each}.{attribute}` is not as in the file")
                self.changed(f"{each}.{attribute}", getattr(loaded, attribute, None))

    def changed(self, label: str, value: object) -> None:
        """Add what stands in memory where a local module's file says otherwise."""
        members = vars(value).values() if isinstance(value, type) else [value]
        functions = [each for each in members if isinstance(each, FunctionType)]
        if not functions:
            self.value(label, value)
            return
        for each in functions:
            if each.__globals__ is self.namespace:
                self.code(label, each)
        self.leaf(f"value {label}", "code", joined(*map(bytecode, functions)), text="changed")

    def chain(self, chain: tuple[str, ...], scope: Mapping[str, Any]) -> None:
        """Follow an attribute chain as long as it goes through modules."""
        at: object = scope.get(chain[0])
        for place, attribute in enumerate(chain[1:], start=1):
            if not isinstance(at, ModuleType) or not hasattr(at, attribute):
                return
            self.unseeded(at.__name__, chain[place:])
            self.attribute(at, attribute)
            at = getattr(at, attribute)

    def attribute(self, module: ModuleType, name: str) -> None:
        """Add what a module's attribute stands for, if it is not the module's own."""
        value = getattr(module, name, None)
        full = f"{module.__name__}.{name}"
        if isinstance(value, ModuleType):
            self.imported(value.__name__)
        elif self.home(module.__name__) == "local":
            if isinstance(value, FunctionType):
                self.code(full, value)
        elif self.is_user(value):
            self.flag(f"monkeypatched: {full}")
            self.value(full, value)
        elif type(value) in (int, float, complex, bool):
            self.value(full, value)

    def unseeded(self, module: str, rest: tuple[str, ...]) -> None:
        """Flag a draw from a library's global generator."""
        inner = _UNSEEDED.get(module)
        if inner is None:
            return
        names = rest if not inner else rest[1:] if rest[0] == inner else ()
        if names and names[0] not in _SEEDED:
            self.flag(f"draws: from the global generator of {module}, unseeded")

    def is_user(self, value: object) -> bool:
        """Tell whether a function or class was written in the notebook or the project."""
        code = getattr(value, "__code__", None)
        if isinstance(value, FunctionType):
            return value.__globals__ is self.namespace or is_user_file(value, self.folder)
        if isinstance(value, type):
            home = value.__module__
            return home in {"__main__", self.namespace.get("__name__")} and home != "builtins"
        return code is not None and is_user_file(value, self.folder)


def bytecode(function: FunctionType) -> str:
    """Return a digest of a function without source; it holds on this Python only."""
    return joined("bytecode", repr(code_key(function.__code__)))


def _digest_of_statement(text: str) -> str:
    """Return the canonical digest of a statement as a closure records it: without secrets."""
    shown = redacted(text)
    try:
        return digest_of_source(shown)
    except SyntaxError:
        return sha256_hex(shown.encode())


@lru_cache(maxsize=4096)
def redacted(text: str) -> str:
    """Return the text without secrets."""
    return redact(text)


def is_cut(text: str) -> bool:
    """Tell whether a text, once recorded, is no longer whole: executed, it would do otherwise."""
    return HIDDEN in redacted(text)


def resolve(
    function: FunctionType, namespace: Mapping[str, object], *, folder: Path, cells: Cells
) -> Resolver:
    """Return a finished walk from one function."""
    walk = Resolver(namespace, folder=folder, cells=cells)
    walk.code(function.__name__, function)
    walk.finish()
    return walk


def leaves_of(walk: Resolver, aspects: Iterable[str]) -> tuple[Leaf, ...]:
    """Return a walk's leaves of some aspects, sorted by name."""
    wanted = set(aspects)
    return tuple(leaf for key, leaf in sorted(walk.leaves.items()) if key[0] in wanted)
