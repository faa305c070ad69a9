"""A step's function as the rooms get it: its closure, run under observation in every process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blase_lab.capture.observe import Watched, digest_now, observing
from blase_lab.capture.rebuild import Rebuilt, forget
from blase_lab.core.digest import canonical_json, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from blase_lab.core.records import Closure, Observation

Function = Callable[..., Any]

_COMPARED = ("file", "folder", "variable", "module")
_lock = threading.Lock()
_read: dict[str, frozenset[Observation]] = {}
"""What each closure that was executed in this process has read since, by the closure's digest."""


@dataclass(frozen=True)
class Watching:
    """How steps of one project are watched; plain data, so that it crosses to other processes."""

    folder: Path
    salt: str
    offline: bool


class StepFunction:
    """A step's function that keeps notes of what it touches; it crosses as its closure.

    A function may read a file once and keep what it read. So the closure is executed anew, in
    this process, as soon as something that it has read here is no longer what it was.
    """

    def __init__(self, closure: Closure, watching: Watching, live: Function | None = None) -> None:
        """Execute the closure under observation; `live` stands for one that cannot be executed."""
        self._parts = (closure, watching, live)
        self._watching = watching
        self._key = sha256_hex(canonical_json(closure))
        self._notes: set[Observation] = set()
        self._function = live or self._made(closure)
        self._watched = self._watch(self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function under observation; the items of an iterator are made under it, too."""
        result = self._watched(*args, **kwargs)
        return self._items(result) if isinstance(result, Iterator) else result

    def take_notes(self) -> tuple[Observation, ...]:
        """Return what was touched in this process since last asked, and by the closure itself."""
        found = {*self._notes, *self._watched.take_notes()}
        _remember(self._key, found)
        return tuple(found)

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border as the parts it is made of."""
        return (StepFunction, self._parts)

    def __repr__(self) -> str:
        """Name the function, without an address."""
        return f"StepFunction({self._parts[0].function})"

    def _watch(self, function: Function) -> Watched:
        watching = self._watching
        return Watched(
            function, folder=watching.folder, salt=watching.salt, offline=watching.offline
        )

    def _made(self, closure: Closure) -> Function:
        """Return the closure's function; what its definitions read is noted with every call."""
        watching = self._watching
        read = _read.get(self._key, frozenset())
        if not all_hold(read, watching):
            _forget(read, watching)
        with observing(
            watching.folder, salt=watching.salt, offline=watching.offline, step=closure.function
        ) as observer:
            function = Rebuilt(closure)
        seen = observer.observations()
        _executed.setdefault(self._key, seen)
        _remember(self._key, seen)
        self._notes.update(_executed[self._key])
        return function

    def _items(self, items: Iterator[Any]) -> Iterator[Any]:
        """Yield each item, made under observation."""
        end = object()
        following = self._watch(lambda: next(items, end))
        while (item := following()) is not end:
            self._notes.update(following.take_notes())
            yield item
        self._notes.update(following.take_notes())


_executed: dict[str, tuple[Observation, ...]] = {}
"""What the definitions of a closure touched when they were executed in this process."""


def _remember(key: str, notes: Iterable[Observation]) -> None:
    with _lock:
        _read[key] = _read.get(key, frozenset()).union(notes)


def _forget(read: Iterable[Observation], watching: Watching) -> None:
    """Let every closure be executed anew, and a module that this one imported be read again."""
    for each in read:
        if each.kind == "module" and not all_hold([each], watching):
            sys.modules.pop(each.name, None)
    forget()
    with _lock:
        _read.clear()
        _executed.clear()


def is_compared(observation: Observation) -> bool:
    """Say whether this is something that was read and can be read again, to see if it changed."""
    return observation.mode == "read" and observation.kind in _COMPARED


def all_hold(notes: Iterable[Observation], watching: Watching) -> bool:
    """Say whether all that was read holds now what it held then; what was written is no input."""
    listed = tuple(notes)
    written = {(note.kind, note.name) for note in listed if note.mode == "write"}
    return all(
        digest_now(note, folder=watching.folder, salt=watching.salt) == note.digest
        for note in listed
        if is_compared(note) and (note.kind, note.name) not in written
    )
