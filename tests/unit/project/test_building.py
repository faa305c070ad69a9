"""Sources of every kind become the same columns; what cannot be built is refused in few words."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from project_samples import (
    AGE,
    CLEAN,
    DATA_CELLS,
    INCOME,
    LEAK,
    MODEL,
    PREVIOUS,
    REGION,
    SETTINGS,
    SOURCE,
    TARGET,
    Cell,
    capture,
    execute,
    lay_out,
    new_names,
    new_project,
    people,
    undocumented,
)
from two_workers import two_workers

from blase_lab.core.errors import (
    BlaseError,
    LeakageError,
    ModelError,
    NoStepError,
    NotFoundError,
    OverBudgetError,
    StepFailedError,
    UndocumentedError,
    UnknownInputError,
    UnreadableSourceError,
    WrongShapeError,
)
from blase_lab.core.records import Finding, Progress, Snapshot
from blase_lab.project import Project
from blase_lab.project.training import refuse_leaks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blase_lab.core.records import Event


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, tuple[Snapshot, ...]]:
    """A project that was built once on threads, for tests that only read."""
    project, _ = new_project(tmp_path_factory.mktemp("built"))
    return project, project.build()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of a cluster of two real worker processes."""
    with two_workers() as found:
        yield found


def named(cell: Cell, name: str) -> Cell:
    """Return the cell with another name for its function."""
    _, rest = cell.body.split("(", 1)
    return replace(cell, body=f"def {name}({rest}")


def digests(snapshots: tuple[Snapshot, ...]) -> dict[str, str]:
    """Return the content digests by name."""
    return {each.name: each.digest for each in snapshots}


def files_of(folder: Path) -> dict[str, int]:
    """Return every file below the data of a store with its size."""
    return {
        str(path): path.stat().st_size
        for part in ("data", "blobs")
        for path in (folder / ".blase" / part).rglob("*")
        if path.is_file()
    }


def test_a_build_makes_every_step_within_the_budget(
    built: tuple[Project, tuple[Snapshot, ...]],
) -> None:
    """One Snapshot a step, the source first, each with its plan; cleaning tells what it removed."""
    project, snapshots = built

    assert [each.stage for each in snapshots][:2] == ["source", "clean"]
    assert {each.name for each in snapshots} == {
        *("people", "aged", "age", "region", "income", "previous", "bought")
    }
    assert all(each.rows == 6_000 for each in snapshots)
    assert snapshots[1].removed == int(people()["age"].isna().sum())
    for each in snapshots:
        assert each.plan is not None, each.name
        assert each.plan.peak_bytes <= project.settings.memory_bytes
    assert set(project.plan()) == {each.name for each in snapshots}


def test_a_second_build_computes_nothing(built: tuple[Project, tuple[Snapshot, ...]]) -> None:
    """The same Snapshots come back."""
    project, snapshots = built
    before = files_of(project.folder)

    assert [each.id for each in project.build()] == [each.id for each in snapshots]
    assert files_of(project.folder) == before


def test_threads_and_a_cluster_give_equal_digests(
    built: tuple[Project, tuple[Snapshot, ...]], address: str, tmp_path: Path
) -> None:
    """The address of a scheduler is all that differs."""
    project, _ = new_project(tmp_path)

    made = project.build(cluster=address)

    assert digests(made) == digests(built[1])
    assert all(each.computed_shards > 0 for each in made[1:])
    assert project.verify().damaged == ()


