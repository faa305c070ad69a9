"""A bar for everything that lasts more than two seconds, drawn at most four times a second."""

from __future__ import annotations

import contextvars
import html
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO

from blase_lab.core.records import BatchEnd, EpochEnd, Progress, Started
from blase_lab.ui.listings import duration, pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from blase_lab.core.records import Event
    from blase_lab.ui.dashboard import Dashboard

PATIENCE_SECONDS = 2.0
TICK_SECONDS = 0.25
LINE_SECONDS = 5.0
SAID = ("plan", "documentation", "first")
"""Reports that are sentences: they stay, and no bar is drawn for them."""


@dataclass(frozen=True)
class Bar:
    """How far the work is at one moment."""

    stage: str
    done: int
    total: int
    unit: str
    sentence: str
    seconds: float

    def words(self) -> str:
        """Return the bar in one line."""
        count = f" {self.done:,} of {self.total:,} {self.unit}".rstrip() if self.total else ""
        sentence = f", {self.sentence}" if self.sentence else ""
        return f"{self.stage}:{count or ' at work'}{sentence}, {_seconds(self.seconds)}"


class Screen(Protocol):
    """Where a bar is drawn."""

    def say(self, sentence: str) -> None:
        """Show a sentence that stays."""

    def note(self, sentence: str) -> None:
        """Show a detail that stays, and takes little room."""

    def draw(self, bar: Bar) -> None:
        """Show the bar as it is now."""

    def close(self, bar: Bar) -> None:
        """Show the bar for the last time."""


