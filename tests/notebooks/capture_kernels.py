"""Runs each side of the matrix in a real kernel of its own, and counts what each method says."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture_pairs import Pair, Side

PROBE = Path(__file__).with_name("capture_probe.py")
_STARTS = 3
METHODS = ("blase", "getsource", "cloudpickle", "dill")


class Reading(NamedTuple):
    """What one side's kernel said."""

    digests: dict[str, str]
    flags: tuple[str, ...]


class Outcome(NamedTuple):
    """A pair with what both kernels said."""

    pair: Pair
    before: Reading
    after: Reading

    def is_equal(self, method: str) -> bool:
        """Tell whether a method takes both sides for the same."""
        return self.before.digests[method] == self.after.digests[method]

    def is_flagged(self) -> bool:
        """Tell whether both sides say that they cannot know."""
        return all(
            any(flag.startswith(self.pair.flag) for flag in side.flags)
            for side in (self.before, self.after)
            if self.pair.flag
        ) and bool(self.pair.flag)

    def is_missed(self, method: str) -> bool:
        """Tell whether a method misses a change of behaviour."""
        return self.pair.differs and self.is_equal(method)

    def is_false_alarm(self, method: str) -> bool:
        """Tell whether a method sees a change where none is."""
        return not self.pair.differs and not self.is_equal(method)


def lay_out(side: Side, folder: Path) -> Path:
    """Write a side's files and return the folder in which its notebook stands."""
    book = folder / "book"
    book.mkdir(parents=True, exist_ok=True)
    for name, text in side.files.items():
        place = (book / name).resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return book


def read_side(side: Side, folder: Path) -> Reading:
    """Run a side in a fresh kernel and return what it says."""
    from jupyter_core.utils import ensure_event_loop

    book = lay_out(side, folder)
    environment = {
        **os.environ,
        **side.environment,
        "PYTHONDONTWRITEBYTECODE": "1",  # an edit within one second is an edit too
        "IPYTHONDIR": str(folder),
    }
    manager, client = _started(cwd=str(book), env=environment)
    try:
        for cell in side.cells:
            _run(client, cell)
        told = f"__import__('runpy').run_path({str(PROBE)!r})['report']"
        found = json.loads(_run(client, f"print({told}(get_ipython().user_ns, {side.sample!r}))"))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy()
        ensure_event_loop().close()  # the client made one for this thread
    return Reading(found["digests"], tuple(found["flags"]))


def _started(**words: Any) -> tuple[Any, Any]:
    """Start a kernel; again where another process took one of its ports before it could."""
    from jupyter_client.manager import start_new_kernel

    words |= {"kernel_name": "python3", "stderr": subprocess.DEVNULL}
    for _ in range(_STARTS - 1):
        with suppress(RuntimeError):
            manager, client = start_new_kernel(**words)
            return manager, client
    manager, client = start_new_kernel(**words)
    return manager, client


def _run(client: Any, cell: str) -> str:
    texts: list[str] = []
    errors: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            texts.append(content["text"])
        elif message["msg_type"] == "error":
            errors.extend(content["traceback"])

    client.execute_interactive(cell, timeout=240, output_hook=hear)
    assert not errors, "\n".join([cell, *errors])
    return "".join(texts)


def read_pairs(pairs: Sequence[Pair], folder: Path, *, at_once: int = 3) -> list[Outcome]:
    """Run every side of the pairs, some kernels at once."""
    sides = [side for pair in pairs for side in (pair.before, pair.after)]
    places = [folder / str(number) for number in range(len(sides))]
    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(read_side, sides, places))
    return [Outcome(pair, *found[2 * place : 2 * place + 2]) for place, pair in enumerate(pairs)]


def table(outcomes: Sequence[Outcome]) -> str:
    """Return one line a method: what it missed, what it flagged, its false alarms."""
    differing = [each for each in outcomes if each.pair.differs]
    same = len(outcomes) - len(differing)
    rows = [
        ("method", f"missed of {len(differing)}", "of these flagged", f"false alarms of {same}")
    ]
    for method in METHODS:
        missed = [each for each in differing if each.is_missed(method)]
        flagged = [each for each in missed if method == "blase" and each.is_flagged()]
        alarms = sum(each.is_false_alarm(method) for each in outcomes)
        rows.append((method, str(len(missed)), str(len(flagged)), str(alarms)))
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
