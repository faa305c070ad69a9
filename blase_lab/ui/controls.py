"""Buttons under the live chart: each writes a request that the training reads between batches."""

from __future__ import annotations

import html
import uuid
from typing import TYPE_CHECKING, Any, Literal

from blase_lab.core.errors import BlaseError

if TYPE_CHECKING:
    from blase_lab.core.records import RunState
    from blase_lab.project import Project

Action = Literal["pause", "continue", "stop"]

_LABELS: dict[Action, tuple[str, str]] = {
    "pause": ("Pause", "pause"),
    "continue": ("Continue", "play"),
    "stop": ("Stop", "stop"),
}
_OPEN_TO: dict[RunState, tuple[Action, ...]] = {
    "running": ("pause", "stop"),
    "paused": ("continue", "stop"),
}
_ASKED: dict[Action, str] = {
    "pause": "Pause asked for; it begins after the batch that runs.",
    "continue": "Continue asked for.",
    "stop": "Stop asked for; a checkpoint is written first.",
}


BOX = "blase-controls-box"
"""The class of the buttons: our JupyterLab extension hides them while its own can be pressed."""
WORDS = "blase-training-words"
"""The class of the last sentence, which our extension hides: its chart says the same."""


class Controls:
    """Pause, continue and stop for one run.

    A press only writes a file, so that it may come from any thread: JupyterLab sends it on a
    subshell, and it works while `fit` keeps the kernel busy.
    """

    def __init__(self, project: Project, run: str) -> None:
        """Steer `run` of `project`."""
        self._project = project
        self._run = run
        self._display_id = f"blase-controls-{uuid.uuid4().hex}"
        self._buttons: dict[Action, Any] = {}
        self._note: Any = None

    def show(self) -> None:
        """Display the buttons."""
        import ipywidgets
        from IPython.display import display

        self._note = ipywidgets.Label()
        for action, (label, icon) in _LABELS.items():
            button = ipywidgets.Button(
                description=label, icon=icon, tooltip=f"{label} run {self._run}"
            )
            button.on_click(self._presser(action))
            _hear_on_subshells(button)
            self._buttons[action] = button
        self.follow("running")
        box = ipywidgets.HBox([*self._buttons.values(), self._note])
        box.add_class(BOX)
        display(box, display_id=self._display_id)

    def follow(self, state: RunState) -> None:
        """Offer the buttons that make sense in `state`."""
        for action, button in self._buttons.items():
            button.disabled = action not in _OPEN_TO.get(state, ())
        if self._note is not None:
            self._note.value = ""

    def close(self, sentence: str) -> None:
        """Replace the buttons by a sentence that stays readable without a kernel."""
        from IPython.display import display

        rich = f'<p class="{WORDS}">{html.escape(sentence)}</p>'
        bundle = {"text/plain": sentence, "text/html": rich}
        display(bundle, raw=True, display_id=self._display_id, update=True)
        for button in self._buttons.values():
            button.close()
        self._buttons.clear()

    def ask(self, action: Action) -> str:
        """Write the request and return what was asked, or why it could not be."""
        try:
            self._project.request(self._run, action)
        except BlaseError as error:
            return str(error)
        return _ASKED[action]

    def _presser(self, action: Action) -> Any:
        def press(_button: Any) -> None:
            self._note.value = self.ask(action)

        return press


def _hear_on_subshells(button: Any) -> None:
    """Let a press be handled on the subshell that the browser sends it on.

    From 7.4 on, ipykernel routes what a browser sends to the shell that last spoke to that
    button: the main one, which `fit` keeps busy. Without that route the browser's choice holds.
    """
    if hasattr(button.comm, "_reply_subshell_for"):
        button.comm._reply_subshell_for = None  # noqa: SLF001 - there is no public way
