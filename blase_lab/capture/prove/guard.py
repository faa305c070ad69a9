"""A process in which a step is only tried: it changes no file of the user, and asks no network.

The hook stays for the life of the process, so it is for processes that end soon.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from blase_lab.capture.prove.landlock import deny_changes

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    {
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link"),
        *("os.symlink", "os.chmod", "shutil.rmtree", "shutil.move", "shutil.copyfile"),
    }
)
_TARGETS = {"os.rename": 1, "os.link": 1, "os.symlink": 1, "shutil.move": 1, "shutil.copyfile": 1}
"""Which argument of an event is the place that changes, where it is not the first."""
_OF_SQLITE = ("readonly database", "unable to open database")
UNNAMED = frozenset({"a database", "a file"})
"""What was written where the library does not say which."""
_QUOTED = re.compile(r"['\"]([^'\"\n]+)['\"]")
_LOCAL = frozenset({"localhost", "::1", "", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class TriedToChangeError(PermissionError):
    """A step that is only tried wanted to write."""


class Guard:
    """What a step wanted to do and was kept from."""

    def __init__(self, folder: Path, *, offline: bool) -> None:
        """Guard for a project's folder."""
        self._folder = folder.resolve()
        self._offline = offline
        self._free = _free_places()
        self._is_locked = False
        self.wrote: str | None = None
        self.connected: str | None = None

    def begin(self) -> None:
        """Watch this process from now to its end."""
        places = [each for each in self._free if not self._folder.is_relative_to(each)]
        self._is_locked = deny_changes(but=places)
        sys.addaudithook(self._hear)

    def explain(self, error: BaseException) -> None:
        """Note a write that Linux refused, which is known only by what the library says then."""
        told = str(error)
        is_of_sqlite = any(each in told for each in _OF_SQLITE)
        if (
            self.wrote
            or not self._is_locked
            or not (is_of_sqlite or isinstance(error, PermissionError))
        ):
            return
        named = _QUOTED.search(told)
        place = Path(os.path.abspath(named[1])) if named else None  # noqa: PTH100 - without `..`
        if place is not None and place.exists() and not os.access(place, os.R_OK):
            return  # what nobody may read is no write
        self.wrote = "a database" if is_of_sqlite else "a file"
        if place is not None:
            self.wrote = self._shown(place)

    def _shown(self, place: Path) -> str:
        inside = place.is_relative_to(self._folder)
        return place.relative_to(self._folder).as_posix() if inside else place.as_posix()

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if _is_writing(mode, flags):
                self._refuse(path)
        elif event in _CHANGES:
            self._refuse(arguments[_TARGETS.get(event, 0)])
        elif self._offline and event in {"socket.connect", "socket.getaddrinfo"}:
            self._connect(arguments[1] if event == "socket.connect" else arguments[:2])

    def _refuse(self, path: object) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a descriptor that is open already
        place = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - without `..`
        inside = place.is_relative_to(self._folder)
        if not inside and any(place.is_relative_to(each) for each in self._free):
            return
        self.wrote = self._shown(place)
        raise TriedToChangeError(f"a step that is only tried may not write {self.wrote}")

    def _connect(self, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        is_local = host is None or str(host) in _LOCAL or str(host).startswith("127.")
        if not is_local:
            self.connected = str(host)
            raise ConnectionError(f"{host}: blase.toml says offline = true")


def _is_writing(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(sign in mode for sign in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _free_places() -> tuple[Path, ...]:
    """Return where libraries keep what is theirs: temporary files and caches."""
    places = [Path("/dev"), Path("/proc"), Path(sys.prefix), Path(tempfile.gettempdir()).resolve()]
    home = Path.home()
    places += [home / ".cache", home / ".config", home / ".keras", home / "Library" / "Caches"]
    return tuple(places)
