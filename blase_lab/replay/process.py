"""A child process in its own session, of which nothing is left when the block ends."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

_GRACE_SECONDS = 5.0


class Child:
    """One program whose lines are read as they come; it and its children end with the block."""

    def __init__(
        self, words: Sequence[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Remember what to start, where, and with which environment (nothing else is inherited)."""
        self._words = list(words)
        self._folder = folder
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None
        self.timed_out = False

    @property
    def code(self) -> int | None:
        """The exit status, once it has ended."""
        return None if self._process is None else self._process.returncode

    def __enter__(self) -> Self:
        """Start it in a session of its own, so that no signal of the terminal reaches it."""
        self._process = subprocess.Popen(
            self._words,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        return self

    def lines(self, timeout: float | None) -> Iterator[str]:
        """Yield its lines until it ends, or until `timeout` seconds have passed."""
        process = self._started()
        timer = threading.Timer(timeout or 0.0, self._too_late)
        timer.daemon = True
        if timeout is not None:
            timer.start()
        try:
            assert process.stdout is not None
            yield from process.stdout
            process.wait()
        finally:
            timer.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what still runs: the program, its kernel and whatever the kernel started."""
        self._end()
        process = self._started()
        if process.stdout is not None:
            process.stdout.close()
        process.wait()

    def _started(self) -> subprocess.Popen[str]:
        assert self._process is not None, "used outside its block"
        return self._process

    def _too_late(self) -> None:
        self.timed_out = True
        self._end()

    def _end(self) -> None:
        """Ask the whole family to end, then make it end. A kernel has a session of its own."""
        process = self._started()
        if process.poll() is not None:
            return
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(process.pid)
            family = [*parent.children(recursive=True), parent]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.terminate()
        _, alive = psutil.wait_procs(family, timeout=_GRACE_SECONDS)
        for member in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