@pytest.mark.parametrize("kind", ["parquet", "sqlite", "frames", "many"])
def test_every_kind_of_source_gives_the_same_columns(
    built: tuple[Project, tuple[Snapshot, ...]], kind: str, tmp_path: Path
) -> None:
    """From the source to the target, digest by digest."""
    lay_out(tmp_path)
    frame = people()
    cell = SOURCE
    if kind == "parquet":
        frame.to_parquet(tmp_path / "people.parquet", row_group_size=1_000)
        cell = replace(SOURCE, body=SOURCE.body.replace("people.csv", "people.parquet"))
    elif kind == "sqlite":
        with sqlite3.connect(tmp_path / "people.db") as base:
            frame.to_sql("people", base, index=False)
        base.close()
        cell = replace(
            SOURCE, body=SOURCE.body.replace("people.csv", "sqlite:///people.db?table=people")
        )
    elif kind == "many":
        frame[:2_500].to_csv(tmp_path / "part-1.csv", index=False)
        frame[2_500:].to_csv(tmp_path / "part-2.csv", index=False)
        cell = replace(SOURCE, body=SOURCE.body.replace("people.csv", "part-*.csv"))
    else:
        body = SOURCE.body.replace('"people.csv"', 'pd.read_csv("people.csv")')
        cell = replace(SOURCE, body=f"import pandas as pd\n\n{body}")
    project = Project.init(tmp_path)
    names = new_names()
    before = os.getcwd()  # noqa: PTH109 - a kernel stands in the project's folder
    os.chdir(tmp_path)
    try:
        for each in (cell, *DATA_CELLS[1:]):
            capture(project, each, names)
        made = digests(project.build())
    finally:
        os.chdir(before)

    expected = digests(built[1])
    if kind in ("parquet", "sqlite", "frames"):
        # These tell times as text or as times; the columns that steps made must be equal.
        made.pop("people"), expected.pop("people")
    assert made == expected


def test_a_build_of_named_steps_makes_those_and_their_inputs(tmp_path: Path) -> None:
    """A feature that another one takes is built too, and nothing else."""
    both = Cell(
        "feature",
        'def both(chunk):\n    """Their product."""\n    return chunk["age"] * chunk["income"]\n',
        {"inputs": ["income"], "columns": ["age"]},
    )
    project, _ = new_project(tmp_path, [SOURCE, AGE, INCOME, both, TARGET], rows=500)

    assert [each.name for each in project.build("both")] == ["people", "income", "both"]


def test_only_what_an_edit_touches_is_computed_again(tmp_path: Path) -> None:
    """Other features keep their Snapshot."""
    project, names = new_project(tmp_path, [SOURCE, CLEAN, AGE, INCOME], rows=500)
    project.bind(names)
    first = {each.name: each for each in project.build()}

    execute("CENTRE = 41.0", names)
    second = {each.name: each for each in project.build()}

    assert second["age"].digest != first["age"].digest
    assert second["income"].id == first["income"].id
    assert project.history("age")[-1].version == 2


def test_without_a_source_or_with_two_the_way_out_is_said(tmp_path: Path) -> None:
    """Both counts are in the message."""
    project, names = new_project(tmp_path, [AGE], rows=10)
    with pytest.raises(NoStepError, match="this one has 0"):
        project.build()
    capture(project, SOURCE, names)
    other = SOURCE.body.replace("def people", "def others")
    capture(project, replace(SOURCE, body=other), names)
    with pytest.raises(NoStepError, match="this one has 2") as caught:
        project.build()
    assert "--join" in caught.value.way_out


@pytest.mark.parametrize(
    ("cell", "kind", "words"),
    [
        (
            Cell("feature", "def f(chunk):\n    return chunk['agee']\n"),
            UnknownInputError,
            ["`f`", "agee", "`age`"],
        ),
        (
            Cell("feature", "def f(chunk):\n    return chunk['age'][:3]\n"),
            WrongShapeError,
            ["`f`", "3"],
        ),
        (
            Cell("feature", "def f(chunk):\n    return 1 / 0\n"),
            StepFailedError,
            ["`f`", "ZeroDivisionError", "return 1 / 0"],
        ),
        (
            Cell("feature", "def f(chunk):\n    return chunk['age']\n", {"inputs": ["incme"]}),
            UnknownInputError,
            ["`f`", "incme", "age"],
        ),
        (
            Cell("feature", "def f(chunk):\n    return chunk['age']\n", {"columns": ["agee"]}),
            UnknownInputError,
            ["`f`", "agee", "`age`"],
        ),
        (
            Cell("source", "def people():\n    return 'nowhere.csv'\n"),
            UnreadableSourceError,
            ["nowhere.csv"],
        ),
        (
            Cell("source", "def people():\n    return 42\n"),
            BlaseError,
            ["`people`", "int"],
        ),
        (
            Cell("source", "def people():\n    raise OSError('gone')\n"),
            StepFailedError,
            ["`people`", "OSError: gone"],
        ),
        (
            Cell("clean", "def aged(chunk):\n    return chunk['age']\n"),
            WrongShapeError,
            ["`aged`"],
        ),
    ],
)
def test_a_step_at_fault_is_named_with_the_cause(
    tmp_path: Path, *, cell: Cell, kind: type[BlaseError], words: list[str]
) -> None:
    """Short, with the step, the cause and a way out; what was built before stays."""
    project, names = new_project(tmp_path, [SOURCE, AGE], rows=200)
    before = project.build()
    capture(project, cell, names)

    with pytest.raises(kind) as caught:
        project.build()

    said = str(caught.value)
    assert all(word in said for word in words), said
    assert caught.value.way_out
    assert len(said) < 500
    if cell.kind == "feature":
        assert project.show("age") == project.history("age")[-1]
        assert project.build("age")[-1].id == before[-1].id


