"""IPython in a terminal: plain words and a live bar, no displays that nobody can replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from blase_lab.core.records import Progress
from blase_lab.project import Project
from blase_lab.ui.doors import TerminalDoor
from blase_lab.ui.magics import load_ipython_extension, unload_ipython_extension

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEATURE = 'def speed(chunk):\n    """Miles an hour."""\n    return chunk["miles"] / LIMIT\n'


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A shell without a kernel, in a new project, with the extension loaded."""
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    Project.init(tmp_path, name="cars")
    load_ipython_extension(shell)
    yield shell
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


def test_a_cell_and_a_verb_are_told_in_plain_words(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once each; staleness follows the live names."""
    shell.run_cell("LIMIT = 3")
    shell.run_cell("%%blase_feature\n" + FEATURE)
    shell.run_cell("LIMIT = 4")
    shell.run_cell("%blase status   # all of them")

    shown = capsys.readouterr().out
    assert shown.count("feature speed@1 captured: documented; first version") == 1
    assert shown.count("speed@1") == 2
    assert "stale" in shown
    assert "blase-table" not in shown


def test_long_work_prints_each_plan_once_and_no_widget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines go to standard error as in a shell."""
    project = Project.init(tmp_path)
    door = TerminalDoor(lambda _folder: project)

    with door.watch("build", door.project(None)) as watch:
        for name in ("a", "b", "c"):
            watch(Progress(stage="plan", done=0, total=0, unit="", sentence=f"Plan of {name}."))

    printed = capsys.readouterr()
    assert printed.err.splitlines() == ["Plan of a.", "Plan of b.", "Plan of c."]
    assert printed.out == ""
    assert door.init(tmp_path, None) is project
