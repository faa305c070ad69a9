"""What a step reads when it runs belongs to it: seen, published, and compared before each verb."""

from __future__ import annotations

import contextlib
import pickle
import sqlite3
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from project_samples import (
    AGE,
    CLEAN,
    SETTINGS,
    SOURCE,
    Cell,
    capture,
    execute,
    new_project,
    put_training,
)

from blase_lab.capture.observe import digest_now
from blase_lab.core.errors import OfflineError, ResumeError
from blase_lab.core.records import (
    Closure,
    Definition,
    Observation,
    Observed,
    StepState,
)
from blase_lab.project import Project
from blase_lab.project.watched import StepFunction, Watching

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import Snapshot, Step

LIMITED = Cell(
    "feature",
    textwrap.dedent('''\
        import json, os

        def limited(chunk):
            """Above the limit of the shop."""
            with open(FOLDER + "/thresholds.json") as file:
                limit = json.load(file)["limit"]
            return (chunk["age"] > limit) * int(os.environ.get("SHOP_FACTOR", "1"))
        '''),
)


def project_with(
    folder: Path, *cells: Cell, settings: str = SETTINGS
) -> tuple[Project, dict[str, object]]:
    """Return a project of 500 people with these cells, and a file with a limit of 30."""
    project, names = new_project(folder, [SOURCE], settings=settings, rows=500)
    names["FOLDER"] = str(folder)
    set_limit(folder, 30)
    for cell in cells:
        capture(project, cell, names)
    return project, names


def set_limit(folder: Path, limit: int) -> None:
    """Write the file that the feature reads."""
    (folder / "thresholds.json").write_text(f'{{"limit": {limit}}}', encoding="utf-8")


def state(project: Project, name: str) -> StepState:
    """Return one step as its badge shows it."""
    return project.status(names=[name])[0]


def built(project: Project, name: str) -> Snapshot:
    """Build, and return the Snapshot of one step."""
    return next(each for each in project.build() if each.name == name)


def observations(project: Project, name: str) -> set[tuple[str, str, str]]:
    """Return what a step touched, without digests."""
    found = project.observed(name)[name]
    assert found is not None
    return {(each.kind, each.name, each.mode) for each in found.observations}


@pytest.fixture
def no_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has set the variable."""
    monkeypatch.delenv("SHOP_FACTOR", raising=False)


@pytest.mark.usefixtures("no_factor")
def test_a_step_whose_file_changed_is_stale_until_it_is_built_again(tmp_path: Path) -> None:
    """With a sentence; the build makes a new version and other values."""
    project, _ = project_with(tmp_path, LIMITED)
    first = built(project, "limited")
    assert state(project, "limited").state == "fresh"

    set_limit(tmp_path, 45)
    stale = state(project, "limited")
    again = built(project, "limited")

    assert stale.state == "stale"
    assert stale.reasons[0].startswith("file `thresholds.json` ")
    assert "→" in stale.reasons[0]
    assert (again.digest != first.digest, again.step != first.step) == (True, True)
    assert state(project, "limited").version == 2
    assert state(project, "limited").state == "fresh"


@pytest.mark.usefixtures("no_factor")
def test_a_step_whose_reads_are_unchanged_is_not_computed_again(tmp_path: Path) -> None:
    """Also after the file was written again with the same bytes, and the cell ran again."""
    project, names = project_with(tmp_path, LIMITED)
    first = built(project, "limited")

    set_limit(tmp_path, 30)
    capture(project, LIMITED, names)

    assert built(project, "limited").id == first.id
    assert state(project, "limited").version == 1
    assert len(project.store.ledger.list(Observed)) == 2  # of the source and of the feature


@pytest.mark.usefixtures("no_factor")
def test_a_file_that_is_put_back_gives_the_first_values_and_never_the_second(
    tmp_path: Path,
) -> None:
    """Whoever asks: a build, or the cell that is run again."""
    project, names = project_with(tmp_path, LIMITED)
    first = built(project, "limited")
    set_limit(tmp_path, 45)
    second = built(project, "limited")

    set_limit(tmp_path, 30)
    assert state(project, "limited").state == "stale"
    third = built(project, "limited")
    set_limit(tmp_path, 45)
    capture(project, LIMITED, names)
    fourth = built(project, "limited")

    assert third.digest == first.digest
    assert fourth.digest == second.digest != first.digest
    assert [step.version for step in project.history("limited")] == [1, 2, 3, 4]


@pytest.mark.usefixtures("no_factor")
def test_a_variable_is_seen_and_its_value_is_nowhere_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its name and a salted digest."""
    project, _ = project_with(tmp_path, LIMITED)
    first = built(project, "limited")

    monkeypatch.setenv("SHOP_FACTOR", "918273645")
    assert state(project, "limited").reasons[0].startswith("variable `SHOP_FACTOR` not set → ")
    second = built(project, "limited")
    monkeypatch.setenv("SHOP_FACTOR", "5")
    assert state(project, "limited").reasons == ("variable `SHOP_FACTOR` changed",)

    assert second.digest != first.digest
    records = [path for path in (tmp_path / ".blase").rglob("*.json*") if path.is_file()]
    assert records
    assert [path for path in records if b"918273645" in path.read_bytes()] == []


