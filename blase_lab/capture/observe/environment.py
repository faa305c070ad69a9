"""`os.environ` while something is observed: the same object, which tells who reads what."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from blase_lab.capture.observe.frames import is_by_itself, is_importing, is_own, reader_of
from blase_lab.capture.observe.notes import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_BETWEEN = frozenset({"os", "_collections_abc", "collections.abc", __name__})
_OF_THE_MACHINE = frozenset(
    {
        *("APPDATA", "COLUMNS", "COMSPEC", "DISPLAY", "FORCE_COLOR", "HOME", "LINES", "NO_COLOR"),
        *("OLDPWD", "PATH", "PWD", "SHELL", "SYSTEMROOT", "TEMP", "TERM", "TMP", "TMPDIR"),
        *("USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
    }
)
"""What installed packages read to find their way about a machine; a person's own read counts."""

_Environ: Any = type(os.environ)


class WatchedEnviron(_Environ):  # type: ignore[misc]
    """`os.environ` that notes its readers; while nothing is observed it has its own class again."""

    def __getitem__(self, key: Any) -> Any:
        """Return a variable's value, as ever."""
        notes = CURRENT.get()
        if not notes or notes[-1].knows_variable(key):
            return super().__getitem__(key)
        try:
            value = super().__getitem__(key)
        except KeyError:
            _note(key, None, sys._getframe(1))  # noqa: SLF001 - the only way to the reader
            raise
        _note(key, value, sys._getframe(1))  # noqa: SLF001
        return value

    def __iter__(self) -> Iterator[Any]:
        """Go through the names, as ever."""
        if CURRENT.get():
            _note_whole(sys._getframe(1))  # noqa: SLF001
        return super().__iter__()  # type: ignore[no-any-return]

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set a variable, as ever."""
        super().__setitem__(key, value)
        _note_set(key, sys._getframe(1))  # noqa: SLF001

    def __delitem__(self, key: Any) -> None:
        """Remove a variable, as ever."""
        super().__delitem__(key)
        _note_set(key, sys._getframe(1))  # noqa: SLF001


def values() -> dict[str, str]:
    """Return the whole environment without being noted."""
    inner: Any = os.environ
    kept = inner._data.copy().items()  # noqa: SLF001 - beside its noting methods
    return {inner.decodekey(key): inner.decodevalue(text) for key, text in kept}


def watch() -> None:
    """Let `os.environ` note its readers."""
    for each in _both():
        each.__class__ = WatchedEnviron


def leave() -> None:
    """Give `os.environ` its own class again."""
    for each in _both():
        each.__class__ = _Environ


def _both() -> list[Any]:
    found = [os.environ, getattr(os, "environb", None)]
    return [each for each in found if type(each) in {_Environ, WatchedEnviron}]


def _note(key: object, value: object, frame: FrameType) -> None:
    notes = CURRENT.get()
    name = _text(key)
    if name is None or not _counts(name, frame):
        return
    is_passed_on = notes[-1].is_passed_on and _is_of_library(frame)
    for each in notes if not is_passed_on else ():
        each.read_variable(name, _text(value))


def _note_whole(frame: FrameType) -> None:
    """Note that all variables are read; a library copies them only to hand them to a program."""
    notes = CURRENT.get()
    if not _counts(None, frame):
        return
    if _is_of_library(frame):
        notes[-1].is_passed_on = True
        return
    for each in notes:
        each.read_environment(values())


def _note_set(key: object, frame: FrameType) -> None:
    name, notes = _text(key), CURRENT.get()
    if name is None or not notes:
        return
    is_listed = not is_importing(frame)
    for each in notes:
        each.set_variable(name, is_listed=is_listed)


def _counts(name: str | None, frame: FrameType) -> bool:
    """Tell whether a read can matter to the result: not what libraries do for themselves."""
    reader = reader_of(frame, _BETWEEN)
    if reader is None or is_own(reader.f_code):
        return True
    if is_by_itself(reader) or is_importing(reader):
        return False
    return name not in _OF_THE_MACHINE


def _is_of_library(frame: FrameType) -> bool:
    """Tell whether an installed package reads: neither the person nor Python's own library."""
    reader = reader_of(frame, _BETWEEN)
    if reader is None or is_own(reader.f_code):
        return False
    top = str(reader.f_globals.get("__name__", "")).partition(".")[0]
    return top not in sys.stdlib_module_names and top != __name__.partition(".")[0]


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return os.fsdecode(value)
    return value if isinstance(value, str) else None