@pytest.mark.parametrize("memory", ["100B", "1KiB"])
def test_a_budget_that_cannot_hold_the_work_is_refused(tmp_path: Path, memory: str) -> None:
    """Both numbers are said, and nothing is published."""
    project, _ = new_project(tmp_path, settings=SETTINGS.replace("256MiB", memory), rows=3_000)
    before = files_of(tmp_path)
    seen: list[Event | Progress] = []

    with pytest.raises(OverBudgetError) as caught:
        project.build(watch=seen.append)

    assert int(str(caught.value.facts["budget"])) <= 1_024
    assert str(caught.value.facts["needed"]) in caught.value.happened
    assert "memory" in caught.value.way_out
    assert files_of(tmp_path) == before
    assert project.store.index.snapshots("people") == []
    if memory == "100B":
        assert seen == []
        assert list((tmp_path / ".blase" / "tmp").iterdir()) == []


def test_a_small_budget_that_holds_the_source_holds_its_steps(tmp_path: Path) -> None:
    """Shards are cut so that a step over all columns fits too, also where rows are narrow."""
    settings = SETTINGS.replace("256MiB", "4MiB")
    project, _ = new_project(tmp_path, [SOURCE, INCOME], settings=settings, rows=40_000)

    source, income = project.build()

    for each in (source, income):
        assert each.plan is not None
        assert each.plan.peak_bytes <= 4 * 2**20
    assert len(income.shards) > 1


def test_the_plan_is_shown_before_the_work(tmp_path: Path) -> None:
    """The first thing a watcher hears of a source is its plan, in a sentence."""
    project, _ = new_project(tmp_path, [SOURCE, AGE], rows=500)
    seen: list[Event | Progress] = []

    project.build(watch=seen.append)

    progress = [each for each in seen if isinstance(each, Progress)]
    assert progress[0].stage == "plan"
    assert "people: 500 rows in 1 shard, " in progress[0].sentence
    assert "of 256.0 MiB" in progress[0].sentence
    assert [each.stage for each in progress] == ["plan", "source", "plan", "feature"]


# --- refused before training (nothing of TensorFlow is needed to say no) ---


def test_an_undocumented_step_is_not_trained_on(tmp_path: Path) -> None:
    """Every one is named, with what to write; nothing was built for it."""
    cells = [SOURCE, undocumented(AGE), undocumented(INCOME), TARGET, MODEL]
    project, _ = new_project(tmp_path, cells, rows=300)

    with pytest.raises(UndocumentedError) as caught:
        project.train()

    assert "2 of 5" in caught.value.happened
    assert caught.value.facts["steps"] == ["age", "income"]
    assert "docstring" in caught.value.way_out
    assert files_of(tmp_path) == {}
    assert project.runs() == ()


def test_a_feature_of_the_target_is_refused_by_name(tmp_path: Path) -> None:
    """It is named with the way out, and no run is begun."""
    cells = [SOURCE, AGE, REGION, PREVIOUS, LEAK, TARGET, MODEL]
    project, _ = new_project(tmp_path, cells, rows=2_000)

    with pytest.raises(LeakageError) as caught:
        project.train()

    assert "receipt" in caught.value.happened
    assert "`%blase drop receipt`" in caught.value.way_out
    assert "`--accept receipt`" in caught.value.way_out
    assert [finding.step for finding in caught.value.facts["findings"]] == ["receipt"]  # type: ignore[attr-defined]
    assert project.runs() == ()


def test_a_column_that_is_known_afterwards_is_refused(tmp_path: Path) -> None:
    """A feature that reads a column of --known-after is a proof, however weak it is."""
    late = replace(SOURCE, options={"known_after": ["income"]})
    project, _ = new_project(tmp_path, [late, AGE, INCOME, TARGET, MODEL], rows=2_000)

    with pytest.raises(LeakageError) as caught:
        project.train()

    assert "`income`" in caught.value.happened


