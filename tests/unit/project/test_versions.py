"""Versions beside one another, one version's source, and an earlier version brought back."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from project_samples import (
    AGE,
    HELPERS,
    INCOME,
    QUARTER,
    SEASON,
    Cell,
    capture,
    execute,
    new_names,
    new_project,
)

from blase_lab.core.errors import BadNameError, NotFoundError
from blase_lab.core.records import Proof
from blase_lab.project import CellText
from blase_lab.project.versions import unified
from blase_lab.ui.magics import told_of
from blase_lab.ui.options import parse_line

if TYPE_CHECKING:
    from blase_lab.project import Project

AGES = pd.DataFrame({"age": [20.0, 50.0]})
MOVED = HELPERS.replace("40.0", "41.0").replace("values - CENTRE", "(values - CENTRE) / 2")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose feature `age` has three versions: code and docs, then helper and value."""
    project, names = new_project(tmp_path, [AGE], rows=10)
    body = AGE.body.replace('centred(chunk["age"])', '-centred(chunk["age"])')
    body = body.replace("Age around", "The age around")
    other = replace(AGE, body=body, options={"columns": ["age"]})
    capture(project, other, names)
    execute(MOVED, names)
    capture(project, other, names)
    return project


def rebuilt(text: str, function: str) -> object:
    """Return what a text of Python defines under a name."""
    names: dict[str, object] = {}
    exec(compile(text, "<restored>", "exec"), names)
    return names[function]


def run_again(project: Project, cell: str, names: dict[str, object]) -> str:
    """Run a restored cell as its magic does and return the version it makes."""
    head, _, body = cell.partition("\n")
    kind, _, line = head.removeprefix("%%blase_").partition(" ")
    said = parse_line("feature", line)
    assert kind == "feature"
    execute(body, names)
    text = CellText(kind="feature", name=said.name, raw=cell, body=body, options=said.options)
    return project.capture(text, names).digests.root


def test_the_history_says_what_each_version_changed(project: Project) -> None:
    """Code, options, helpers, values and documentation, against the version before."""
    first, second, third = project.versions("age")

    assert first.changes == ()
    assert any("function `age` changed 2 lines" in each for each in second.changes)
    assert "option `columns` is new" in second.changes
    assert "new documentation" in second.changes
    assert "value `CENTRE` 40.0 → 41.0" in third.changes
    assert any("function `centred`" in each for each in third.changes)
    assert not any("`age`" in each for each in third.changes)
    assert [each.is_newest for each in (first, second, third)] == [False, False, True]


def test_the_history_shows_the_proof_of_each_version(project: Project) -> None:
    """A proof belongs to the root it was made of."""
    old = project.history("age")[0]
    proof = Proof(
        step="age",
        version=1,
        root=old.digests.root,
        state="needs hidden",
        hidden=("df",),
        sentence="`df` is in no cell.",
        created="2030-01-01T00:00:00Z",
    )
    project.store.refs.publish("proof", "age", project.store.ledger.put(proof), expected=0)

    first, second, _ = project.versions("age")

    assert (first.proof, first.proven) == ("needs hidden", "needs hidden `df`")
    assert (second.proof, second.proven) == ("not proven", "not proven yet")


def test_a_comparison_holds_only_what_differs(project: Project) -> None:
    """Code without its docstring, documentation, options; no helper where none changed."""
    found = project.compare("age@1", "age@2")

    headings = [piece.heading for piece in found.pieces]
    assert headings == ["function age", "documentation", "options"]
    assert "The age around" not in found.pieces[0].after
    assert "columns = age" in found.pieces[2].after
    assert found.also == ()


def test_helpers_and_values_stand_under_their_own_headings(project: Project) -> None:
    """Of the last two versions where one name is given."""
    found = project.compare("age")

    assert (found.before, found.after) == ("age@2", "age@3")
    assert {piece.heading for piece in found.pieces} == {"value CENTRE", "helper centred"}
    assert all("age" not in piece.heading.split()[1:] for piece in found.pieces)


def test_one_version_is_compared_with_the_newest(project: Project) -> None:
    """`NAME@1` alone: against the version that stands."""
    assert project.compare("age@1").after == "age@3"


def test_a_version_differs_in_nothing_from_itself(project: Project) -> None:
    """No piece and nothing else."""
    found = project.compare("age@2", "age@2")

    assert (found.pieces, found.also, unified(found)) == ((), (), "")


def test_two_steps_of_other_names_can_be_compared(project: Project) -> None:
    """Their functions beside one another."""
    names = new_names()
    capture(project, INCOME, names)

    found = project.compare("age", "income")

    own = found.pieces[0]
    assert (found.before, found.after) == ("age@3", "income@1")
    assert "def age" in own.before
    assert "def income" in own.after


def test_what_has_no_text_is_said_in_a_sentence(tmp_path: Path) -> None:
    """An array's content differs where every line of code is the same."""
    cell = Cell(
        "feature",
        'def shifted(chunk):\n    """By a table."""\n    return chunk["age"] + TABLE[3]\n',
    )
    project, names = new_project(tmp_path, [], rows=10)
    for stop in (40_000, 50_000):
        execute(f"import numpy as np\nTABLE = np.zeros(60_000)\nTABLE[:{stop}] = 1\n", names)
        capture(project, cell, names)
    assert len(project.history("shifted")) == 2

    found = project.compare("shifted")

    shown = " ".join([*(piece.heading for piece in found.pieces), *found.also])
    assert "TABLE" in shown