def test_the_salt_is_made_once_and_is_each_projects_own(tmp_path: Path) -> None:
    """So that the digest of a value tells nothing in another project."""
    one, other = (Project.init(tmp_path / name).store for name in ("one", "other"))

    assert one.salt() == ""
    assert one.salt("a" * 32) == "a" * 32
    assert one.salt("b" * 32) == "a" * 32 == Project.open(tmp_path / "one").store.salt()
    assert other.salt("c" * 32) == "c" * 32


def test_what_a_helper_read_once_and_kept_is_read_again_when_it_changed(tmp_path: Path) -> None:
    """A cache of the user's own does not outlive the file that it was filled from."""
    helper = (
        "import functools\n\n@functools.cache\ndef limit():\n"
        '    with open(FOLDER + "/limit.txt") as file:\n        return float(file.read())\n'
    )
    cell = Cell(
        "feature",
        'def above(chunk):\n    """Above the limit."""\n    return chunk["age"] - limit()\n',
    )
    (tmp_path / "limit.txt").write_text("30")
    project, names = project_with(tmp_path)
    execute(helper, names)
    capture(project, cell, names)
    digests = []
    for limit in ("30", "40", "30", "40"):
        (tmp_path / "limit.txt").write_text(limit)
        digests.append(built(project, "above").digest)

    assert digests[0] == digests[2] != digests[1]
    assert digests[1] == digests[3]


def test_what_a_definition_reads_while_it_is_executed_is_observed(tmp_path: Path) -> None:
    """In this process and in another one, and executed anew when it changed."""
    (tmp_path / "rate.txt").write_text("2")
    place = str(tmp_path / "rate.txt")
    statement = f"import pathlib\nRATE = float(pathlib.Path({place!r}).read_text())"
    closure = Closure(
        function="taxed",
        definitions=(
            Definition(name="RATE", origin="statement", source=statement),
            Definition(
                name="taxed", origin="function", source="def taxed(value):\n    return value * RATE"
            ),
        ),
    )
    watching = Watching(tmp_path, "salt", offline=False)
    made = StepFunction(closure, watching)
    crossed = pickle.loads(pickle.dumps(made))

    assert (made(3), crossed(3)) == (6, 6)
    for function in (made, crossed):
        assert [note.name for note in function.take_notes()] == ["rate.txt"]
    (tmp_path / "rate.txt").write_text("5.0")
    assert StepFunction(closure, watching)(3) == 15
    assert repr(made) == "StepFunction(taxed)"


def test_a_module_that_is_imported_by_name_is_read_again_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the code tells that it is needed; running does."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cell = Cell(
        "feature",
        'def scaled(chunk):\n    """By a plug-in."""\n'
        '    return chunk["age"] * __import__("plugin_{}".format("of_shop")).FACTOR\n',
    )
    digests = []
    (tmp_path / "plugin_of_shop.py").write_text("FACTOR = 2\n")
    project, _ = project_with(tmp_path, cell)
    for factor in ("2", "3", "2"):
        (tmp_path / "plugin_of_shop.py").write_text(f"FACTOR = {factor}\n")
        digests.append(built(project, "scaled").digest)
    (tmp_path / "plugin_of_shop.py").write_text("FACTOR = 44\n")
    reasons = state(project, "scaled").reasons
    sys.modules.pop("plugin_of_shop", None)

    assert ("module", "plugin_of_shop", "read") in observations(project, "scaled")
    assert digests[0] == digests[2] != digests[1]
    assert reasons[0].startswith("imported `plugin_of_shop` ")


