"""The live chart of a training: one display, replaced at most four times a second."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from blase_lab.core.records import Continued, Ended, Paused, RunState, Started, TrainingView
from blase_lab.ui.controls import Controls
from blase_lab.ui.listings import number, pairs

if TYPE_CHECKING:
    from blase_lab.core.records import Event
    from blase_lab.project import Project

MIME_TYPE = "application/vnd.blase.training+json"
INTERVAL_SECONDS = 0.25
REST = 20
"""After a drawing, rest this many times as long as it took: the chart costs at most 5 %."""

_TURNS: dict[type, RunState] = {Started: "running", Paused: "paused", Continued: "running"}


class Dashboard:
    """Shows what a training reports; the last state stays in the notebook."""

    def __init__(self, project: Project) -> None:
        """Show trainings of `project`."""
        self._project = project
        self._display_id = f"blase-training-{uuid.uuid4().hex}"
        self._run: str | None = None
        self._is_shown = False
        self._next = 0.0
        self._controls: Controls | None = None

    def hear(self, event: Event) -> None:
        """Take in one event; turns of the training are shown at once."""
        if isinstance(event, Started):
            self._run = event.run
            self._next = 0.0
        if isinstance(event, Ended | Paused | Continued) or time.monotonic() >= self._next:
            self.refresh()
        self._guide(event)

    def refresh(self) -> None:
        """Show the training as its event log tells it now."""
        if self._run is None:
            return
        began = time.monotonic()
        view = self._project.training_view(self._run)
        if view is not None:
            self._show(bundle_of(view))
        ended = time.monotonic()
        self._next = ended + max(INTERVAL_SECONDS, REST * (ended - began))

    def close(self) -> None:
        """Show the last state and replace the buttons by a sentence."""
        self.refresh()
        if self._controls is not None:
            view = self._project.training_view(self._run) if self._run else None
            self._controls.close(words_of(view) if view else "The training has ended.")
            self._controls = None

    def _guide(self, event: Event) -> None:
        state = _TURNS.get(type(event))
        if isinstance(event, Started) and self._controls is None:
            self._controls = Controls(self._project, event.run)
            self._controls.show()
        elif state is not None and self._controls is not None:
            self._controls.follow(state)

    def _show(self, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        display(bundle, raw=True, display_id=self._display_id, update=self._is_shown)
        self._is_shown = True


def bundle_of(view: TrainingView) -> dict[str, Any]:
    """Return a view for every reader: Lab's own renderer, any SVG viewer, and plain text."""
    from blase_lab.project import training_svg

    return {
        # Through JSON, which knows no NaN: a front end would warn of one.
        MIME_TYPE: msgspec.json.decode(msgspec.json.encode(view)),
        "image/svg+xml": training_svg(view),
        "text/plain": words_of(view),
    }


def words_of(view: TrainingView) -> str:
    """Return a view in one sentence."""
    speed = f", {number(round(view.rows_per_second))} rows/s" if view.rows_per_second else ""
    return (
        f"Run {view.number}, {view.model}: {view.state}, epoch {view.epoch} of {view.epochs}, "
        f"{pairs(view.metrics)}{speed}. {view.sentence}"
    ).strip()
