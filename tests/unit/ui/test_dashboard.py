"""The live chart and its buttons, over a real store and a real shell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from blase_lab.core.records import (
    BatchEnd,
    Ended,
    Event,
    Hyperparameters,
    Paused,
    Progress,
    Started,
    Training,
)
from blase_lab.project import Project
from blase_lab.ui import progress
from blase_lab.ui.controls import Controls
from blase_lab.ui.dashboard import MIME_TYPE, Dashboard
from blase_lab.ui.doors import NotebookDoor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = "2026-01-01T00:00:00+00:00"
RUN = "a" * 32

STARTED = Started(
    at=AT,
    run=RUN,
    number=1,
    epoch=0,
    batch=0,
    epochs=2,
    batches_per_epoch=100,
    batch_rows=32,
    model="net",
    resumed=False,
)
ENDED = Ended(at=AT, state="finished", epoch=2, batch=0, sentence="All epochs are done.")


def batch(number: int) -> BatchEnd:
    """Return the event of one batch."""
    return BatchEnd(
        at=AT, epoch=0, batch=number, metrics={"loss": 0.5}, rows_per_second=9.0, wait_share=0.0
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which a training has begun."""
    project = Project.init(tmp_path)
    training = Training(
        id=RUN,
        number=1,
        steps={},
        snapshots={},
        prepared="",
        split="",
        fitted="",
        inputs=(),
        target="late",
        model="net",
        hyperparameters=Hyperparameters(epochs=2, batch=32, seed=1),
        rows={"train": 3200},
        environment={},
        created=AT,
    )
    project.store.ledger.put(training, id=RUN)
    return project


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Everything that is displayed."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    monkeypatch.setattr(shell, "displayhook", CapturingDisplayHook(shell, []))
    yield publisher.outputs
    InteractiveShell.clear_instance()


def tell(project: Project, board: Dashboard, *events: Event) -> None:
    """Log events and report them, as a training does."""
    for event in events:
        project.store.events.append(RUN, event)
        board.hear(event)


def charts(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the displays that hold a training."""
    return [each for each in shown if MIME_TYPE in each["data"]]


def test_a_training_is_one_display_that_is_replaced(
    project: Project, shown: list[dict[str, Any]]
) -> None:
    """One id, the first shown, the others updates; an SVG and text stand beside the numbers."""
    board = Dashboard(project)

    tell(project, board, STARTED, batch(1), ENDED)
    board.close()
    found = charts(shown)

    assert [each["update"] for each in found][:2] == [False, True]
    assert len({each["transient"]["display_id"] for each in found}) == 1
    assert found[-1]["data"][MIME_TYPE]["state"] == "finished"
    assert found[-1]["data"]["image/svg+xml"].lstrip().startswith("<svg")
    assert "Run 1, net: finished" in found[-1]["data"]["text/plain"]


def test_many_batches_are_shown_at_most_four_times_a_second(
    project: Project, shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred events within a second of the clock give at most five displays."""
    now = [100.0]
    monkeypatch.setattr("blase_lab.ui.dashboard.time.monotonic", lambda: now[0])
    board = Dashboard(project)
    tell(project, board, STARTED)

    for number in range(200):
        now[0] += 0.005
        tell(project, board, batch(number))

    assert 2 <= len(charts(shown)) <= 5


def test_a_pause_is_shown_at_once(project: Project, shown: list[dict[str, Any]]) -> None:
    """Turns never wait for their time."""
    board = Dashboard(project)

    tell(project, board, STARTED, Paused(at=AT, epoch=0, batch=1))

    assert charts(shown)[-1]["data"][MIME_TYPE]["state"] == "paused"


def test_a_button_writes_the_request_that_the_training_reads(
    project: Project, shown: list[dict[str, Any]]
) -> None:
    """From whichever thread it is pressed."""
    controls = Controls(project, RUN)
    controls.show()

    controls._buttons["pause"].click()
    wish = project.store.control.get(RUN)

    assert wish is not None
    assert wish.action == "pause"
    assert "Pause asked for" in controls._note.value
    assert shown
    controls.close("The end.")


def test_buttons_offer_what_makes_sense(project: Project, shown: list[dict[str, Any]]) -> None:
    """A running training is paused, a paused one continued."""
    controls = Controls(project, RUN)
    controls.show()
    running = {name: button.disabled for name, button in controls._buttons.items()}

    controls.follow("paused")
    paused = {name: button.disabled for name, button in controls._buttons.items()}

    assert running == {"pause": False, "continue": True, "stop": False}
    assert paused == {"pause": True, "continue": False, "stop": False}
    assert shown
    controls.close("The end.")


def test_buttons_become_a_sentence_when_the_training_ends(
    project: Project, shown: list[dict[str, Any]]
) -> None:
    """A saved notebook shows no dead widget."""
    board = Dashboard(project)

    tell(project, board, STARTED, ENDED)
    board.close()
    last = shown[-1]

    assert last["update"] is True
    assert "application/vnd.jupyter.widget-view+json" not in last["data"]
    assert "finished" in last["data"]["text/html"]


def test_a_refused_request_is_told_beside_the_buttons(project: Project) -> None:
    """Never a traceback from a button."""
    assert "no run" in Controls(project, "unknown").ask("stop")


def test_the_notebook_watches_a_training_through_its_dashboard(
    project: Project, shown: list[dict[str, Any]]
) -> None:
    """Events go to the chart, not to the bar."""
    door = NotebookDoor(lambda _folder: project)

    with door.watch("train", project) as watch:
        project.store.events.append(RUN, STARTED)
        watch(STARTED)

    assert len(charts(shown)) == 2


def test_the_plans_of_many_steps_fold_into_one_display(shown: list[dict[str, Any]]) -> None:
    """The first stands there; the text holds them all."""
    screen = progress.NotebookScreen()

    screen.note("Plan for a.")
    screen.note("Plan for b.")
    first, last = shown

    assert (first["update"], last["update"]) == (False, True)
    assert last["data"]["text/plain"] == "Plan for a.\nPlan for b."
    assert "<summary>Plan for a. And 1 more.</summary>" in last["data"]["text/html"]


def test_the_bar_rests_while_the_chart_is_live(
    project: Project, shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was prepared before the training is not counted on beside it."""
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.01)
    door = NotebookDoor(lambda _folder: project)

    with door.watch("train", project) as watch:
        watch(Progress(stage="prepare", done=9, total=9, unit="rows"))
        while not shown:
            pass
        project.store.events.append(RUN, STARTED)
        watch(STARTED)
        before = len(shown)
        time.sleep(0.1)

        assert len(shown) == before
