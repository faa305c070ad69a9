"""From a live function to the named leaves that its behaviour rests on."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Mapping  # noqa: TC003 - the type of a constant
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from blase_lab.capture import modules, values
from blase_lab.capture.canonical import digest_of_source
from blase_lab.capture.names import attributes_of, code_key, reads, reads_of_source
from blase_lab.capture.objects import is_user_file
from blase_lab.capture.sources import function_source, signature_of
from blase_lab.capture.used_modules import NOTHING, UsedModules
from blase_lab.core.digest import Opaque, joined, sha256_hex
from blase_lab.core.errors import BlaseError
from blase_lab.core.records import Leaf
from blase_lab.store import redact
from blase_lab.store.redact import HIDDEN, environment_secrets, redact_named

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from blase_lab.capture.sources import Cells
    from blase_lab.core.records import Aspect

_UNSEEN = frozenset({"globals", "vars", "exec", "eval", "__import__", "get_ipython"})
_WAYS_IN = frozenset({"f_globals", "f_locals", "__globals__", "user_ns"})
"""Attributes through which any name can be reached."""
_NOTEBOOKS_OWN = frozenset({"In", "Out", "get_ipython", "exit", "quit", "_", "__", "___"})


class Resolver(UsedModules):
    """One walk from a function through all that it reads; each thing is visited once."""

    def __init__(self, namespace: Mapping[str, object], *, folder: Path, cells: Cells) -> None:
        """Walk within a notebook's namespace and a project's folder."""
        super().__init__()
        self.namespace = namespace
        self.folder = folder
        self.cells = cells
        self.leaves: dict[tuple[str, str], Leaf] = {}
        self.flags: dict[str, None] = {}
        self.chains: set[tuple[str, ...]] = set()

    # --- what the walk leaves behind -------------------------------------------------------------

    def leaf(self, name: str, aspect: Aspect, digest: str, *, text: str = "") -> None:
        """Add a leaf; a second one of the same name gets a number."""
        number, unique = 1, name
        while (aspect, unique) in self.leaves:
            number += 1
            unique = f"{name} ({number})"
        shown = redact_named(name, text) if name.startswith("value ") else redacted(text)
        if shown != text:
            self.flag(f"secret: `{name}` holds one; it is left out of the record")
        self.leaves[aspect, unique] = Leaf(name=unique, aspect=aspect, digest=digest, text=shown)

    def has(self, aspect: Aspect, name: str) -> bool:
        """Tell whether a leaf is there."""
        return (aspect, name) in self.leaves

    def flag(self, sentence: str) -> None:
        """Remember what cannot be known, once."""
        self.flags[sentence] = None

    def finish(self) -> None:
        """Add the leaves of local modules with all that they import."""
        self.patched("pandas")  # a step is given frames, whatever it names
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
        self, label: str, function: FunctionType, constants: Mapping[str, object] = NOTHING
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
            shown = constants.get(name, NOTHING)
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
            if name == "__wrapped__":
                self.code(label, value)
            else:
                self.value(f"{label}.{name}", value)

    def reads_of(self, function: FunctionType) -> None:
        """Add every global that a function reads, at any depth of nesting."""
        found = reads(function.__code__)
        for name in sorted(found.names):
            self.name(name, function.__globals__)
        self.named_in(function)
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
        self.dynamic(function.__code__)
        for name in sorted(found.written):
            self.flag(f"writes global: `{name}` is written by the step itself")

    def dynamic(self, code: CodeType) -> None:
        """Flag the ways by which code reaches names that cannot be seen in it."""
        for word in sorted(_WAYS_IN.intersection(attributes_of(code))):
            self.flag(f"dynamic: {word}")
        if any(each.module == "__main__" for each in reads(code).imports):
            self.flag("dynamic: __main__")

    @staticmethod
    def is_given(name: str, scope: Mapping[str, object]) -> bool:
        """Tell whether a name is Python's or the notebook's own, not one of the user's."""
        return name not in scope or values.is_builtin(name, scope[name])

    def name(self, name: str, scope: Mapping[str, object]) -> None:
        """Add what a global name stands for now."""
        is_dunder = name.startswith("__") and name.endswith("__")
        if name in _UNSEEN and self.is_given(name, scope):
            self.flag(f"dynamic: {name}()")
        elif name in _NOTEBOOKS_OWN or is_dunder:
            return
        elif name in scope and not values.is_builtin(name, scope[name]):
            self.value(name, scope[name])
        elif hasattr(builtins, name):
            value = getattr(builtins, name)
            if self.is_user(value):
                self.monkeypatched(f"builtins.{name}", value)
        else:
            self.flag(f"undefined: `{name}` does not exist")
            self.leaf(f"value {name}", "code", sha256_hex(b"undefined"), text="undefined")

    # --- values ----------------------------------------------------------------------------------

    def value(self, label: str, value: object) -> None:
        """Add a value under a name: code is walked, everything else digested by content."""
        try:
            self._value(label, value)
        except BlaseError:
            raise
        except Exception as error:  # noqa: BLE001 - a user's object may raise whatever it is asked
            why = getattr(error, "reason", f"it raised {type(error).__name__} when it was read")
            self.flag(f"opaque: holds a {type(value).__qualname__} (`{label}`): {why}")
            kind = joined("opaque", type(value).__module__, type(value).__qualname__)
            self.leaf(f"value {label}", "data", kind, text=type(value).__qualname__)

    def _value(self, label: str, value: object) -> None:
        if not self.is_first(label, value):
            return
        if values.is_code(value):
            digest = self.code(label, value)
            if not self.names_itself(label, value):
                self.leaf(f"value {label}", "code", digest, text=values.place_of(value))
            return
        key = f"value {label}"
        aspect: Aspect = "code" if values.is_scalar(value) else "data"
        if values.is_generator(value):
            aspect = "seed"
            self.flag(f"shared generator: every draw changes `{label}`; make it inside the step")
        digest, text = self.content(label, value)
        self.leaf(key, aspect, digest, text=text)

    def content(self, label: str, value: object) -> tuple[str, str]:
        """Return the digest of a value's content and its text; an opaque one is named with why.

        An opaque value is known by the statements that made it, where cells show them.
        """
        try:
            return self.digest(value), values.short(value)
        except Opaque as opaque:
            self.flag(f"opaque: holds a {_held(opaque.reason, value)} (`{label}`)")
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

    def is_user(self, value: object) -> bool:
        """Tell whether a function or class was written in the notebook or the project."""
        code = getattr(value, "__code__", None)
        if isinstance(value, FunctionType):
            return value.__globals__ is self.namespace or is_user_file(value, self.folder)
        if isinstance(value, type):
            home = value.__module__
            return home in {"__main__", self.namespace.get("__name__")} and home != "builtins"
        return code is not None and is_user_file(value, self.folder)


def _held(reason: str, value: object) -> str:
    """Say what it is that has no content: the value, or something in it."""
    named = re.match(r"an? ([\w.]+) has no content", reason)
    return (named[1] if named else type(value).__qualname__).rpartition(".")[2]


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


def redacted(text: str) -> str:
    """Return the text without secrets, those of the process's environment among them."""
    return _redacted(text, environment_secrets())


@lru_cache(maxsize=4096)
def _redacted(text: str, secrets: tuple[str, ...]) -> str:
    return redact(text, secrets=secrets)


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
