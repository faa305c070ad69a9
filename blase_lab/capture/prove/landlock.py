"""Linux keeps this process from changing files, whoever opens them: C++, SQLite, a program.

Python's audit events tell of what Python opens. What else a step calls is stopped by the kernel,
from 5.13 on; for good, and for all that this process starts.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_WRITE_FILE = 1 << 1
_REMOVE = 1 << 4 | 1 << 5
_MAKE = sum(1 << bit for bit in range(6, 13))
_REFER = 1 << 13, 2
"""A right, and the first version that knows it: a file may go to another folder."""
_TRUNCATE = 1 << 14, 3


def deny_changes(*, but: Iterable[Path]) -> bool:
    """Let this process change files below these places alone; False where Linux does not."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    rights = _WRITE_FILE | _REMOVE | _MAKE
    rights |= sum(right for right, since in (_REFER, _TRUNCATE) if version >= since)
    wanted = struct.pack("=Q", rights)
    rules = libc.syscall(_CREATE_RULESET, wanted, ctypes.c_size_t(len(wanted)), 0)
    if rules < 0:
        return False
    try:
        for place in but:
            _allow(libc, rules, place, rights=rights)
        # Where it is refused nothing is restricted, and Python's own events are all there is.
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, place: Path, *, rights: int) -> None:
    """Except a folder; one that is not there, or is a file, stays closed."""
    with suppress(OSError):
        folder = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, folder), 0)
        finally:
            os.close(folder)
