"""Who holds a staging folder, and whether that process still lives."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

import msgspec

from blase_lab.core.records import Record
from blase_lab.store import atomic, sealed

OWNER = "owner.json"


class Owner(Record, frozen=True, kw_only=True):
    """The process that writes a staging folder, told apart from a later one of the same pid."""

    key: str
    pid: int
    started: float
    boot: str
    host: str
    released: bool = False


@cache
def _boot() -> str:
    """Return what changes when the machine starts again."""
    path = Path("/proc/sys/kernel/random/boot_id")
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    import psutil  # pragma: no cover

    return str(int(psutil.boot_time()))  # pragma: no cover


def _started(pid: int) -> float | None:
    """Return when the process of this pid started, None when there is none."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def claim(folder: Path, key: str, *, released: bool = False) -> Owner:
    """Write down, durably, that this process holds the folder (or held it, when released)."""
    pid = os.getpid()
    owner = Owner(
        key=key,
        pid=pid,
        started=_started(pid) or 0.0,
        boot=_boot(),
        host=platform.node(),
        released=released,
    )
    atomic.write_bytes(folder / OWNER, sealed.encode(owner))
    return owner


def owner_of(folder: Path) -> Owner | None:
    """Return who holds the folder; None when that was never written down."""
    try:
        return msgspec.json.decode((folder / OWNER).read_bytes(), type=Owner)
    except (OSError, msgspec.DecodeError):
        return None


def is_alive(owner: Owner) -> bool:
    """Say whether the owner may still write: in doubt (another machine), it lives."""
    if owner.released:
        return False
    if owner.host != platform.node():
        return True
    if owner.boot != _boot():
        return False
    started = _started(owner.pid)
    return started is not None and abs(started - owner.started) < 1.0
