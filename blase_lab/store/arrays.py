"""Published Zarr trees, and where new ones are begun: the only maker of arrays."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from blase_lab.core.errors import NotFoundError
from blase_lab.store import atomic, locks, owners
from blase_lab.store.checked import read_group, writable_store
from blase_lab.store.manifest import faults, read_manifest
from blase_lab.store.names import check_digest, damaged
from blase_lab.store.staging import Staging

if TYPE_CHECKING:
    from pathlib import Path

    import zarr

    from blase_lab.store.manifest import Manifest
    from blase_lab.store.place import Place


class Arrays:
    """All Zarr trees of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the trees of one store."""
        self._place = place

    def stage(self, key: str, needed_bytes: int = 0) -> Staging:
        """Return a staging of this key: what a dead process left of it, or a new one.

        DiskFullError, before anything is written, when `needed_bytes` do not fit.
        """
        self._place.guard()
        if needed_bytes > atomic.free_bytes(self._place.root):
            raise atomic.disk_full(self._place.root, needed_bytes)
        place = self._place.root / "tmp"
        atomic.make_folder(place, mode=0o700)
        with locks.locked(self._place.root / "locks" / "staging.lock", wait=True):
            folder = self._abandoned(key) or self._begin(place, key)
            owners.claim(folder, key)
        return Staging(self._place, folder, key)

    def open(self, data_digest: str, *, check: bool = True) -> zarr.Group:
        """Return the tree's root group, read-only.

        Its manifest, every `zarr.json` and the size of every file are checked first (unless
        `check` is false), every chunk's crc32c when it is read: DamagedError names the file.
        """
        folder = self.folder(data_digest)
        if check:
            manifest = self.manifest(data_digest)
            for path, sentence in faults(folder.parent, manifest, only="zarr.json"):
                raise damaged(path, sentence)
        return read_group(folder)

    def folder(self, data_digest: str) -> Path:
        """Return the folder of the Zarr tree; NotFoundError when it is not in the store."""
        folder = self._place.root / "data" / check_digest(data_digest) / "z"
        if not folder.is_dir():
            raise NotFoundError(
                f"There are no data {data_digest[:12]} in the store.",
                way_out="Build them again with `blase build`.",
                digest=data_digest,
            )
        return folder

    def has(self, data_digest: str) -> bool:
        """Say whether the tree is in the store."""
        return (self._place.root / "data" / check_digest(data_digest) / "z").is_dir()

    def manifest(self, data_digest: str) -> Manifest:
        """Return the list of the tree's files, checked against the digest."""
        return read_manifest(self.folder(data_digest).parent, data_digest)

    def _abandoned(self, key: str) -> Path | None:
        """Return a staging of this key whose owner is dead or gave it up."""
        for folder in sorted((self._place.root / "tmp").iterdir()):
            owner = owners.owner_of(folder)
            is_ours = owner is not None and owner.key == key and not owners.is_alive(owner)
            if is_ours and (folder / "tree" / "z" / "zarr.json").exists():
                # What was being written when its owner died is no file of the tree.
                for left in folder.rglob(f"*{atomic.PARTIAL}"):
                    atomic.remove(left)
                return folder
        return None

    def _begin(self, place: Path, key: str) -> Path:
        import zarr

        folder = place / secrets.token_hex(8)
        atomic.make_folder(folder / "tree" / "z", mode=0o700)
        owners.claim(folder, key)
        zarr.create_group(writable_store(folder / "tree" / "z"), zarr_format=3)
        return folder