def test_a_source_rests_on_the_list_of_files_that_it_reads(tmp_path: Path) -> None:
    """The list and the data files are both in the report."""
    cell = Cell(
        "source",
        'def people():\n    """Those of the list."""\n'
        '    with open(FOLDER + "/files.txt") as file:\n        return file.read().split()\n',
    )
    project, names = new_project(tmp_path, [], rows=500)
    names["FOLDER"] = str(tmp_path)
    (tmp_path / "more.csv").write_bytes((tmp_path / "people.csv").read_bytes())
    (tmp_path / "files.txt").write_text("people.csv")
    capture(project, cell, names)
    assert built(project, "people").rows == 500

    (tmp_path / "files.txt").write_text("people.csv more.csv")
    assert state(project, "people").reasons[0].startswith("file `files.txt` ")
    assert built(project, "people").rows == 1000
    assert state(project, "people").version == 2
    assert {("file", "files.txt", "read"), ("file", "more.csv", "read")} <= observations(
        project, "people"
    )


def test_what_the_items_of_a_source_read_is_observed_too(tmp_path: Path) -> None:
    """A generator runs after its function has returned."""
    cell = Cell(
        "source",
        'def people():\n    """One file."""\n    import pandas as pd\n\n'
        '    yield pd.read_csv(FOLDER + "/people.csv")\n',
    )
    project, names = new_project(tmp_path, [], rows=100)
    names["FOLDER"] = str(tmp_path)
    capture(project, cell, names)
    project.build()

    assert ("file", "people.csv", "read") in observations(project, "people")


def test_the_report_says_which_steps_have_not_run_and_which_touch_nothing(tmp_path: Path) -> None:
    """None, and an empty list."""
    project, names = project_with(tmp_path, CLEAN, AGE)
    assert set(project.observed().values()) == {None}

    project.build("age")
    capture(project, LIMITED, names)
    report = project.observed()

    assert report["limited"] is None
    assert report["age"] is not None
    assert report["age"].observations == ()


def test_programs_and_randomness_are_flagged_once(tmp_path: Path) -> None:
    """What a program reads cannot be seen, and that is said."""
    cell = Cell(
        "feature",
        'import subprocess, sys\nimport numpy as np\n\ndef drawn(chunk):\n    """Chance."""\n'
        '    subprocess.run([sys.executable, "-c", ""], check=True)\n'
        '    return chunk["age"] * 0 + np.random.rand(len(chunk))\n',
    )
    project, _ = project_with(tmp_path, cell)
    project.build()
    flags = state(project, "drawn").flags

    assert len([flag for flag in flags if flag.startswith("draws unseeded randomness")]) == 1
    programs = [flag for flag in flags if flag.endswith("what it reads is not seen")]
    assert [flag.startswith("starts program `") for flag in programs] == [True]
    assert built(project, "drawn").id == built(project, "drawn").id


def test_a_file_that_a_step_reads_and_writes_is_no_input(tmp_path: Path) -> None:
    """Else it would be stale for ever."""
    cell = Cell(
        "feature",
        'def counted(chunk):\n    """Calls so far."""\n'
        '    with open(FOLDER + "/calls.txt") as file:\n        calls = int(file.read())\n'
        '    with open(FOLDER + "/calls.txt", "w") as file:\n        file.write(str(calls + 1))\n'
        '    return chunk["age"] * 0 + 1\n',
    )
    (tmp_path / "calls.txt").write_text("0")
    project, _ = project_with(tmp_path, cell)
    first = built(project, "counted")

    assert built(project, "counted").id == first.id
    assert state(project, "counted").state == "fresh"
    assert ("file", "calls.txt", "write") in observations(project, "counted")


def test_an_offline_project_refuses_a_step_that_connects(tmp_path: Path) -> None:
    """With the step's name and the address; nothing is sent."""
    cell = Cell(
        "feature",
        'import socket\n\ndef fetched(chunk):\n    """From afar."""\n'
        '    with socket.create_connection(("192.0.2.1", 80), timeout=0.1):\n'
        '        return chunk["age"]\n',
    )
    text = SETTINGS.replace("seed = 7", "seed = 7\noffline = true")
    project, _ = project_with(tmp_path, cell, settings=text)

    with pytest.raises(OfflineError, match=r"192\.0\.2\.1:80"):
        project.build()


