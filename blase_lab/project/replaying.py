"""Rerun and export: all records of a run side by side, executed and judged again."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import NotExportableError, ReplayError, RerunFailedError
from blase_lab.core.records import Bundle, Fitted, Snapshot, Split, Step, Training, Verdict
from blase_lab.project.observing import (
    as_read,
    files_read,
    keys_read,
    observed_by,
    salt_of,
    variables_read,
    without_reads,
)
from blase_lab.project.settings import parse_settings
from blase_lab.project.sheets import card_of
from blase_lab.project.steps import refresh
from blase_lab.project.workspace import Workspace, in_order
from blase_lab.replay import (
    BundleParts,
    Facts,
    captured_notebook,
    execute,
    export_bundle,
    installed_requirements,
    judge,
    lock_requirements,
    write_rerun_folder,
)
from blase_lab.report import render_html, render_markdown
from blase_lab.store import Store, make_folder, remove_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from blase_lab.core.records import RunState
    from blase_lab.project.observing import Key
    from blase_lab.project.workspace import Watch


def facts_of(space: Workspace, training: Training) -> Facts:
    """Return all that a verdict, a sheet or a bundle of this training rests on."""
    evaluation = space.evaluation(training)
    steps = in_order(map(space.step, training.steps))
    return Facts(
        steps={step.name: step for step in steps},
        snapshots=space.snapshots(training),
        split=space.store.ledger.get(Split, training.split),
        fitted=space.store.ledger.get(Fitted, training.fitted),
        training=training,
        run=space.finished_run(training),
        evaluation=evaluation,
        predictions=lambda: _predictions(space, training),
        observed=observed_by(space, steps),
    )


def rerun(space: Workspace, run: str | None, *, as_captured: bool = False, watch: Watch) -> Verdict:
    """Make a run again in a fresh process, from the project as it stands, and judge the result.

    `as_captured` takes the versions that the run was made from instead. The verdict names the
    first thing that differs, and is kept.

    Raises:
        RerunFailedError: the run is not finished, or a cell of the captured notebook failed.
    """
    training = space.training(run)
    _check_finished(space, training, RerunFailedError)
    before = facts_of(space, training)
    refresh(space)
    steps = list(before.steps.values()) if as_captured else _current(space, before)
    with space.store.lock("rerun"):
        settings = training.settings if as_captured else space.settings.text
        verdict = _execute_and_judge(space, before, steps, settings=settings, watch=watch)
    space.store.ledger.put(verdict)
    return verdict


def _execute_and_judge(
    space: Workspace, before: Facts, steps: list[Step], *, settings: str, watch: Watch
) -> Verdict:
    """Run the captured notebook in a folder of its own; a failed one stays until the next rerun."""
    started = time.monotonic()
    training = before.training
    assert training is not None
    reruns = space.store.root / "reruns"
    remove_tree(reruns)
    folder = make_folder(reruns) / f"{training.id}-{secrets.token_hex(3)}"
    touched = {**before.observed, **observed_by(space, steps)}
    write_rerun_folder(
        folder,
        notebook=notebook_of(before, steps),
        settings=settings,
        modules=[module for step in steps for module in step.closure.modules],
        files={**_own_files(space, before), **files_read(space, touched)},
    )
    Store.create(folder).salt(salt_of(space))
    execute(folder, watch=watch, environment=variables_read(touched))
    other = _space_of_rerun(folder)
    after = facts_of(other, other.training())
    both = _read_by_both((space, before), (other, after))
    verdict = judge(
        _as_read(space, before, both),
        _as_read(other, after, both),
        tolerance=space.settings.tolerance,
        seconds=time.monotonic() - started,
    )
    remove_tree(folder)
    return verdict


def export(space: Workspace, run: str | None, *, into: Path | None, watch: Watch) -> Bundle:
    """Write the bundle of a run: a pinned pipeline that a stranger can run and verify.

    Raises:
        NotExportableError: the run is not finished and evaluated, or something cannot travel.
    """
    training = space.training(run)
    _check_finished(space, training, NotExportableError)
    facts = facts_of(space, training)
    sheet = card_of(space, training)
    folder = into or _free(
        space.folder / "bundles" / f"{space.settings.name}-run-{training.number}"
    )
    parts = BundleParts(
        title=space.settings.name,
        settings=training.settings,
        requirements=_requirements(facts),
        notebook=notebook_of(facts, list(facts.steps.values())),
        card_html=render_html(sheet),
        card_markdown=render_markdown(sheet),
        tolerance=space.settings.tolerance,
        read_files=_not_sources(space, facts),
    )
    bundle = export_bundle(facts, parts, folder=folder, store=space.store, watch=watch)
    space.store.ledger.put(bundle)
    return bundle


def notebook_of(facts: Facts, steps: list[Step]) -> dict[str, Any]:
    """Return the captured notebook of a run: its steps in order, then the verbs that it saw."""
    training = facts.training
    assert training is not None
    given = training.hyperparameters
    train = "train --epochs {epochs} --batch {batch} --seed {seed}" + _accepted(training)
    verbs = ["build", train]
    verbs += [] if facts.evaluation is None else [f"evaluate --split {facts.evaluation.split}"]
    return captured_notebook(
        steps,
        verbs,
        parameters={"epochs": given.epochs, "batch": given.batch, "seed": given.seed},
        title=f"Run {training.number}",
    )


def _accepted(training: Training) -> str:
    names = sorted({each.step or each.check for each in training.findings if each.grade == "proof"})
    return "".join(f" --accept {name}" for name in names)


_WAYS_OUT: Mapping[RunState, str] = {
    "running": "Wait for its end.",
    "paused": "Go on with `blase continue {number}` and wait for its end.",
    "stopped": "Go on with `blase train --resume {number}`.",
    "failed": "Mend what it failed of, and train again with `blase train`.",
}


def _check_finished(space: Workspace, training: Training, refusal: type[ReplayError]) -> None:
    """Do nothing where the run is finished: half a training is nobody's result."""
    state = space.state(training)
    if state != "finished":
        raise refusal(
            f"Run {training.number} is not finished: its state is {state}.",
            way_out=_WAYS_OUT[state].format(number=training.number),
            state=state,
        )


