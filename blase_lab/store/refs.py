"""Names and their versions: one file a version, taken by link(2), so that only one writer wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.core.errors import NotFoundError, VersionTakenError
from blase_lab.core.records import Record
from blase_lab.store import atomic, sealed
from blase_lab.store.clock import utc_now
from blase_lab.store.names import check_name

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


class Refs:
    """All names of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the names of one store."""
        self._place = place

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

    def resolve(self, kind: str, name: str, version: int | None = None) -> Ref:
        """Return one version, the newest when none is given; NotFoundError or DamagedError."""
        numbers = self._numbers(kind, name)
        wanted = max(numbers, default=0) if version is None else version
        if wanted not in numbers:
            asked = f"{name}@{version}" if version is not None else name
            raise NotFoundError(
                f"There is no {kind} {asked} in the store ({len(numbers)} versions of the name).",
                way_out="Look at the names with `blase status`.",
                name=name,
                version=version,
            )
        return sealed.read(self._folder(kind, name) / f"{wanted}.json", Ref)

    def versions(self, kind: str, name: str) -> list[Ref]:
        """Return all versions of the name, the oldest first."""
        return [self.resolve(kind, name, number) for number in self._numbers(kind, name)]

    def names(self, kind: str) -> list[str]:
        """Return all names that have a version, sorted."""
        folder = self._place.root / "refs" / check_name(kind)
        if not folder.is_dir():
            return []
        return sorted(one.name for one in folder.iterdir() if self._numbers(kind, one.name))

    def _numbers(self, kind: str, name: str) -> list[int]:
        files = self._folder(kind, name).glob("*.json")
        return sorted(int(path.stem) for path in files if path.stem.isdecimal())

    def _folder(self, kind: str, name: str) -> Path:
        return self._place.root / "refs" / check_name(kind) / check_name(name)


def _taken(name: str, version: int, newest: int) -> VersionTakenError:
    return VersionTakenError(
        f"{name}@{version} cannot be published: the newest version is {newest}.",
        way_out="Somebody else published first. Look at it, then run the cell again.",
        name=name,
        version=version,
        newest=newest,
    )
