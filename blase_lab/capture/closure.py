"""From a resolved function to a Closure: definitions in an order in which they can be executed."""

from __future__ import annotations

import ast
import sys
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Literal, NamedTuple

from blase_lab.capture import modules, values
from blase_lab.capture.names import reads_of_source
from blase_lab.capture.resolve import is_cut, redacted
from blase_lab.capture.sources import Statement, class_source, function_source
from blase_lab.core.errors import BlaseError
from blase_lab.core.records import Closure, Definition, LocalModule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blase_lab.capture.resolve import Resolver

Origin = Literal["import", "value", "function", "class", "statement"]
_CUT = "its source holds what looks like a secret, which is left out of the record"
_FUTURE = "from __future__ import annotations"
_ANNOTATIONS_FLAG = 0x1000000


class _Found(NamedTuple):
    """How a name can be made: pieces of source, to be executed in this order."""

    origin: Origin
    pieces: tuple[str, ...]


class Builder:
    """Collects the definitions a function needs, each after those it needs itself."""

    def __init__(self, walk: Resolver) -> None:
        """Build within the namespace that the walk went through."""
        self._walk = walk
        self._namespace = walk.namespace
        self._found: dict[str, _Found | None] = {}
        self._begun: set[str] = set()
        self._written: list[Definition] = []
        self._done: set[str] = set()
        self.hidden: dict[str, str] = {}

    def build(self, name: str) -> tuple[Definition, ...]:
        """Return the definitions that make `name`, its own the last."""
        self._need(name)
        own = [each for each in self._written if each.name == name]
        rest = [each for each in self._written if each.name != name]
        return (*self._future(), *rest, *own)

    def _future(self) -> tuple[Definition, ...]:
        live = [self._namespace.get(each.name) for each in self._written]
        flags = [getattr(getattr(each, "__code__", None), "co_flags", 0) for each in live]
        if not any(each & _ANNOTATIONS_FLAG for each in flags):
            return ()
        return (Definition(name="annotations", origin="import", source=_FUTURE),)

    def _need(self, name: str) -> None:
        """Write what a name needs, then the name; in a circle, what must come first comes first."""
        is_dunder = name.startswith("__") and name.endswith("__")
        if name in self._done or name not in self._namespace or is_dunder:
            return
        found = self._find(name)
        if name in self._begun or found is None:
            self._write(name)
            return
        self._begun.add(name)
        for piece in found.pieces:
            for each in sorted(reads_of_source(piece).names - {name}):
                if each not in self._begun or each in reads_of_source(piece).at_once:
                    self._need(each)
        self._write(name)

    def _write(self, name: str) -> None:
        """Write a name's definitions now, after what they need at once."""
        found = self._find(name)
        if name in self._done or found is None:
            return
        self._done.add(name)
        for piece in found.pieces:
            for each in sorted(reads_of_source(piece).at_once - {name}):
                self._need(each)
        if any(map(is_cut, found.pieces)):
            self._hide(name, _CUT)
        for piece in found.pieces:
            self._written.append(Definition(name=name, origin=found.origin, source=redacted(piece)))

    def _find(self, name: str) -> _Found | None:
        if name not in self._found:
            value = self._namespace.get(name)
            try:
                self._found[name] = (
                    None if values.is_builtin(name, value) else self._made(name, value)
                )
            except BlaseError:
                raise
            except Exception as error:  # noqa: BLE001 - a user's object may raise what it likes
                self._found[name] = None
                self._hide(name, f"it raised {type(error).__name__} when it was read")
        return self._found[name]

    def _made(self, name: str, value: object) -> _Found | None:
        if isinstance(value, ModuleType):
            return self._import_in_cells(name, value) or _Found("import", self._module(name, value))
        if isinstance(value, FunctionType | type) and self._is_written_here(value):
            return self._defined(name, value)
        if values.is_code(value):
            found = self._import_in_cells(name, value) or _imported(name, value)
            return found or self._stated(name, value)
        text = values.literal(value)
        if text is None or self._is_read_elsewhere(name, text):
            return self._stated(name, value)
        return _Found("value", (f"{name} = {text}\n",))

    def _is_read_elsewhere(self, name: str, text: str) -> bool:
        """Tell whether a secret's cell holds no secret itself, but says where it is read from."""
        if not is_cut(f"{name} = {text}\n"):
            return False
        stated = self._binding(name)
        return bool(stated) and not any(is_cut(each.text) for each in stated)

    def _import_in_cells(self, name: str, value: object) -> _Found | None:
        """Take the import as the user wrote it, if it still gives this very value."""
        for statement in self._binding(name)[:1]:
            for text, found in _imports_in(statement.node, name):
                if found is value:
                    return _Found("import", (text, *self._submodules(name, value)))
        return None

    def _submodules(self, name: str, value: object) -> list[str]:
        """Import the submodules that are reached through a module's own name."""
        paths = {
            ".".join(chain[:2])
            for chain in self._walk.chains
            if chain[0] == name == getattr(value, "__name__", "") and len(chain) > 1
        }
        return [f"import {path}\n" for path in sorted(paths) if path in sys.modules]

    def _is_written_here(self, value: FunctionType | type) -> bool:
        """Tell whether the notebook itself defines it, not a module of the user's own."""
        if getattr(value, "__globals__", None) is self._namespace:
            return True
        return self._walk.is_user(value) and not self._walk.is_local_module(value.__module__ or "")

    def _module(self, name: str, module: ModuleType) -> tuple[str, ...]:
        """Import a module under the name; submodules too that are reached through it."""
        full = module.__name__
        if name != full:
            parent, _, last = full.rpartition(".")
            if parent and last == name:
                return (f"from {parent} import {name}\n",)
            return (f"import {full} as {name}\n",)
        return (f"import {full}\n", *self._submodules(name, module))

    def _defined(self, name: str, value: FunctionType | type) -> _Found | None:
        """Take a user's own function or class: its own source, or the statement that made it."""
        origin: Origin = "class" if isinstance(value, type) else "function"
        source = (
            class_source(value, self._walk.cells)
            if isinstance(value, type)
            else function_source(value.__code__, self._walk.cells)
        )
        if source is not None and _defines(source.text, name) and not _is_dressed(value):
            return _Found(origin, (source.text,))
        stated = self._binding(name)
        if stated:
            return _Found(origin, tuple(each.text for each in stated))
        is_whole = source is not None and not getattr(value, "__closure__", None)
        if source is not None and is_whole and source.text.startswith("lambda"):
            return _Found(origin, (f"{name} = {source.text}\n",))
        if source is not None and is_whole and _defines(source.text, value.__name__):
            return _Found(origin, (source.text, f"{name} = {value.__name__}\n"))
        self._hide(name, "its source was not found in any cell")
        return None

    def _stated(self, name: str, value: object) -> _Found | None:
        """Take the statement that made a value; a small array as it is now, if there is none."""
        stated = self._binding(name)
        if stated:
            return _Found(_origin(stated[0].node), tuple(each.text for each in stated))
        text = values.array_literal(value)
        if text is not None:
            return _Found("value", (f"{name} = {text}\n",))
        self._hide(name, f"no cell says how this {type(value).__name__} was made")
        return None

    def _binding(self, name: str) -> tuple[Statement, ...]:
        return self._walk.cells.binding(name)

    def _hide(self, name: str, reason: str) -> None:
        self.hidden[name] = reason


