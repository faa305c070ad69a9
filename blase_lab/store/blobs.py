"""Bytes by their sha256: models, weights, captured outputs, source text."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from blase_lab.core.errors import NotFoundError
from blase_lab.store import atomic
from blase_lab.store.names import check_digest, damaged

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.store.place import Place


class Blobs:
    """Content-addressed files: the same bytes are kept once."""

    def __init__(self, place: Place) -> None:
        """Look at the blobs of one store."""
        self._place = place

    def put(self, data: bytes) -> str:
        """Return the digest under which the bytes are now safe on the disk."""
        self._place.guard()
        digest = hashlib.sha256(data).hexdigest()
        target = self._path(digest)
        if target.exists() and target.stat().st_size == len(data):
            return digest
        atomic.make_folder(target.parent, mode=0o700)
        atomic.write_bytes(target, data, mode=0o444)
        return digest

    def put_text(self, text: str) -> str:
        """Return the digest under which the text is now safe, as UTF-8."""
        return self.put(text.encode("utf-8"))

    def get(self, digest: str) -> bytes:
        """Return the bytes, checked against their digest; NotFoundError or DamagedError."""
        path = self.path(digest)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise damaged(path, "its sha256 is another.")
        return data

    def get_text(self, digest: str) -> str:
        """Return the text, checked against its digest."""
        return self.get(digest).decode("utf-8")

    def has(self, digest: str) -> bool:
        """Say whether a blob of this digest is there."""
        return self._path(digest).exists()

    def path(self, digest: str) -> Path:
        """Return the read-only file of the blob; NotFoundError when there is none."""
        path = self._path(digest)
        if not path.exists():
            raise NotFoundError(
                f"There is no blob {digest[:12]} in the store.",
                way_out="Run `blase verify`; if it was collected, build or train again.",
                digest=digest,
            )
        return path

    def _path(self, digest: str) -> Path:
        check_digest(digest)
        return self._place.root / "blobs" / digest[:2] / digest
