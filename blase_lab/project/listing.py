"""What a person or a screen reads about a project: its runs, one thing by name, the whole view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.errors import BlaseError, NotFoundError
from blase_lab.core.records import (
    ProjectView,
    RunSummary,
    Snapshot,
    Step,
    StepState,
    Training,
    TrainingView,
)
from blase_lab.project.proofs import LIVE_LOCK
from blase_lab.project.steps import states
from blase_lab.train import view as training_view_of

if TYPE_CHECKING:
    from blase_lab.project.workspace import Workspace

_LIVE = "kernel-"


def runs(space: Workspace) -> tuple[RunSummary, ...]:
    """Return every run with its metrics beside the baseline, newest first."""
    trainings = space.store.ledger.list(Training)
    return tuple(_summary(space, training) for training in reversed(trainings))


def show(space: Workspace, what: str) -> Step | Snapshot | RunSummary:
    """Return the step, step version, run or built Snapshot that `what` names.

    Raises:
        NotFoundError: nothing is called so.
    """
    if what.partition("@")[0] in space.store.refs.names("step"):
        return space.step(what)
    try:
        return _summary(space, space.training(what))
    except NotFoundError:
        pass
    for stage in ("prepared", "split"):
        if what == stage:
            return space.snapshot(stage)
    refusal = space.no_step(what)
    raise NotFoundError(
        f"There is no step or run called `{what}`.",
        way_out=f"{refusal.way_out} Runs: `blase runs`.",
    )


def training_view(space: Workspace, run: str | None) -> TrainingView | None:
    """Return a training as its dashboard shows it, from its event log; None before it starts."""
    training = space.training(run)
    events, _ = space.store.events.read(training.id)
    if not events:
        return None
    evaluation = space.evaluation(training)
    baseline = {} if evaluation is None else evaluation.baseline
    return training_view_of(training, events, project=space.folder.as_posix(), baseline=baseline)


def project_view(space: Workspace) -> ProjectView:
    """Return what the side panel and the badges show; a problem is told, not raised."""
    problem = None
    steps: tuple[StepState, ...] = ()
    listed: tuple[RunSummary, ...] = ()
    training = None
    try:
        steps = live_states(space) or states(space)
        listed = runs(space)
        training = training_view(space, None) if listed else None
    except BlaseError as error:
        problem = str(error)
    return ProjectView(
        name=space.settings.name,
        root=space.folder.as_posix(),
        steps=steps,
        runs=listed,
        training=training,
        problem=problem,
    )


def check_open(space: Workspace, training: Training) -> None:
    """Do nothing where a training may still hear a request.

    Raises:
        NotFoundError: it has ended.
    """
    number = training.number
    ways_out = {
        "finished": "Train again with `blase train`.",
        "stopped": f"Go on with `blase train --resume {number}`.",
        "failed": "Train again with `blase train`.",
    }
    state = space.ended(training)
    if state is not None:
        raise NotFoundError(f"Run {number} has {state}.", way_out=ways_out[state])


def write_live(space: Workspace, kernel: str) -> None:
    """Leave the states of the steps, as this kernel's names make them, for the badges.

    What stands there already is not written again, unless another kernel wrote since: the one that
    wrote last is shown.
    """
    live, name = space.store.live, live_name(kernel)
    with LIVE_LOCK:
        payload = msgspec.json.encode(states(space))
        newest = [each for each in live.names() if each.startswith(_LIVE)][-1:]
        if newest != [name] or live.get(name) != payload:
            live.put(name, payload)


def live_name(kernel: str) -> str:
    """Return the name of the states that a kernel leaves."""
    return _LIVE + kernel


def live_states(space: Workspace) -> tuple[StepState, ...]:
    """Return what the kernel that wrote last says of the steps; () where none did.

    A step that was captured since by somebody else is shown as the store has it.
    """
    names = [name for name in space.store.live.names() if name.startswith(_LIVE)]
    if not names:
        return ()
    payload = space.store.live.get(names[-1])
    if payload is None:
        return ()
    told = {each.name: each for each in msgspec.json.decode(payload, type=tuple[StepState, ...])}
    stored = {name: step.version for name, step in space.steps().items()}
    fresh = [name for name in stored if name not in told or told[name].version != stored[name]]
    told |= {each.name: each for each in states(space, fresh)} if fresh else {}
    return tuple(told[name] for name in stored)


def _summary(space: Workspace, training: Training) -> RunSummary:
    evaluation, verdict = space.evaluation(training), space.verdict(training)
    try:
        run = space.finished_run(training)
    except NotFoundError:
        run = None
    metrics = {} if evaluation is None else evaluation.metrics
    measured_on: str | None = None if evaluation is None else evaluation.split
    if run is not None and not metrics:
        metrics = {name: values[-1] for name, values in run.history.items() if values}
        measured_on = "last epoch" if metrics else None
    return RunSummary(
        id=training.id,
        number=training.number,
        state=space.state(training),
        created=training.created,
        seconds=0.0 if run is None else run.seconds,
        metrics=metrics,
        measured_on=measured_on,
        baseline={} if evaluation is None else evaluation.baseline,
        verdict=None if verdict is None else verdict.level,
        weights_digest=None if run is None else run.weights_digest,
        optimizer_digest=None if run is None else run.optimizer_digest,
        predictions_digest=None if evaluation is None else evaluation.predictions_digest,
        ledger_digest=None if run is None else run.ledger_digest,
    )
