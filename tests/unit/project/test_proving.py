"""A project proves its steps on rows that it has, and keeps what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from project_samples import (
    AGE,
    CLEAN,
    DATA_CELLS,
    IMPACT,
    INCOME,
    MODEL,
    SETTINGS,
    SOURCE,
    Cell,
    capture,
    lay_out,
    new_project,
)

from blase_lab.capture.prove.child import frame_of_bytes
from blase_lab.core.errors import ConfigError
from blase_lab.core.records import Proof
from blase_lab.project import Project
from blase_lab.project.proofs import keep, show_in_badge, words_of
from blase_lab.project.proving import Limits, prove, sample_of
from blase_lab.project.proving_queue import is_wanted, without_rows
from blase_lab.project.settings import parse_settings
from blase_lab.replay.rerun import rerun_environment

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import Progress

DOUBLED = Cell(
    "feature",
    'def doubled(chunk):\n    """Twice the age."""\n    return 2 * chunk["age"]\n',
    {"inputs": "age", "columns": "age"},
)
HIDDEN = Cell(
    "feature",
    'def hidden(chunk):\n    """Scaled."""\n    return globals().get("SCALE", 1) * chunk["age"]\n',
)


def test_a_proof_needs_no_build_and_is_the_same_after_one(tmp_path: Path) -> None:
    """The head of the source's file stands in for its Snapshot; the state tells what came of it."""
    project, names = new_project(tmp_path, (SOURCE, CLEAN, AGE), rows=400)
    project.bind(names)
    seen: list[Progress] = []

    before = project.prove(watch=seen.append)  # type: ignore[arg-type]
    project.build()
    again = project.prove()

    assert [each.state for each in before] == ["self-contained"] * 3
    assert [each.rows for each in before] == [0, 200, 200]
    assert (seen[-1].done, seen[-1].total, seen[-1].stage) == (3, 3, "prove")
    assert project.status()[2].proof == "self-contained"
    assert project.status()[2].proven == "self-contained"
    assert [(e.step, e.state) for e in again] == [(e.step, e.state) for e in before]


def test_a_fresh_proof_says_what_the_recorded_one_says(tmp_path: Path) -> None:
    """And is not written a second time."""
    project, _ = new_project(tmp_path, (SOURCE, AGE, INCOME), rows=300)
    first = project.prove("age", "income")

    second = project.prove("age", "income")

    assert second == first
    assert project.proof("age") == first[0]
    assert len(project.store.ledger.ids(Proof)) == 2


def test_rows_are_those_that_cleaning_kept_and_columns_those_that_are_named(
    tmp_path: Path,
) -> None:
    """A step is tried on what it would be given; where an input is missing that is said."""
    project, _ = new_project(tmp_path, (SOURCE, CLEAN, AGE, DOUBLED), rows=300)
    space, step = project._space, project._space.step("doubled")
    limits = Limits(seconds=20)

    unbuilt = sample_of(space, step, limits)
    project.build("age")
    built = sample_of(space, step, limits)

    assert unbuilt.why_not == "its input `age` has not been built."
    assert built.chunk is not None
    frame = frame_of_bytes(built.chunk)
    assert list(frame.columns) == ["age"]
    assert frame["age"].notna().all()
    assert len(frame) == 200
    assert [each.name for each in without_rows(space)] == ["people", "aged", "age", "doubled"]


def test_a_step_that_was_not_called_says_why(tmp_path: Path) -> None:
    """An impact has no rows before a training; its definitions are looked at all the same."""
    project, names = new_project(tmp_path, (SOURCE, IMPACT), rows=50)
    capture(
        project, Cell("feature", 'def f(chunk):\n    return chunk["age"]\n', {"inputs": "g"}), names
    )

    profit, feature = project.prove("profit", "f")

    assert profit.sentence.endswith("it was not called.")
    assert feature.sentence == "It was not called: its input `g` has not been built."
    assert {profit.state, feature.state} == {"not proven"}
    assert words_of(feature) == "not proven"


