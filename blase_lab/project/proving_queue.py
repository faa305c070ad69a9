"""Proofs in the background: one clean process at a time, the newest capture of a name first kept.

One thread works off what was captured. A later capture of the same name takes the place of an
earlier one, also of one that is being proven. When the interpreter ends, so do its processes.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blase_lab.core.errors import BlaseError
from blase_lab.project.proofs import NOT_CALLED, proof_of, show_in_badge

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.capture.prove.live import Frozen
    from blase_lab.core.records import Step
    from blase_lab.project.workspace import Workspace

logger = logging.getLogger(__name__)
VARIABLE = "BLASE_PROVE"
_MOST_COPIES = 16
_WAIT_SECONDS = 2.0


@dataclass
class _Job:
    space: Workspace
    step: Step
    live_state: str
    copy: Frozen | None
    cancel: threading.Event = field(default_factory=threading.Event)


class Prover:
    """The queue of one process."""

    def __init__(self) -> None:
        """Begin with nothing to prove, and without a thread."""
        self._waiting: dict[tuple[Path, str], _Job] = {}
        self._now: _Job | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_ending = False
        self._pid = os.getpid()

    def add(self, space: Workspace, step: Step, *, live_state: str) -> None:
        """Have a step proven soon; `live_state` names the states of the badges to mend then."""
        if not is_wanted(space):
            return
        from blase_lab.project.proving import live_of

        key = (space.folder, step.name)
        self._drop(key)
        before = proof_of(space, step)
        if before is not None and before.state == "self-contained":
            return
        copy = live_of(space, step) if len(self._waiting) < _MOST_COPIES else None
        with self._changed:
            self._waiting[key] = _Job(space, step, live_state, copy)
            self._begin()
            self._changed.notify_all()

    def stop(self) -> None:
        """End what is being proven and forget what waits; no process is left."""
        if self._pid != os.getpid():
            return  # a fork of ours: the processes are not its own
        with self._changed:
            self._is_ending = True
            waiting, running = [*self._waiting.values()], self._now
            self._waiting.clear()
            self._changed.notify_all()
        for job in waiting:
            _end(job)
        if running is not None:
            running.cancel.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_WAIT_SECONDS)

    def _drop(self, key: tuple[Path, str]) -> None:
        """Give up an earlier capture of the same name."""
        with self._changed:
            earlier = self._waiting.pop(key, None)
            running = self._now
        if earlier is not None:
            _end(earlier)
        if running is not None and (running.space.folder, running.step.name) == key:
            running.cancel.set()

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="blase-prove", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._now = None
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._waiting) or self._is_ending)
                if self._is_ending:
                    return
                key = next(iter(self._waiting))
                self._now = job = self._waiting.pop(key)
            self._prove(job)

    def _prove(self, job: _Job) -> None:
        from blase_lab.project.proving import Limits, prove

        limits = Limits(seconds=job.space.settings.prove_seconds, cancel=job.cancel)
        try:
            proof = prove(job.space, job.step, limits=limits, live=job.copy)
            if not job.cancel.is_set():
                show_in_badge(job.space, job.live_state, proof)
        except BlaseError as error:
            logger.debug("%s was not proven: %s", job.step.name, error)
        except Exception:
            logger.exception("%s was not proven", job.step.name)


def is_wanted(space: Workspace) -> bool:
    """Say whether steps are proven in the background: the environment wins over the settings."""
    return os.environ.get(VARIABLE, space.settings.prove) == "background"


def without_rows(space: Workspace) -> tuple[Step, ...]:
    """Return the steps without a proof, and those not called: now there may be rows for them."""
    every = space.steps().values()
    proofs = {step.name: proof_of(space, step) for step in every}
    return tuple(
        step
        for step in every
        if (proof := proofs[step.name]) is None or proof.sentence.startswith(NOT_CALLED)
    )


def _end(job: _Job) -> None:
    """End a job that nobody works on."""
    job.cancel.set()
    if job.copy is not None:
        job.copy.end()


PROVER = Prover()
atexit.register(PROVER.stop)
