"""Write-once records, one sealed JSON file each: they are the truth, the index is a copy."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from blase_lab.core.errors import NotFoundError, VersionTakenError
from blase_lab.core.records import Record
from blase_lab.store import atomic, sealed
from blase_lab.store.names import check_name
from blase_lab.store.remembered import Remembered

if TYPE_CHECKING:
    import builtins
    from pathlib import Path

    from blase_lab.store.place import Place

T = TypeVar("T", bound=Record)


def kind_of(kind: type[Record]) -> str:
    """Return the folder's name for records of this type: the struct's tag."""
    return str(kind.__struct_config__.tag or kind.__name__.lower())


class Ledger:
    """All records of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the records of one store."""
        self._place = place
        self._remembered = Remembered()

    def put(self, record: Record, *, id: str | None = None) -> str:  # noqa: A002 the field's word
        """Return the id under which the record is now safe; writing the same again is no error.

        The id is the one given, else the record's own `id`, else the sha256 of its JSON.
        VersionTakenError when another record has this id.
        """
        self._place.guard()
        data = sealed.seal(record)
        own = str(getattr(record, "id", "") or "")
        chosen = id or own or hashlib.sha256(sealed.body_of(record)).hexdigest()
        path = self._path(type(record), chosen)
        try:
            atomic.link_new(path, data)
        except FileExistsError:
            if path.read_bytes() != data:
                raise VersionTakenError(
                    f"Another {path.parent.name} has the id {chosen[:40]} already.",
                    way_out="A record is never changed: write a new one under its own id.",
                    id=chosen,
                ) from None
        return chosen

    def get(self, kind: type[T], id: str) -> T:  # noqa: A002 the field's word
        """Return the record; NotFoundError or DamagedError."""
        try:
            return self._remembered.read(self._path(kind, id), kind)
        except FileNotFoundError:
            raise _not_found(kind, id) from None

    def has(self, kind: type[Record], id: str) -> bool:  # noqa: A002 the field's word
        """Say whether there is such a record."""
        return self._path(kind, id).exists()

    def ids(self, kind: type[Record]) -> builtins.list[str]:
        """Return the ids of all records of this kind, sorted."""
        folder = self._place.root / "records" / kind_of(kind)
        return sorted(path.stem for path in folder.glob("[!.]*.json"))

    def list(self, kind: type[T]) -> builtins.list[T]:
        """Return all records of this kind, the oldest first."""
        found = [(self.get(kind, one), one) for one in self.ids(kind)]
        found.sort(key=lambda pair: (str(getattr(pair[0], "created", "")), pair[1]))
        return [record for record, _ in found]

    def find(self, kind: type[T], prefix: str) -> T:
        """Return the one record whose id starts so; NotFoundError when none or several do."""
        if prefix and self.has(kind, prefix):
            return self.get(kind, prefix)
        matches = [one for one in self.ids(kind) if prefix and one.startswith(prefix)]
        if len(matches) != 1:
            raise _not_found(kind, prefix, matches=len(matches))
        return self.get(kind, matches[0])

    def _path(self, kind: type[Record], id: str) -> Path:  # noqa: A002 the field's word
        return _path_of(self._place.root, kind, id)


@lru_cache(maxsize=8192)
def _path_of(root: Path, kind: type[Record], id: str) -> Path:  # noqa: A002 the field's word
    return root / "records" / kind_of(kind) / f"{check_name(id)}.json"


def _not_found(kind: type[Record], wanted: str, matches: int = 0) -> NotFoundError:
    many = f"{matches} records" if matches else "No record"
    return NotFoundError(
        f"{many} of the kind {kind_of(kind)} can be meant by {wanted[:40]!r}.",
        way_out="Give more of the id, or look at `blase runs` and `blase history`.",
        id=wanted,
        matches=matches,
    )
