"""The append-only log of a run: one line an event, each with its checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.records import BatchEnd, Event, Metered
from blase_lab.store import atomic, sealed
from blase_lab.store.names import check_name, damaged

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.store.place import Place

_FREQUENT = (BatchEnd, Metered)


class Events:
    """The event logs of all runs of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the events of one store."""
        self._place = place

    def append(self, run_id: str, event: Event) -> None:
        """Add one event; it is fsynced unless it is one of the frequent ones."""
        self._place.guard()
        path = self._path(run_id)
        atomic.make_folder(path.parent, mode=0o700)
        atomic.append(path, sealed.line(event), durable=not isinstance(event, _FREQUENT))

    def read(self, run_id: str, offset: int = 0) -> tuple[list[Event], int]:
        """Return the events from `offset` on, and the offset of the next read.

        A torn last line is not returned; DamagedError for a whole line with a wrong checksum.
        """
        path = self._path(run_id)
        bodies, after = sealed.lines(path, offset)
        try:
            return [msgspec.json.decode(body, type=Event) for body in bodies], after
        except msgspec.ValidationError as error:
            raise damaged(path, f"a line is no event: {error}.") from error

    def runs(self) -> list[str]:
        """Return the ids of all runs with events, sorted."""
        return sorted(path.stem for path in (self._place.root / "events").glob("*.jsonl"))

    def _path(self, run_id: str) -> Path:
        return self._place.root / "events" / f"{check_name(run_id)}.jsonl"
