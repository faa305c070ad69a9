"""The list of a tree's files with their sizes and sha256: its digest names the tree."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.records import Record
from blase_lab.store import atomic, sealed
from blase_lab.store.names import damaged, sha256_of_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANIFEST = "MANIFEST.json"


class Entry(Record, frozen=True, kw_only=True):
    """One file of a tree; the path is relative, with forward slashes."""

    path: str
    size: int
    sha256: str


class Manifest(Record, frozen=True, kw_only=True):
    """All files of a tree, sorted by path."""

    format: int = 1
    files: tuple[Entry, ...]

    @property
    def bytes(self) -> int:
        """How many bytes the files hold together."""
        return sum(entry.size for entry in self.files)

    def of(self, path: str) -> Entry | None:
        """Return the entry of one file."""
        return next((entry for entry in self.files if entry.path == path), None)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file of the tree but its manifest, sorted by path."""
    found = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    listed = (path for path in found if path != folder / MANIFEST)
    yield from sorted(listed, key=lambda path: path.relative_to(folder).as_posix())


def take_manifest(folder: Path, known: Mapping[str, Entry] | None = None) -> Manifest:
    """Return the manifest of a tree, hashing every file that is not known already."""
    entries = []
    for file in files_below(folder):
        path = file.relative_to(folder).as_posix()
        entry = (known or {}).get(path)
        if entry is None:
            entry = Entry(path=path, size=file.stat().st_size, sha256=sha256_of_file(file))
        entries.append(entry)
    return Manifest(files=tuple(entries))


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest into the tree, durably; return the tree's digest."""
    data = sealed.encode(manifest)
    atomic.write_bytes(folder / MANIFEST, data, mode=0o444)
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path, digest: str | None = None) -> Manifest:
    """Return the tree's manifest; DamagedError when it is not the one the digest names."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise damaged(folder, "its manifest is missing.") from error
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise damaged(path, "its sha256 is another.")
    try:
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path, "it is no manifest.") from error


def faults(folder: Path, manifest: Manifest, *, only: str = "") -> Iterator[tuple[Path, str]]:
    """Yield each file that is missing, of another size or of another sha256, with a sentence.

    Sizes are looked at everywhere; bytes are read of the files whose path ends with `only`.
    """
    for entry in manifest.files:
        sentence = _fault(folder / entry.path, entry, entry.path.endswith(only))
        if sentence:
            yield folder / entry.path, sentence


def _fault(file: Path, entry: Entry, is_read: bool) -> str:  # noqa: FBT001 private, one caller
    if not file.is_file():
        return "it is missing."
    size = file.stat().st_size
    if size != entry.size:
        return f"it has {size} bytes, not {entry.size}."
    if is_read and sha256_of_file(file) != entry.sha256:
        return "its sha256 is another."
    return ""


def unlisted(folder: Path, manifest: Manifest) -> list[Path]:
    """Return the files of the tree that its manifest does not know."""
    known = {entry.path for entry in manifest.files}
    return [one for one in files_below(folder) if one.relative_to(folder).as_posix() not in known]


def set_aside(root: Path, path: Path, why: str) -> Path:
    """Move something of the store to `quarantine/`, durably; return where it is now."""
    name = "-".join(path.relative_to(root).parts)
    target = root / "quarantine" / f"{why}-{secrets.token_hex(4)}-{name}"
    return atomic.replace(path, target)
