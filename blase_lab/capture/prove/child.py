"""The clean process of a proof: a closure comes in, pictures of what it returns go out.

It is started as `python -I`, so that nothing reaches it but its question. It ends when its parent
does, and what the step prints goes nowhere.
"""

from __future__ import annotations

import io
import os
import random
import signal
import struct
import sys
import threading
import warnings
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import msgspec

from blase_lab.capture.names import reads
from blase_lab.capture.prove.guard import Guard
from blase_lab.capture.prove.picture import Picture, picture_of
from blase_lab.capture.rebuild import rebuild
from blase_lab.core.records import Closure, InputSpec  # noqa: TC001 - msgspec reads them

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = struct.Struct("<Q")
_MOST_WORDS = 300
_GRACE_SECONDS = 3.0
_NICE = 5
"""Whoever works beside a proof goes first."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a clean process is to do."""

    closure: Closure
    folder: str
    calls: int = 0
    """How often to call the function; 0: make its definitions and see which names they lack."""
    chunk: bytes | None = None
    """The rows to call it on, as an Arrow stream; None: call it without anything."""
    inputs: tuple[InputSpec, ...] | None = None
    """What a model step is called on."""
    head_rows: int = 0
    """How many of the first rows of what a source returns come back."""
    seed: int = 0
    """Where the global random generators stand before the first call."""
    offline: bool = False
    seconds: float = 60.0
    """After so long, and a few more, the system ends the process, whoever holds it up."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """How a step failed in a clean process."""

    error: str
    message: str
    name: str | None = None
    """The name that it lacked."""
    is_missing: bool = False
    """Whether a name or a module was not there at all."""
    definition: str | None = None
    """The definition that failed; None: the call."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a question."""

    pictures: tuple[Picture, ...] = ()
    missing: tuple[str, ...] = ()
    """Global names that functions of the closure read, and that do not exist."""
    failure: Failure | None = None
    wrote: str | None = None
    """A file that it was kept from writing."""
    connected: str | None = None
    """A host that it was kept from asking."""
    places: tuple[str, ...] = ()
    """Files that a source named."""
    head: bytes | None = None
    """The first rows of a source, as an Arrow stream."""


def frame_of_bytes(data: bytes) -> Any:
    """Return the frame that an Arrow stream holds, its index as it was."""
    import pyarrow as pa

    with pa.ipc.open_stream(io.BytesIO(data)) as stream:
        return stream.read_all().to_pandas(use_threads=False)


def bytes_of_frame(frame: Any) -> bytes:
    """Return a frame as an Arrow stream."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=True, nthreads=1)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def answer_of(
    question: Question,
    function: Callable[..., object],
    arguments: Callable[[Question], tuple[object, ...]],
    *,
    guard: Guard,
) -> Answer:
    """Return what calls of a function gave, each with generators that stand elsewhere."""
    pictures: list[Picture] = []
    found: dict[str, Any] = {}
    failure = None
    try:
        for turn in range(question.calls):
            given = arguments(question)
            _set_generators(question.seed + turn)
            value = function(*given)
            found = _head(value, question.head_rows) if question.head_rows and not turn else found
            pictures.append(picture_of(value))
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises is the answer
        guard.explain(error)
        failure = failure_of(error)
    wrote, connected = guard.wrote, guard.connected
    return Answer(
        pictures=tuple(pictures), failure=failure, wrote=wrote, connected=connected, **found
    )


def frames(question: Question) -> tuple[object, ...]:
    """Return what a data step is called on: a frame of its own for every call."""
    return () if question.chunk is None else (frame_of_bytes(question.chunk),)


def failure_of(error: BaseException, definition: str | None = None) -> Failure:
    """Return an exception as a record; the name that was missing is read from it."""
    is_name = isinstance(error, NameError) and not isinstance(error, UnboundLocalError)
    is_missing = is_name or isinstance(error, ModuleNotFoundError)
    name = getattr(error, "name", None)
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        name = error.args[0]
    return Failure(
        error=type(error).__name__,
        message=str(error)[:_MOST_WORDS],
        name=name if isinstance(name, str) else None,
        is_missing=is_missing,
        definition=definition,
    )


def main(arguments: Callable[[Question], tuple[object, ...]] = frames) -> None:
    """Answer the question on standard input, and end the process."""
    asked, told = _private_streams()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    question = msgspec.json.decode(receive(asked), type=Question)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, question.seconds + _GRACE_SECONDS)
    threading.Thread(target=_end_with_parent, args=(asked,), daemon=True).start()
    warnings.simplefilter("ignore")
    guard = Guard(Path(question.folder), offline=question.offline)
    guard.begin()
    data = msgspec.json.encode(_answer(question, arguments, guard))
    send(told, data)
    os._exit(0)


def _answer(
    question: Question, arguments: Callable[[Question], tuple[object, ...]], guard: Guard
) -> Answer:
    try:
        function = rebuild(question.closure)
        missing = _missing(function.function)
    except Exception as error:  # noqa: BLE001 - the user's definitions may raise anything
        cause = error.__cause__ or error
        guard.explain(cause)
        definition = str(getattr(error, "facts", {}).get("definition") or "") or None
        return Answer(failure=failure_of(cause, definition or "?"), wrote=guard.wrote)
    called = answer_of(question, function.function, arguments, guard=guard)
    return msgspec.structs.replace(called, missing=missing)


def _missing(function: Callable[..., object]) -> tuple[str, ...]:
    """Return the global names that functions of the closure read and nothing makes."""
    plain = function if isinstance(function, FunctionType) else None
    plain = plain or getattr(function, "__wrapped__", None)
    if not isinstance(plain, FunctionType):
        return ()
    scope = plain.__globals__
    built_in = scope.get("__builtins__", {})
    found = set[str]()
    for each in [plain, *scope.values()]:
        if isinstance(each, FunctionType) and each.__globals__ is scope:
            wanted = reads(each.__code__)
            found |= {name for name in wanted.names - wanted.written if name not in scope}
    return tuple(sorted(name for name in found if name not in built_in))


def _head(value: Any, rows: int) -> dict[str, Any]:
    """Return the first rows of what a source gave, or the files that it names."""
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if all(isinstance(each, str | Path) for each in listed):
        return {"places": tuple(map(str, listed))}
    first: Any = next(value, None) if hasattr(value, "__next__") else listed[0]
    if type(first).__name__ != "DataFrame":
        return {}
    return {"head": bytes_of_frame(first.head(rows).reset_index(drop=True))}


def _set_generators(seed: int) -> None:
    """Put the global generators elsewhere, so that a draw from them shows."""
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)


def _private_streams() -> tuple[int, int]:
    """Keep the way to the parent for ourselves; the user's code reads and prints nothing."""
    asked, told = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    return asked, told


def _end_with_parent(asked: int) -> None:
    """Wait until the parent closes its end: it is gone, or wants no answer any more."""
    while os.read(asked, 1):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def receive(stream: int) -> bytes:
    """Return one message; the process ends where nobody sends any more."""
    (size,) = HEAD.unpack(_take(stream, HEAD.size))
    return _take(stream, size)


def _take(stream: int, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(stream, size - len(parts))
        if not part:
            os._exit(1)
        parts += part
    return bytes(parts)


def send(stream: int, data: bytes) -> None:
    """Send one message whole."""
    rest = memoryview(HEAD.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(stream, rest) :]
