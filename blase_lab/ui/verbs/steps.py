"""Verbs of the steps: what they are, what changed and why."""

from __future__ import annotations

from typing import Annotated

import typer

from blase_lab.core.records import Snapshot, Step
from blase_lab.ui import listings
from blase_lab.ui.doors import Outcome
from blase_lab.ui.verbs.words import Names, StepName
from blase_lab.ui.vocabulary import PROJECT, Desk, verb


@verb(PROJECT)
def status(desk: Desk, names: Names = None) -> Outcome:
    """List the steps: fresh or stale, documented or not, and why."""
    states = desk.project.status(names=tuple(names) if names else None)
    return Outcome(records=states, listing=listings.of_states(states))


@verb(PROJECT)
def show(
    desk: Desk,
    what: Annotated[str, typer.Argument(help="STEP, STEP@VERSION, or a run's number or id.")],
) -> Outcome:
    """Show one step with its cell, one run, or one piece of data."""
    found = desk.project.show(what)
    if isinstance(found, Step):
        return Outcome(records=found, listing=listings.of_step(found), text=found.cell)
    if isinstance(found, Snapshot):
        return Outcome(records=found, listing=listings.of_snapshot(found))
    return Outcome(records=found, listing=listings.of_summary(found))


@verb(PROJECT)
def diff(
    desk: Desk,
    before: StepName,
    after: Annotated[
        str | None,
        typer.Argument(metavar="STEP", help="Another; if left out, the last two of the first."),
    ] = None,
) -> Outcome:
    """Compare two versions of steps: code and documentation apart."""
    text = desk.project.diff(before, after)
    sentence = "" if text else "Nothing differs."
    records = {"before": before, "after": after, "diff": text}
    return Outcome(records=records, text=text, sentence=sentence)


@verb(PROJECT)
def why(desk: Desk, name: StepName) -> Outcome:
    """Say why a step is stale: each thing that changed since it was captured."""
    changes = desk.project.why(name)
    return Outcome(records=changes, listing=listings.of_changes(f"Why {name} is stale", changes))


@verb(PROJECT)
def history(desk: Desk, name: StepName) -> Outcome:
    """List the versions of a step."""
    versions = desk.project.history(name)
    return Outcome(records=versions, listing=listings.of_history(versions))


@verb(PROJECT)
def drop(desk: Desk, name: StepName) -> Outcome:
    """Leave a step out from now on; its versions stay, and capturing it brings it back."""
    step = desk.project.drop(name)
    return Outcome(records=step, sentence=f"{step.name}@{step.version} is left out from now on.")
