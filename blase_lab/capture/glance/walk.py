"""A walk that remembers what it asked for, so that a later look can tell that nothing changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from blase_lab.capture import loaded, modules
from blase_lab.capture.glance.look import Note
from blase_lab.capture.names import reads
from blase_lab.capture.resolve import Resolver
from blase_lab.capture.sources import Cells, cells_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import FunctionType, ModuleType


class AskedCells(Cells):
    """The cells that ran, put together only when a walk asks for them, which is seldom."""

    def __init__(self, make: Callable[[], Cells]) -> None:
        """Make the cells when they are needed."""
        self._make = make
        self.was_asked = False

    def __getattr__(self, name: str) -> Any:
        """Become the real cells at the first question."""
        if self.was_asked or name.startswith("__"):
            raise AttributeError(name)
        self.was_asked = True
        self.__dict__.update(vars(self._make()))
        return getattr(self, name)


class NotingResolver(Resolver):
    """A walk whose every question to the live world is noted; it finds what any walk finds."""

    def __init__(
        self, namespace: Mapping[str, object], *, folder: Path, bodies: Sequence[str]
    ) -> None:
        """Walk within a namespace; `bodies` are sources that were captured earlier."""
        self.asked = AskedCells(lambda: cells_of(namespace, earlier=bodies))
        super().__init__(namespace, folder=folder, cells=self.asked)
        self._notes: dict[tuple[object, ...], Note] = {}
        self.note("name", namespace, "__name__")

    def note(self, what: str, owner: Any, name: Any) -> None:
        """Remember one question."""
        note = Note(what, owner, name)
        self._notes[note.key] = note

    def notes(self) -> tuple[Note, ...]:
        """Return all questions; those about cells too, where the walk rested on them."""
        for name, file in modules.local_closure(self.local_names, self.folder).items():
            self.note("loaded", None, name)
            self.note("file", None, str(file.file))
            for each in (name, *file.imports):
                self.note("module", None, each)
            for home, attribute in loaded.written_in(file).imports.values():
                if home in sys.modules:
                    self.note("attribute", sys.modules[home], attribute)
        if self.asked.was_asked:
            self.note("cells", self.namespace, None)
        return tuple(self._notes.values())

    def name(self, name: str, scope: Mapping[str, object]) -> None:
        """Note the name."""
        self.note("name", scope, name)
        super().name(name, scope)

    def chain(self, chain: tuple[str, ...], scope: Mapping[str, Any]) -> None:
        """Note the attributes along the chain."""
        if len(chain) > 1:
            self.note("chain", scope, chain)
        super().chain(chain, scope)

    def attribute(self, module: ModuleType, name: str) -> None:
        """Note the module's attribute."""
        self.note("attribute", module, name)
        super().attribute(module, name)

    def home(self, name: str) -> modules.Home:
        """Note where the module is loaded from."""
        self.note("module", None, name)
        return super().home(name)

    def local(self, name: str) -> None:
        """Note the module; with all that it imports in the end."""
        self.note("module", None, name)
        self.note("loaded", None, name)
        super().local(name)

    def state(self, module: str, name: str, value: object) -> None:
        """Note the value in the module, by its content."""
        self.note("name", vars(sys.modules[module]), name)
        super().state(module, name, value)

    def patched(self, name: str) -> None:
        """Note what the user put into the library."""
        self.note("module", None, name)
        self.note("patched", None, name)
        super().patched(name)

    def file_of(self, module: str) -> modules.LocalFile | None:
        """Note what the module holds in memory."""
        self.note("loaded", None, module)
        return super().file_of(module)

    def reads_of(self, function: FunctionType) -> None:
        """Note the modules that the function itself imports."""
        package = str(function.__globals__.get("__package__") or "")
        self.note("name", function.__globals__, "__package__")
        for wanted in reads(function.__code__).imports:
            base = modules.absolute(wanted.module, wanted.level, package)
            for name in (base, *(f"{base}.{each}" for each in wanted.names)):
                self.note("module", None, name)
        super().reads_of(function)
