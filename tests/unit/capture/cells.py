"""A small notebook for tests: cells that run one after the other in one namespace."""

from __future__ import annotations

import itertools
import linecache
from typing import TYPE_CHECKING, Any

from blase_lab.capture import Captured, CellText, capture_cell, check_cell
from blase_lab.core.records import Step

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import OptionValue, StepKind

_numbers = itertools.count(1)


class Notebook:
    """Runs cells as a kernel does: each is compiled under its own name in the line cache."""

    def __init__(self, folder: Path) -> None:
        """Begin with an empty namespace in a project's folder."""
        self.folder = folder
        self.namespace: dict[str, Any] = {"__name__": "__main__", "In": [""]}

    def run(self, body: str) -> None:
        """Run a cell."""
        python = check_cell(body)
        self.namespace["In"].append(body)
        name = f"<cell {next(_numbers)}>"
        linecache.cache[name] = (len(python), None, python.splitlines(keepends=True), name)
        exec(compile(python, name, "exec", dont_inherit=True), self.namespace)

    def capture(
        self,
        body: str,
        *,
        name: str | None = "step",
        kind: StepKind = "feature",
        options: dict[str, OptionValue] | None = None,
    ) -> Captured:
        """Run a cell and capture its step."""
        self.run(body)
        raw = f"%%blase_{kind} {name or ''}\n{body}"
        cell = CellText(kind=kind, name=name, raw=raw, body=body, options=options or {})
        return capture_cell(cell, self.namespace, project_folder=self.folder)

    def capture_again(self, name: str = "step") -> Captured:
        """Capture a step whose cell has run already."""
        body = next(cell for cell in reversed(self.namespace["In"]) if f"def {name}(" in cell)
        cell = CellText(kind="feature", name=name, raw=body, body=body, options={})
        return capture_cell(cell, self.namespace, project_folder=self.folder)


def step_of(captured: Captured) -> Step:
    """Return the first version of a captured step."""
    return Step(
        name=captured.name,
        version=1,
        kind=captured.kind,
        cell=captured.cell,
        options=captured.options,
        documentation=captured.documentation,
        closure=captured.closure,
        leaves=captured.leaves,
        digests=captured.digests,
        flags=captured.flags,
        created="2024-01-01T00:00:00Z",
    )
