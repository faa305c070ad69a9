"""Why a step is stale or fresh, why data was not computed, and which run is the same."""

from __future__ import annotations

import importlib
import itertools
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from project_samples import (
    AGE,
    CLEAN,
    HELPERS,
    INCOME,
    QUARTER,
    SEASON,
    SOURCE,
    TARGET,
    Cell,
    capture,
    execute,
    lay_out,
    new_names,
    new_project,
    put_training,
)

from blase_lab.core.errors import NotFoundError
from blase_lab.core.records import Step, Training
from blase_lab.project import Project
from blase_lab.project.sameness import same_training
from blase_lab.store import utc_now
from blase_lab.ui.cli import main

if TYPE_CHECKING:
    from pathlib import Path

WEIGHED = Cell(
    "feature",
    'def weighed(chunk):\n    """By hand."""\n    return chunk[\'age\'] * FACTOR + TABLE.sum()\n',
)


@pytest.fixture
def bound(tmp_path: Path) -> tuple[Project, dict[str, object]]:
    """A project with features whose helper, scalar and array live in the notebook."""
    project, names = new_project(tmp_path, [SOURCE, AGE, INCOME], rows=40)
    execute("FACTOR = 2\nTABLE = np.arange(3.0)", names)
    capture(project, WEIGHED, names)
    project.bind(names)
    return project, names


def reasons(project: Project, name: str) -> tuple[str, ...]:
    """Return what the badge of a step says."""
    (state,) = project.status(names=[name])
    return state.reasons


def test_a_fresh_step_says_what_it_is_equal_to(bound: tuple[Project, dict[str, object]]) -> None:
    """`why` is never empty: all leaves of the identity are listed."""
    project, _ = bound
    found = project.same_as("age")

    assert found.is_same
    assert found.sentence == f"fresh: same as age@1, {found.leaves} of {found.leaves} leaves equal"
    assert len(found.equal) == found.leaves
    assert {"function age", "function centred", "value CENTRE", "kind"} <= set(found.equal)
    assert project.why("age") == found.changes == ()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("FACTOR = 5", "value `FACTOR` 2 → 5"),
        ("TABLE[0] = 9", "value `TABLE` holds other content: ndarray float64 (3,)"),
        ("TABLE = TABLE.astype('float32')", "value `TABLE` changed its dtype float64 → float32"),
        ("TABLE = np.arange(4.0)", "value `TABLE` changed its shape (3,) → (4,)"),
        ("del FACTOR", "`FACTOR` is undefined: nothing has this name any more; it was 2"),
    ],
)
def test_each_changed_leaf_is_said_with_old_and_new(
    bound: tuple[Project, dict[str, object]], edit: str, said: str
) -> None:
    """Scalars, arrays and lost names, in the badge and in `why`."""
    project, names = bound
    execute(edit, names)

    assert any(reason.startswith(said) for reason in reasons(project, "weighed"))
    found = project.same_as("weighed")
    assert found.sentence == f"stale: {len(found.equal)} of {found.leaves} leaves equal weighed@1"
    assert len(found.equal) < found.leaves


def test_a_changed_helper_shows_its_lines(bound: tuple[Project, dict[str, object]]) -> None:
    """The line as it was and as it is."""
    project, names = bound
    execute(HELPERS.replace("values - CENTRE", "CENTRE - values"), names)
    assert reasons(project, "age") == (
        "function `centred` changed 1 line: return values - CENTRE → return CENTRE - values",
    )


def test_a_deleted_helper_makes_its_step_stale_while_the_function_lives(
    bound: tuple[Project, dict[str, object]],
) -> None:
    """Nothing else changed, and the files on disk say nothing of it."""
    project, names = bound
    del names["centred"]
    assert "`centred` is undefined: nothing has this name any more" in reasons(project, "age")


def test_a_function_that_is_not_there_says_nothing(
    bound: tuple[Project, dict[str, object]],
) -> None:
    """A kernel that was just started has no names yet: the captured step is what would run."""
    project, names = bound
    for name in ("age", "centred"):
        del names[name]
    assert reasons(project, "age") == ()


