"""Small disposable states, e.g. the badges of a kernel: replaced whole, never half seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.store import atomic
from blase_lab.store.names import check_name
from blase_lab.store.redact import without_known_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.store.place import Place


class Live:
    """The disposable states of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the states of one store."""
        self._place = place

    def put(self, name: str, payload: bytes) -> None:
        """Replace the state of this name in one step."""
        self._place.guard()
        atomic.write_bytes(self.path(name), without_known_secrets(payload))

    def get(self, name: str) -> bytes | None:
        """Return the state, None when there is none."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Return the names of all states, the newest last."""
        files = (self._place.root / "live").glob("[!.]*.json")
        return [path.stem for path in sorted(files, key=_changed)]

    def remove(self, name: str) -> None:
        """Forget the state."""
        self._place.guard()
        atomic.remove(self.path(name))

    def path(self, name: str) -> Path:
        """Return where the state lies or would lie."""
        return self._place.root / "live" / f"{check_name(name)}.json"


def _changed(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:
        return 0, path.name
