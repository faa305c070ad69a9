"""JSON with its own sha256 in it, and lines with a checksum each: damage is seen on read."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, TypeVar

import msgspec

from blase_lab.store.names import damaged
from blase_lab.store.redact import without_known_secrets

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sha256: str
    record: msgspec.Raw


def encode(record: object) -> bytes:
    """Return the record as canonical JSON: sorted keys of dicts, no spaces."""
    return msgspec.json.encode(record, order="deterministic")


def body_of(record: object) -> bytes:
    """Return the record as canonical JSON without secrets of the environment: what is written."""
    return without_known_secrets(encode(record))


def seal(record: object) -> bytes:
    """Return the file that holds the record and the sha256 of it."""
    return seal_body(body_of(record))


def seal_body(body: bytes) -> bytes:
    """Return the file that holds a record's JSON and the sha256 of it."""
    digest = hashlib.sha256(body).hexdigest()
    return msgspec.json.encode(_Sealed(sha256=digest, record=msgspec.Raw(body))) + b"\n"


def unseal(path: Path) -> bytes:
    """Return the record's JSON, or raise DamagedError when it is not what was sealed."""
    return unsealed(path, path.read_bytes())


def unsealed(path: Path, data: bytes) -> bytes:
    """Return the record's JSON out of these bytes; DamagedError names the file they are of."""
    try:
        sealed = msgspec.json.decode(data, type=_Sealed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path, "it is no sealed record.") from error
    body = bytes(sealed.record)
    again = _Sealed(sha256=hashlib.sha256(body).hexdigest(), record=msgspec.Raw(body))
    if msgspec.json.encode(again) + b"\n" != data:
        raise damaged(path, "its sha256 is another.")
    return body


def read(path: Path, kind: type[T]) -> T:
    """Return the sealed record as `kind`; DamagedError when it is not one."""
    try:
        return msgspec.json.decode(unseal(path), type=kind)
    except msgspec.ValidationError as error:
        raise damaged(path, f"it is no {kind.__name__}: {error}.") from error


def line(record: object) -> bytes:
    """Return one line: the crc32 in hex, a space, the record's JSON."""
    return line_of(body_of(record))


def line_of(body: bytes) -> bytes:
    """Return one line that holds a record's JSON and its crc32."""
    return b"%08x %s\n" % (zlib.crc32(body), body)


def lines(path: Path, offset: int = 0) -> tuple[list[bytes], int]:
    """Return the JSON of each whole line from `offset`, and where the next read starts.

    A torn last line is left for later; a whole line with a wrong checksum raises DamagedError.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as reading:
        reading.seek(offset)
        data = reading.read()
    whole = data.rfind(b"\n") + 1
    return [_line_body(path, one) for one in data[:whole].split(b"\n")[:-1]], offset + whole


def _line_body(path: Path, one: bytes) -> bytes:
    body = one[9:]
    if one[:9] != b"%08x " % zlib.crc32(body):
        raise damaged(path, "a line's checksum is another.")
    return body
