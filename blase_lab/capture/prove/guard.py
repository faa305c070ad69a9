"""A process in which a step is only tried: it changes no file of the user, and asks no network.

The hook stays for the life of the process, so it is for processes that end soon.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    {
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link"),
        *("os.symlink", "os.chmod", "shutil.rmtree", "shutil.move", "shutil.copyfile"),
    }
)
_TARGETS = {"os.rename": 1, "os.link": 1, "os.symlink": 1, "shutil.move": 1, "shutil.copyfile": 1}
"""Which argument of an event is the place that changes, where it is not the first."""
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
        self.wrote: str | None = None
        self.connected: str | None = None

    def begin(self) -> None:
        """Watch this process from now to its end."""
        sys.addaudithook(self._hear)

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
        self.wrote = place.relative_to(self._folder).as_posix() if inside else place.as_posix()
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
