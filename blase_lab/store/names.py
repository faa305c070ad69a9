"""Which names and ids may become a path: strictly few, so that none can leave the store."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from blase_lab.core.errors import BadNameError, DamagedError

if TYPE_CHECKING:
    from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"\w[\w.@+=-]*")
_MOST_BYTES = 180
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"com{n}" for n in "0123456789¹²³"}
    | {f"lpt{n}" for n in "0123456789¹²³"}
)


def check_name(name: str) -> str:
    """Return the name in Unicode's NFC, or raise BadNameError: it can be no path and no device."""
    name = unicodedata.normalize("NFC", name)
    bad = (
        not _NAME.fullmatch(name)
        or name.endswith(".")
        or len(name.encode("utf-8")) > _MOST_BYTES
        or name.split(".")[0].lower() in _DEVICES
    )
    if bad:
        raise BadNameError(
            f"{name[:60]!r} cannot be a name in the store.",
            way_out="Use letters, digits, _ . @ + = and -, at most 180 bytes, no device name.",
            name=name,
        )
    return name


def check_digest(digest: str) -> str:
    """Return the digest, or raise BadNameError when it is not 64 lower-case hex digits."""
    if not _DIGEST.fullmatch(digest):
        raise BadNameError(
            f"{digest[:80]!r} is no digest.",
            way_out="A digest is 64 hex digits as printed by blase-lab.",
            digest=digest,
        )
    return digest


def digests_in(data: bytes) -> set[str]:
    """Return every digest that occurs in the text."""
    found = re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", data)
    return {match.decode("ascii") for match in found}


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of a file, read in pieces of 1 MiB."""
    state = hashlib.sha256()
    with path.open("rb", buffering=0) as reading:
        while piece := reading.read(1 << 20):
            state.update(piece)
    return state.hexdigest()


def damaged(path: Path, sentence: str) -> DamagedError:
    """Return the error for a file whose bytes are not those that were written."""
    return DamagedError(
        f"{path.name} is damaged: {sentence}",
        way_out="Run `blase verify`: it sets aside all that is damaged; then build again.",
        path=str(path),
    )