def test_what_was_found_beside_a_notebook_is_not_taken_back_without_one(tmp_path: Path) -> None:
    """A shell sees two clean processes agree; the notebook had said that they both lack a name."""
    project, names = new_project(tmp_path, (SOURCE,), rows=50)
    names["SCALE"] = 3
    capture(project, HIDDEN, names)
    project.bind(names)

    (beside,) = project.prove("hidden")
    (alone,) = Project.open(tmp_path).prove("hidden")

    assert (beside.state, beside.hidden) == ("needs hidden", ("SCALE",))
    assert words_of(beside) == "needs hidden `SCALE`"
    assert alone == beside


def test_a_cancelled_proof_is_not_kept(tmp_path: Path) -> None:
    """Nobody reads that a step is not proven because another was captured."""
    project, _ = new_project(tmp_path, (SOURCE, AGE), rows=50)
    limits = Limits(seconds=20)
    limits.cancel.set()

    found = prove(project._space, project._space.step("age"), limits=limits)

    assert found.state == "not proven"
    assert project.proof("age") is None
    assert project.status(names=["age"])[0].proven == "not proven yet"


def test_another_version_has_no_proof_yet(tmp_path: Path) -> None:
    """A proof belongs to the code that was tried."""
    project, names = new_project(tmp_path, (SOURCE, AGE), rows=50)
    project.prove("age")
    capture(project, Cell("feature", AGE.body.replace("centred(", "1 + centred(")), names)

    assert project.proof("age") is None
    assert project.status(names=["age"])[0].proven == "not proven yet"


def test_a_proof_changes_the_badge_that_a_kernel_left(tmp_path: Path) -> None:
    """The states are mended in place: the notebook's names are not looked at by another thread."""
    project, _ = new_project(tmp_path, (SOURCE, AGE), rows=50)
    project.write_live("k1")
    step = project._space.step("age")
    proof = keep(
        project._space,
        Proof(
            step="age",
            version=step.version,
            root=step.digests.root,
            state="needs hidden",
            hidden=("df",),
            sentence="It lacks `df`.",
            created="2024-01-01T00:00:00Z",
        ),
    )

    show_in_badge(project._space, "kernel-k1", proof)

    (age,) = [each for each in project.view().steps if each.name == "age"]
    assert (age.proof, age.proven) == ("needs hidden", "needs hidden `df`")


def test_the_settings_and_the_environment_turn_it_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rerun says off by its environment; a person by blase.toml."""
    project = Project.init(lay_out(tmp_path, settings=SETTINGS.replace("[", 'prove = "off"\n[', 1)))
    monkeypatch.delenv("BLASE_PROVE", raising=False)

    assert not is_wanted(project._space)
    assert parse_settings('name = "x"').prove == "background"
    assert parse_settings('name = "x"').prove_seconds == 20
    monkeypatch.setenv("BLASE_PROVE", "background")
    assert is_wanted(project._space)
    with pytest.raises(ConfigError):
        parse_settings('name = "x"\nprove = "sometimes"')
    with pytest.raises(ConfigError):
        parse_settings('name = "x"\nprove_seconds = 0')


def test_a_rerun_proves_nothing(tmp_path: Path) -> None:
    """Its environment says so."""
    assert rerun_environment(tmp_path)["BLASE_PROVE"] == "off"


@pytest.mark.keras
def test_a_model_is_built_twice_on_the_inputs_of_the_prepared_data(tmp_path: Path) -> None:
    """Only when it is asked for: a clean process has to load TensorFlow."""
    project, names = new_project(tmp_path, (*DATA_CELLS, MODEL), rows=600)
    project.bind(names)
    project.train(epochs=1)
    space, step = project._space, project._space.step("net")

    behind = prove(space, step)
    (net,) = project.prove("net")
    later = prove(space, step)

    assert behind.sentence == "It was not called: `blase prove` builds models."
    assert net.state == "self-contained", net.sentence
    assert later == net
