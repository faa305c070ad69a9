"""Verbs that document a run, run it again and hand it on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blase_lab.ui import listings
from blase_lab.ui.doors import Outcome
from blase_lab.ui.failures import FINE, LOOK
from blase_lab.ui.verbs.words import Into, RunName
from blase_lab.ui.vocabulary import AGAIN, Desk, verb


@verb(AGAIN)
def card(desk: Desk, run: RunName = None, *, into: Into = None) -> Outcome:
    """Write the model info sheet of a run, from observed facts."""
    html, markdown = desk.project.card(run, into=into)
    return Outcome(
        records={"html": html, "markdown": markdown},
        sentence=f"Written: {listings.near(html)}\n{listings.near(markdown)}",
    )


@verb(AGAIN)
def rerun(
    desk: Desk,
    run: RunName = None,
    *,
    as_captured: Annotated[
        bool, typer.Option("--as-captured", help="With the code as it was, not as it is now.")
    ] = False,
) -> Outcome:
    """Run the captured notebook in a clean process and say whether the result is the same."""
    project = desk.project
    with desk.watch("rerun", project) as watch:
        verdict = project.rerun(run, as_captured=as_captured, watch=watch)
    code = LOOK if verdict.level == "DIFFERENT" else FINE
    return Outcome(
        records=verdict,
        listing=listings.of_verdict(verdict),
        sentence=verdict.sentence,
        exit_code=code,
    )


@verb(AGAIN)
def export(desk: Desk, run: RunName = None, *, into: Into = None) -> Outcome:
    """Write a pinned pipeline that runs without this project and says whether it is the same."""
    project = desk.project
    with desk.watch("export", project) as watch:
        bundle = project.export(run, into=into, watch=watch)
    folder = Path(bundle.path)
    sentence = (
        f"{len(bundle.files)} files in {listings.near(folder)}\n"
        f"Verify it: {listings.verification(folder, data=project.folder)}"
    )
    return Outcome(records=bundle, sentence=sentence)
