"""What the notebook itself returns for a chunk, asked of a copy of its process.

The copy is made by fork(2) the moment a step is captured, and sleeps until a chunk is at hand. So
the call sees the names as they were at capture, and changes nothing that the user has: no global,
no generator, no output. Where there is no fork (and on macOS, whose libraries do not bear it) there
is no copy, and the clean processes are judged alone.
"""

from __future__ import annotations

import ctypes
import gc
import io
import os
import select
import signal
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from blase_lab.capture.prove.child import (
    HEAD,
    Answer,
    Question,
    answer_of,
    frames,
    receive,
    send,
)
from blase_lab.capture.prove.guard import Guard

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

CALL_SECONDS = 2.0
_MOST_BYTES = 6 << 30
_DIES_WITH_PARENT = 1
_POLL_SECONDS = 0.05


class Frozen:
    """A copy of this process that can be asked once; it ends when it answered, or with us."""

    def __init__(self, pid: int, asked: int, told: int) -> None:
        """Hold the copy's process and the two pipes to it."""
        self._pid = pid
        self._asked = asked
        self._told = told

    def ask(self, question: Question, cancel: threading.Event) -> Answer | None:
        """Return what the live function gave; None where it took too long or gave nothing."""
        try:
            until = time.monotonic() + 2 * CALL_SECONDS + 1
            if not self._tell(msgspec.json.encode(question), until, cancel):
                return None
            data = self._answer(until, cancel)
            return msgspec.json.decode(data, type=Answer) if data else None
        except (OSError, msgspec.DecodeError):
            return None
        finally:
            self.end()

    def end(self) -> None:
        """Leave nothing of the copy."""
        if self._pid < 0:
            return
        for stream in (self._asked, self._told):
            os.close(stream)
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        self._pid = -1

    def _tell(self, data: bytes, until: float, cancel: threading.Event) -> bool:
        """Send the question; False where a copy that hangs does not take it."""
        os.set_blocking(self._asked, False)
        rest = memoryview(HEAD.pack(len(data)) + data)
        while rest and time.monotonic() < until and not cancel.is_set():
            if select.select([], [self._asked], [], _POLL_SECONDS)[1]:
                rest = rest[os.write(self._asked, rest) :]
        return not rest

    def _answer(self, until: float, cancel: threading.Event) -> bytes:
        data = bytearray()
        while time.monotonic() < until and not cancel.is_set():
            if not select.select([self._told], [], [], _POLL_SECONDS)[0]:
                continue
            part = os.read(self._told, 1 << 16)
            data += part
            whole = len(data) >= HEAD.size and len(data) - HEAD.size >= HEAD.unpack_from(data)[0]
            if whole:
                return bytes(data[HEAD.size :])
            if not part:
                break
        return b""


def frozen(function: Callable[..., object]) -> Frozen | None:
    """Return a copy of this process that can call `function`; None where none can be made."""
    if sys.platform != "linux" or _memory() > _MOST_BYTES:
        return None
    import posix  # a debugger puts its own in the place of os.fork, and would follow the copy

    libc = ctypes.CDLL(None)
    asked, told = os.pipe(), os.pipe()
    # An interrupt is for the notebook: in the copy it would run on as a second kernel.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other threads: the copy touches none of them
            pid = _forked(posix.fork)
        if pid == 0:
            libc.prctl(_DIES_WITH_PARENT, signal.SIGKILL)
            _serve(function, (asked[0], told[1]), (asked[1], told[0]))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(asked[0])
    os.close(told[1])
    if pid < 0:
        os.close(asked[1])
        os.close(told[0])
        return None
    return Frozen(pid, asked[1], told[0])


def _forked(fork: Callable[[], int]) -> int:
    try:
        return fork()
    except OSError:
        return -1


def _serve(
    function: Callable[..., object], own: tuple[int, int], other: tuple[int, int]
) -> NoReturn:
    """Be the copy: wait for a chunk, call the function once, tell, and end."""
    try:
        gc.disable()
        _be_quiet()
        for stream in other:
            os.close(stream)
        question = msgspec.json.decode(receive(own[0]), type=Question)
        # The system ends us after that time, whatever the function does.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
        warnings.simplefilter("ignore")
        guard = Guard(Path(question.folder), offline=question.offline)
        guard.begin()
        answer = answer_of(question, function, frames, guard=guard)
        send(own[1], msgspec.json.encode(answer))
    finally:
        os._exit(0)


def _be_quiet() -> None:
    """Let nothing that the copy prints or displays reach the notebook, nor a signal the copy."""
    sys.settrace(None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin = sys.stdout = sys.stderr = io.StringIO()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    # A kernel hands what its copies display to the notebook, through a thread of this class.
    streams: Any = sys.modules.get("ipykernel.iostream")
    if streams is not None:
        streams.IOPubThread.send_multipart = _swallow
        streams.IOPubThread.schedule = _swallow


def _swallow(*_parts: object, **_named: object) -> None:
    """Say nothing."""


def _memory() -> int:
    with suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0
