"""Work that an observed call hands to threads belongs to it; threads of others do not."""

from __future__ import annotations

import _thread
import concurrent.futures
import functools
import threading
from concurrent.futures import thread as pool_module
from typing import TYPE_CHECKING, Any

from blase_lab.capture.observe.notes import CURRENT, Notes

if TYPE_CHECKING:
    from collections.abc import Callable


class Attached:
    """A function that runs, in whatever thread, for the call that handed it over."""

    def __init__(self, function: Callable[..., Any], notes: tuple[Notes, ...]) -> None:
        """Remember for whom the function runs."""
        self.function = function
        self.notes = notes

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, and note what it touches as long as that call goes on."""
        token = CURRENT.set(tuple(each for each in self.notes if each.is_open))
        try:
            return self.function(*args, **kwargs)
        finally:
            CURRENT.reset(token)


def starting(start: Callable[..., Any]) -> Callable[..., Any]:
    """Return `Thread.start` by which a thread that an observed call starts is part of it.

    A pool's worker outlives the call and serves others: there each piece of work is attached when
    it is handed in (`submitting`), not the worker.
    """

    @functools.wraps(start)
    def observed_start(self: threading.Thread) -> Any:
        notes = CURRENT.get()
        is_worker = getattr(self, "_target", None) is getattr(pool_module, "_worker", start)
        if notes and not is_worker and not isinstance(vars(self).get("run"), Attached):
            vars(self)["run"] = Attached(self.run, notes)
        return start(self)

    return observed_start


def starting_raw(start: Callable[..., Any]) -> Callable[..., Any]:
    """Return `_thread.start_new_thread` by which such a thread is part of an observed call."""

    @functools.wraps(start)
    def observed_raw_start(function: Any, /, *args: Any) -> Any:
        notes = CURRENT.get()
        return start(Attached(function, notes) if notes else function, *args)

    return observed_raw_start


def submitting(submit: Callable[..., Any]) -> Callable[..., Any]:
    """Return `ThreadPoolExecutor.submit` that attaches what an observed call hands in."""

    @functools.wraps(submit)
    def observed_submit(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        notes = CURRENT.get()
        work = Attached(function, notes) if notes else function
        return submit(self, work, *args, **kwargs)

    return observed_submit


PATCHES: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (threading.Thread, "start", starting),
    (_thread, "start_new_thread", starting_raw),
    (concurrent.futures.ThreadPoolExecutor, "submit", submitting),
)
"""Where threads begin: the holder, its attribute, and what makes the one that attaches."""
