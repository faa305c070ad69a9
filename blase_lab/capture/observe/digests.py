"""Digests of what was touched: a file's bytes, a folder's names, a variable's salted value."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import time
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.capture.observe.places import NOISE

if TYPE_CHECKING:
    from collections.abc import Mapping

WHOLE = "*"
"""The name of the observation that the whole environment was read."""

_PIECE_BYTES = 1 << 20
_SETTLED_NS = 50_000_000  # clocks of file systems tick in steps of a few milliseconds
_KEPT_FILES = 65_536
_OF_THE_SESSION = frozenset(
    {
        *("_", "COLUMNS", "JPY_PARENT_PID", "JPY_SESSION_NAME", "LINES", "OLDPWD", "PWD"),
        *("PYTEST_CURRENT_TEST", "SHLVL", "SSH_AUTH_SOCK", "SSH_CLIENT", "SSH_CONNECTION"),
        *("SSH_TTY", "STY", "TERM_SESSION_ID", "TMUX", "TMUX_PANE", "WINDOWID"),
        # A kernel sets these for itself, and a shell does not.
        *("CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "FORCE_COLOR", "GIT_PAGER", "MPLBACKEND"),
        *("PAGER", "PYDEVD_USE_FRAME_EVAL", "TERM"),
    }
)
"""Variables that every shell or kernel sets anew: no part of the whole environment's digest."""


class Stamp(NamedTuple):
    """What a file system says about a file's state without reading it."""

    size: int
    changed_ns: int
    inode: int


_known: dict[str, tuple[tuple[Stamp, int], str]] = {}
_FOLDER = hashlib.sha256(b"a folder is there").hexdigest()
"""What is known of a folder where somebody looks for a file of its name."""


def stamp_of(path: str) -> Stamp | None:
    """Return a file's state, or None where there is no such file."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return Stamp(facts.st_size, facts.st_mtime_ns, facts.st_ino)


def is_folder(path: str) -> bool:
    """Tell whether there is a folder; not by `os.path`, which is wrapped while we observe."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def digest_file(path: str) -> str | None:
    """Return the digest of a file's bytes, read only when its state is new; None if unreadable."""
    state = _state_of(path)
    if state is None:
        return _FOLDER if is_folder(path) else None
    known = _known.get(path)
    if known is not None and known[0] == state:
        return known[1]
    try:
        with open(path, "rb") as file:
            found = _streamed(file.fileno())
    except OSError:
        return None
    # A change within the same tick of the clock would go unseen, so a young file is read again.
    youngest = max(state[0].changed_ns, state[1])
    if time.time_ns() - youngest > _SETTLED_NS and _state_of(path) == state:
        if len(_known) >= _KEPT_FILES:
            _known.clear()
        _known[path] = (state, found)
    return found


def _state_of(path: str) -> tuple[Stamp, int] | None:
    """Return a file's state with the time that nobody can set back, as `cp -p` does the other."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(facts.st_mode):
        return None
    return Stamp(facts.st_size, facts.st_mtime_ns, facts.st_ino), facts.st_ctime_ns


def _streamed(descriptor: int) -> str:
    """Return the digest of an open file in the memory of one piece."""
    total = hashlib.sha256()
    while piece := os.read(descriptor, _PIECE_BYTES):
        total.update(piece)
    return total.hexdigest()


def digest_folder(path: str) -> str | None:
    """Return the digest of the names in a folder, in order; None if it cannot be listed."""
    try:
        names = sorted(name for name in os.listdir(path) if name not in NOISE)
    except OSError:
        return None
    total = hashlib.sha256()
    for name in names:
        total.update(os.fsencode(name) + b"\0")
    return total.hexdigest()


def digest_changing(path: str, stamp: Stamp) -> str:
    """Return a digest that no content has, for a file that changed after it was opened."""
    return hashlib.sha256(f"changed after it was opened: {path} {stamp}".encode()).hexdigest()


def digest_variable(name: str, value: str, salt: str) -> str:
    """Return a digest that tells nothing about the value to who does not know the salt."""
    text = f"{name}\0{value}".encode("utf-8", "surrogateescape")
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()


def digest_environment(values: Mapping[str, str], salt: str) -> str:
    """Return the digest of all variables but those that every session sets anew."""
    kept = sorted((name, text) for name, text in values.items() if name not in _OF_THE_SESSION)
    lines = "\0".join(f"{name}={text}" for name, text in kept)
    return digest_variable(WHOLE, lines, salt)