def test_the_source_of_a_version_can_be_executed(project: Project) -> None:
    """A function with helpers and values gives the result of its time."""
    for name, expected in (("age@1", [-20.0, 10.0]), ("age@3", [10.5, -4.5])):
        found = project.source(name)
        age = rebuilt(found.text, found.function)
        assert callable(age)
        assert list(age(AGES)) == expected
        assert not found.secrets_left_out


@pytest.mark.parametrize("extra", ["", "SAID = '''three'''\n", 'PATH = r"a\\b"\n', "X = '\\\\'"])
def test_a_source_with_a_local_module_runs_with_the_module_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    """Whatever lies on the disk now, and whatever quotes the module holds."""
    project, names = new_project(tmp_path, [], rows=10)
    (tmp_path / "season.py").write_text(SEASON + extra, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "season", raising=False)
    capture(project, QUARTER, names)
    (tmp_path / "season.py").write_text("def quarter(times):\n    return 0\n", encoding="utf-8")
    meta_path = list(sys.meta_path)

    found = project.source("part_of_year")
    try:
        part = rebuilt(found.text, found.function)
        seen = pd.DataFrame({"seen": pd.to_datetime(["2030-02-01", "2030-11-01"])})
        assert callable(part)
        assert list(part(seen)) == [1, 4]
        assert "# --- season.py ---" in found.text
    finally:
        sys.meta_path[:] = meta_path
        sys.modules.pop("season", None)


def test_a_restored_cell_makes_the_version_again(project: Project) -> None:
    """Where its helpers are as they were; the new version has the root of the old one."""
    first, second, _ = project.history("age")
    restored = project.restore("age@1")
    assert restored.different == ("function centred", "value CENTRE")
    assert "# age@1 also rests on what is another now: function centred, value CENTRE." in (
        restored.cell
    )

    assert run_again(project, restored.cell, new_names()) == first.digests.root
    assert project.restore("age@2").cell.startswith("%%blase_feature --columns age\n")
    assert run_again(project, project.restore("age@2").cell, new_names()) == second.digests.root


def test_a_cell_restored_with_its_helpers_needs_nothing_else(project: Project) -> None:
    """In an empty notebook, and although several functions stand in one cell."""
    for version in (1, 2, 3):
        wanted = project.history("age")[version - 1]
        restored = project.restore(f"age@{version}", with_helpers=True)
        assert restored.different == ()
        assert run_again(project, restored.cell, {"__name__": "__main__"}) == wanted.digests.root


def test_what_the_cell_holds_itself_is_not_put_in_twice(tmp_path: Path) -> None:
    """A constant of the same cell is neither a helper nor another one now."""
    body = 'LIMIT = 3\n\ndef cut(chunk):\n    """Cut."""\n    return chunk["age"].clip(0, LIMIT)\n'
    project, names = new_project(tmp_path, [Cell("feature", body)], rows=10)
    capture(project, Cell("feature", body.replace("= 3", "= 4")), names)

    restored = project.restore("cut@1", with_helpers=True)

    assert restored.cell.count("LIMIT = 3") == 1
    assert project.restore("cut@1").different == ()


def test_restoring_changes_nothing_in_the_store(project: Project, tmp_path: Path) -> None:
    """Neither a record nor a version."""

    def stored() -> set[tuple[str, int]]:
        files = (each for each in (tmp_path / ".blase").rglob("*") if each.is_file())
        return {(each.as_posix(), each.stat().st_mtime_ns) for each in files}

    before = stored()
    project.restore("age@1", with_helpers=True)
    project.restore("age@1", into=tmp_path / "back.py")

    assert stored() == before


def test_a_restored_file_never_replaces_one(project: Project, tmp_path: Path) -> None:
    """It says how to write elsewhere, and the file that stood stays."""
    file = tmp_path / "age.py"
    file.write_text("mine", encoding="utf-8")

    with pytest.raises(BadNameError, match="--into FILE"):
        project.restore("age@1", into=file)

    assert file.read_text(encoding="utf-8") == "mine"


def test_local_modules_are_written_beside_the_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they were, in a folder of their own; without --with-helpers they are named."""
    project, names = new_project(tmp_path, [], rows=10)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "season", raising=False)
    capture(project, QUARTER, names)
    sys.modules.pop("season", None)
    (tmp_path / "season.py").write_text(SEASON + "\nYEAR = 1\n", encoding="utf-8")

    assert project.restore("part_of_year").different == ("module season",)
    restored = project.restore("part_of_year", into=tmp_path / "out" / "p.py", with_helpers=True)

    assert [Path(each).name for each in restored.files] == ["p.py", "season.py"]
    assert (tmp_path / "out" / "p-modules" / "season.py").read_text(encoding="utf-8") == SEASON


def test_a_secret_in_a_restored_cell_is_said_to_be_left_out(tmp_path: Path) -> None:
    """The store never had it."""
    cell = Cell("feature", "password = 'Zq81xk-hunter2'\n" + AGE.body)
    project, _ = new_project(tmp_path, [cell], rows=10)

    restored = project.restore("age")

    assert restored.secrets_left_out
    assert "Zq81xk-hunter2" not in restored.cell


def test_a_version_that_is_none_is_refused(project: Project) -> None:
    """By every one of the verbs."""
    for ask in (project.compare, project.source, project.restore, project.versions):
        with pytest.raises(NotFoundError):
            ask("agee")
    assert told_of(project, project.history("age")[-1], None).startswith("feature age@3")