def _imported(name: str, value: object) -> _Found | None:
    """Import a function or class from the module that says it has it."""
    home = str(getattr(value, "__module__", None) or "")
    qualified = str(getattr(value, "__qualname__", ""))
    if home == "__main__" or home not in sys.modules:
        return None
    if getattr(sys.modules[home], qualified, None) is not value:
        return None
    alias = "" if name == qualified else f" as {name}"
    return _Found("import", (f"from {home} import {qualified}{alias}\n",))


def _imports_in(node: ast.stmt, name: str) -> Iterator[tuple[str, object]]:
    """Yield the parts of an import statement that bind the name, with what they bind."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            if alias.asname == name:
                yield f"import {alias.name} as {name}\n", sys.modules.get(alias.name)
            elif alias.asname is None and top == name:
                yield f"import {alias.name}\n", sys.modules.get(top)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            if name == (alias.asname or alias.name):
                shown = f" as {alias.asname}" if alias.asname else ""
                found = getattr(sys.modules.get(node.module), alias.name, None)
                yield f"from {node.module} import {alias.name}{shown}\n", found


def _origin(node: ast.stmt) -> Origin:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return "function"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "import"
    return "class" if isinstance(node, ast.ClassDef) else "statement"


def _defines(text: str, name: str) -> bool:
    try:
        return name in reads_of_source(text).bound
    except SyntaxError:
        return False


def _is_dressed(value: object) -> bool:
    """Tell whether a decorator put this in place of what the source defines."""
    return hasattr(value, "__wrapped__")


def closure_of(name: str, walk: Resolver) -> Closure:
    """Return the closure of a resolved function; what cannot be rebuilt becomes a flag."""
    builder = Builder(walk)
    definitions = builder.build(name)
    for each in definitions:
        for wanted in reads_of_source(each.source).imports:
            if wanted.module != "__future__":
                walk.imported(wanted.module)
    for hidden, reason in sorted(builder.hidden.items()):
        walk.flag(f"needs hidden {hidden}: {reason}")
    local = local_modules(walk, definitions)
    for module in local:
        if is_cut(module.source):
            walk.flag(f"needs hidden module {module.name}: {_CUT}")
    return Closure(
        function=name,
        definitions=definitions,
        modules=local,
        packages=dict(sorted(walk.packages.items())),
    )


def local_modules(walk: Resolver, definitions: Iterable[Definition]) -> tuple[LocalModule, ...]:
    """Return the user's own modules that the walk met or that a definition imports."""
    imported = set(walk.local_names)
    for each in definitions:
        for wanted in reads_of_source(each.source).imports:
            imported.update([wanted.module, *(f"{wanted.module}.{name}" for name in wanted.names)])
    files = modules.local_closure(sorted(imported), walk.folder)
    return tuple(
        LocalModule(
            name=name, path=modules.shown_path(file, walk.folder), source=redacted(file.source)
        )
        for name, file in files.items()
    )
