"""Requests to a running training: pause, continue, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.records import Control as Request
from blase_lab.store import atomic, sealed
from blase_lab.store.names import check_name, damaged

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.store.place import Place


class Control:
    """The latest request to each run."""

    def __init__(self, place: Place) -> None:
        """Look at the requests of one store."""
        self._place = place

    def put(self, run_id: str, request: Request) -> None:
        """Ask the run for something; an older request is replaced."""
        self._place.guard()
        atomic.write_bytes(self._path(run_id), sealed.encode(request))

    def get(self, run_id: str) -> Request | None:
        """Return the latest request, None when there is none."""
        path = self._path(run_id)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Request)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise damaged(path, "it is no request.") from error

    def clear(self, run_id: str) -> None:
        """Forget the request: it was obeyed."""
        self._place.guard()
        atomic.remove(self._path(run_id))

    def _path(self, run_id: str) -> Path:
        return self._place.root / "control" / f"{check_name(run_id)}.json"
