"""What every verb works on: the folder, its settings, its store and the live namespace."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from blase_lab.capture import Judged, look_at
from blase_lab.core.errors import BadNameError, NotFoundError
from blase_lab.core.records import (
    Continued,
    Ended,
    Evaluation,
    Event,
    Impact,
    Paused,
    Progress,
    Run,
    RunState,
    Snapshot,
    Started,
    Step,
    StepKind,
    Training,
    Verdict,
)
from blase_lab.train import run_of

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.capture import Look
    from blase_lab.project.settings import Settings
    from blase_lab.store import Store

Watch = Callable[[Event | Progress], None]
_TURNS = (Started, Paused, Continued, Ended)
_STAGES = ("source", "clean", "feature", "target", "split", "prepared", "predictions")


def unwatched(_event: Event | Progress) -> None:
    """Watch nothing."""


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Return steps in the order of the data's path, by name within a kind: never by time."""
    kinds = get_args(StepKind)
    return sorted(steps, key=lambda step: (kinds.index(step.kind), step.name))


@dataclass
class Workspace:
    """A project's folder, settings and store, and the notebook's names where there is one."""

    folder: Path
    settings: Settings
    store: Store
    namespace: Mapping[str, object] | None = None
    notebook: str | None = None
    judged: Judged = field(default_factory=Judged)
    """What was found stale or fresh, kept for as long as it stands."""

    def look(self) -> Look:
        """Return a look at the live names and the user's files as they are now."""
        return look_at(self.namespace, self.folder)

    # --- steps ---

    def steps(self, *kinds: StepKind) -> dict[str, Step]:
        """Return the current version of every step that was not dropped, by name, in order."""
        every = map(self._newest, self.store.refs.names("step"))
        chosen = [step for step in every if not kinds or step.kind in kinds]
        return {step.name: step for step in in_order(chosen) if not self._is_dropped(step)}

    def step(self, name: str) -> Step:
        """Return the step that `name` or `name@version` means, with its newest documentation.

        Raises:
            NotFoundError: there is no such step or version; the message lists close names.
        """
        match = re.fullmatch(r"(.+?)(?:@(\d+))?", name)
        plain, version = (match[1], match[2]) if match else (name, None)
        refs = self.store.refs
        try:
            ref = refs.resolve("step", plain, int(version) if version else None)
        except (NotFoundError, BadNameError):
            if plain in refs.names("step"):
                raise
            raise self.no_step(plain) from None
        step = self.store.ledger.get(Step, ref.target)
        return self._documented(step)

    def _newest(self, name: str) -> Step:
        ref = self.store.refs.resolve("step", name)
        return self._documented(self.store.ledger.get(Step, ref.target))

    def no_step(self, name: str) -> NotFoundError:
        """Return the refusal of a name that no step has, with close names and all there are."""
        known = list(self.steps())
        close = " or ".join(f"`{each}`" for each in difflib.get_close_matches(name, known))
        hint = f"Did you mean {close}? " if close else ""
        return NotFoundError(
            f"There is no step `{name}`.",
            way_out=f"{hint}Steps of this project: {', '.join(known) or 'none yet'}.",
        )

    def history(self, name: str) -> tuple[Step, ...]:
        """Return every version of a step, oldest first."""
        refs = self.store.refs.versions("step", self.step(name).name)
        return tuple(self._documented(self.store.ledger.get(Step, ref.target)) for ref in refs)

    def _documented(self, step: Step) -> Step:
        ref = self.store.refs.newest("documentation", step.name)
        newest = None if ref is None else self.store.ledger.get(Step, ref.target)
        return step if newest is None or newest.version != step.version else newest

    def _is_dropped(self, step: Step) -> bool:
        ref = self.store.refs.newest("dropped", step.name)
        return ref is not None and self.store.ledger.get(Step, ref.target).version == step.version

    # --- snapshots ---

    def snapshot(self, name: str, digest: str | None = None) -> Snapshot:
        """Return the newest Snapshot of a step or stage, or the one with this content digest.

        Raises:
            NotFoundError: nothing was built under this name, or not with this content.
        """
        for snapshot_id in self.store.index.snapshots(name):
            found = self.store.ledger.get(Snapshot, snapshot_id)
            if digest in (None, found.digest):
                return found
        raise NotFoundError(f"`{name}` has not been built.", way_out="Run `blase build`.")

    def snapshots(self, training: Training) -> dict[str, Snapshot]:
        """Return the Snapshots that a training rests on, by the name of their step or stage.

        The source comes first, then what was made of it.
        """
        found = {
            name: self.store.ledger.get(Snapshot, training.prepared)
            if name == "prepared"
            else self.snapshot(name, digest)
            for name, digest in training.snapshots.items()
            if name != "split"
        }
        return dict(sorted(found.items(), key=lambda item: _STAGES.index(item[1].stage)))

    def snapshot_of_stage(self, training: Training, stage: str) -> Snapshot:
        """Return the Snapshot of one stage of a training, e.g. its source."""
        found = [each for each in self.snapshots(training).values() if each.stage == stage]
        if not found:
            raise NotFoundError(
                f"Run {training.number} has no {stage}.", way_out="Build and train again."
            )
        return found[0]

    # --- runs ---

    def training(self, run: str | None = None) -> Training:
        """Return the training that a number, an id, the start of an id, or None (the latest) means.

        Raises:
            NotFoundError: nothing was trained yet, or no run is called so.
        """
        trainings = self.store.ledger.list(Training)
        if not trainings:
            raise NotFoundError("Nothing has been trained yet.", way_out="Run `blase train`.")
        if run is None:
            return trainings[-1]
        wanted = run.removeprefix("run").strip(" #-") if run.startswith(("run", "#")) else run
        for training in trainings:
            if wanted in (str(training.number), training.id):
                return training
        close = [training for training in trainings if training.id.startswith(run)]
        if len(close) == 1:
            return close[0]
        numbers = ", ".join(str(training.number) for training in trainings[-10:])
        raise NotFoundError(
            f"There is no run `{run}`.", way_out=f"Runs of this project: {numbers}."
        )

    def finished_run(self, training: Training) -> Run:
        """Return what came of a training.

        Raises:
            NotFoundError: it has not ended, or was cut off.
        """
        run = run_of(self.store, training.id)
        if run is not None:
            return run
        raise NotFoundError(
            f"Run {training.number} has not ended.",
            way_out=f"Wait for it, or go on with `blase train --resume {training.number}`.",
        )

    def state(self, training: Training) -> RunState:
        """Return the state of a run: by its record, its log, and who holds the lock.

        A run that was resumed has the record of its earlier end, and a log that goes on.
        """
        ended = self.ended(training)
        if ended is not None:
            return ended
        last = self._last_turn(training)
        if not self.store.is_locked(f"run-{training.id}"):
            return "failed" if last is None else "stopped"
        return "paused" if isinstance(last, Paused) else "running"

    def ended(self, training: Training) -> RunState | None:
        """Return the state in which a training ended; None where it goes on, or was cut off."""
        run = run_of(self.store, training.id)
        last = None if run is not None and run.state == "finished" else self._last_turn(training)
        if last is None:
            return None if run is None else run.state
        return last.state if isinstance(last, Ended) else None

    def _last_turn(self, training: Training) -> Event | None:
        events, _ = self.store.events.read(training.id)
        turns = [each for each in events if isinstance(each, _TURNS)]
        return turns[-1] if turns else None

    def evaluation(self, training: Training) -> Evaluation | None:
        """Return the latest evaluation of a run, on the test split if there is one.

        What was measured before a resume is of other weights, and left out.
        """
        since = self._ended_at(training)
        listed = self.store.ledger.list(Evaluation)
        found = [each for each in listed if each.run == training.id and each.created >= since]
        on_test = [each for each in found if each.split == "test"]
        chosen = on_test or found
        return chosen[-1] if chosen else None

    def impacts(self, training: Training) -> tuple[Impact, ...]:
        """Return the impacts of a run's last weights, the latest of each step."""
        since = self._ended_at(training)
        listed = self.store.ledger.list(Impact)
        found = [each for each in listed if each.run == training.id and each.created >= since]
        return tuple({each.step: each for each in found}.values())

    def _ended_at(self, training: Training) -> str:
        run = run_of(self.store, training.id)
        return "" if run is None else run.created

    def verdict(self, training: Training) -> Verdict | None:
        """Return the latest verdict on a run."""
        found = [each for each in self.store.ledger.list(Verdict) if each.run == training.id]
        return found[-1] if found else None