def _current(space: Workspace, before: Facts) -> list[Step]:
    now = space.steps()
    return [now.get(name, step) for name, step in before.steps.items()]


def _space_of_rerun(folder: Path) -> Workspace:
    text = (folder / "blase.toml").read_text(encoding="utf-8")
    return Workspace(folder=folder, settings=parse_settings(text), store=Store.open(folder))


def _read_by_both(
    one: tuple[Workspace, Facts], two: tuple[Workspace, Facts]
) -> dict[str, frozenset[Key]]:
    """Return what each step was seen to read on both sides.

    What only one side was seen to read says nothing: a rerun runs no impact step, and a notebook
    has loaded what a fresh process loads within a step.
    """
    first, second = (
        {name: keys_read(space, step) for name, step in facts.steps.items()}
        for space, facts in (one, two)
    )
    return {name: keys & second[name] for name, keys in first.items() if name in second}


def _as_read(space: Workspace, facts: Facts, keys: Mapping[str, frozenset[Key]]) -> Facts:
    """Return the facts with what the steps read then among their leaves: it may be the cause."""
    steps = {
        name: as_read(space, step, keys[name]) if name in keys else without_reads(step)
        for name, step in facts.steps.items()
    }
    return replace(facts, steps=steps)


def _own_files(space: Workspace, facts: Facts) -> dict[str, Path]:
    """Return the files below the project's folder that its sources read, by relative name."""
    found = {}
    for snapshot in facts.snapshots.values():
        for file in snapshot.facts.get("files", []):
            path = Path(str(file["path"]))
            path = path if path.is_absolute() else space.folder / path
            if path.is_relative_to(space.folder):
                found[path.relative_to(space.folder).as_posix()] = path
    return found


def _not_sources(space: Workspace, facts: Facts) -> dict[str, Path]:
    """Return the files of the project that its steps read beside those of the sources."""
    sources = _own_files(space, facts)
    read = files_read(space, facts.observed)
    return {name: path for name, path in read.items() if name not in sources}


def _predictions(space: Workspace, training: Training) -> np.ndarray[Any, Any]:
    evaluation = space.evaluation(training)
    assert evaluation is not None
    snapshot = space.store.ledger.get(Snapshot, evaluation.predictions)
    group: Any = space.store.arrays.open(snapshot.data)
    values: np.ndarray[Any, Any] = group["prediction"][:]
    return values


def _requirements(facts: Facts) -> str:
    packages = {name for step in facts.steps.values() for name in step.closure.packages}
    pins = installed_requirements(["blase-lab", *sorted(packages)])
    own = pins.pop("blase-lab", None)
    try:
        text = lock_requirements(pins)
    except NotExportableError:
        text = lock_requirements(pins, hashed=False)
    return (
        text if own is None else f"{text}# blase-lab=={own}: install the same version beside it\n"
    )


def _free(folder: Path) -> Path:
    """Return the folder, or the first numbered one beside it that does not exist."""
    number, free = 2, folder
    while free.exists():
        free = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return free