def test_a_reloaded_module_is_compared_as_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit on disk is said with its line; reloading it changes nothing of that."""
    monkeypatch.syspath_prepend(str(lay_out(tmp_path, rows=10)))
    monkeypatch.delitem(sys.modules, "season", raising=False)
    project, names = new_project(tmp_path, [SOURCE, QUARTER], rows=10)
    project.bind(names)
    assert reasons(project, "part_of_year") == ()
    (tmp_path / "season.py").write_text(SEASON.replace(".quarter", ".month"), encoding="utf-8")
    importlib.invalidate_caches()

    edited = reasons(project, "part_of_year")
    importlib.reload(sys.modules["season"])
    reloaded = reasons(project, "part_of_year")

    line = "module `season` changed 1 line: return times.dt.quarter → return times.dt.month"
    assert line in edited
    assert line in reloaded
    capture(project, QUARTER, names)
    assert reasons(project, "part_of_year") == ()
    assert [each.version for each in project.history("part_of_year")] == [1, 2]


def test_two_notebooks_of_one_step_name_are_told_apart(tmp_path: Path) -> None:
    """Who holds the earlier version reads whose the newest is, and when it was captured."""
    mine, names = new_project(tmp_path, [SOURCE, AGE], rows=10)
    mine.bind(names)
    yours, others = Project.open(tmp_path), new_names()
    yours.bind(others)
    assert reasons(mine, "age") == ()

    again = Cell(AGE.kind, AGE.body.replace("centred(", "2 * centred("))
    step = capture(yours, again, others)

    assert reasons(yours, "age") == ()
    first, *rest = reasons(mine, "age")
    assert first.startswith("this notebook holds age@1; age@2 was captured elsewhere at ")
    assert step.created[:16].replace("T", " ") in first
    assert any("function `age` changed 1 line" in each for each in rest)
    assert first in mine.same_as("age").notes


def test_a_package_that_was_upgraded_since_is_noted_and_is_no_reason(
    bound: tuple[Project, dict[str, object]],
) -> None:
    """The environment is no part of the code's version."""
    project, _ = bound
    step = project.history("income")[-1]
    leaves = tuple(
        msgspec.structs.replace(leaf, text="1.0", digest="0" * 64)
        if leaf.name == "package numpy"
        else leaf
        for leaf in step.leaves
    )
    target = project.store.ledger.put(msgspec.structs.replace(step, leaves=leaves))
    project.store.refs.publish("step", "income", target, expected=1)

    found = project.same_as("income@2")

    assert found.is_same
    (note,) = found.notes
    assert note.startswith("numpy 1.0 → ")
    assert note.endswith(": not part of the code's version")
    assert reasons(project, "income") == ()


def test_data_that_was_not_computed_says_why(tmp_path: Path) -> None:
    """What stood already, and what took over a part, each with its counts."""
    project, names = new_project(tmp_path, [SOURCE, CLEAN, AGE, TARGET], rows=40)
    first = project.build()
    assert project.reused(first, since="") == ()
    time.sleep(0.001)
    began = utc_now()
    again = {each.name: each for each in project.reused(project.build(), since=began)}

    assert set(again) == {"people", "aged", "age", "bought"}
    leaves = len(again["age"].equal)
    assert again["age"].sentence.startswith("same as age built 20")
    assert again["age"].sentence.endswith(
        f": {leaves} of {leaves} leaves equal, 2 inputs unchanged"
    )
    assert again["people"].sentence.endswith("1 file unchanged")

    capture(project, Cell(AGE.kind, AGE.body.replace("centred(", "3 * centred(")), names)
    began = utc_now()
    assert "age" not in {each.name for each in project.reused(project.build(), since=began)}


def test_chunks_that_were_taken_over_are_counted(tmp_path: Path) -> None:
    """A part of a Snapshot that is new is said with both counts."""
    project, _ = new_project(tmp_path, [SOURCE, INCOME], rows=10)
    built = {each.name: each for each in project.build()}
    part = msgspec.structs.replace(built["income"], computed_shards=2, reused_shards=38)

    (found,) = project.reused((part,), since="")

    assert found.sentence == "38 of 40 chunks taken over"
    assert not found.is_same


