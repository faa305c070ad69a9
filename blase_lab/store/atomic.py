"""Every open-for-write, write, fsync, rename and link of the package.

A file appears whole or not at all: bytes go to a `.partial` neighbour, are fsynced, and take their
name by rename(2) or link(2); then the folder is fsynced. All of it goes through one `Disk`, so
that a test can make any single operation fail.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from blase_lab.core.errors import DiskFullError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Bytes: TypeAlias = bytes | bytearray | memoryview

PIECE_BYTES = 1 << 20
PARTIAL = ".partial"
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Disk:
    """The verbs that change a disk, one system call each; a failing disk overrides `before`."""

    def before(self, verb: str, path: Path) -> None:
        """Do nothing: called before every operation, and may raise OSError in its place."""

    def open_new(self, path: Path, mode: int) -> int:
        """Create a file that did not exist and return its descriptor."""
        self.before("open", path)
        return os.open(path, _NEW, mode)

    def open_append(self, path: Path, mode: int) -> int:
        """Open a file for appending, creating it where there is none."""
        self.before("open", path)
        return os.open(path, _APPEND, mode)

    def write(self, descriptor: int, data: Bytes, path: Path) -> None:
        """Write all the bytes."""
        self.before("write", path)
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def truncate(self, descriptor: int, size: int, path: Path) -> None:
        """Cut the file to `size` bytes."""
        self.before("truncate", path)
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int, path: Path) -> None:
        """Return when the file's bytes are on the disk."""
        self.before("fsync", path)
        os.fsync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's names are on the disk."""
        self.before("fsync", folder)
        if os.name == "nt":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give the source the target's name, replacing a file that had it."""
        self.before("rename", target)
        source.replace(target)

    def link(self, source: Path, target: Path) -> None:
        """Give the source a second name; FileExistsError when it is taken."""
        self.before("link", target)
        os.link(source, target)

    def make_folder(self, folder: Path, mode: int) -> None:
        """Make one folder; FileExistsError when there is something."""
        self.before("mkdir", folder)
        folder.mkdir(mode=mode)

    def protect(self, path: Path, mode: int) -> None:
        """Set who may read and write."""
        self.before("chmod", path)
        path.chmod(mode)

    def unlink(self, path: Path) -> None:
        """Take the name away."""
        self.before("unlink", path)
        path.unlink()

    def remove_tree(self, folder: Path) -> None:
        """Take a whole folder away."""
        self.before("rmtree", folder)
        shutil.rmtree(folder)


_disks: list[Disk] = [Disk()]


def disk() -> Disk:
    """Return the disk that is written to now."""
    return _disks[-1]


@contextmanager
def using_disk(other: Disk) -> Iterator[Disk]:
    """Write through another disk for as long as the block lasts; for fault tests."""
    _disks.append(other)
    try:
        yield other
    finally:
        _disks.remove(other)


@contextmanager
def explained(path: Path, needed: int = 0) -> Iterator[None]:
    """Turn a full or failing disk into an error a person can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(path, needed) from error
        if error.errno == errno.EIO:
            raise StoreError(
                f"The disk could not write {path.name}: {error.strerror}.",
                way_out="What was saved before is unharmed. Check the disk, then try again.",
                path=str(path),
            ) from error
        raise


def free_bytes(path: Path) -> int:
    """Return how many bytes can still be written where `path` is."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def disk_full(path: Path, needed: int) -> DiskFullError:
    """Return the error that says how much space is missing for `needed` more bytes."""
    free = free_bytes(path)
    missing = max(needed - free, 0)
    return DiskFullError(
        f"The disk of {path.name} is full: {needed} bytes are needed and {free} are free"
        f" ({missing} missing).",
        way_out="What was saved before is unharmed. Free some space, e.g. `blase gc --delete`.",
        needed=needed,
        free=free,
        missing=missing,
    )


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(8)}{PARTIAL}")


def _write_partial(path: Path, data: Bytes, mode: int) -> Path:
    """Write the bytes to a `.partial` neighbour and fsync them; leave nothing on failure."""
    partial = _partial(path)
    descriptor = disk().open_new(partial, mode)
    try:
        disk().write(descriptor, data, partial)
        disk().sync(descriptor, partial)
    except BaseException:
        os.close(descriptor)
        _forget(partial)
        raise
    os.close(descriptor)
    return partial


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def make_folder(folder: Path, *, mode: int = 0o777) -> Path:
    """Make a folder and those above it, durably; return it. One that exists is left as it is."""
    if folder.is_dir():
        return folder
    make_folder(folder.parent, mode=mode)
    with explained(folder):
        with suppress(FileExistsError):
            disk().make_folder(folder, mode)
        disk().sync_folder(folder.parent)
    return folder


