"""Steps become versions: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from project_samples import (
    AGE,
    CELLS,
    INCOME,
    PREVIOUS,
    QUARTER,
    SEASON,
    SOURCE,
    Cell,
    capture,
    execute,
    lay_out,
    new_names,
    new_project,
)

from blase_lab.core.errors import BlaseError, NotFoundError, StepFailedError
from blase_lab.project import Project

SAMPLES = Path(__file__).parent


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one feature."""
    return new_project(tmp_path, [AGE], rows=10)[0]


def changed(cell: Cell, old: str, new: str) -> Cell:
    """Return the cell with another body."""
    assert old in cell.body
    return replace(cell, body=cell.body.replace(old, new))


def test_the_same_code_is_the_same_version(project: Project) -> None:
    """Comments and formatting are not code."""
    again = capture(project, changed(AGE, "return", "# years\n    return"), new_names())

    assert again.version == 1
    assert len(project.history("age")) == 1


def test_a_docstring_alone_is_no_version_but_new_documentation(project: Project) -> None:
    """The documentation of the version that stands is the newest."""
    said = changed(AGE, "Age around the middle.", "Years from forty.")

    step = capture(project, said, new_names())

    assert (step.version, step.documentation) == (1, "Years from forty.")
    assert project.history("age")[-1].documentation == "Years from forty."
    assert project.status()[0].documentation == "Years from forty."
    back = capture(project, AGE, new_names())
    assert (back.version, back.documentation) == (1, "Age around the middle.")


def test_another_body_and_another_option_are_new_versions(project: Project) -> None:
    """What a step does and what it is given both count."""
    second = capture(project, changed(AGE, "centred(", "2 * centred("), new_names())
    third = capture(project, replace(AGE, options={"scale": "minmax"}), new_names())

    assert (second.version, third.version) == (2, 3)
    assert [step.version for step in project.history("age")] == [1, 2, 3]


def test_another_helper_is_a_new_version(project: Project) -> None:
    """A value that a function of another cell reads belongs to the step."""
    names = new_names()
    execute("CENTRE = 50.0", names)

    assert capture(project, AGE, names).version == 2
    assert "CENTRE" in project.diff("age@1", "age@2")


def test_a_diff_keeps_code_and_documentation_apart(project: Project) -> None:
    """Each part is a unified diff under its own heading; options are one of them."""
    other = changed(changed(AGE, "Age around", "Years around"), "centred(", "2 * centred(")
    capture(project, replace(other, options={"lookback": 1}), new_names())

    text = project.diff("age")
    code, prose = text.split("age@1 documentation")
    assert "--- age@1" in code
    assert "+++ age@2" in code
    assert "+    return 2 * centred" in code
    assert "+Years around the middle." in prose
    assert "+lookback = 1" in text


def test_a_dropped_step_is_left_out_and_comes_back_when_it_is_captured(project: Project) -> None:
    """Its versions stay in the history, and the next capture counts on."""
    project.drop("age")

    assert project.status() == ()
    assert len(project.history("age")) == 1
    back = capture(project, AGE, new_names())
    assert back.version == 2
    assert [each.name for each in project.status()] == ["age"]
    project.drop("age")
    assert project.status() == ()


def test_a_step_that_is_not_there_is_refused_with_those_that_are(project: Project) -> None:
    """Every reading verb says the same."""
    for ask in (project.history, project.why, project.drop, project.diff):
        with pytest.raises(NotFoundError) as caught:
            ask("agee")
        assert "`agee`" in caught.value.happened
        assert "age" in caught.value.way_out
    with pytest.raises(NotFoundError):
        project.show("age@9")


def test_the_status_of_a_step_that_is_not_there_is_refused_with_close_names(
    project: Project,
) -> None:
    """An empty list would read as if all were well."""
    with pytest.raises(NotFoundError) as caught:
        project.status(names=["agee"])

    assert caught.value.happened == "There is no step `agee`."
    assert caught.value.way_out == "Did you mean `age`? Steps of this project: age."
    project.drop("age")
    with pytest.raises(NotFoundError, match="Steps of this project: none yet"):
        project.status(names=["age"])


def test_steps_of_another_project_are_adopted_as_they_are(project: Project, tmp_path: Path) -> None:
    """Equal identity, once; a step that differs becomes the next version."""
    other, names = new_project(tmp_path / "other", [AGE, INCOME], rows=10)
    steps = [other.history(name)[-1] for name in ("age", "income")]

    project.adopt(steps)
    project.adopt(steps)

    assert [(step.name, step.version) for step in project.status()] == [("age", 1), ("income", 1)]
    assert project.history("income")[-1].digests.root == steps[1].digests.root
    newer = capture(other, changed(AGE, "centred(", "3 * centred("), names)
    project.adopt([newer])
    assert project.history("age")[-1].version == 2


def test_adopting_brings_a_dropped_step_and_newer_documentation_back(
    project: Project, tmp_path: Path
) -> None:
    """What is adopted stands afterwards, whatever stood before."""
    other, names = new_project(tmp_path / "other", [AGE], rows=10)
    said = capture(other, changed(AGE, "Age around the middle.", "Years from forty."), names)
    project.drop("age")

    project.adopt([said])

    assert [each.documentation for each in project.status()] == ["Years from forty."]