_numbers = itertools.count(1)


def put_like(project: Project, **other: object) -> Training:
    """Record the next training; all of them are alike but for what is given."""
    number = next(_numbers)
    alike = {
        "id": f"{number:04d}-sameness",
        "number": number,
        "steps": {"age@1": "a" * 64, "net@1": "b" * 64},
        "snapshots": {"age": "c" * 64},
        "environment": {"python": "3.11.7", "numpy": "2.3"},
        "created": utc_now(),
    }
    return put_training(project, **{**alike, **other})


def test_a_run_of_the_same_identity_is_named(tmp_path: Path) -> None:
    """Equal steps, data, hyperparameters and environment; any other of them is said."""
    project, _ = new_project(tmp_path, [SOURCE], rows=10)
    first = put_like(project)
    with pytest.raises(NotFoundError, match="is the first"):
        project.same_as(str(first.number))
    other = put_like(project, environment={"python": "3.11.7", "numpy": "2.4"})
    same = put_like(project, steps={"age@4": "a" * 64, "net@1": "b" * 64})

    assert same_training(project._space, same) == first
    assert project.same_as(str(same.number)).sentence == (
        f"same as run {first.number}: 11 of 11 leaves equal"
    )
    found = project.same_as(str(other.number))
    assert found.sentence == f"differs from run {first.number}: 10 of 11 leaves equal"
    assert [change.name for change in found.changes] == ["environment numpy"]


def test_the_shell_says_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`blase why` of a fresh step lists its leaves; `blase build` says what it took over."""
    new_project(tmp_path, [SOURCE, AGE, TARGET], rows=40)
    here = ["--project", str(tmp_path)]

    assert main(["why", "age", *here]) == 0
    said = capsys.readouterr().out
    assert "fresh: same as age@1" in said
    assert "function centred" in said
    assert main(["build", *here]) == 0
    capsys.readouterr()
    time.sleep(0.001)
    assert main(["build", *here]) == 0
    assert "age: same as age built 20" in capsys.readouterr().out


def test_what_did_not_change_is_not_written_again(
    bound: tuple[Project, dict[str, object]],
) -> None:
    """The badges' file stays as it is, unless another kernel wrote since."""
    project, names = bound
    live = project.store.live
    project.write_live("one")
    before = live.path("kernel-one").stat().st_mtime_ns
    time.sleep(0.02)
    project.write_live("one")
    assert live.path("kernel-one").stat().st_mtime_ns == before

    project.write_live("two")
    time.sleep(0.02)
    project.write_live("one")
    assert live.names()[-1] == "kernel-one"

    execute("FACTOR = 7", names)
    project.write_live("one")
    states = msgspec.json.decode(live.get("kernel-one") or b"")
    assert {each["name"]: each["state"] for each in states}["weighed"] == "stale"


def test_a_version_of_another_process_is_seen_at_once(tmp_path: Path) -> None:
    """What is remembered of the store never hides what is newer there."""
    project, names = new_project(tmp_path, [SOURCE, AGE], rows=10)
    time.sleep(0.15)
    assert project.status()[1].version == 1
    other = Project.open(tmp_path)
    for factor in (2, 3, 4):
        cell = Cell(AGE.kind, AGE.body.replace("centred(", f"{factor} * centred("))
        capture(other, cell, names)
        assert project.status()[1].version == factor
    other.drop("age")
    assert [each.name for each in project.status()] == ["people"]
    assert isinstance(project.show("age"), Step)


def test_the_flags_of_a_step_are_in_its_state(tmp_path: Path) -> None:
    """What cannot be known stands beside what is known."""
    project, names = new_project(tmp_path, [SOURCE], rows=10)
    body = 'def drawn(chunk):\n    """By chance."""\n    return np.random.rand(len(chunk))\n'
    step = capture(project, Cell("feature", body), names)
    (state,) = project.status(names=["drawn"])
    assert step.flags
    assert set(step.flags) <= set(state.flags)