def test_two_kernels_that_observe_at_once_keep_both(tmp_path: Path) -> None:
    """The ref of the second one follows that of the first."""
    from blase_lab.project.observing import note, observed_of
    from blase_lab.project.workspace import Workspace

    project, _ = project_with(tmp_path, AGE)
    step: Step = project.history("age")[0]
    spaces = [
        Workspace(
            folder=tmp_path, settings=project.settings, store=type(project.store).open(tmp_path)
        )
        for _ in range(2)
    ]
    for number, space in enumerate(spaces):
        note(space, step, [Observation(kind="file", name=f"{number}.txt", digest=str(number))])

    found = observed_of(spaces[0], step)
    assert found is not None
    assert [each.name for each in found.observations] == ["0.txt", "1.txt"]


def test_a_source_that_reads_another_choice_is_read_again_although_its_file_is_the_same(
    tmp_path: Path,
) -> None:
    """Also where the choice changed after the verb had looked for what is stale."""
    from blase_lab.project.building import build
    from blase_lab.project.workspace import unwatched

    with sqlite3.connect(tmp_path / "shop.db") as database:
        for limit in (30, 45):
            database.execute(f"create table t{limit} as select {limit} as age")
    database.close()
    chosen = Cell(
        "source",
        'import json\n\ndef chosen():\n    """The table that a file names."""\n'
        '    with open(FOLDER + "/thresholds.json") as file:\n'
        '        limit = json.load(file)["limit"]\n'
        '    return f"sqlite:///shop.db?table=t{limit}"\n',
    )
    project = Project.init(tmp_path)
    set_limit(tmp_path, 30)
    capture(project, chosen, {"FOLDER": str(tmp_path)})
    first = project.build()[0]

    set_limit(tmp_path, 45)
    again = build(project._space, watch=unwatched).source

    assert again.digest != first.digest
    assert state(project, "chosen").state == "fresh"


def test_rows_that_lie_beside_a_sqlite_file_are_read(tmp_path: Path) -> None:
    """Another program holds it open in WAL mode, so the file itself does not change."""
    project = Project.init(tmp_path)
    table = 'def people():\n    """All."""\n    return "sqlite:///shop.db?table=people"\n'
    capture(project, Cell("source", table), {})
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table people as select 30 as age")
        database.commit()
        database.execute("pragma wal_checkpoint(truncate)")
        first = project.build()[0]
        database.execute("insert into people values (45)")
        database.commit()

        again = project.build()[0]

    assert (first.rows, again.rows) == (1, 2)


def test_a_run_whose_metric_reads_another_file_now_is_not_resumed(tmp_path: Path) -> None:
    """Its figures before and after would not be of one kind; the file put back, it may go on."""
    from blase_lab.project.observing import note
    from blase_lab.project.training import _check_reads

    scored = Cell("metric", 'def scored(y_true, y_pred):\n    """Weighed."""\n    return y_pred\n')
    project, _ = project_with(tmp_path, scored)
    step = project.history("scored")[0]
    training = put_training(project, steps={"scored@1": step.digests.root})
    read = Observation(kind="file", name="thresholds.json")
    known = digest_now(read, folder=tmp_path)
    note(project._space, step, [Observation(kind="file", name=read.name, digest=known)])
    _check_reads(project._space, training)

    set_limit(tmp_path, 45)

    with pytest.raises(ResumeError, match=r"`scored` of run 1 read .*`thresholds\.json`"):
        project.train(resume="1")


def test_a_verdict_names_only_what_both_sides_read(tmp_path: Path) -> None:
    """What a notebook had loaded before, and the whole environment, tell nothing of a rerun."""
    from blase_lab.project.observing import as_read, keys_read, note

    project, _ = project_with(tmp_path, AGE)
    step, space = project.history("age")[0], project._space
    notes = [("variable", "*", "1"), ("module", "season", "2"), ("file", "a.json", "3")]
    note(space, step, [Observation(kind=k, name=n, digest=d) for k, n, d in notes])  # type: ignore[arg-type]

    read = as_read(space, step, keys_read(space, step) - {("module", "season")})

    assert keys_read(space, step) == {("module", "season"), ("file", "a.json")}
    assert [leaf.name for leaf in read.leaves[len(step.leaves) :]] == ["file a.json"]
