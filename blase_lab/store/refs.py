"""Names and their versions: one file a version, taken by link(2), so that only one writer wins."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.core.errors import NotFoundError, VersionTakenError
from blase_lab.core.records import Record
from blase_lab.store import atomic, sealed
from blase_lab.store.clock import utc_now
from blase_lab.store.names import check_name
from blase_lab.store.remembered import Remembered

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.store.place import Place


class Ref(Record, frozen=True, kw_only=True):
    """One version of a name, and what it means."""

    kind: str
    name: str
    version: int
    target: str
    created: str = ""


class _Newest(NamedTuple):
    """The newest version of a name that was seen, and the file that a newer one would have."""

    number: int
    file: Path
    next: Path


class Refs:
    """All names of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the names of one store."""
        self._place = place
        self._remembered = Remembered()
        self._newest: dict[Path, _Newest] = {}

    def publish(self, kind: str, name: str, target: str, *, expected: int) -> int:
        """Return the new version, `expected` + 1, now safe; 0 is expected of a new name.

        VersionTakenError when the newest version is not the expected one (compare and swap).
        """
        self._place.guard()
        version = expected + 1
        newest = max(self._numbers(kind, name), default=0)
        if newest != expected:
            raise _taken(name, version, newest)
        ref = Ref(kind=kind, name=name, version=version, target=target, created=utc_now())
        try:
            atomic.link_new(self._folder(kind, name) / f"{version}.json", sealed.seal(ref))
        except FileExistsError:
            raise _taken(name, version, version) from None
        return version

    def newest(self, kind: str, name: str) -> Ref | None:
        """Return the newest version of the name, None where there is none; or DamagedError.

        Versions follow one another without a gap and are never written again. So one that was
        seen is the newest for as long as it lies there and the next does not: the folder is not
        listed each time, and no time of a folder is trusted.
        """
        folder = self._folder(kind, name)
        seen = self._newest.get(folder)
        if seen is None and not _is_there(folder):
            return None
        if seen is None or _is_there(seen.next):
            seen = self._listed(kind, name)
        if seen is None:
            return None
        try:
            return self._remembered.read(seen.file, Ref)
        except FileNotFoundError:
            seen = self._listed(kind, name)
            return None if seen is None else self._remembered.read(seen.file, Ref)

    def resolve(self, kind: str, name: str, version: int | None = None) -> Ref:
        """Return one version, the newest when none is given; NotFoundError or DamagedError."""
        try:
            found = self.newest(kind, name) if version is None else self._one(kind, name, version)
        except FileNotFoundError:
            found = None
        if found is not None:
            return found
        asked = f"{name}@{version}" if version is not None else name
        count = len(self._numbers(kind, name))
        raise NotFoundError(
            f"There is no {kind} {asked} in the store ({count} versions of the name).",
            way_out="Look at the names with `blase status`.",
            name=name,
            version=version,
        )

    def versions(self, kind: str, name: str) -> list[Ref]:
        """Return all versions of the name, the oldest first."""
        return [self._one(kind, name, number) for number in self._numbers(kind, name)]

    def names(self, kind: str) -> list[str]:
        """Return all names that have a version, sorted."""
        folder = self._place.root / "refs" / check_name(kind)
        if not _is_there(folder):
            return []
        with os.scandir(folder) as found:
            return sorted(one.name for one in found if self._has(kind, one.name))

    def _one(self, kind: str, name: str, version: int) -> Ref:
        return self._remembered.read(self._folder(kind, name) / f"{version}.json", Ref)

    def _has(self, kind: str, name: str) -> bool:
        seen = self._newest.get(self._folder(kind, name))
        return (seen is not None and _is_there(seen.file)) or self._listed(kind, name) is not None

    def _listed(self, kind: str, name: str) -> _Newest | None:
        """Return the newest version by the files that lie there now, and remember it."""
        folder = self._folder(kind, name)
        number = max(self._numbers(kind, name), default=0)
        if number == 0:
            return None
        seen = _Newest(number, folder / f"{number}.json", folder / f"{number + 1}.json")
        self._newest[folder] = seen
        return seen

    def _numbers(self, kind: str, name: str) -> list[int]:
        folder = self._folder(kind, name)
        if not _is_there(folder):
            return []
        files = folder.glob("*.json")
        return sorted(int(path.stem) for path in files if path.stem.isdecimal())

    def _folder(self, kind: str, name: str) -> Path:
        return _folder_of(self._place.root, kind, name)


def _is_there(path: Path) -> bool:
    """Ask the disk in the cheapest way: this is done for every name at every check."""
    return os.access(path, os.F_OK)


@lru_cache(maxsize=8192)
def _folder_of(root: Path, kind: str, name: str) -> Path:
    return root / "refs" / check_name(kind) / check_name(name)


def _taken(name: str, version: int, newest: int) -> VersionTakenError:
    return VersionTakenError(
        f"{name}@{version} cannot be published: the newest version is {newest}.",
        way_out="Somebody else published first. Look at it, then run the cell again.",
        name=name,
        version=version,
        newest=newest,
    )
