"""Verbs of the steps: what they are, what changed and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blase_lab.core.records import Snapshot, Step
from blase_lab.ui import listings
from blase_lab.ui.diff_views import ComparisonView
from blase_lab.ui.doors import Outcome
from blase_lab.ui.failures import FINE, LOOK
from blase_lab.ui.observations import of_observed
from blase_lab.ui.proofs import needs_a_look, of_proofs
from blase_lab.ui.verbs.words import Names, StepName
from blase_lab.ui.versions import LEFT_OUT, SourceView, of_versions, told_of_restored
from blase_lab.ui.vocabulary import STEPS, Desk, verb

if TYPE_CHECKING:
    from blase_lab.project.versions import Comparison


@verb(STEPS)
def status(desk: Desk, names: Names = None) -> Outcome:
    """List the steps: fresh or stale, documented or not, and why."""
    states = desk.project.status(names=tuple(names) if names else None)
    return Outcome(records=states, listing=listings.of_states(states))


@verb(STEPS)
def show(
    desk: Desk,
    what: Annotated[str, typer.Argument(help="STEP, STEP@VERSION, or a run's number or id.")],
    *,
    source: Annotated[
        bool, typer.Option("--source", help="The source of a step with all it rests on.")
    ] = False,
) -> Outcome:
    """Show one step with its cell or its whole source, one run, or one piece of data."""
    if source:
        whole = desk.project.source(what)
        lacks = LEFT_OUT if whole.secrets_left_out else ""
        return Outcome(records=whole, view=SourceView(whole), sentence=lacks)
    found = desk.project.show(what)
    if isinstance(found, Step):
        return Outcome(records=found, listing=listings.of_step(found), text=found.cell)
    if isinstance(found, Snapshot):
        return Outcome(records=found, listing=listings.of_snapshot(found))
    return Outcome(records=found, listing=listings.of_summary(found))


@verb(STEPS)
def why(desk: Desk, name: StepName) -> Outcome:
    """Say why a step is stale, or that it is fresh, leaf by leaf; a run beside an equal one."""
    found = desk.project.same_as(name)
    listing = listings.of_sameness(found)
    return Outcome(records=found, listing=listing, sentence=f"{found.name} is {found.sentence}.")


@verb(STEPS)
def observed(desk: Desk, names: Names = None) -> Outcome:
    """List what the steps touched when they ran: files, variables, sockets, programs."""
    report = desk.project.observed(*(names or ()))
    return Outcome(records=report, listing=of_observed(report))


@verb(STEPS)
def diff(
    desk: Desk,
    before: StepName,
    after: Annotated[
        str | None,
        typer.Argument(metavar="STEP", help="Another; if left out, the last two of the first."),
    ] = None,
    *,
    unified: Annotated[
        bool, typer.Option("--unified", help="Under one another, not side by side.")
    ] = False,
) -> Outcome:
    """Compare two versions of steps side by side: code, documentation, options, helpers."""
    found = desk.project.compare(before, after)
    if not found.pieces and not found.also:
        sentence = (
            f"{found.before} is the only version."
            if _is_alone(found)
            else (f"Nothing differs between {found.before} and {found.after}.")
        )
        return Outcome(records=found, sentence=sentence)
    return Outcome(records=found, view=ComparisonView(found, is_unified=unified))


def _is_alone(found: Comparison) -> bool:
    return found.before == found.after and found.before.endswith("@1")


@verb(STEPS)
def history(desk: Desk, name: StepName) -> Outcome:
    """List the versions of a step: what each one changed, its proof, the runs that used it."""
    versions = desk.project.versions(name)
    return Outcome(records=versions, listing=of_versions(versions))


@verb(STEPS)
def restore(
    desk: Desk,
    name: StepName,
    *,
    into: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to this new file.")
    ] = None,
    with_helpers: Annotated[
        bool, typer.Option("--with-helpers", help="With helpers, values and local modules.")
    ] = False,
) -> Outcome:
    """Bring the cell of a version back, into a new cell or a new file; the store stays as it is."""
    project = desk.project
    restored = project.restore(name, into=into, with_helpers=with_helpers)
    is_in_cell = into is None and desk.door.offer_cell(restored.cell)
    if into is None and not is_in_cell:
        file = Path(f"{restored.name}@{restored.version}.py")
        restored = project.restore(name, into=file, with_helpers=with_helpers)
    sentence = told_of_restored(restored, is_in_cell=is_in_cell)
    return Outcome(records=restored, sentence=sentence)


@verb(STEPS)
def drop(desk: Desk, name: StepName) -> Outcome:
    """Leave a step out from now on; its versions stay, and capturing it brings it back."""
    step = desk.project.drop(name)
    return Outcome(records=step, sentence=f"{step.name}@{step.version} is left out from now on.")


@verb(STEPS)
def prove(desk: Desk, names: Names = None) -> Outcome:
    """Try each step alone in a clean process: does it need anything that was not captured?"""
    project = desk.project
    with desk.watch("prove", project) as watch:
        found = project.prove(*(names or ()), watch=watch)
    code = LOOK if needs_a_look(found) else FINE
    return Outcome(records=found, listing=of_proofs(found), exit_code=code)
