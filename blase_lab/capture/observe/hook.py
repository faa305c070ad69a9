"""The audit hook: one for the process, silent unless the context it runs in is observed."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from blase_lab.capture.observe.digests import stamp_of
from blase_lab.capture.observe.frames import is_imported_by_own, is_importing, is_machinery
from blase_lab.capture.observe.notes import CURRENT, Notes, Seen
from blase_lab.capture.observe.sockets import address_of, is_near, refuse

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Handler = Callable[[tuple[Notes, ...], tuple[Any, ...]], None]

_READERS_OF_SOURCE = frozenset({"linecache", "tokenize"})  # a traceback shows its lines
_SHELLS = frozenset({"bash", "cmd.exe", "sh", "zsh"})
_EMPTYING = os.O_TRUNC | os.O_EXCL
_FOLDER = getattr(os, "O_DIRECTORY", 0)
_WRITING = os.O_WRONLY | os.O_RDWR


@lru_cache(maxsize=1)
def install() -> None:
    """Add the hook to the process; Python cannot remove one, so it is done once."""
    sys.addaudithook(_hook(HANDLERS, CURRENT.get))


def _hook(
    handlers: dict[str, Handler], current: Callable[[], tuple[Notes, ...]]
) -> Callable[[str, tuple[Any, ...]], None]:
    """Return the hook; it holds what it needs, since a module's names are gone at the very end."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        handler = handlers.get(event)
        if handler is None:
            return
        notes = current()
        if notes or event == "os.chdir":
            handler(notes, args)

    return hook


def absolute(path: object) -> str | None:
    """Return the absolute path of what a library was given; None for a descriptor or a buffer."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    try:
        return os.path.abspath(os.fsdecode(path))
    except (OSError, ValueError, TypeError):
        return None


def _opened(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    given, _, flags = args
    is_text, seen = type(given) is str, notes[-1].seen
    if is_text and seen.holds((given, flags)):
        return
    path, frame = absolute(given), _caller()
    if path is None or not isinstance(flags, int) or flags & _FOLDER:
        return
    if _is_for_python(notes, path, frame):
        return
    verb = _verb_of(flags, frame)
    for each in notes:
        verb(each, path)
    if is_text:
        seen.add((given, flags))


def _verb_of(flags: int, frame: FrameType | None) -> Callable[[Notes, str], None]:
    """Return how a file that is opened with these flags is noted."""
    if _module_of(frame) == "tempfile":
        return Notes.own_file
    if not flags & _WRITING:
        return Notes.read_file
    if flags & _WRITING == os.O_WRONLY or flags & _EMPTYING:
        return Notes.write_file
    return Notes.update_file


def _moved(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    """The process stands in another folder now: relative paths mean other files."""
    del notes, args
    Seen.folder_changes += 1


def _listed(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    path = absolute(args[0] if args[0] is not None else ".")
    if path is None or _is_for_python(notes, path, _caller()):
        return
    for each in notes:
        each.read_folder(path)


def _is_for_python(notes: tuple[Notes, ...], path: str, frame: FrameType | None) -> bool:
    """Tell whether Python opens a file to import it, or to show its lines in a traceback."""
    if is_machinery(frame):
        return True
    if path.endswith(".py"):
        return _module_of(frame) in _READERS_OF_SOURCE
    is_near_by = any(each.places.is_inside(path) for each in notes)
    is_known = is_near_by or not any(each.places.is_listed(path) for each in notes)
    return not is_known and is_importing(frame)


def _caller(depth: int = 2) -> FrameType | None:
    """Return the frame that made the event: beyond the handler's and the hook's."""
    return sys._getframe(depth + 1)  # noqa: SLF001 - the only way to the caller


def _module_of(frame: FrameType | None) -> object:
    return None if frame is None else frame.f_globals.get("__name__")


def _connected_database(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    name = args[0]
    text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""
    text = text.removeprefix("file:").partition("?")[0]
    if text in {"", ":memory:"}:
        return
    path = os.path.abspath(text)
    verb = Notes.write_file if stamp_of(path) is None else Notes.update_file
    for each in notes:
        verb(each, path)


def _removed(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    path, is_relative = absolute(args[0]), args[-1] not in {-1, None}
    for each in notes:
        if path is not None and not is_relative:
            each.write_file(path)


def _made_folder(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    """A folder that the call makes is its own, although it looked for it before."""
    path = absolute(args[0])
    for each in notes:
        if path is not None:
            each.own_file(path)


def _renamed(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    for path in (absolute(args[0]), absolute(args[1])):
        for each in notes:
            if path is not None:
                each.write_file(path)


def _started(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    """Name a program; where a shell is started, the first word of its line."""
    words = args[1] if len(args) > 1 and args[1] else [args[0]]
    words = [words] if isinstance(words, str | bytes | os.PathLike) else list(words)
    _name_program(notes, [os.fsdecode(word) for word in words])


def _shell(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    _name_program(notes, ["sh", "-c", os.fsdecode(args[0])])


def _forked(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    del args
    for each in notes:
        each.touch("program", "a copy of this process (fork)")


def _name_program(notes: tuple[Notes, ...], words: list[str]) -> None:
    is_shell = os.path.basename(words[0]) in _SHELLS
    line = words[2].split() if is_shell and len(words) > len(("sh", "-c")) else []
    name = line[0] if line else words[0]
    if is_importing(_caller(3)):
        return  # a library looks at the machine
    path = absolute(name) if os.path.dirname(name) else None
    for each in notes:
        each.touch("program", each.places.shown(path) if path else name)
        if path is not None:
            each.read_file(path)


def _connected(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    family, address = getattr(args[0], "family", None), args[-1]
    _reach(notes, *address_of(family, address))


def _looked_up(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    host = args[0]
    if host is None or is_near(_host_text(host)):
        return  # what is near is listed when it is connected to
    port = args[1] if len(args) > 1 else ""
    _reach(notes, _host_text(host), "" if port is None else str(port))


def _bound(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    """A port that the call opens itself is listed, and allowed: nothing leaves the machine."""
    host, port = address_of(getattr(args[0], "family", None), args[-1])
    if is_importing(_caller()):
        return  # a library tries whether it could
    for each in notes:
        each.touch("socket", f"{host}:{port}" if port else host)


def _reach(notes: tuple[Notes, ...], host: str, port: str) -> None:
    for each in notes:
        each.touch("socket", f"{host}:{port}" if port else host)
    if not is_near(host):
        refuse(notes, host, port)


def _host_text(host: object) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)


def _imported(notes: tuple[Notes, ...], args: tuple[Any, ...]) -> None:
    name = str(args[0])
    if name.partition(".")[0] in sys.stdlib_module_names or not is_imported_by_own(_caller()):
        return
    for each in notes:
        each.touch("module", name)


HANDLERS: dict[str, Handler] = {
    "open": _opened,
    "os.chdir": _moved,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "sqlite3.connect": _connected_database,
    "os.mkdir": _made_folder,
    "os.remove": _removed,
    "os.rename": _renamed,
    "os.truncate": _removed,
    "subprocess.Popen": _started,
    "os.exec": _started,
    "os.posix_spawn": _started,
    "os.spawn": _started,
    "os.system": _shell,
    "os.fork": _forked,
    "os.forkpty": _forked,
    "socket.connect": _connected,
    "socket.sendto": _connected,
    "socket.sendmsg": _connected,
    "socket.bind": _bound,
    "socket.getaddrinfo": _looked_up,
    "socket.gethostbyname": _looked_up,
    "socket.gethostbyaddr": _looked_up,
    "import": _imported,
}
"""What is done at which event of Python's audit table."""