def test_threads_that_capture_one_name_at_once_keep_every_version(tmp_path: Path) -> None:
    """Each of six bodies becomes a version; none overwrites another."""
    lay_out(tmp_path, rows=10)
    Project.init(tmp_path)
    barrier = threading.Barrier(6)
    failures: list[BaseException] = []

    def work(factor: int) -> None:
        try:
            mine = Project.open(tmp_path)
            cell = changed(AGE, "centred(", f"{factor} * centred(")
            barrier.wait()
            capture(mine, cell, new_names())
        except Exception as error:  # noqa: BLE001 - whatever a thread met is shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(2 + each,)) for each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    kept = Project.open(tmp_path).history("age")
    assert [step.version for step in kept] == [1, 2, 3, 4, 5, 6]
    assert len({step.digests.root for step in kept}) == 6


_CAPTURING = """
import sys
from dataclasses import replace
from pathlib import Path
from project_samples import AGE, capture, new_names
from blase_lab.project import Project

project, number = Project.open(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for turn in range(5):
    body = AGE.body.replace("centred(", f"{number * 100 + turn} * centred(")
    capture(project, replace(AGE, body=body), new_names())
"""


def test_processes_that_capture_one_name_at_once_keep_every_version(tmp_path: Path) -> None:
    """Two processes with five bodies each leave ten versions, and the store verifies."""
    lay_out(tmp_path, rows=10)
    Project.init(tmp_path)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _CAPTURING, str(tmp_path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=SAMPLES,
        )
        for number in (1, 2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.communicate("go\n")
        assert process.returncode == 0

    project = Project.open(tmp_path)
    assert [step.version for step in project.history("age")] == list(range(1, 11))
    assert len({step.digests.root for step in project.history("age")}) == 10
    assert project.verify().damaged == ()


def test_staleness_follows_the_live_names(tmp_path: Path) -> None:
    """A helper that is run again in another way makes the step stale, and says so."""
    project, names = new_project(tmp_path, [SOURCE, AGE, INCOME], rows=10)
    project.bind(names)
    assert {each.state for each in project.status()} == {"fresh"}

    execute("def centred(values):\n    return values - CENTRE + 1\n", names)

    states = {each.name: each for each in project.status()}
    assert states["age"].state == "stale"
    assert states["income"].state == "fresh"
    assert any("centred" in reason for reason in states["age"].reasons)
    assert [change.name for change in project.why("age")] == ["function `centred`"] or [
        change.name for change in project.why("age")
    ] == ["function centred"]


def test_a_function_defined_again_elsewhere_is_never_taken_for_the_step(tmp_path: Path) -> None:
    """Another `age` in an unmarked cell must not become `age@2` under the cell of the first."""
    project, names = new_project(tmp_path, [SOURCE, AGE], rows=10)
    project.bind(names)
    execute("def age(chunk):\n    return 0\n", names)

    with pytest.raises(StepFailedError, match="defined again outside the cell"):
        project.build()

    assert [step.version for step in project.history("age")] == [1]


def test_staleness_follows_a_local_module_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without live names the file decides; an edit that changes nothing is no change."""
    monkeypatch.syspath_prepend(str(lay_out(tmp_path, rows=10)))
    monkeypatch.delitem(sys.modules, "season", raising=False)
    project, _ = new_project(tmp_path, [SOURCE, QUARTER], rows=10)
    monkeypatch.delitem(sys.modules, "season")
    file = tmp_path / "season.py"

    file.write_text(SEASON + "\n# nothing\n", encoding="utf-8")
    assert project.why("part_of_year") == ()
    file.write_text(SEASON.replace(".quarter", ".quarter + 1"), encoding="utf-8")
    (state,) = project.status(names=["part_of_year"])

    assert state.state == "stale"
    assert "season" in state.reasons[0]


def test_a_module_that_cannot_be_read_any_more_is_said_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of the others is told all the same."""
    monkeypatch.syspath_prepend(str(lay_out(tmp_path, rows=10)))
    monkeypatch.delitem(sys.modules, "season", raising=False)
    project, _ = new_project(tmp_path, [SOURCE, QUARTER], rows=10)
    monkeypatch.delitem(sys.modules, "season")
    (tmp_path / "season.py").unlink()

    states = {each.name: each for each in project.status()}

    assert states["people"].state == "fresh"
    assert states["part_of_year"].state == "stale"
    assert "season" in states["part_of_year"].reasons[0]


def test_the_view_shows_what_the_last_kernel_said_and_the_store_where_that_is_newer(
    tmp_path: Path,
) -> None:
    """A step that somebody else captured since is shown as the store has it."""
    project, names = new_project(tmp_path, [SOURCE, AGE, INCOME], rows=10)
    project.bind(names)
    execute("CENTRE = 41.0", names)
    project.write_live("first")

    seen = {each.name: each for each in Project.open(tmp_path).view().steps}
    assert (seen["age"].state, seen["income"].state) == ("stale", "fresh")

    capture(Project.open(tmp_path), AGE, names)
    seen = {each.name: each for each in Project.open(tmp_path).view().steps}
    assert (seen["age"].version, seen["age"].state) == (2, "fresh")


def test_a_view_is_what_the_screen_decodes(tmp_path: Path) -> None:
    """Every step with its cell; no run yet; JSON and back."""
    project, _ = new_project(tmp_path, CELLS, rows=10)

    view = project.view()

    assert {each.cell for each in view.steps} == {cell.text for cell in CELLS}
    assert (view.name, view.runs, view.training, view.problem) == ("visits", (), None, None)
    assert msgspec.json.decode(msgspec.json.encode(view), type=type(view)) == view


def test_a_failed_capture_leaves_the_earlier_version(project: Project) -> None:
    """A cell without a function is refused and nothing changes."""
    with pytest.raises(BlaseError):
        capture(project, Cell("feature", "x = 1\n"), new_names())
    with pytest.raises(BlaseError):
        capture(project, replace(PREVIOUS, body="previous = 3\n"), new_names())

    assert [(each.name, each.version) for each in project.status()] == [("age", 1)]
