"""Bars appear for long work only, and plain lines where nobody looks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from blase_lab.core.records import BatchEnd, EpochEnd, Progress, Started
from blase_lab.ui import progress
from blase_lab.ui.progress import Bar, PlainScreen, Watcher, terminal_screen

if TYPE_CHECKING:
    import pytest

STARTED = Started(
    at="2026-01-01T00:00:00Z",
    run="r",
    number=1,
    epoch=0,
    batch=0,
    epochs=4,
    batches_per_epoch=10,
    batch_rows=32,
    model="net",
    resumed=False,
)


class Recorder:
    """A screen that remembers."""

    def __init__(self) -> None:
        """Begin empty."""
        self.said: list[str] = []
        self.drawn: list[Bar] = []
        self.closed: list[Bar] = []

    def say(self, sentence: str) -> None:
        """Remember a sentence."""
        self.said.append(sentence)

    def note(self, sentence: str) -> None:
        """Remember a note among the sentences."""
        self.said.append(f"note: {sentence}")

    def draw(self, bar: Bar) -> None:
        """Remember a bar."""
        self.drawn.append(bar)

    def close(self, bar: Bar) -> None:
        """Remember the last bar."""
        self.closed.append(bar)


def test_short_work_shows_no_bar() -> None:
    """Under two seconds nothing flickers."""
    screen = Recorder()

    with Watcher(screen, verb="build") as watch:
        watch(Progress(stage="build", done=1, total=2, unit="shards"))

    assert screen.drawn == []
    assert screen.closed == []


def test_long_work_shows_a_bar_and_leaves_its_last_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last state is what was reported last."""
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.01)
    screen = Recorder()

    with Watcher(screen, verb="build") as watch:
        watch(Progress(stage="speed", done=1, total=2, unit="shards"))
        while not screen.drawn:
            pass
        watch(Progress(stage="speed", done=2, total=2, unit="shards"))

    assert screen.drawn[0].stage == "speed"
    assert (screen.closed[-1].done, screen.closed[-1].total) == (2, 2)


def test_a_plan_is_said_at_once() -> None:
    """The plan is read before the work begins."""
    screen = Recorder()

    with Watcher(screen, verb="build") as watch:
        watch(Progress(stage="plan", done=0, total=0, unit="", sentence="40 shards, 200 MiB."))

    assert screen.said == ["note: 40 shards, 200 MiB."]


def test_work_that_comes_first_is_said_at_once() -> None:
    """Before the bar of that work is drawn."""
    screen = Recorder()

    with Watcher(screen, verb="impact") as watch:
        watch(Progress(stage="first", done=0, total=0, unit="", sentence="Run 1 is evaluated."))

    assert screen.said == ["Run 1 is evaluated."]


def test_a_training_counts_batches_and_tells_its_epochs() -> None:
    """In a terminal a training is a bar and a line an epoch."""
    screen = Recorder()

    with Watcher(screen, verb="train") as watch:
        watch(STARTED)
        watch(
            BatchEnd(
                at=STARTED.at,
                epoch=1,
                batch=5,
                metrics={"loss": 0.5},
                rows_per_second=10.0,
                wait_share=0.0,
            )
        )
        bar = watch.bar()
        watch(EpochEnd(at=STARTED.at, epoch=1, metrics={"val_loss": 0.25}, seconds=3.0))

    assert (bar.done, bar.total, bar.unit) == (15, 40, "batches")
    assert "epoch 2 of 4, loss 0.5" in bar.words()
    assert screen.said == ["epoch 2: val_loss 0.25, 3.0 s"]


def test_plain_lines_come_at_most_once_in_five_seconds() -> None:
    """A log file is not flooded."""
    now = [0.0]
    paper = io.StringIO()
    screen = PlainScreen(paper, clock=lambda: now[0])
    bar = Bar(stage="speed", done=1, total=4, unit="shards", sentence="", seconds=2.0)

    for now[0] in (0.0, 1.0, 4.9, 5.1):
        screen.draw(bar)

    assert paper.getvalue().splitlines() == ["speed: 1 of 4 shards, 2 s"] * 2


def test_a_pipe_gets_plain_lines() -> None:
    """No control characters where no terminal is."""
    assert isinstance(terminal_screen(io.StringIO()), PlainScreen)


def test_a_terminal_gets_a_live_bar() -> None:
    """The bar and its sentences reach the terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    paper = Terminal()
    screen = terminal_screen(paper)
    bar = Bar(stage="speed", done=4, total=4, unit="shards", sentence="", seconds=2.0)

    screen.draw(bar)
    screen.say("the plan")
    screen.close(bar)

    assert "speed (shards)" in paper.getvalue()
    assert "the plan" in paper.getvalue()
