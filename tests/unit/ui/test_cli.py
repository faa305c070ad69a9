"""The shell command: words, exit codes and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from blase_lab.project import CellText, Project
from blase_lab.ui.cli import flags_of, main, verb_names
from blase_lab.ui.verbs import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blase_lab.core.records import StepKind

    Say = Callable[..., tuple[int, str, str]]


FIRST = 'def speed(chunk):\n    """Miles an hour."""\n    return chunk["miles"] / 2\n'
SECOND = FIRST.replace("/ 2", "/ 3")

VERBS = (
    *("init", "status", "build", "train", "evaluate", "impact", "runs", "show", "diff", "why"),
    *("history", "card", "rerun", "export", "verify", "gc", "pause", "continue", "stop"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one feature in two versions."""
    monkeypatch.chdir(tmp_path)
    project = Project.init(tmp_path, name="cars")
    for body in (FIRST, SECOND):
        capture(project, "feature", body)
    return tmp_path


def capture(project: Project, kind: StepKind, body: str) -> None:
    """Capture a cell as the magic does."""
    namespace: dict[str, object] = {}
    exec(body, namespace)
    raw = f"%%blase_{kind}\n{body}"
    cell = CellText(kind=kind, name=None, raw=raw, body=body, options={}, notebook=None)
    project.capture(cell, namespace)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command and return its exit code and both streams."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_every_verb_is_there_with_help_and_the_shared_options() -> None:
    """One vocabulary."""
    assert set(VERBS) <= set(verb_names())
    assert all({"--project", "--json", "--help"} <= set(flags_of(verb)) for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_verb_explains_itself(verb: str, flag: str) -> None:
    """Help ends well."""
    result = CliRunner().invoke(app, [verb, flag])

    assert result.exit_code == 0
    assert "--project" in result.output


def test_help_names_the_exit_codes(say: Say) -> None:
    """They are part of the interface."""
    code, printed, _ = say("--help")

    assert code == 0
    assert "70: our own fault" in printed
    assert all(verb in printed for verb in VERBS)


def test_without_words_the_help_is_shown(say: Say) -> None:
    """A newcomer types `blase`."""
    assert "Usage: blase" in say()[1]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("trian",), "train"),
        (("train", "--epoch", "3"), "--epochs"),
        (("train", "--epochs", "x"), "integer"),
        (("evaluate", "--split", "tests"), "test"),
        (("pause",), "RUN"),
    ],
)
def test_wrong_words_are_refused_with_a_hint_and_code_2(
    say: Say, words: tuple[str, ...], hint: str
) -> None:
    """No traceback, a usage."""
    code, _, complaint = say(*words)

    assert code == 2
    assert hint in complaint
    assert "Usage: blase" in complaint
    assert "Traceback" not in complaint


def test_no_project_is_code_3(say: Say, tmp_path: Path) -> None:
    """With the way out."""
    code, _, complaint = say("runs", "--project", str(tmp_path))

    assert code == 3
    assert "blase init" in complaint


def test_init_writes_the_settings_and_a_second_time_changes_nothing(
    say: Say, tmp_path: Path
) -> None:
    """Nothing is overwritten."""
    assert say("init", str(tmp_path / "cars"), "--name", "cars")[0] == 0
    before = (tmp_path / "cars" / "blase.toml").read_bytes()

    code, printed, _ = say("init", str(tmp_path / "cars"), "--json")

    assert code == 0
    assert json.loads(printed)["name"] == "cars"
    assert (tmp_path / "cars" / "blase.toml").read_bytes() == before


@pytest.mark.usefixtures("folder")
def test_status_lists_the_steps_as_a_table_and_as_json(say: Say) -> None:
    """The same facts twice."""
    code, table, _ = say("status")
    states = json.loads(say("status", "--json")[1])

    assert code == 0
    assert "speed@2" in table
    assert [(each["name"], each["version"], each["documented"]) for each in states] == [
        ("speed", 2, True)
    ]


@pytest.mark.usefixtures("folder")
def test_history_show_and_diff_tell_the_versions_apart(say: Say) -> None:
    """What was, what is, and what differs."""
    versions = json.loads(say("history", "speed", "--json")[1])
    _, shown, _ = say("show", "speed@1")
    _, differing, _ = say("diff", "speed@1", "speed@2")

    assert [each["version"] for each in versions] == [1, 2]
    assert "/ 2" in shown
    assert '+    return chunk["miles"] / 3' in differing


def test_the_project_is_found_from_a_folder_below_it(
    say: Say, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with git."""
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")

    assert say("why", "speed")[0] == 0


@pytest.mark.usefixtures("folder")
def test_an_unknown_step_or_run_is_code_2(say: Say) -> None:
    """The message lists what there is."""
    code, _, complaint = say("why", "sped")

    assert code == 2
    assert "speed" in complaint
    assert say("stop", "7")[0] == 2
    assert say("status", "sped")[0] == 2
    assert say("build", "sped")[0] == 2


@pytest.mark.usefixtures("folder")
def test_runs_of_a_new_project_are_an_empty_list(say: Say) -> None:
    """No table, no error."""
    assert json.loads(say("runs", "--json")[1]) == []
    assert "Nothing has been trained yet." in say("runs")[1]


@pytest.mark.usefixtures("folder")
def test_a_plan_before_the_first_build_says_when_there_is_one(say: Say) -> None:
    """Not that nothing is left to compute."""
    assert "Nothing has been built yet" in say("build", "--plan")[1]


def test_verify_of_a_sound_store_is_code_0_and_of_a_damaged_one_code_1(
    say: Say, folder: Path
) -> None:
    """A person must look at damage."""
    assert say("verify")[0] == 0
    victim = next(
        path
        for path in sorted((folder / ".blase").rglob("*"))
        if path.is_file() and "records" in path.parts
    )
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[:-4] + b"xxxx")

    code, printed, _ = say("verify")

    assert code == 1
    assert "1 damaged" in printed


@pytest.mark.usefixtures("folder")
def test_gc_says_first_and_deletes_only_when_told(say: Say) -> None:
    """The default changes nothing."""
    code, printed, _ = say("gc")

    assert code == 0
    assert "add --delete" in printed


@pytest.mark.usefixtures("folder")
def test_a_dropped_step_is_listed_no_more(say: Say) -> None:
    """Its versions stay."""
    assert say("drop", "speed")[0] == 0

    assert json.loads(say("status", "--json")[1]) == []
    assert len(json.loads(say("history", "speed", "--json")[1])) == 2


@pytest.mark.usefixtures("folder")
def test_a_fault_of_ours_is_code_70_with_a_trace_to_report(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never dressed up as the user's mistake."""

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Project, "runs", broken)

    code, _, complaint = say("runs")

    assert code == 70
    assert "RuntimeError: broken" in complaint
    assert "our own fault" in complaint


@pytest.mark.usefixtures("folder")
def test_an_interrupt_is_code_130(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way to go on."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Project, "runs", interrupted)

    code, _, complaint = say("runs")

    assert code == 130
    assert "resume" in complaint
