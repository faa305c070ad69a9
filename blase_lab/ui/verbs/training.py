"""Verbs of training: begin, steer, measure."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from blase_lab.core.records import RunSummary, SplitName
from blase_lab.ui import listings
from blase_lab.ui.doors import Outcome
from blase_lab.ui.failures import FINE, LOOK
from blase_lab.ui.verbs.words import OneRun, RunName
from blase_lab.ui.vocabulary import TRAINING, Desk, verb


@verb(TRAINING)
def train(  # noqa: PLR0913 - the wishes of a person, each by its name
    desk: Desk,
    *,
    model: Annotated[str | None, typer.Option(metavar="STEP", help="If there are several.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the rows.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Rows of one update.")] = None,
    seed: Annotated[int | None, typer.Option(help="Else the seed of blase.toml.")] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Go on with a run that was cut off.")
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP", help="A leakage finding that was looked at; may repeat."),
    ] = None,
) -> Outcome:
    """Build what is needed, then train the model; the run can be resumed exactly."""
    project = desk.project
    with desk.watch("train", project) as watch:
        run = project.train(
            epochs=epochs,
            batch=batch,
            seed=seed,
            model=model,
            resume=resume,
            accept=tuple(accept or ()),
            watch=watch,
        )
    code = LOOK if run.state == "failed" else FINE
    resume_hint = f"Go on with: blase train --resume {run.number}"
    sentence = "" if run.state == "finished" else resume_hint
    return Outcome(records=run, listing=listings.of_run(run), sentence=sentence, exit_code=code)


@verb(TRAINING)
def evaluate(
    desk: Desk,
    run: RunName = None,
    *,
    split: Annotated[SplitName, typer.Option(help="Which rows.")] = "test",
) -> Outcome:
    """Measure a run on one split, beside an honest baseline."""
    project = desk.project
    with desk.watch("evaluate", project) as watch:
        evaluation = project.evaluate(run, split=split, watch=watch)
    return Outcome(
        records=evaluation,
        listing=listings.of_evaluation(evaluation),
        sentence=listings.below_baseline(evaluation),
    )


@verb(TRAINING)
def impact(desk: Desk, run: RunName = None) -> Outcome:
    """Say what a run's predictions cost or earn by your own functions."""
    project = desk.project
    with desk.watch("impact", project) as watch:
        impacts = project.impact(run, watch=watch)
    return Outcome(records=impacts, listing=listings.of_impacts(impacts))


@verb(TRAINING)
def runs(desk: Desk) -> Outcome:
    """List the runs with their metrics, baselines, verdicts and digests."""
    found: tuple[RunSummary, ...] = tuple(desk.project.runs())
    return Outcome(records=found, listing=listings.of_runs(found))


def _asked(desk: Desk, run: str, action: Literal["pause", "continue", "stop"]) -> Outcome:
    desk.project.request(run, action)
    sentence = f"Run {run} was asked to {action}; it does so after the batch it is at."
    return Outcome(records={"run": run, "action": action}, sentence=sentence)


@verb(TRAINING)
def pause(desk: Desk, run: OneRun) -> Outcome:
    """Ask a training to pause after the batch it is at."""
    return _asked(desk, run, "pause")


@verb(TRAINING, name="continue")
def continue_(desk: Desk, run: OneRun) -> Outcome:
    """Ask a paused training to go on."""
    return _asked(desk, run, "continue")


@verb(TRAINING)
def stop(desk: Desk, run: OneRun) -> Outcome:
    """Ask a training to stop after the batch it is at; it can be resumed."""
    return _asked(desk, run, "stop")
