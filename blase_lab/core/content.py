"""The bytes of content, and how digests of parts become one digest."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


class Opaque(TypeError):  # noqa: N818 - it is an answer ("cannot be known"), not a fault
    """A value has no content that could be digested; `reason` says why."""

    def __init__(self, reason: str) -> None:
        """Remember the reason."""
        super().__init__(reason)
        self.reason = reason


def sha256_hex(data: bytes | memoryview) -> str:
    """Return the sha256 of the bytes as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def joined(*parts: str | bytes) -> str:
    """Digest the parts so that no other parts give the same bytes."""
    hasher = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "little"))
        hasher.update(data)
    return hasher.hexdigest()


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Name a dtype with its byte order made little-endian."""
    return dtype.newbyteorder("<").str


def content_bytes(values: np.ndarray[Any, Any]) -> bytes:
    """Return the values' bytes in C order, little-endian."""
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
