"""Proof: the captured closure alone, in a clean process, does what the step does.

The closure is made again in a fresh `python -I` and called twice on the same rows, with the global
random generators elsewhere each time; then once more in another process, whose sets and hashes
stand in another order. What came of it is compared by type and content with itself and with what
the notebook returns.
"""

from __future__ import annotations

import ast
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from blase_lab.capture.prove.child import HEAD, Answer, Failure, Question
from blase_lab.capture.prove.guard import UNNAMED
from blase_lab.capture.prove.picture import first_difference
from blase_lab.core.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.capture.prove.live import Frozen
    from blase_lab.core.records import Closure, ProofState

ENTRY = "blase_lab.capture.prove.child"
_POLL_SECONDS = 0.05
_PIECE_BYTES = 1 << 16
_BY_HASH = re.compile(r"\bset\b|\bfrozenset\b|\bhash\b|\bid\b|\{[^:{}]+\}")
"""What may come in another order in another process."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is to be proven, and within which limits."""

    question: Question
    entry: str = ENTRY
    live: Frozen | None = None
    """A copy of the notebook's process, made when the step was captured."""
    known: frozenset[str] = frozenset()
    """The names of the notebook: what a step can miss in a clean process."""
    flags: tuple[str, ...] = ()
    seconds: float = 20.0
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Judged:
    """What a trial came to."""

    state: ProofState
    sentence: str
    hidden: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Reply:
    """What a clean process answered, or why it did not."""

    answer: Answer | None
    why: str = ""


def judge(trial: Trial) -> Judged:
    """Return whether the closure of a trial does alone what the step does; nothing is left running.

    It takes no longer than the trial's seconds, and ends at once when the trial is cancelled.
    """
    until = time.monotonic() + trial.seconds
    try:
        first = ask(trial, until=until)
        if first.answer is None:
            return Judged("not proven", first.why)
        live = None if trial.live is None else trial.live.ask(_elsewhere(trial, 7), trial.cancel)
        return _of_answer(trial, first.answer, live, until=until)
    finally:
        if trial.live is not None:
            trial.live.end()


def ask(trial: Trial, *, until: float, question: Question | None = None) -> Reply:
    """Return what one clean process answers before `until`; it and all it started are gone then."""
    whole = msgspec.structs.replace(question or trial.question, seconds=trial.seconds)
    asked = msgspec.json.encode(whole)
    if trial.cancel.is_set():
        return Reply(None, "It was cancelled.")
    with _process(trial) as process:
        with suppress(BrokenPipeError):
            assert process.stdin is not None
            process.stdin.write(HEAD.pack(len(asked)) + asked)
            process.stdin.flush()
        data = _answer(process, until, trial.cancel)
    if data:
        return Reply(msgspec.json.decode(data, type=Answer))
    if trial.cancel.is_set():
        return Reply(None, "It was cancelled.")
    if time.monotonic() >= until:
        return Reply(None, f"It was stopped after {trial.seconds:g} s.")
    return Reply(None, f"The clean process ended with code {process.poll()} before it answered.")


# --- judging --------------------------------------------------------------------------------------


def _of_answer(trial: Trial, answer: Answer, live: Answer | None, *, until: float) -> Judged:
    if answer.wrote is not None:
        named = answer.wrote if answer.wrote in UNNAMED else f"`{answer.wrote}`"
        return Judged("not proven", f"It writes {named}, and a proof writes nothing.")
    if answer.connected is not None:
        told = f"It connects to {answer.connected}, and blase.toml says offline = true."
        return Judged("not proven", told)
    if answer.failure is not None:
        return _of_failure(trial, answer.failure, live)
    if not trial.question.calls:
        return _of_definitions(answer)
    drawn = answer.pictures[0]
    if drawn.digest is None:
        return Judged("not proven", f"It returns a {drawn.kind}: {drawn.opaque}.", rows=drawn.rows)
    return _of_values(trial, answer, live, until=until)


def _of_definitions(answer: Answer) -> Judged:
    if answer.missing:
        return _hidden(answer.missing, "Its code reads {}, which its closure lacks.")
    return Judged(
        "not proven", "Its definitions can be made again in a clean process; it was not called."
    )


def _of_failure(trial: Trial, failure: Failure, live: Answer | None) -> Judged:
    """Tell what the closure lacks from what is wrong with the step everywhere."""
    told = _told(trial, failure)
    theirs = None if live is None else live.failure
    if theirs is not None and (theirs.error, theirs.message) == (failure.error, failure.message):
        return Judged("not proven", f"It raised {told}, in the notebook too.")
    name = failure.name
    if failure.is_missing and name:
        what = "module {}" if failure.error == "ModuleNotFoundError" else "{}"
        lacks = f"In a clean process it lacks {what}."
        return _hidden((name,), lacks + _reason(trial, name))
    if failure.definition and failure.error == "StepFailedError":
        return Judged("needs hidden", failure.message, (failure.definition,))
    worked = live is not None and live.failure is None and bool(live.pictures)
    is_hidden = name in trial.known and name not in _defined(trial.question.closure)
    if is_hidden and (worked or any(map(_is_suspect, trial.flags))):
        return _hidden((str(name),), f"In a clean process it lacks {{}}: {told}.")
    if worked:
        return _hidden(_suspects(trial), f"It works in the notebook, and alone raises {told}.")
    where = f" in `{failure.definition}`" if failure.definition else ""
    return Judged("not proven", f"It raised {told}{where}.")


