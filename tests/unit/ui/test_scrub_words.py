"""`blase scrub`: how the secret is given, what is printed, and what never is."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from blase_lab.core.records import Control
from blase_lab.project import Project
from blase_lab.ui.cli import main

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "open sesame, all of you"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a project into whose store a secret came."""
    found = Project.init(tmp_path / "visits")
    found.store.control.put("run", Control(action="stop", at=f"now, {SECRET}"))
    (found.folder / "mine.py").write_text(f"words = '{SECRET}'\n", encoding="utf-8")
    return found


def _say(project: Project, *words: str) -> int:
    return main(["scrub", "--project", str(project.folder), *words])


def _is_there(project: Project) -> bool:
    request = project.store.control.get("run")
    return request is not None and SECRET in request.at


def test_a_value_is_asked_for_unseen(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --apply the place is named and nothing changes; the secret is never printed."""
    monkeypatch.setattr("getpass.getpass", lambda _prompt: SECRET)
    assert _say(project, "--value") == 1
    said = capsys.readouterr()
    assert "control/run.json" in said.out
    assert "--apply" in said.out
    assert SECRET not in said.out + said.err
    assert _is_there(project)


def test_a_value_of_standard_input_is_taken_out(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --apply it is gone from the store; a file of the user's own is named, not changed."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert _say(project, "--from-file", "-", "--apply", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["places"] == ["control/run.json"]
    assert report["left"] == ["mine.py: a file of yours; remove the secret there yourself"]
    assert not _is_there(project)


def test_a_value_of_a_file_is_taken_out(project: Project, tmp_path: Path) -> None:
    """The file's text is the secret, without the end of its line."""
    (project.folder / "mine.py").unlink()
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    assert _say(project, "--from-file", str(tmp_path / "secret.txt"), "--apply") == 0
    assert not _is_there(project)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--value", "--from-env", "X"], "named twice"),
        (["--from-env", "NO_SUCH_VARIABLE_HERE"], "is empty"),
        (["--from-file", "no-such-file"], "cannot be read"),
    ],
)
def test_what_names_no_secret_is_refused_with_the_way_out(
    project: Project, capsys: pytest.CaptureFixture[str], *, words: list[str], said: str
) -> None:
    """Wrong words end with the exit code of wrong words."""
    assert _say(project, *words) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "--from-env NAME" in shown


def test_without_a_value_only_shapes_are_looked_for(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence has no shape: nothing is found, and that is fine."""
    assert _say(project) == 0
    assert "0 places" in capsys.readouterr().out


def test_a_running_training_refuses_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal names the lock and says how to end it."""
    monkeypatch.setenv("WORDS", SECRET)
    with project.store.lock("run-1"):
        assert _say(project, "--from-env", "WORDS", "--apply") == 1
    assert "blase stop" in capsys.readouterr().err
    assert _is_there(project)
