"""The verbs, written once: `blase VERB …` in a shell and `%blase VERB …` in a notebook.

Each verb asks the project and returns an Outcome; the door shows it. The options that all verbs
share (`--project`, `--json`, `-h`) are added by `verb`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from blase_lab.core.records import RunSummary, Snapshot, SplitName, Step
from blase_lab.ui import listings
from blase_lab.ui.doors import Outcome
from blase_lab.ui.failures import FINE, LOOK
from blase_lab.ui.tables import Listing
from blase_lab.ui.vocabulary import AGAIN, DATA, PROJECT, TRAINING, Desk, app, verb

__all__ = ["app"]

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[STEP]...", help="Steps; all if none is named.")
]
RunName = Annotated[
    str | None, typer.Argument(metavar="RUN", help="A run's number or id; the latest if left out.")
]
OneRun = Annotated[str, typer.Argument(metavar="RUN", help="A run's number or id.")]
StepName = Annotated[str, typer.Argument(metavar="STEP", help="A step, as NAME or NAME@VERSION.")]
Into = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to write.")]


# --- the project ---


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


# --- data ---


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
    with desk.watch("build", project) as watch:
        snapshots = project.build(*wanted, watch=watch, cluster=cluster)
    return Outcome(records=snapshots, listing=listings.of_snapshots(snapshots))


# --- training ---


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


# --- run it again ---


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
