"""What an observed call touched so far: cheap to add to, digested only when somebody asks."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from blase_lab.capture.modules import find_file
from blase_lab.capture.observe.digests import (
    WHOLE,
    Stamp,
    digest_changing,
    digest_environment,
    digest_file,
    digest_folder,
    digest_variable,
    is_folder,
    stamp_of,
)
from blase_lab.capture.observe.generators import Generators
from blase_lab.capture.observe.places import is_below, places_of
from blase_lab.core.records import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sized
    from pathlib import Path
    from typing import Literal

    from blase_lab.core.errors import OfflineError

    Kind = Literal["file", "socket", "program", "module", "random"]

_MOST_NAMES = 20_000


class Seen(set[tuple[object, int]]):
    """Paths as they were given to `open`, with its flags, that need no second look."""

    folder_changes = 0
    """How often the process has changed its folder: a relative path means another file then."""

    def holds(self, key: tuple[object, int]) -> bool:
        """Tell whether a call has opened this before; if not, the next time it has."""
        if self.folder_changes != Seen.folder_changes or len(self) > _MOST_NAMES:
            self.clear()
            self.folder_changes = Seen.folder_changes
        return key in self


class Notes:
    """The notes of one observed call; those of later calls can be added to them."""

    def __init__(
        self, folder: Path, *, salt: str = "", offline: bool = False, step: str = ""
    ) -> None:
        """Begin with nothing."""
        self.folder = folder
        self.places = places_of(folder)
        self.salt = salt
        self.offline = offline
        self.step = step
        self.is_open = True
        self.is_passed_on = False
        """Whether a library has copied the whole environment: its reads of it tell nothing."""
        self.refused: OfflineError | None = None
        self.generators: Generators | None = None
        self._files: dict[str, Stamp | None] = {}
        self._folders: dict[str, None] = {}
        self._written: dict[str, bool] = {}  # whether the file was there before
        self._updated: dict[str, None] = {}
        self._variables: dict[str, str | None] = {}
        self._set_variables: dict[str, None] = {}
        self._others: dict[tuple[Kind, str, Literal["read", "write"]], None] = {}
        self._own = set[str]()  # paths and, as `$NAME`, variables that were written first
        self._left_out = 0
        self.seen = Seen()

    def read_file(self, path: str) -> None:
        """Note a file that was opened for reading, as it is now, or that it was looked for."""
        is_new = path not in self._files and path not in self._own
        if is_new and self._has_room(self._files) and self.places.is_listed(path):
            self._files[path] = stamp_of(path)

    def write_file(self, path: str) -> None:
        """Note a file that was written, moved or removed."""
        is_new = path not in self._written and not is_folder(path)
        if is_new and self._has_room(self._written) and self.places.is_listed(path):
            self._written[path] = stamp_of(path) is not None
            self._own.add(path)

    def own_file(self, path: str) -> None:
        """Remember a file that the call made for itself, for a while."""
        self._own.add(path)

    def update_file(self, path: str) -> None:
        """Note a file that was opened to be read and written: written only if it changed since."""
        self.read_file(path)
        if path in self._files:
            self._updated[path] = None

    def read_folder(self, path: str) -> None:
        """Note a folder whose names were listed."""
        is_new = path not in self._folders
        if is_new and self._has_room(self._folders) and self.places.is_listed(path):
            self._folders[path] = None

    def read_variable(self, name: str, value: str | None) -> None:
        """Note a variable with its digest, or that it was looked for; the value is not kept."""
        is_known = WHOLE in self._variables or f"${name}" in self._own
        if name not in self._variables and not is_known:
            found = None if value is None else digest_variable(name, value, self.salt)
            self._variables[name] = found

    def knows_variable(self, name: object) -> bool:
        """Tell whether a variable needs no second look."""
        return isinstance(name, str) and name in self._variables

    def read_environment(self, values: Mapping[str, str]) -> None:
        """Note that the whole environment was read."""
        if WHOLE not in self._variables:
            self._variables[WHOLE] = digest_environment(values, self.salt)

    def set_variable(self, name: str, *, is_listed: bool) -> None:
        """Note a variable that was set or removed: what is read of it later is the call's own."""
        self._own.add(f"${name}")
        if is_listed:
            self._set_variables[name] = None

    def touch(self, kind: Kind, name: str, mode: Literal["read", "write"] = "read") -> None:
        """Note something that has no content to digest."""
        if self._has_room(self._others):
            self._others[kind, name, mode] = None

    def add(self, later: Notes) -> None:
        """Take over the notes of a later call; what was written before is not read from outside."""
        # A thread that the call started may still go on, and add to them.
        for path, stamp in list(later._files.items()):
            if path not in self._own:
                self._files.setdefault(path, stamp)
        for name, digest in list(later._variables.items()):
            if f"${name}" not in self._own:
                self._variables.setdefault(name, digest)
        self._folders |= later._folders
        self._written = later._written | self._written
        self._updated |= later._updated
        self._set_variables |= later._set_variables
        self._others |= later._others
        self._own |= later._own
        self._left_out += later._left_out

    def next(self) -> Notes:
        """Return notes for what comes next, which know what was written up to now."""
        fresh = Notes(self.folder, salt=self.salt, offline=self.offline, step=self.step)
        fresh._own = self._own
        return fresh

    def begin(self) -> None:
        """Look at the global generators before the call."""
        self.generators = Generators()

    def end(self) -> None:
        """Note what was drawn from them; nothing is noted any more."""
        self.is_open = False
        for name in self.generators.drawn() if self.generators else ():
            self.touch("random", name, "write")
        self.generators = None

    def observations(self) -> tuple[Observation, ...]:
        """Return each thing once, in order, with the digests of what was read."""
        with unobserved():
            found = {*self._of_files(), *self._of_variables(), *self._of_others()}
        return tuple(sorted(found, key=lambda each: (each.kind, each.name, each.mode)))

    def _of_files(self) -> Iterator[Observation]:
        shown = self.places.shown
        for path, stamp in list(self._files.items()):
            is_made = stamp is None and path in self._own  # looked for in vain, then written
            if not is_made and not self._is_passing(path):
                yield Observation(kind="file", name=shown(path), digest=self._digest(path, stamp))
        for path in list(self._folders):
            if not self._is_passing(path):
                yield Observation(kind="folder", name=shown(path), digest=digest_folder(path))
        changed = [each for each in list(self._updated) if stamp_of(each) != self._files.get(each)]
        for path in (*changed, *list(self._written)):
            was_there = self._written.get(path, True)
            if (was_there or stamp_of(path) is not None) and not self._is_passing(path):
                yield Observation(kind="file", name=shown(path), mode="write")

    def _digest(self, path: str, stamp: Stamp | None) -> str | None:
        """Return the digest of what the call read, which may not be what is there now."""
        if stamp is None:
            return None
        if stamp != stamp_of(path) and path not in self._own | self._updated.keys():
            return digest_changing(path, stamp)
        return digest_file(path)

    def _of_variables(self) -> Iterator[Observation]:
        for name, digest in list(self._variables.items()):
            yield Observation(kind="variable", name=name, digest=digest)
        for name in list(self._set_variables):
            yield Observation(kind="variable", name=name, mode="write")

    def _of_others(self) -> Iterator[Observation]:
        for kind, name, mode in list(self._others):
            digest = digest_module(name, self.folder) if kind == "module" else None
            yield Observation(kind=kind, name=name, mode=mode, digest=digest)
        if self._left_out:
            yield Observation(kind="file", name=f"({self._left_out} more, not listed)")

    def _is_passing(self, path: str) -> bool:
        """Tell whether a path was one for the time of the call, and is gone."""
        is_temporary = is_below(path, os.path.abspath(tempfile.gettempdir()))
        return is_temporary and not self.places.is_inside(path) and stamp_of(path) is None

    def _has_room(self, names: Sized) -> bool:
        has_room = len(names) < _MOST_NAMES
        self._left_out += not has_room
        return has_room


def digest_module(name: str, folder: Path) -> str | None:
    """Return the digest of the file of a module of the user's own; None for an installed one."""
    found = find_file(name, folder)
    return None if found is None else digest_file(str(found))


CURRENT: ContextVar[tuple[Notes, ...]] = ContextVar("blase_observed", default=())
"""The notes that this context's doings belong to: the innermost call's and all around it."""


@contextmanager
def unobserved() -> Iterator[None]:
    """Do something that belongs to no observed call."""
    token = CURRENT.set(())
    try:
        yield
    finally:
        CURRENT.reset(token)
