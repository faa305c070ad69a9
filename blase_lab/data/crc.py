"""The checksum of a raw shard: checked before TensorFlow, which knows none, reads its bytes."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blase_lab.core.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Sequence

CRC_BYTES: Final = 4
INDEX_BYTES: Final = 16 + CRC_BYTES
READERS: Final = 2


def check_shards(files: Sequence[str], payload_bytes: int) -> None:
    """Return if every file is a shard of one raw chunk whose crc32c is right.

    Such a shard is the payload, its crc32c, and an index of one entry with a crc32c of its own.

    Raises:
        DamagedError: with the file and what is wrong with it.
    """
    with ThreadPoolExecutor(READERS) as readers:
        for _ in readers.map(partial(_check, payload_bytes=payload_bytes), files):
            pass


def _check(file: str, *, payload_bytes: int) -> None:
    import google_crc32c

    path = Path(file)
    data = memoryview(path.read_bytes()) if path.exists() else memoryview(b"")
    if len(data) != payload_bytes + CRC_BYTES + INDEX_BYTES:
        raise _damaged(
            path, f"has {len(data)} bytes, not {payload_bytes + CRC_BYTES + INDEX_BYTES}"
        )
    chunk, index = data[: payload_bytes + CRC_BYTES], data[payload_bytes + CRC_BYTES :]
    if struct.unpack("<QQ", index[:16]) != (0, len(chunk)):
        raise _damaged(path, "does not hold one raw chunk")
    for part in (chunk, index):
        (stored,) = struct.unpack("<I", part[-CRC_BYTES:])
        if google_crc32c.value(bytes(part[:-CRC_BYTES])) != stored:
            raise _damaged(path, "does not have the checksum that was written with it")


def _damaged(path: Path, what: str) -> DamagedError:
    return DamagedError(
        f"The shard {path} {what}.",
        way_out="Run `blase verify`, then build again: the shard is made anew.",
        path=str(path),
    )
