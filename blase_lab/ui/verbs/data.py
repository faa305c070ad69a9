"""Verbs of the data."""

from __future__ import annotations

from typing import Annotated

import typer

from blase_lab.store import utc_now
from blase_lab.ui import listings
from blase_lab.ui.doors import Outcome
from blase_lab.ui.verbs.words import Names
from blase_lab.ui.vocabulary import DATA, Desk, verb


@verb(DATA)
def build(
    desk: Desk,
    names: Names = None,
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Show the plan, compute nothing.")] = False,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler to work on.")
    ] = None,
) -> Outcome:
    """Compute what is not computed yet, chunk by chunk within the memory budget."""
    project = desk.project
    wanted = tuple(names or ())
    if plan:
        plans = project.plan(*wanted)
        return Outcome(records=plans, listing=listings.of_plans(plans))
    began = utc_now()
    with desk.watch("build", project) as watch:
        snapshots = project.build(*wanted, watch=watch, cluster=cluster)
    kept = project.reused(snapshots, since=began)
    told = "\n".join(f"{each.name}: {each.sentence}" for each in kept)
    return Outcome(records=snapshots, listing=listings.of_snapshots(snapshots), text=told)
