"""Verbs of the project and its store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blase_lab.ui import listings
from blase_lab.ui.doors import Outcome
from blase_lab.ui.failures import FINE, LOOK
from blase_lab.ui.tables import Listing
from blase_lab.ui.vocabulary import PROJECT, Desk, verb


@verb(PROJECT)
def init(
    desk: Desk,
    folder: Annotated[Path | None, typer.Argument(help="Where; here if left out.")] = None,
    *,
    name: Annotated[str | None, typer.Option(help="The project's name.")] = None,
) -> Outcome:
    """Begin a project: write blase.toml, unless there is one, and make the store."""
    project = desk.door.init(folder or desk.folder or Path.cwd(), name)
    return Outcome(
        records={"name": project.settings.name, "folder": project.folder},
        sentence=f"Project {project.settings.name} in {project.folder}. "
        "Settings are in blase.toml; mark a cell with %%blase_source to begin.",
    )


@verb(PROJECT)
def verify(desk: Desk) -> Outcome:
    """Read everything stored again and compare checksums; damaged files are put aside."""
    project = desk.project
    with desk.watch("verify", project) as watch:
        report = project.verify(watch=watch)
    damaged = tuple((str(each.path), each.sentence) for each in report.damaged)
    listing = Listing("Damaged", ("file", "what"), damaged) if damaged else None
    sentence = f"{report.checked:,} checked, {len(damaged)} damaged."
    code = LOOK if damaged else FINE
    return Outcome(records=report, listing=listing, sentence=sentence, exit_code=code)


@verb(PROJECT)
def gc(
    desk: Desk,
    *,
    delete: Annotated[bool, typer.Option("--delete", help="Do it; else only say.")] = False,
) -> Outcome:
    """Say what nothing refers to any more, and remove it with --delete."""
    report = desk.project.gc(delete=delete)
    verb = "were removed" if delete else "could be removed (nothing was; add --delete)"
    sentence = f"{report.objects:,} objects, {listings.size(report.bytes)} {verb}."
    return Outcome(records=report, sentence=sentence)
