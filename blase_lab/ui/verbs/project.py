"""Verbs of the project and its store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blase_lab.ui import listings, scrubbing
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


@verb(PROJECT)
def scrub(
    desk: Desk,
    *,
    value: Annotated[bool, typer.Option("--value", help="Ask for the secret; unseen.")] = False,
    from_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The secret is this variable's value.")
    ] = None,
    from_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="It is this file's text; - is stdin.")
    ] = None,
    find: Annotated[bool, typer.Option("--find", help="Only say where (the default).")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Rewrite history without it.")] = False,
) -> Outcome:
    """Find secrets in what is stored; with --apply take one out of all history."""
    secret = scrubbing.secret(value=value, from_env=from_env, from_file=from_file)
    report = desk.project.scrub(secret, apply=apply and not find)
    found = scrubbing.listing(report)
    is_left = bool(report.left) or (report.is_dry_run and bool(report.places))
    sentence = scrubbing.sentence(report)
    return Outcome(
        records=report, listing=found, sentence=sentence, exit_code=LOOK if is_left else FINE
    )
