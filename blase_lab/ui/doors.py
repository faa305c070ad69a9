"""The two doors through which results leave: a terminal and a notebook."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from blase_lab.ui.progress import NotebookScreen, Watcher, terminal_screen
from blase_lab.ui.tables import Listing, as_html, as_json, as_rich, as_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from rich.console import Console, RenderableType

    from blase_lab.core.records import Event, Progress
    from blase_lab.project import Project

    Watch = Callable[[Event | Progress], None]


class View(Protocol):
    """Something that is no table and looks different on each kind of screen."""

    def as_plain(self) -> str:
        """Return plain text without colours."""

    def as_rich(self, console: Console) -> RenderableType:
        """Return what a terminal of this console's width shows."""

    def as_html(self) -> str:
        """Return what a notebook shows; every text is escaped."""


@dataclass(frozen=True)
class Outcome:
    """What a verb found, before anybody shows it."""

    records: object
    """What `--json` prints."""
    listing: Listing | None = None
    sentence: str = ""
    text: str = ""
    """Text whose lines stand as they are: a cell."""
    view: View | None = None
    """A diff or a source."""
    exit_code: int = 0


class Door(Protocol):
    """Where a verb's words come from and where its results go."""

    def project(self, folder: Path | None) -> Project:
        """Return the project that is meant."""

    def init(self, folder: Path, name: str | None) -> Project:
        """Begin a project."""

    def watch(self, verb: str, project: Project) -> AbstractContextManager[Watch]:
        """Return a watcher of long work."""

    def present(self, outcome: Outcome, *, as_json_text: bool) -> None:
        """Show what a verb found."""

    def offer_cell(self, text: str) -> bool:
        """Put a cell where the user can run it next; False where there are no cells."""


class TerminalDoor:
    """Results go to standard output, progress and failures to standard error."""

    def __init__(self, find: Callable[[Path | None], Project] | None = None) -> None:
        """Open projects anew, or take them from `find`, which binds them to a live session."""
        self._find = find

    def project(self, folder: Path | None) -> Project:
        """Return the project at or above `folder`, or the working folder.

        Raises:
            NoProjectError: there is none.
        """
        from blase_lab.project import Project

        return self._find(folder) if self._find else Project.open(folder or Path.cwd())

    def init(self, folder: Path, name: str | None) -> Project:
        """Begin a project in `folder`."""
        from blase_lab.project import Project

        project = Project.init(folder, name=name)
        return self._find(folder) if self._find else project

    def watch(self, verb: str, project: Project) -> AbstractContextManager[Watch]:
        """Return a watcher that draws a bar, or prints plain lines where nobody looks."""
        del project
        return Watcher(terminal_screen(sys.stderr), verb=verb)

    def present(self, outcome: Outcome, *, as_json_text: bool) -> None:
        """Print the outcome."""
        from rich.console import Console

        if as_json_text:
            sys.stdout.write(as_json(outcome.records) + "\n")
            return
        console = Console(soft_wrap=False, highlight=False)
        listing = outcome.listing
        if listing is not None and listing.rows and console.is_terminal:
            console.print(as_rich(listing))
        elif listing is not None:
            sys.stdout.write(as_text(listing) + "\n")
        if outcome.view is not None and console.is_terminal:
            console.print(outcome.view.as_rich(console))
        elif outcome.view is not None:
            sys.stdout.write(outcome.view.as_plain().rstrip("\n") + "\n")
        for text in (outcome.text, outcome.sentence):
            if text:
                sys.stdout.write(text.rstrip("\n") + "\n")

    def offer_cell(self, text: str) -> bool:
        """Put a cell at the next prompt of IPython; False in a shell, which has none."""
        return self._find is not None and _is_next_input(text)


class NotebookDoor:
    """Results become displays of the cell, with plain text beside the HTML."""

    def __init__(self, find: Callable[[Path | None], Project]) -> None:
        """Take projects from `find`, which binds them to the live notebook."""
        self._find = find

    def project(self, folder: Path | None) -> Project:
        """Return the project at or above `folder`, bound to the notebook's names.

        Raises:
            NoProjectError: there is none.
        """
        return self._find(folder)

    def init(self, folder: Path, name: str | None) -> Project:
        """Begin a project in `folder`, bound to the notebook's names."""
        from blase_lab.project import Project

        Project.init(folder, name=name)
        return self._find(folder)

    def watch(self, verb: str, project: Project) -> AbstractContextManager[Watch]:
        """Return a watcher that shows a bar and, while a model is trained, the live chart."""
        from blase_lab.ui.dashboard import Dashboard

        return Watcher(NotebookScreen(), verb=verb, dashboard=Dashboard(project))

    def present(self, outcome: Outcome, *, as_json_text: bool) -> None:
        """Display the outcome."""
        if as_json_text:
            sys.stdout.write(as_json(outcome.records) + "\n")
            return
        bundle = bundle_of(outcome)
        if bundle["text/plain"]:
            show(bundle)

    def offer_cell(self, text: str) -> bool:
        """Put a new cell below the one that runs."""
        return _is_next_input(text)


def _is_next_input(text: str) -> bool:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return False
    shell.set_next_input(text)
    return True


def bundle_of(outcome: Outcome) -> dict[str, str]:
    """Return an outcome as HTML with the same words in plain text beside it."""
    plain, rich = [], []
    if outcome.listing is not None:
        plain.append(as_text(outcome.listing))
        rich.append(as_html(outcome.listing))
    if outcome.view is not None:
        plain.append(outcome.view.as_plain().rstrip("\n"))
        rich.append(outcome.view.as_html())
    if outcome.text:
        plain.append(outcome.text)
        rich.append(f"<pre>{html.escape(outcome.text)}</pre>")
    if outcome.sentence:
        plain.append(outcome.sentence)
        lines = map(html.escape, outcome.sentence.splitlines())
        rich.append(f"<p>{'<br>'.join(lines)}</p>")
    return {"text/plain": "\n".join(plain), "text/html": "".join(rich)}


def show(bundle: dict[str, Any], *, display_id: str | None = None, update: bool = False) -> None:
    """Display a MIME bundle in the cell that runs, or replace the display of the same id."""
    from IPython.display import display

    display(bundle, raw=True, display_id=display_id, update=update)
