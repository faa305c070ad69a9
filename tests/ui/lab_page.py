"""What a person does with a notebook in JupyterLab, and what they see of blase-lab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lab_project import CELLS, NOTEBOOK
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Lab
    from playwright.sync_api import Locator, Page

RAN = re.compile(r"\[\d+\]:")
READY = """
() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'
"""
LONG = 60_000


class NotebookPage:
    """The open notebook of one page; cells are named as the project names them."""

    def __init__(self, page: Page, lab: Lab) -> None:
        """Use `page` with the notebook that `lab` serves."""
        self.page = page
        self.lab = lab
        self._errors: list[str] = []
        page.on("pageerror", lambda error: self._errors.append(error.stack or str(error)))

    @property
    def complaints(self) -> list[str]:
        """The errors that code of ours raised in the browser."""
        return [error for error in self._errors if "blase" in error]

    def open(self) -> None:
        """Open the notebook in JupyterLab and wait for its kernel."""
        self.page.goto(self.lab.link(f"lab/tree/parcels/{NOTEBOOK}"))
        self.page.wait_for_function(READY, timeout=LONG)

    def open_alone(self) -> None:
        """Open the notebook in Notebook 7."""
        self.page.goto(self.lab.link(f"notebooks/parcels/{NOTEBOOK}"))
        expect(self.cell("load")).to_be_visible(timeout=LONG)

    def cell(self, name: str) -> Locator:
        """Return the cell of this name."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(list(CELLS).index(name))

    def badge(self, name: str) -> Locator:
        """Return the badge of a cell."""
        return self.cell(name).locator(".blase-badge")

    def sees(self, name: str, words: str, *, timeout: float = 10_000) -> None:
        """Expect the badge of a cell to say `words`."""
        expect(self.badge(name)).to_contain_text(words, timeout=timeout)

    def start(self, name: str) -> None:
        """Run a cell as a person does: click into it and press Ctrl+Enter."""
        editor = self.cell(name).locator(".cm-content").first
        editor.click(position={"x": 4, "y": 6})
        self.page.keyboard.press("Control+Enter")

    def run(self, *names: str, timeout: float = LONG) -> None:
        """Run cells one after the other, each to its end."""
        for name in names:
            self.start(name)
            self.page.wait_for_timeout(100)
            self.waits_for(name, timeout=timeout)

    def waits_for(self, name: str, *, timeout: float = LONG) -> None:
        """Wait until a cell has run, with neither a failure nor noise on standard error."""
        prompt = self.cell(name).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(RAN, timeout=timeout)
        for kind in ("error", "stderr"):
            spoilt = self.cell(name).locator(f".jp-RenderedText[data-mime-type*='{kind}']")
            expect(spoilt).to_have_count(0)

    def writes(self, name: str, text: str) -> None:
        """Replace the text of a cell with the keyboard."""
        editor = self.cell(name).locator(".cm-content").first
        editor.click(position={"x": 4, "y": 6})
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def chart(self, name: str) -> TrainingOutput:
        """Return the training in the output of a cell."""
        return TrainingOutput(self.cell(name).locator(".blase-training-output"))

    def brings_into_sight(self, name: str) -> None:
        """Scroll until the cell begins at the top of the window."""
        self.cell(name).evaluate("cell => cell.scrollIntoView({block: 'start'})")

    def show_panel(self) -> Locator:
        """Bring the side panel to the front and return it."""
        panel = self.page.locator("#blase-lab-panel")
        if not panel.is_visible():
            self.page.evaluate("() => window.jupyterapp.commands.execute('blase:show-panel')")
        expect(panel).to_be_visible()
        return panel


class TrainingOutput:
    """A training on the screen."""

    def __init__(self, box: Locator) -> None:
        """Read from `box`."""
        self.box = box

    @property
    def state(self) -> Locator:
        """The word for its state."""
        return self.box.locator(".blase-training-head .blase-state")

    def press(self, word: str) -> None:
        """Press one of its buttons."""
        self.box.get_by_role("button", name=word).click()

    def place(self) -> str:
        """Return which batch it is at."""
        return self.box.locator(".blase-advance-words span").first.inner_text()

    def curves(self) -> list[str]:
        """Return the lines of the charts, as the screen draws them."""
        paths = self.box.locator(".blase-chart > svg .blase-line").all()
        return [path.get_attribute("d") or "" for path in paths]

    def stands(self, page: Page, *, milliseconds: float = 1500) -> bool:
        """Say whether nothing moves for a while."""
        before = (self.place(), self.curves())
        page.wait_for_timeout(milliseconds)
        return (self.place(), self.curves()) == before

    def moves(self, page: Page, *, milliseconds: float = 6000) -> bool:
        """Say whether place and curves both change before the time is over."""
        place, curves = self.place(), self.curves()
        for _ in range(int(milliseconds // 100)):
            page.wait_for_timeout(100)
            if self.place() != place and self.curves() != curves:
                return True
        return False
