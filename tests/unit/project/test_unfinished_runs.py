"""A run that is not finished is nobody's result, and one that has ended hears nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from project_samples import put_training

from blase_lab.core.errors import (
    ModelError,
    NotExportableError,
    NotFoundError,
    ReplayError,
    RerunFailedError,
)
from blase_lab.core.records import (
    Ended,
    Evaluation,
    Paused,
    Run,
    Started,
)
from blase_lab.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import Event, RunState

AT = "2026-01-01T00:00:00+00:00"
STARTED = Started(
    at=AT,
    run="r",
    number=1,
    epoch=0,
    batch=0,
    epochs=2,
    batches_per_epoch=10,
    batch_rows=32,
    model="net@1",
    resumed=False,
)
PAUSED = Paused(at=AT, epoch=0, batch=3)


def ended(state: RunState) -> Ended:
    """Return the event of an end."""
    return Ended(at=AT, state=state, epoch=1, batch=3, sentence="")


def record(project: Project, state: RunState) -> None:
    """Keep the record of an end."""
    run = Run(
        id="r",
        number=1,
        state=state,
        epochs=1,
        batches=13,
        seconds=1.0,
        history={"loss": [0.5]},
        weights="",
        model=None,
        weights_digest="",
        initial_weights_digest="",
        optimizer_digest="",
        ledger_digest="",
        peak_bytes=0,
        created=AT,
    )
    project.store.ledger.put(run, id="r")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which a training was begun."""
    project = Project.init(tmp_path)
    put_training(project)
    return project


def log(project: Project, *events: Event) -> None:
    """Log events of the training."""
    for event in events:
        project.store.events.append("r", event)


def test_a_stopped_run_is_neither_exported_nor_made_again(project: Project) -> None:
    """The way out is to finish it; nothing was written."""
    record(project, "stopped")
    log(project, STARTED, ended("stopped"))

    refusals: list[tuple[type[ReplayError], object]] = [
        (NotExportableError, project.export),
        (RerunFailedError, project.rerun),
    ]
    for kind, verb in refusals:
        with pytest.raises(kind) as caught:
            verb("1")  # type: ignore[operator]
        assert caught.value.happened == "Run 1 is not finished: its state is stopped."
        assert caught.value.way_out == "Go on with `blase train --resume 1`."
    assert not (project.folder / "bundles").exists()


def test_a_failed_run_is_not_exported(project: Project) -> None:
    """Going on would fail of the same again."""
    record(project, "failed")

    with pytest.raises(NotExportableError) as caught:
        project.export()

    assert "failed" in caught.value.happened
    assert caught.value.way_out.endswith("train again with `blase train`.")


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_a_training_that_has_ended_is_asked_nothing(project: Project, state: RunState) -> None:
    """No request is left behind for a later one."""
    record(project, state)
    log(project, STARTED, ended(state))

    with pytest.raises(NotFoundError, match=f"Run 1 has {state}."):
        project.request("1", "pause")

    assert project.store.control.get("r") is None


def test_a_run_that_goes_on_after_its_end_is_running_and_hears(project: Project) -> None:
    """The record of the earlier end does not hide what the log says."""
    record(project, "stopped")
    log(project, STARTED, ended("stopped"), STARTED)

    with project.store.lock("run-r"):
        running = project.runs()[0].state
        log(project, PAUSED)
        paused = project.runs()[0].state
        project.request("1", "continue")

    assert (running, paused) == ("running", "paused")
    assert project.runs()[0].state == "stopped"
    wish = project.store.control.get("r")
    assert wish is not None
    assert wish.action == "continue"


def test_a_run_without_an_evaluation_shows_its_last_epoch_as_such(project: Project) -> None:
    """So that nobody takes it for the test split."""
    record(project, "finished")

    summary = project.runs()[0]

    assert (summary.metrics, summary.measured_on) == ({"loss": 0.5}, "last epoch")


def test_a_killed_run_is_not_running_because_another_one_is(project: Project) -> None:
    """Who trains holds the lock of its own run."""
    log(project, STARTED)

    with project.store.lock("training"), project.store.lock("run-another"):
        assert project.runs()[0].state == "stopped"


def test_a_failed_run_is_not_evaluated(project: Project) -> None:
    """It has no weights: the refusal says why it failed."""
    record(project, "failed")

    with pytest.raises(ModelError, match="Run 1 failed"):
        project.evaluate("1")


def test_what_was_measured_before_a_resume_is_not_shown_for_the_weights_after_it(
    project: Project,
) -> None:
    """The metrics of other weights are nobody's."""
    early = Evaluation(
        id="early",
        run="r",
        split="test",
        rows=1,
        metrics={"auc": 0.1},
        intervals={},
        baseline={},
        baseline_name="none",
        predictions="p",
        predictions_digest="d",
        created="2000-01-01T00:00:00+00:00",
    )
    project.store.ledger.put(early)
    record(project, "finished")

    assert project.evaluation("1") is None