def write_bytes(path: Path, data: Bytes, *, mode: int = 0o600) -> Path:
    """Write a whole file durably, replacing an older one in a single step; return its path."""
    make_folder(path.parent, mode=0o700 if mode & 0o077 == 0 else 0o777)
    with explained(path, len(data)):
        partial = _write_partial(path, data, mode)
        try:
            disk().rename(partial, path)
        except BaseException:
            _forget(partial)
            raise
        disk().sync_folder(path.parent)
    return path


write_file = write_bytes


def write_text(path: Path, text: str, *, mode: int = 0o600) -> Path:
    """Write a whole UTF-8 file durably, replacing an older one in a single step."""
    return write_bytes(path, text.encode("utf-8"), mode=mode)


def link_new(path: Path, data: Bytes, *, mode: int = 0o444) -> Path:
    """Write a file that must not exist yet, durably; FileExistsError when another was first."""
    make_folder(path.parent, mode=0o700)
    with explained(path, len(data)):
        partial = _write_partial(path, data, mode)
        try:
            disk().link(partial, path)
        finally:
            _forget(partial)
        disk().sync_folder(path.parent)
    return path


def link_existing(source: Path, target: Path) -> Path:
    """Give a file a second name durably, without copying a byte where the disk can."""
    make_folder(target.parent, mode=0o700)
    with explained(target):
        try:
            disk().link(source, target)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK}:
                raise
            return copy_file(source, target, mode=0o444)
        disk().sync_folder(target.parent)
    return target


def copy_file(source: Path, target: Path, *, mode: int = 0o600) -> Path:
    """Copy a file durably in pieces of 1 MiB, replacing an older target in a single step."""
    make_folder(target.parent)
    with source.open("rb") as reading, explained(target, source.stat().st_size):
        partial = _partial(target)
        descriptor = disk().open_new(partial, mode)
        try:
            while piece := reading.read(PIECE_BYTES):
                disk().write(descriptor, piece, partial)
            disk().sync(descriptor, partial)
            disk().rename(partial, target)
        except BaseException:
            _forget(partial)
            raise
        finally:
            os.close(descriptor)
        disk().sync_folder(target.parent)
    return target


def replace(source: Path, target: Path) -> Path:
    """Rename a file or folder durably: after a power cut it has the old name or the new one."""
    make_folder(target.parent, mode=0o700)
    with explained(target):
        disk().rename(source, target)
        disk().sync_folder(target.parent)
        if source.parent != target.parent:
            disk().sync_folder(source.parent)
    return target


def append(path: Path, data: Bytes, *, durable: bool = True) -> None:
    """Append whole lines in one write; a torn last line of a dead writer is cut off first."""
    with explained(path, len(data)):
        descriptor = disk().open_append(path, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            whole = _whole_bytes(path, size)
            if whole < size:
                disk().truncate(descriptor, whole, path)
            _append_or_restore(descriptor, data, path=path, whole=whole)
            if durable:
                disk().sync(descriptor, path)
        finally:
            os.close(descriptor)
        if durable and size == 0:
            disk().sync_folder(path.parent)


def _append_or_restore(descriptor: int, data: Bytes, *, path: Path, whole: int) -> None:
    try:
        disk().write(descriptor, data, path)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, whole)
        raise


def _whole_bytes(path: Path, size: int) -> int:
    """Return where the last complete line ends."""
    end = size
    with path.open("rb") as reading:
        while end > 0:
            start = max(0, end - PIECE_BYTES)
            reading.seek(start)
            found = reading.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def protect(path: Path, mode: int) -> None:
    """Set who may read and write `path`."""
    with explained(path):
        disk().protect(path, mode)


def sync_tree(folder: Path) -> None:
    """Return when the names in the folder and in all below it are on the disk."""
    with explained(folder):
        for place, _, _ in os.walk(folder, topdown=False):
            disk().sync_folder(Path(place))


def remove(path: Path) -> None:
    """Take a file away durably; one that is gone already is no error."""
    with explained(path), suppress(FileNotFoundError):
        disk().unlink(path)
        disk().sync_folder(path.parent)


def remove_tree(folder: Path) -> None:
    """Take a folder away with all that is in it; a link is taken away, not followed."""
    if folder.is_symlink() or folder.is_file():
        remove(folder)
    elif folder.exists():
        with explained(folder), suppress(FileNotFoundError):
            disk().remove_tree(folder)
            disk().sync_folder(folder.parent)
