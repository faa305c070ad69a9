"""Who is asking: the person's own code, an installed package, or Python itself."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from blase_lab.capture.observe.places import installed_roots, is_below

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

_MACHINERY = ("<frozen importlib", "<frozen zipimport")
_IMPORTERS = frozenset({"importlib", "blase_lab.capture.rebuild"})  # on behalf of who called them
_ENVIRON = frozenset({"environ", "environb", "getenv", "getenvb"})
_ON_BEHALF = frozenset({"expandvars", "getenv", "getenvb"})


def is_own(code: CodeType) -> bool:
    """Tell whether code was written by the person: neither Python's, nor installed, nor ours."""
    return is_own_file(code.co_filename)


@lru_cache(maxsize=8192)
def is_own_file(name: str) -> bool:
    """Tell whether a file of code is the person's own."""
    if name.startswith("<frozen"):
        return False
    path = os.path.abspath(name)
    return name.startswith("<") or not any(is_below(path, root) for root in installed_roots())


def is_importing(frame: FrameType | None) -> bool:
    """Tell whether a module that is not the person's own is being loaded on this stack."""
    for each in _outwards(frame):
        if each.f_code.co_filename.startswith(_MACHINERY):
            return True
        if is_own(each.f_code):
            return False
    return False


def is_machinery(frame: FrameType | None) -> bool:
    """Tell whether Python's import system itself is at work in this frame."""
    return frame is not None and frame.f_code.co_filename.startswith(_MACHINERY)


def is_imported_by_own(frame: FrameType | None) -> bool:
    """Tell whether the import that is going on was asked for by the person's own code."""
    for each in _outwards(frame):
        code = each.f_code
        is_between = code.co_filename.startswith(_MACHINERY) or (
            each.f_globals.get("__name__") in _IMPORTERS
        )
        if not is_between:
            return is_own(code)
    return False


def reader_of(frame: FrameType | None, skipped: frozenset[str]) -> FrameType | None:
    """Return the first frame outside the modules named, but for what `os` does by itself."""
    for each in _outwards(frame):
        if each.f_globals.get("__name__") not in skipped or is_by_itself(each):
            return each
    return None


def is_by_itself(frame: FrameType) -> bool:
    """Tell whether Python's own library reads the environment for itself: it names `environ`.

    Where a person hands `os.environ` to a function of it, that function does not name it.
    """
    code = frame.f_code
    top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    if top not in sys.stdlib_module_names or is_own(code):
        return False
    return code.co_name not in _ON_BEHALF and not _ENVIRON.isdisjoint(code.co_names)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
