"""Sealed files read once: a record is kept for as long as its file on disk stays as it was.

Records and refs are written once. What another process adds is another file; what is damaged or
taken away has another state on disk, and is read again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from blase_lab.store import sealed

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
State = tuple[int, int, int, int]

_MOST_BYTES = 64 << 20
_SETTLED_SECONDS = 0.1
"""A file younger than this may change again without its time showing it; it is not kept."""


class _Kept(NamedTuple):
    state: State
    record: object


class Remembered:
    """Records by the file they lie in, at most 64 MiB of files."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: dict[Path, _Kept] = {}
        self._bytes = 0

    def read(self, path: Path, kind: type[T]) -> T:
        """Return the sealed record as `kind`; FileNotFoundError, or DamagedError."""
        state = state_of(path)
        kept = self._kept.get(path)
        if kept is not None and kept.state == state and isinstance(kept.record, kind):
            return kept.record
        record = sealed.read(path, kind)
        if time.time() - state[0] / 1e9 > _SETTLED_SECONDS:
            self._keep(path, _Kept(state, record))
        return record

    def _keep(self, path: Path, kept: _Kept) -> None:
        if self._bytes + kept.state[1] > _MOST_BYTES:
            self._kept, self._bytes = {}, 0
        self._kept[path] = kept
        self._bytes += kept.state[1]


def state_of(path: Path) -> State:
    """Return what changes when a file does: its times, size and place; FileNotFoundError."""
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino, facts.st_ctime_ns
