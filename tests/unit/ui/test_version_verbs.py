"""The verbs about versions in a shell: words, files, exit codes and JSON."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from blase_lab.project import CellText, Project
from blase_lab.ui.cli import main
from blase_lab.ui.doors import NotebookDoor, Outcome, TerminalDoor, bundle_of
from blase_lab.ui.versions import LEFT_OUT, SourceView, of_versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Say = Callable[..., tuple[int, str, str]]

FIRST = 'def speed(chunk):\n    """Miles an hour."""\n    return chunk["miles"] / 2\n'
SECOND = FIRST.replace("/ 2", "/ 3")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one feature in two versions, and the folder one stands in."""
    monkeypatch.chdir(tmp_path)
    project = Project.init(tmp_path, name="cars")
    for body in (FIRST, SECOND):
        capture(project, body)
    return project


def capture(project: Project, body: str) -> None:
    """Capture a cell as the magic does."""
    namespace: dict[str, object] = {}
    exec(body, namespace)
    raw = f"%%blase_feature\n{body}"
    project.capture(CellText(kind="feature", name=None, raw=raw, body=body), namespace)


@pytest.fixture
def say(project: Project, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command in the project and return its exit code and both streams."""
    assert project.folder.is_dir()

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_the_history_lists_what_changed_and_marks_the_newest(say: Say) -> None:
    """Columns that say nothing of any version are left out."""
    code, shown, _ = say("history", "speed")

    assert code == 0
    assert "speed@2 ◂ newest" in shown
    assert "first version" in shown
    assert "/ 2 → " in shown
    assert "notebook" not in shown
    assert "flags" not in shown


def test_the_history_in_json_holds_every_fact(say: Say) -> None:
    """With the names of the records."""
    _, shown, _ = say("history", "speed", "--json")

    first, second = json.loads(shown)
    assert (first["version"], second["version"]) == (1, 2)
    assert second["is_newest"]
    assert {"changes", "documented", "flags", "proof", "proven", "runs"} <= set(first)


def test_a_diff_in_a_pipe_is_unified_and_plain(say: Say) -> None:
    """As other programs read it."""
    code, shown, _ = say("diff", "speed")

    assert code == 0
    assert '-    return chunk["miles"] / 2' in shown
    assert '+    return chunk["miles"] / 3' in shown
    assert "\x1b" not in shown
    assert say("diff", "speed", "--unified")[1] == shown


def test_a_diff_in_json_holds_both_texts(say: Say) -> None:
    """Piece by piece."""
    found = json.loads(say("diff", "speed@1", "speed@2", "--json")[1])

    (piece,) = found["pieces"]
    assert piece["heading"] == "function speed"
    assert "/ 2" in piece["before"]
    assert "/ 3" in piece["after"]


def test_where_nothing_differs_it_is_said(say: Say) -> None:
    """Of a version beside itself."""
    assert say("diff", "speed@2", "speed@2")[1] == "Nothing differs between speed@2 and speed@2.\n"


def test_a_step_of_one_version_has_nothing_to_be_compared_with(say: Say, project: Project) -> None:
    """That is another sentence."""
    capture(project, FIRST.replace("speed", "pace"))

    assert say("diff", "pace")[1] == "pace@1 is the only version.\n"


def test_the_source_is_printed_as_python(say: Say) -> None:
    """It can be piped into a file and run."""
    code, shown, _ = say("show", "speed@1", "--source")

    names: dict[str, object] = {}
    exec(shown, names)
    speed = names["speed"]
    assert callable(speed)
    assert speed({"miles": 4}) == 2
    assert code == 0


def test_a_cell_is_restored_into_a_new_file_and_never_over_one(say: Say, project: Project) -> None:
    """A second time it is refused, with the way out; `--into` names another."""
    code, shown, _ = say("restore", "speed@1")
    assert code == 0
    assert "Written: speed@1.py" in shown
    assert "%load speed@1.py" in shown
    file = project.folder / "speed@1.py"
    assert file.read_text(encoding="utf-8") == "%%blase_feature\n" + FIRST

    code, _, told = say("restore", "speed@1")
    assert code == 2
    assert "exists already" in told
    assert "--into FILE" in told
    assert say("restore", "speed@1", "--into", "old/speed.py")[0] == 0


def test_a_secret_that_was_left_out_is_spoken_of(say: Say, project: Project) -> None:
    """By both verbs that hand out text."""
    capture(project, "token = 'Zq81xk-hunter2-9d'\n" + FIRST.replace("/ 2", "/ len(token)"))

    assert LEFT_OUT in say("restore", "speed")[1]
    assert "[redacted]" in say("show", "speed", "--source")[1]
    assert LEFT_OUT in say("show", "speed", "--source")[1]


def test_a_shell_has_no_cells(project: Project) -> None:
    """Outside of IPython nothing takes a cell."""
    assert not TerminalDoor().offer_cell("x = 1")
    assert not TerminalDoor(lambda _folder: project).offer_cell("x = 1")
    assert not NotebookDoor(lambda _folder: project).offer_cell("x = 1")


def test_a_notebook_shows_a_view_as_html_with_its_plain_text_beside(project: Project) -> None:
    """Both escaped and whole."""
    view = SourceView(project.source("speed@1"))

    shown = bundle_of(Outcome(records=None, view=view, sentence="One.\nTwo."))

    assert shown["text/plain"].startswith('"""Step `speed`, version 1')
    assert "&quot;&quot;&quot;Miles an hour.&quot;&quot;&quot;" in shown["text/html"]
    assert "One.<br>Two." in shown["text/html"]


def test_versions_show_their_runs_and_flags_where_there_are_any(project: Project) -> None:
    """A column appears with its first fact."""
    import msgspec

    versions = list(project.versions("speed"))
    versions[0] = msgspec.structs.replace(versions[0], runs=(3, 4), flags=("opaque: a socket",))

    listing = of_versions(versions)

    assert "flags" in listing.columns
    assert listing.rows[0][listing.columns.index("runs")] == "3, 4"
    assert listing.rows[1][listing.columns.index("flags")] == "-"


def test_a_terminal_shows_the_source_as_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In colours, with a local module under the line that says its path; no line is lost."""
    folder = project.folder
    (folder / "rates.py").write_text("RATES = [1, 2]  # [bold]\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    namespace: dict[str, object] = {}
    body = FIRST.replace("def speed", "import rates\n\ndef pace").replace("2", "rates.RATES[1]")
    exec(body, namespace)
    cell = CellText(kind="feature", name=None, raw=f"%%blase_feature\n{body}", body=body)
    project.capture(cell, namespace)
    console = Console(file=io.StringIO(), width=120, force_terminal=True, record=True)

    found = project.source("pace")
    console.print(SourceView(found).as_rich(console))
    shown = console.export_text()

    assert "# --- rates.py ---" in shown
    assert "RATES = [1, 2]  # [bold]" in shown
    lines = [line.rstrip() for line in shown.splitlines() if line.strip()]
    assert lines == [line.rstrip() for line in found.text.splitlines() if line.strip()]
