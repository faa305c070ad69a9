"""Locks between processes: held by a living process, freed by the system when it dies."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from blase_lab.store.atomic import disk, explained, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK_ATTEMPTS = 3
_LOCK_PAUSE_SECONDS = 0.02


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Yield whether we alone hold the lock (always, when we wait); it is freed when we die."""
    make_folder(path.parent, mode=0o700)
    with explained(path):
        descriptor = disk().open_append(path, 0o600)
    try:
        yield _lock(descriptor, wait=wait)
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Say whether somebody holds the lock: nothing is changed by asking."""
    with path.open("rb") as file:
        if sys.platform == "win32":  # pragma: no cover
            return not _lock(file.fileno(), wait=False)
        import fcntl

        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Take the lock; somebody who only asks (`is_locked`) holds it for a moment, so try thrice."""
    for attempt in range(_LOCK_ATTEMPTS):
        if _lock_once(descriptor, wait=wait):
            return True
        if attempt + 1 < _LOCK_ATTEMPTS:
            time.sleep(_LOCK_PAUSE_SECONDS)
    return False


def _lock_once(descriptor: int, *, wait: bool) -> bool:
    try:
        if sys.platform == "win32":  # pragma: no cover
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True
