"""Layer 3 of capture: what a call touches outside its arguments, while it runs."""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blase_lab.capture.observe import environment, hook, readers
from blase_lab.capture.observe.digests import (
    WHOLE,
    digest_environment,
    digest_file,
    digest_folder,
    digest_variable,
)
from blase_lab.capture.observe.notes import CURRENT, Notes, digest_module, unobserved
from blase_lab.capture.observe.places import full_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blase_lab.core.records import Observation


class Observer:
    """One observation going on."""

    def __init__(self, notes: Notes) -> None:
        """Look at the notes of one call."""
        self.notes = notes

    def observations(self) -> tuple[Observation, ...]:
        """Return all that was touched so far: sorted, each once, with digests of what was read."""
        return self.notes.observations()


@contextmanager
def observing(
    folder: Path, *, salt: str = "", offline: bool = False, step: str = ""
) -> Iterator[Observer]:
    """Observe what the block touches, also in threads that it starts.

    Raises:
        OfflineError: with `offline`, the block opened a connection beyond this machine; also where
            the block itself caught that error.
    """
    notes = Notes(Path(folder), salt=salt, offline=offline, step=step)
    with _noting(notes):
        yield Observer(notes)


@contextmanager
def _noting(notes: Notes) -> Iterator[None]:
    _begin()
    notes.begin()
    token = CURRENT.set((*CURRENT.get(), notes))
    try:
        yield
    except Exception as error:
        if notes.refused is not None and error is not notes.refused:
            raise notes.refused from error
        raise
    finally:
        CURRENT.reset(token)
        notes.end()
        _end()
    if notes.refused is not None:
        raise notes.refused


class Watched:
    """A callable around a callable that notes what its calls touch; it crosses process borders."""

    def __init__(
        self, function: Callable[..., Any], *, folder: Path, salt: str = "", offline: bool = False
    ) -> None:
        """Watch a function of the project in `folder`."""
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.folder = Path(folder)
        self.salt = salt
        self.offline = offline
        self._lock = threading.Lock()
        self._notes = Notes(
            self.folder, salt=salt, offline=offline, step=getattr(function, "__name__", "")
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function under observation.

        Raises:
            OfflineError: the project is offline, and the function opened a connection.
        """
        notes = self._notes.next()
        try:
            with _noting(notes):
                return self.function(*args, **kwargs)
        finally:
            with self._lock:
                self._notes.add(notes)

    def take_notes(self) -> tuple[Observation, ...]:
        """Return all that calls in this process touched since last asked."""
        with self._lock:
            taken, self._notes = self._notes, self._notes.next()
        return taken.observations()

    def __reduce__(self) -> tuple[Callable[..., Watched], tuple[object, ...]]:
        """Cross a process border as the function and the folder."""
        rest = {"folder": self.folder, "salt": self.salt, "offline": self.offline}
        return (_watched, (self.function, rest))

    def __repr__(self) -> str:
        """Name the function, without the salt."""
        return f"Watched({self.function!r})"


def _watched(function: Callable[..., Any], rest: dict[str, Any]) -> Watched:
    return Watched(function, **rest)


def digest_now(observation: Observation, *, folder: Path, salt: str = "") -> str | None:
    """Return the digest of what was observed as it is now; None where it is gone or unreadable.

    Equal to the observation's own digest as long as nothing changed.
    """
    if observation.mode == "write":
        return None
    finder = _FINDERS.get(observation.kind)
    with unobserved():
        return None if finder is None else finder(observation.name, Path(folder), salt)


def _file_now(name: str, folder: Path, salt: str) -> str | None:
    del salt
    return digest_file(full_path(name, folder))


def _folder_now(name: str, folder: Path, salt: str) -> str | None:
    del salt
    return digest_folder(full_path(name, folder))


def _variable_now(name: str, folder: Path, salt: str) -> str | None:
    del folder
    if name == WHOLE:
        return digest_environment(environment.values(), salt)
    value = environment.values().get(name)
    return None if value is None else digest_variable(name, value, salt)


def _module_now(name: str, folder: Path, salt: str) -> str | None:
    del salt
    return digest_module(name, folder)


_FINDERS: dict[str, Callable[[str, Path, str], str | None]] = {
    "file": _file_now,
    "folder": _folder_now,
    "variable": _variable_now,
    "module": _module_now,
}


# --- what is watched in the whole process while anything is observed ------------------------------

_lock = threading.Lock()
_going_on = 0


def _begin() -> None:
    global _going_on  # noqa: PLW0603 - how many observations go on in this process
    hook.install()
    with _lock:
        _going_on += 1
        if _going_on == 1:
            environment.watch()
            readers.watch()


def _end() -> None:
    global _going_on  # noqa: PLW0603
    with _lock:
        _going_on -= 1
        if _going_on == 0:
            readers.leave()
            environment.leave()
