"""Files appear whole or not at all, with the modes asked for."""

from __future__ import annotations

import errno
import multiprocessing
from typing import TYPE_CHECKING

import pytest

from blase_lab.store import (
    append,
    copy_file,
    link_new,
    make_folder,
    remove,
    remove_tree,
    replace,
    write_bytes,
    write_text,
)
from blase_lab.store.atomic import Disk, link_existing, using_disk
from blase_lab.store.locks import locked
from blase_lab.testing import failing_disk

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The second write takes the place of the first, and no partial file is left."""
    path = tmp_path / "deep" / "card.md"
    write_text(path, "one")
    write_bytes(path, b"two", mode=0o644)
    assert path.read_bytes() == b"two"
    assert [one.name for one in path.parent.iterdir()] == ["card.md"]


def test_a_file_is_fsynced_before_it_has_its_name(tmp_path: Path) -> None:
    """Bytes, fsync, rename, fsync of the folder: in this order."""
    with failing_disk() as disk:
        write_bytes(tmp_path / "x", b"1")
    assert [verb for verb, _ in disk.operations] == ["open", "write", "fsync", "rename", "fsync"]


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    """The second to take a name gets FileExistsError and changes nothing."""
    link_new(tmp_path / "1.json", b"one")
    with pytest.raises(FileExistsError):
        link_new(tmp_path / "1.json", b"two")
    assert (tmp_path / "1.json").read_bytes() == b"one"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_torn_last_line_is_cut_off_before_appending(tmp_path: Path) -> None:
    """A line that a dead writer left half is gone; whole lines stay."""
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    append(path, b"three\n")
    assert path.read_bytes() == b"one\nthree\n"
    path.write_bytes(b"t" * (1 << 20) + b"torn")
    append(path, b"four\n")
    assert path.read_bytes() == b"four\n"


def test_a_failed_append_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    """Half a line is taken back when the disk is full."""
    path = tmp_path / "log"
    append(path, b"one\n")
    for at in (1, 2):
        with failing_disk(at), pytest.raises(Exception, match="full"):
            append(path, b"two\n")
        assert path.read_bytes() == b"one\n"


def test_a_copy_is_whole(tmp_path: Path) -> None:
    """A file of several pieces is copied byte by byte; a failure leaves no target."""
    (tmp_path / "a").write_bytes(b"x" * (3 << 20))
    with failing_disk(3), pytest.raises(Exception, match="full"):
        copy_file(tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "b").exists()
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


class _NoLinks(Disk):
    def link(self, source: Path, target: Path) -> None:
        """Refuse, as FAT does."""
        raise OSError(errno.EPERM, "no links here", str(target), None, str(source))


def test_a_disk_without_links_gets_a_copy(tmp_path: Path) -> None:
    """Where link(2) is not allowed the bytes are copied."""
    (tmp_path / "a").write_bytes(b"x")
    with using_disk(_NoLinks()):
        link_existing(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"x"
    with pytest.raises(FileExistsError):
        link_existing(tmp_path / "a", tmp_path / "b")


def test_a_folder_is_renamed_and_removed(tmp_path: Path) -> None:
    """Renaming moves all of it, removing takes all of it; gone already is no error."""
    write_text(make_folder(tmp_path / "a" / "b") / "file", "x")
    replace(tmp_path / "a", tmp_path / "c" / "d")
    assert (tmp_path / "c" / "d" / "b" / "file").exists()
    remove_tree(tmp_path / "c")
    remove_tree(tmp_path / "c")
    remove(tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_removed_and_not_followed(tmp_path: Path) -> None:
    """Removing a link to a folder leaves the folder."""
    write_text(tmp_path / "kept" / "file", "x")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    remove_tree(tmp_path / "link")
    assert (tmp_path / "kept" / "file").exists()


def test_other_errors_of_the_disk_are_not_hidden(tmp_path: Path) -> None:
    """A missing right stays a PermissionError."""
    with failing_disk(2, error=errno.EACCES), pytest.raises(PermissionError):
        write_text(tmp_path / "x", "1")


def _hold(path: Path, ready: multiprocessing.synchronize.Event) -> None:
    with locked(path) as is_ours:
        assert is_ours
        ready.set()
        multiprocessing.Event().wait(60)


def test_a_lock_is_held_once_and_freed_by_death(tmp_path: Path) -> None:
    """While a process holds the lock nobody else has it; when it is killed, it is free."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "x.lock", ready))
    holder.start()
    assert ready.wait(30)
    with locked(tmp_path / "x.lock") as is_ours:
        assert not is_ours
    holder.kill()
    holder.join()
    with locked(tmp_path / "x.lock", wait=True) as is_ours:
        assert is_ours