def test_a_training_without_a_model_or_a_target_says_what_is_missing(tmp_path: Path) -> None:
    """Two different sentences."""
    project, names = new_project(tmp_path, [SOURCE, AGE], rows=300)
    with pytest.raises(NoStepError, match="needs a model step, and there is none"):
        project.train()
    capture(project, MODEL, names)
    with pytest.raises(NoStepError, match="needs a target, and there is none"):
        project.train()
    assert files_of(tmp_path) == {}


def test_a_model_that_is_none_is_refused_by_what_it_is(tmp_path: Path) -> None:
    """A misspelled name has a close one; a step of another kind is named as what it is."""
    project, _ = new_project(tmp_path, [SOURCE, AGE, TARGET, MODEL], rows=10)

    with pytest.raises(NotFoundError, match=r"no step `nett`.*Did you mean `net`"):
        project.train(model="nett")
    with pytest.raises(NoStepError, match="`age` is a feature step and no model"):
        project.train(model="age")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([AGE, TARGET, MODEL], "one main source, and this one has 0"),
        ([SOURCE, TARGET, MODEL], "needs features, and there is none"),
        ([SOURCE, AGE, TARGET, named(TARGET, "sold"), MODEL], "one target, and there are 2"),
        ([SOURCE, AGE, TARGET, MODEL, named(MODEL, "deep")], "there are 2 model steps"),
        ([SOURCE, replace(AGE, options={"inputs": ["x"]}), TARGET, MODEL], "`age` takes `x`"),
    ],
)
def test_what_a_training_lacks_is_said_before_anything_is_built(
    tmp_path: Path, cells: list[Cell], words: str
) -> None:
    """Nothing is read for a training that cannot be."""
    project, _ = new_project(tmp_path, cells, rows=10)

    with pytest.raises(BlaseError) as caught:
        project.train()

    assert words in caught.value.happened
    assert caught.value.way_out
    assert files_of(tmp_path) == {}


def test_several_models_are_named_in_the_way_out(tmp_path: Path) -> None:
    """Only the half of the message that fits."""
    cells = [SOURCE, AGE, TARGET, MODEL, named(MODEL, "broken")]
    project, _ = new_project(tmp_path, cells, rows=10)

    with pytest.raises(NoStepError) as caught:
        project.train()

    assert caught.value.way_out == "Name one with --model: broken, net."


def test_a_loop_step_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    """This version does not train with it, and says so before any work."""
    loop = Cell("loop", 'def lp(model, data):\n    """My own loop."""\n    return model\n')
    project, _ = new_project(tmp_path, [SOURCE, AGE, TARGET, MODEL, loop], rows=10)

    with pytest.raises(ModelError) as caught:
        project.train()

    assert str(caught.value) == (
        "`lp` is a loop step, and this version trains with the model step only. "
        "Leave it out with `%blase drop lp`."
    )
    assert files_of(tmp_path) == {}


def test_each_leak_has_the_way_out_that_fits_it() -> None:
    """A step can be dropped; twins and the order of time can only be mended or accepted."""
    twins = Finding(check="duplicates", grade="proof", step=None, sentence="Twins.")
    late = Finding(check="known-after", grade="proof", step="late", sentence="Late.")

    with pytest.raises(LeakageError) as both:
        refuse_leaks([twins, late], ())
    with pytest.raises(LeakageError) as one:
        refuse_leaks([twins, late], ["late"])

    assert "`%blase drop late`" in both.value.way_out
    assert "accept it: `--accept late`." in both.value.way_out
    assert "accept it with `--accept duplicates`." in both.value.way_out
    assert "drop" not in one.value.way_out
    refuse_leaks([twins, late], ["late", "duplicates"])


def test_a_build_of_what_is_no_data_step_says_why(tmp_path: Path) -> None:
    """A name that no step has is told from a step of which there is nothing to build."""
    project, _ = new_project(tmp_path, [SOURCE, AGE, MODEL], rows=10)

    with pytest.raises(NotFoundError, match=r"no step `agge`.*Did you mean `age`"):
        project.build("agge")
    with pytest.raises(NotFoundError, match="`net` is a model step"):
        project.plan("net")
