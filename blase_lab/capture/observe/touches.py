"""What a wrapped reader touches, read off its arguments before it runs."""

from __future__ import annotations

import glob
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from blase_lab.capture.observe.digests import is_folder, stamp_of
from blase_lab.capture.observe.frames import is_importing, is_own
from blase_lab.capture.observe.notes import CURRENT, Notes, unobserved
from blase_lab.capture.observe.sockets import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blase_lab.capture.observe.table import Row

IN_A_GRAPH = "(a file that is named only inside a TensorFlow graph)"

_OF_GENERATORS = frozenset({"seed", "unseeded", "drawn"})
_MISSING = object()
_MOST_PATHS = 10_000
_MARK_BYTES = 65_536
"""A file up to this size may be there only to be found."""
_DRIVE = 1  # `C:` is the letter of a drive, not a scheme


class Call(NamedTuple):
    """One call of a wrapped reader."""

    notes: tuple[Notes, ...]
    row: Row
    given: Any
    """The argument that names what is touched."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def after(self, keyword: str) -> Any:
        """Return the argument that follows, e.g. the mode."""
        place = self.row.place + 1
        return self.args[place] if len(self.args) > place else self.kwargs.get(keyword, _MISSING)


def touch(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Note what a call of the row's reader is about to touch.

    Raises:
        OfflineError: it is about to connect to another machine, and the project is offline.
    """
    if row.action in _OF_GENERATORS and is_importing(sys._getframe(2)):  # noqa: SLF001
        return  # a library's own doing while it loads
    given = args[row.place] if len(args) > row.place else kwargs.get(row.keyword, _MISSING)
    _ACTIONS[row.action](Call(CURRENT.get(), row, given, args, kwargs))


def _read(call: Call) -> None:
    for path in _local(call.notes, call.given):
        for each in call.notes:
            _read_all(each, path)


def _write(call: Call) -> None:
    for path in _local(call.notes, call.given):
        for each in call.notes:
            each.write_file(path)


def _mode(call: Call) -> None:
    mode = call.after("mode")
    text = mode if isinstance(mode, str) else "r"
    if text in {"r", "rb"}:
        _read(call)
        return
    for path in _local(call.notes, call.given):
        is_kept = text in {"a", "r+", "rb+", "r+b"} and stamp_of(path) is not None
        for each in call.notes:
            (each.update_file if is_kept else each.write_file)(path)


def _names(call: Call) -> None:
    for path in _local(call.notes, call.given):
        for each in call.notes:
            each.read_folder(path)


def _probe(call: Call) -> None:
    """What the person's own code looks for is a read: its coming or going is a change.

    A large file that is there is left out: nobody said that its content matters.
    """
    if not is_own(sys._getframe(3).f_code):  # noqa: SLF001 - the caller of the wrapped function
        return
    for path in _local(call.notes, call.given):
        stamp = stamp_of(path)
        is_small = stamp is None or stamp.size <= _MARK_BYTES or is_folder(path)
        for each in call.notes if is_small else ():
            each.read_file(path)


def _process(call: Call) -> None:
    for each in call.notes:
        each.touch("program", "a Python process (multiprocessing)")


def _pattern(call: Call) -> None:
    for pattern in _local(call.notes, call.given):
        folders = {os.path.dirname(path) for path in _matching(pattern)}
        for folder in (*sorted(folders), _fixed_part(pattern)):
            for each in call.notes:
                each.read_folder(folder)


def _move(call: Call) -> None:
    _read(call)
    _write(call._replace(given=call.after("dst")))


def _seed(call: Call) -> None:
    """Seeded with a value, a generator is the call's own from here on."""
    name = _generator(call.row)
    is_from_nothing = call.given is _MISSING or call.given is None
    for each in call.notes:
        if is_from_nothing:
            each.touch("random", name, "write")
        if each.generators is not None:
            each.generators.seed(name)


def _unseeded(call: Call) -> None:
    """A generator of one's own that is seeded by the machine."""
    if call.given is _MISSING or call.given is None:
        for each in call.notes:
            each.touch("random", _generator(call.row), "write")


def _drawn(call: Call) -> None:
    """A draw without a seed of its own, from a generator that the call did not seed."""
    name = _generator(call.row)
    if call.given is not _MISSING and call.given is not None:
        return
    for each in call.notes:
        if each.generators is None or not each.generators.is_seeded(name):
            each.touch("random", name, "write")


def _generator(row: Row) -> str:
    return "tensorflow" if row.module.startswith("tensorflow") else row.module


_ACTIONS: dict[str, Callable[[Call], None]] = {
    "read": _read,
    "write": _write,
    "mode": _mode,
    "names": _names,
    "probe": _probe,
    "pattern": _pattern,
    "move": _move,
    "process": _process,
    "seed": _seed,
    "unseeded": _unseeded,
    "drawn": _drawn,
}


def _local(notes: tuple[Notes, ...], given: Any) -> Iterator[str]:
    """Yield absolute paths on this machine; name, and refuse where asked, what is elsewhere."""
    for text in _texts(notes, given):
        parts = urlsplit(text)
        if parts.scheme == "file":
            yield os.path.abspath(parts.path)
        elif len(parts.scheme) <= _DRIVE or "://" not in text:  # `run:1.h5` is a file's name
            yield os.path.abspath(text)
        else:
            _reach(notes, f"{parts.scheme}://{parts.hostname or ''}")


def _reach(notes: tuple[Notes, ...], place: str) -> None:
    for each in notes:
        each.touch("socket", place)
    refuse(notes, place, "")


def _texts(notes: tuple[Notes, ...], given: Any) -> Iterator[str]:
    """Yield the paths that an argument holds; buffers and open files hold none."""
    if isinstance(given, str | bytes | os.PathLike):
        yield os.fsdecode(given)
    elif isinstance(given, list | tuple):
        for each in given[:_MOST_PATHS]:
            yield from _texts(notes, each)
    elif type(given).__module__.partition(".")[0] in {"tensorflow", "numpy"}:
        yield from _tensor_texts(notes, given)


def _tensor_texts(notes: tuple[Notes, ...], given: Any) -> Iterator[str]:
    """Yield the texts of a tensor or an array; a tensor without a value yet has none to yield."""
    values = given
    if hasattr(given, "numpy"):
        try:
            values = given.numpy()
        except (AttributeError, NotImplementedError, RuntimeError):
            values = None
    elif type(given).__module__.startswith("tensorflow"):
        values = None
    if values is None:
        for each in notes:
            each.touch("file", IN_A_GRAPH)
        return
    listed = values.tolist() if hasattr(values, "tolist") else values
    yield from _texts(notes, listed if isinstance(listed, list) else [listed])


def _read_all(notes: Notes, path: str) -> None:
    """Note a file, or a folder with all that lies in it: a data set of several files."""
    if not is_folder(path):
        for each in _matching(path) or [path]:
            notes.read_file(each)
        return
    with unobserved():
        for folder, _, names in os.walk(path):
            notes.read_folder(folder)
            for name in names:
                notes.read_file(os.path.join(folder, name))


def _matching(pattern: str) -> list[str]:
    if not glob.has_magic(pattern) or stamp_of(pattern) is not None:
        return []
    with unobserved():
        return sorted(glob.glob(pattern, recursive=True))


def _fixed_part(pattern: str) -> str:
    """Return the folder that a pattern looks in."""
    folder = os.path.dirname(pattern)
    while glob.has_magic(folder):
        folder = os.path.dirname(folder)
    return folder
