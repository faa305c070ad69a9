"""The part of a walk that follows modules: installed ones by version, the user's own by content."""

from __future__ import annotations

import linecache
import re
import sys
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from blase_lab.capture import loaded, modules, values
from blase_lab.capture.names import modules_named, reads
from blase_lab.capture.objects import Objects
from blase_lab.core.digest import sha256_hex

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNSEEDED = {"numpy": "random", "numpy.random": "", "random": ""}
# fmt: off
_SEEDED = frozenset(
    {
        "seed", "default_rng", "Generator", "RandomState", "SeedSequence", "PCG64", "PCG64DXSM",
        "Philox", "SFC64", "MT19937", "Random", "SystemRandom", "BitGenerator",
    }
)
# fmt: on
_NO_MODULES = frozenset({"", "__main__", "builtins"})
_DOORS = frozenset({"CachedAccessor", "Accessor"})
"""What pandas puts into its classes for a class that somebody registered."""
FRAMES = ("DataFrame", "Series", "Index")
"""Classes of pandas whose methods a step calls without naming them: what it is given."""


class UsedModules(Objects):
    """What becomes of a module that a walk meets."""

    def __init__(self) -> None:
        """Begin with no modules met."""
        super().__init__()
        self.local_names: set[str] = set()
        self.packages: dict[str, str] = {}
        self._homes: dict[str, modules.Home] = {}
        self._looked_at: set[str] = set()
        self._files: dict[str, modules.LocalFile | None] = {}

    # --- where they live -------------------------------------------------------------------------

    def imported(self, name: str) -> None:
        """Add a module by its dotted name, loaded or not."""
        if name.partition(".")[0] in _NO_MODULES:
            return
        home = self.home(name)
        if home == "local":
            self.local(name)
            return
        self.patched(name)
        if home == "standard":
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
        return name not in _NO_MODULES and self.home(name) == "local"

    def once(self, name: str, digest_of: str, text: str) -> None:
        """Add an environment leaf unless it is there."""
        if not self.has("environment", name):
            self.leaf(name, "environment", sha256_hex(digest_of.encode()), text=text)

    def package(self, name: str) -> None:
        """Add the installed distribution that brings a module."""
        top = name.partition(".")[0]
        if top in _NO_MODULES:
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

    def named_in(self, function: FunctionType) -> None:
        """Add the modules that a function finds by their name as text."""
        for name in sorted(modules_named(function.__code__)):
            if self.is_local_module(name):
                self.local(name)
            elif modules.version_of(name.partition(".")[0]) is not None:
                self.package(name)

    # --- the user's own --------------------------------------------------------------------------

    def local(self, name: str) -> None:
        """Add a module of the user's own, and what was changed in it since it was loaded."""
        if name in self.local_names:
            return
        self.local_names.add(name)
        for each, file in modules.local_closure([name], self.folder).items():
            self.local_names.add(each)
            if each in self._files:
                continue
            self._files[each] = file
            there = sys.modules.get(each)
            if not isinstance(there, ModuleType):
                continue
            if not modules.is_below(file.file, self.folder):
                self.flag(f"outside: module `{each}` lies outside the project's folder")
            for attribute in loaded.differing(there, file):
                self.changed(f"{each}.{attribute}", getattr(there, attribute, None))

    def file_of(self, module: str) -> modules.LocalFile | None:
        """Return the file of a module of the user's own."""
        if module not in self._files and self.is_local_module(module):
            self._files[module] = modules.local_closure([module], self.folder).get(module)
        return self._files.get(module)

    def changed(self, label: str, value: object) -> None:
        """Add what stands in memory where a local module's file says otherwise."""
        self.flag(f"module on disk differs from the loaded one: {label}")
        if not self.is_first(f"changed {label}", value):
            return
        if not isinstance(value, FunctionType | type):
            self.value(label, value)
            return
        members = vars(value).values() if isinstance(value, type) else [value]
        for each in members:
            if isinstance(each, FunctionType) and each.__globals__ is self.namespace:
                self.code(label, each)
        self.leaf(f"value {label}", "code", loaded.outline(value), text="changed")

    def live_function(self, function: FunctionType) -> None:
        """Follow what a function of a local module reads of its module, as it is in memory."""
        home = function.__globals__.get("__name__")
        file = self.file_of(str(home))
        if file is None:
            return
        if "<" not in function.__qualname__ and not loaded.is_as_written(function, file):
            self.changed(f"{home}.{function.__qualname__}", function)
        found = reads(function.__code__)
        for name in sorted(found.names & function.__globals__.keys()):
            value = function.__globals__[name]
            if isinstance(value, ModuleType):
                continue
            if values.is_code(value):
                self.code(name, value)
            else:
                self.state(str(home), name, value)
        for chain in sorted(found.chains):
            self.chain(chain, function.__globals__)

    def live_class(self, kind: type) -> None:
        """Follow a class of a local module: is it the one that the module has now; its reads."""
        home, name = kind.__module__, kind.__qualname__
        there = getattr(sys.modules.get(home), name, kind)
        if there is not kind and loaded.outline(there) != loaded.outline(kind):
            self.changed(f"{home}.{name}", kind)
        for base in kind.__bases__:
            if self.is_local_module(base.__module__):
                self.code(base.__name__, base)
        for _, each in sorted(vars(kind).items()):
            function = getattr(each, "__func__", None) or getattr(each, "fget", None) or each
            is_its_own = isinstance(function, FunctionType) and function.__module__ == home
            if is_its_own and function.__code__.co_filename != "<string>":
                self.code(function.__name__, function)

    def state(self, module: str, name: str, value: object) -> None:
        """Add a value that a local module computed; what its file says literally is known."""
        file = self.file_of(module)
        if file is None:
            return
        written = loaded.written_in(file)
        if name.startswith("__") and name.endswith("__"):
            return
        if name not in written.bound and "*" not in written.bound:
            self.changed(f"{module}.{name}", value)
        elif name not in written.literals and name not in written.kept:
            self.value(f"{module}.{name}", value)

    # --- attributes of modules -------------------------------------------------------------------

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
            self._own_attribute(module, name, value)
        elif self.is_user(value) or _is_put_in(module, name, value):
            self.monkeypatched(full, value)
        elif type(value) in (int, float, complex, bool):
            self.value(full, value)

    def _own_attribute(self, module: ModuleType, name: str, value: object) -> None:
        if isinstance(value, FunctionType | type):
            self.code(f"{module.__name__}.{name}", value)
        elif values.is_code(value):
            self.code(name, value)
        elif name in vars(module):
            self.state(module.__name__, name, value)

    def patched(self, name: str) -> None:
        """Add what the user put into a library that is used, also where it is not named."""
        if name in self._looked_at:
            return
        self._looked_at.add(name)
        for label, value in put_into(name):
            if self.is_user(value):
                self.monkeypatched(label, value)

    def monkeypatched(self, label: str, value: object) -> None:
        """Add what stands in the place of a library's own."""
        self.flag(f"monkeypatched: {label}")
        if not values.is_code(value):
            self.value(label, value)
        elif self.is_first(f"patch {label}", value):
            self.leaf(f"value {label}", "code", self.code(label, value), text="monkeypatched")

    def unseeded(self, module: str, rest: tuple[str, ...]) -> None:
        """Flag a draw from a library's global generator."""
        inner = _UNSEEDED.get(module)
        if inner is None:
            return
        names = rest if not inner else rest[1:] if rest[0] == inner else ()
        if names and names[0] not in _SEEDED:
            drawn = "numpy.random" if module.startswith("numpy") else module
            self.flag(f"draws unseeded randomness: {drawn}")