class Watcher:
    """Hear what long work reports and show it; a context manager that is itself the watch."""

    def __init__(
        self,
        screen: Screen,
        *,
        verb: str,
        dashboard: Dashboard | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Draw on `screen`; a training goes to the dashboard where there is one."""
        self._screen = screen
        self._verb = verb
        self._dashboard = dashboard
        self._clock = clock
        self._latest = Progress(stage=verb, done=0, total=0, unit="")
        self._started: Started | None = None
        self._is_drawn = False
        self._is_resting = False
        self._ended = threading.Event()
        self._since = clock()
        self._drawing = threading.Lock()
        # The thread draws as part of the cell that began the work.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=lambda: context.run(self._tick), daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __call__(self, message: Event | Progress) -> None:
        """Take in one report; costs next to nothing, since another thread draws."""
        if isinstance(message, Progress):
            self._hear(message)
        elif self._dashboard is not None:
            self._lay_down()
            self._dashboard.hear(message)
        else:
            self._hear_training(message)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching; what was drawn keeps its last state."""
        self._ended.set()
        self._thread.join()
        self._lay_down()
        if self._dashboard is not None:
            self._dashboard.close()

    def bar(self) -> Bar:
        """Return how far the work is."""
        latest = self._latest
        return Bar(
            stage=latest.stage,
            done=latest.done,
            total=latest.total,
            unit=latest.unit,
            sentence=latest.sentence,
            seconds=self._clock() - self._since,
        )

    def _hear(self, message: Progress) -> None:
        if message.stage in SAID:
            show = self._screen.note if message.stage == "plan" else self._screen.say
            with self._drawing:
                show(message.sentence)
        else:
            self._latest = message
            self._is_resting = False

    def _lay_down(self) -> None:
        """Close the bar, if there is one, until work of another kind is reported."""
        with self._drawing:
            if self._is_drawn:
                self._screen.close(self.bar())
            self._is_drawn = False
            self._is_resting = True

    def _hear_training(self, event: Event) -> None:
        if isinstance(event, Started):
            self._started = event
        elif isinstance(event, BatchEnd) and self._started is not None:
            self._latest = _training_progress(self._started, event)
        elif isinstance(event, EpochEnd):
            with self._drawing:
                self._screen.say(
                    f"epoch {event.epoch + 1}: {pairs(event.metrics)}, {duration(event.seconds)}"
                )

    def _tick(self) -> None:
        if self._ended.wait(PATIENCE_SECONDS):
            return
        while not self._ended.is_set():
            with self._drawing:
                self._draw()
            if self._ended.wait(TICK_SECONDS):
                return

    def _draw(self) -> None:
        if not self._is_resting:
            self._is_drawn = True
            self._screen.draw(self.bar())


class RichScreen:
    """A live bar in a terminal."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on a stream that is a terminal."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[sentence]}"),
            TimeElapsedColumn(),
            console=Console(file=stream),
            transient=False,
        )
        self._task: Any = None

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self._bars.console.print(sentence, highlight=False, markup=False)

    note = say

    def draw(self, bar: Bar) -> None:
        """Draw the bar."""
        if self._task is None:
            self._bars.start()
            self._task = self._bars.add_task(bar.stage, total=None, sentence="")
        self._bars.update(
            self._task,
            description=f"{bar.stage} ({bar.unit})" if bar.unit else bar.stage,
            completed=bar.done,
            total=bar.total or None,
            sentence=bar.sentence,
        )

    def close(self, bar: Bar) -> None:
        """Draw the bar for the last time and give the terminal back."""
        self.draw(bar)
        self._bars.stop()


class PlainScreen:
    """Plain lines where nobody looks on: at most one in five seconds."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Write to any stream."""
        self._stream = stream
        self._clock = clock
        self._last = float("-inf")

    def say(self, sentence: str) -> None:
        """Write a sentence."""
        self._stream.write(sentence + "\n")
        self._stream.flush()

    note = say

    def draw(self, bar: Bar) -> None:
        """Write the bar's words unless others were written just now."""
        if self._clock() - self._last >= LINE_SECONDS:
            self._last = self._clock()
            self.say(bar.words())

    def close(self, bar: Bar) -> None:
        """Write the bar's last words."""
        self.say(bar.words())


class NotebookScreen:
    """Displays of the cell, each replaced as the work goes on: notes, what is said, the bar."""

    def __init__(self) -> None:
        """Draw under ids of its own."""
        self._id = uuid.uuid4().hex
        self._shown: set[str] = set()
        self._noted: list[str] = []
        self._said: list[str] = []
        self._words = ""

    def say(self, sentence: str) -> None:
        """Show a sentence in the cell, below those before it."""
        self._said.append(sentence)
        rich = "<br>".join(map(html.escape, self._said))
        self._replace("said", {"text/plain": "\n".join(self._said), "text/html": f"<p>{rich}</p>"})

    def note(self, sentence: str) -> None:
        """Show the first note, under which the others unfold when somebody asks for them."""
        self._noted.append(sentence)
        first, *more = map(html.escape, self._noted)
        rich = f"<p>{first}</p>"
        if more:
            head = f"{first} And {len(more)} more."
            rich = f"<details><summary>{head}</summary>{'<br>'.join(more)}</details>"
        self._replace("notes", {"text/plain": "\n".join(self._noted), "text/html": rich})

    def draw(self, bar: Bar) -> None:
        """Show the bar, in the place of the one before."""
        if bar.words() == self._words:
            return
        self._words = bar.words()
        total = f' value="{bar.done}" max="{bar.total}"' if bar.total else ""
        words = html.escape(bar.words())
        self._replace(
            "bar",
            {
                "text/plain": bar.words(),
                "text/html": f'<label><progress{total} style="width:16em"></progress> '
                f"{words}</label>",
            },
        )

    def close(self, bar: Bar) -> None:
        """Leave one line in the place of the bar."""
        words = bar.words()
        self._replace("bar", {"text/plain": words, "text/html": f"<p>{html.escape(words)}</p>"})

    def _replace(self, part: str, bundle: dict[str, str]) -> None:
        from IPython.display import display

        is_update = part in self._shown
        display(bundle, raw=True, display_id=f"blase-{part}-{self._id}", update=is_update)
        self._shown.add(part)


def terminal_screen(stream: TextIO) -> Screen:
    """Return a live bar for a terminal, plain lines for a file or a pipe."""
    return RichScreen(stream) if stream.isatty() else PlainScreen(stream)


def _training_progress(started: Started, event: BatchEnd) -> Progress:
    return Progress(
        stage="train",
        done=event.epoch * started.batches_per_epoch + event.batch,
        total=started.epochs * started.batches_per_epoch,
        unit="batches",
        sentence=f"epoch {event.epoch + 1} of {started.epochs}, {pairs(event.metrics)}",
    )


def _seconds(seconds: float) -> str:
    """Return a time that goes by: whole seconds, then minutes."""
    minute = 60
    return f"{int(seconds)} s" if seconds < minute else duration(seconds)
