"""Pause, continue and stop: asked for from outside, obeyed between two batches."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from blase_lab.core.records import Control
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blase_lab.store import Store

Action = Literal["pause", "continue", "stop"]

_LOOK_SECONDS = 0.1


def request(store: Store, run_id: str, action: Action) -> None:
    """Ask a training to pause, continue or stop; it looks ten times a second between batches."""
    store.control.put(run_id, Control(action=action, at=utc_now()))


class Requests:
    """What was asked of one training: by the control file, or by Ctrl-C."""

    def __init__(self, store: Store, run_id: str) -> None:
        """Look at the requests to `run_id`; those to an earlier session are forgotten."""
        self._store = store
        self._run_id = run_id
        self._looked = float("-inf")
        self._is_interrupted = False
        self._action: Action | None = None

    def forget(self) -> None:
        """Take back the request, obeyed or not."""
        self._action = None
        self._store.control.clear(self._run_id)

    def interrupt(self) -> None:
        """Stop at the end of this batch; asked a second time, stop at once.

        Raises:
            KeyboardInterrupt: the second time.
        """
        if self._is_interrupted:
            raise KeyboardInterrupt
        self._is_interrupted = True

    def wanted(self) -> Action | None:
        """Return what is asked for now; the file is read at most ten times a second."""
        if self._is_interrupted:
            return "stop"
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            control = self._store.control.get(self._run_id)
            self._action = None if control is None else control.action
        return self._action

    def wait_while_paused(self, beat: Callable[[], None]) -> bool:
        """Return after the pause: True to go on, False to stop; `beat` is called meanwhile."""
        while self.wanted() == "pause":
            beat()
            time.sleep(_LOOK_SECONDS)
        return self.wanted() != "stop"


@contextlib.contextmanager
def interrupts(requests: Requests) -> Iterator[None]:
    """Turn Ctrl-C into a stop with a checkpoint while the block runs in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_interrupt(_number: int, _frame: Any) -> None:
        requests.interrupt()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
