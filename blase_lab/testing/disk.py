"""A disk that is full or broken from the n-th operation on, for one operation or for good."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from blase_lab.store.atomic import Disk, using_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEED_SPACE = frozenset({"open", "write", "fsync", "rename", "link", "mkdir"})


class FailingDisk(Disk):
    """Counts every operation of `store/atomic.py` and fails at the one asked for.

    A failing write leaves half of its bytes, as a full disk does. With `lasting`, every later
    operation that needs space fails too. `at=0` only counts.
    """

    def __init__(self, at: int = 0, *, error: int = errno.ENOSPC, lasting: bool = False) -> None:
        """Fail at the `at`-th operation, counted from 1."""
        self.at = at
        self.error = error
        self.lasting = lasting
        self.operations: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def before(self, verb: str, path: Path) -> None:
        """Count the operation, and raise OSError when it is one that must fail."""
        with self._lock:
            self.operations.append((verb, path.name))
            count = len(self.operations)
        is_after = self.lasting and verb in _NEED_SPACE and count > self.at
        if self.at and (count == self.at or is_after):
            raise OSError(self.error, os.strerror(self.error), str(path))

    def write(self, descriptor: int, data: bytes | bytearray | memoryview, path: Path) -> None:
        """Write all bytes, or half of them before failing."""
        try:
            super().write(descriptor, data, path)
        except OSError:
            os.write(descriptor, memoryview(data).cast("B")[: len(data) // 2])
            raise

    @property
    def has_failed(self) -> bool:
        """Whether the operation that had to fail was reached."""
        return 0 < self.at <= len(self.operations)


@contextmanager
def failing_disk(
    at: int = 0, *, error: int = errno.ENOSPC, lasting: bool = False
) -> Iterator[FailingDisk]:
    """Yield the failing disk that everything is written to while the block lasts."""
    disk = FailingDisk(at, error=error, lasting=lasting)
    with using_disk(disk):
        yield disk