def _told(trial: Trial, failure: Failure) -> str:
    """Name the error, with its words where they are the code's own: others may hold data."""
    words = failure.message.strip("'\"")
    sources = (each.source for each in trial.question.closure.definitions)
    is_of_code = bool(words) and any(words in source for source in sources)
    return f"{failure.error}: {failure.message}" if is_of_code else failure.error


def _of_values(trial: Trial, answer: Answer, live: Answer | None, *, until: float) -> Judged:
    """Compare call with call, process with process, and the clean one with the notebook."""
    first, second = answer.pictures[0], answer.pictures[-1]
    if first.digest != second.digest:
        return _unsteady(trial, first_difference(first, second), first.rows)
    theirs = live.pictures[0] if live is not None and live.pictures else None
    differs = theirs is not None and theirs.digest != first.digest
    for _ in range(_processes(trial, has_live=theirs is not None, differs=differs)):
        other = ask(trial, until=until, question=_elsewhere(trial, 3))
        if other.answer is None:
            return Judged("not proven", other.why, rows=first.rows)
        again = other.answer.pictures[0] if other.answer.pictures else None
        if again is None or again.digest != first.digest:
            where = "the content differs" if again is None else first_difference(first, again)
            return _unsteady(trial, where, first.rows)
    if theirs is not None and differs:
        where = first_difference(first, theirs)
        suspects = _suspects(trial)
        flags = "".join(f" Suspect: {flag}." for flag in trial.flags if _is_suspect(flag))
        return _hidden(
            suspects, f"Alone it returns other values than in the notebook: {where}.{flags}"
        )
    return _equal(trial, first.rows, has_live=theirs is not None)


def _equal(trial: Trial, rows: int, *, has_live: bool) -> Judged:
    what = f"the same {rows} rows" if rows else "the same value"
    unseen = [flag for flag in trial.flags if _is_suspect(flag)]
    if unseen and not has_live:
        return Judged(
            "not proven",
            f"Clean processes give {what}, but the notebook was not asked, and {unseen[0]}.",
            rows=rows,
        )
    where = "as in the notebook" if has_live else "each time; the notebook was not asked"
    return Judged(
        "self-contained", f"Its closure alone gives {what} in clean processes, {where}.", rows=rows
    )


def _unsteady(trial: Trial, where: str, rows: int) -> Judged:
    what = "for the same chunk" if trial.question.chunk is not None else "at every call"
    return Judged("not deterministic", f"It returns different values {what}: {where}.", rows=rows)


def _hidden(names: tuple[str, ...], sentence: str) -> Judged:
    told = ", ".join(f"`{name}`" for name in names)
    return Judged("needs hidden", sentence.replace("{}", told), names)


def _processes(trial: Trial, *, has_live: bool, differs: bool) -> int:
    """Return how many more processes are needed to tell an order of sets from a hidden name."""
    closure = trial.question.closure
    sources = [each.source for each in closure.definitions]
    sources += [each.source for each in closure.modules]
    if any(_BY_HASH.search(source) for source in sources):
        return 2
    return 0 if has_live and not differs else 1


def _elsewhere(trial: Trial, seed: int) -> Question:
    return msgspec.structs.replace(trial.question, seed=seed, calls=1, head_rows=0)


def _reason(trial: Trial, name: str) -> str:
    """Return why the capture could not bring a name, where it says so."""
    begin = f"needs hidden {name}: "
    told = [each.removeprefix(begin) for each in trial.flags if each.startswith(begin)]
    return f" The capture says: {told[0]}." if told else ""


def _is_suspect(flag: str) -> bool:
    return flag.startswith(("hidden reads", "dynamic"))


def _suspects(trial: Trial) -> tuple[str, ...]:
    """Return the notebook's names that stand as text in the step's code: `globals()["T"]`."""
    closure = trial.question.closure
    found = set[str]()
    for source in (each.source for each in closure.definitions):
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return tuple(sorted((found & trial.known) - _defined(closure)))


def _defined(closure: Closure) -> set[str]:
    return {each.name for each in closure.definitions}


# --- the clean process ----------------------------------------------------------------------------


@contextmanager
def _process(trial: Trial) -> Iterator[subprocess.Popen[bytes]]:
    """Give a fresh process in a session of its own, of which nothing is left after the block."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _words(trial.entry)],
        cwd=trial.question.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                assert stream is not None
                stream.close()
        process.wait()


def _words(entry: str) -> str:
    """Return the program: where packages are installed is told, for -I forgets the user's own."""
    own = Path(__file__).resolve().parents[3]
    sites = [each for each in sys.path if Path(each).name in {"site-packages", "dist-packages"}]
    extra = [*sites, str(own)]
    return (
        f"import sys; sys.path += [p for p in {extra!r} if p not in sys.path]; "
        f"from {entry} import main; main()"
    )


def _answer(process: subprocess.Popen[bytes], until: float, cancel: threading.Event) -> bytes:
    """Return the one message that the process sends; nothing where it is cut off."""
    assert process.stdout is not None
    stream = process.stdout.fileno()
    data = bytearray()
    while not cancel.is_set() and time.monotonic() < until:
        if not select.select([stream], [], [], _POLL_SECONDS)[0]:
            continue
        part = os.read(stream, _PIECE_BYTES)
        if not part:
            return b""
        data += part
        if len(data) >= HEAD.size and len(data) - HEAD.size >= HEAD.unpack_from(data)[0]:
            return bytes(data[HEAD.size :])
    return b""