def put_into(name: str) -> list[tuple[str, object]]:
    """Return the functions and classes in a loaded library that its own files did not define."""
    module = sys.modules.get(name)
    if not isinstance(module, ModuleType):
        return []
    found = _foreign_in(name, vars(module))
    for each in FRAMES if name == "pandas" else ():
        found += _foreign_in(f"pandas.{each}", vars(getattr(module, each, object)))
    return sorted(found, key=lambda each: each[0])


def _foreign_in(place: str, owner: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return the functions, classes and accessors that another library or the user brought."""
    library = place.partition(".")[0]
    found: list[tuple[str, object]] = []
    for key, value in list(owner.items()):
        is_door = type(value).__name__ in _DOORS
        inner = getattr(value, "_accessor", value) if is_door else value
        if not isinstance(inner, FunctionType | type) or key.startswith("__"):
            continue
        if str(inner.__module__).partition(".")[0] != library:
            found.append((f"{place}.{key}", inner))
    return found


def _is_put_in(module: ModuleType, name: str, value: object) -> bool:
    """Tell whether something else stands where the module's file has a plain definition."""
    file = getattr(module, "__file__", None) or ""
    if not file.endswith(".py") or isinstance(value, BuiltinFunctionType):
        return False
    code = value.__code__ if isinstance(value, FunctionType) else None
    is_frozen = code is not None and code.co_filename.startswith("<frozen")
    if code is not None and (is_frozen or (code.co_filename, code.co_name) == (file, name)):
        return False
    if isinstance(value, type) or hasattr(value, "__wrapped__"):
        return False
    return _is_defined_in(file, name)


@lru_cache(maxsize=4096)
def _is_defined_in(file: str, name: str) -> bool:
    """Tell whether a file has an undecorated def of the name at its top, and nothing after it."""
    text = "".join(linecache.getlines(file))
    found = re.findall(rf"^(@.*\n)?(?:async )?def {re.escape(name)}\b", text, re.MULTILINE)
    bound = re.findall(
        rf"^{re.escape(name)}\s*=[^=]|^(?:from|import) .*\b{re.escape(name)}\b", text, re.MULTILINE
    )
    return len(found) == 1 and not found[0] and not bound


NOTHING: Mapping[str, object] = MappingProxyType({})
