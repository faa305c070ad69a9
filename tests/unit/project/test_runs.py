"""Runs: found by number or id, listed with their digests, refused where somebody must look."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from project_samples import (
    AGE,
    CELLS,
    LEAK,
    MODEL,
    SETTINGS,
    Cell,
    capture,
    new_names,
    new_project,
    undocumented,
)

from blase_lab.core.errors import (
    LeakageError,
    NoStepError,
    NotFoundError,
    ResumeError,
    UndocumentedError,
)
from blase_lab.core.records import Progress, RunSummary
from blase_lab.project import Project
from blase_lab.ui.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blase_lab.core.records import Event

    Ask = Callable[[str], object]

pytestmark = pytest.mark.keras

DIGESTS = ("weights_digest", "optimizer_digest", "predictions_digest", "ledger_digest")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two runs of one seed and a third of another; the first two evaluated."""
    project, _ = new_project(tmp_path_factory.mktemp("trained") / "visits")
    for run in ("1", "2"):
        project.train()
        project.evaluate(run)
    project.train(seed=8, epochs=1)
    project.impact("1")
    return project


@pytest.fixture
def copied(trained: Project, tmp_path: Path) -> Project:
    """A copy of the trained project, to be changed."""
    shutil.copytree(trained.folder, tmp_path / "copy", symlinks=True)
    return Project.open(tmp_path / "copy")


def test_runs_are_listed_newest_first_with_what_identifies_them(trained: Project) -> None:
    """Equal seeds give equal digests; another seed gives others."""
    third, second, first = trained.runs()

    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert [each.state for each in trained.runs()] == ["finished"] * 3
    for name in DIGESTS:
        assert getattr(first, name) == getattr(second, name), name
    assert first.weights_digest != third.weights_digest
    assert first.metrics == second.metrics
    assert third.predictions_digest is None
    assert set(third.metrics) >= {"loss", "val_loss"}


def test_the_listing_in_json_has_every_digest_and_figure(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program reads it without asking further."""
    assert main(["runs", "--json", "--project", str(trained.folder)]) == 0

    listed = json.loads(capsys.readouterr().out)
    first = listed[-1]
    assert set(first) == set(RunSummary.__struct_fields__)
    assert all(len(first[name]) == 64 for name in DIGESTS)
    assert first["metrics"]["auc"] > 0.6
    assert 0.5 < first["baseline"]["auc"] <= 1.0
    assert first["verdict"] is None


def test_a_run_is_found_by_number_id_or_the_start_of_its_id(trained: Project) -> None:
    """And the latest where none is named."""
    third, _, first = trained.runs()

    for name in ("1", first.id, first.id[:-2], "#1", "run 1", "run-1"):
        assert trained.show(name) == first, name
    assert trained.show(third.id) == third
    evaluation = trained.evaluation("1")
    assert evaluation is not None
    assert evaluation.run == first.id
    assert trained.evaluation() is None
    assert trained.verdict("1") is None


def test_a_run_that_is_not_there_is_refused_with_those_that_are(trained: Project) -> None:
    """By every verb that takes a run."""
    asks: list[Ask] = [
        trained.evaluate,
        trained.impact,
        trained.card,
        trained.rerun,
        trained.export,
        trained.snapshots,
        lambda run: trained.request(run, "pause"),
        lambda run: trained.train(resume=run),
    ]
    for ask in asks:
        with pytest.raises(NotFoundError) as caught:
            ask("9")
        assert "`9`" in caught.value.happened
        assert "1, 2, 3" in caught.value.way_out


def test_before_the_first_training_the_way_out_is_to_train(tmp_path: Path) -> None:
    """Not a list of nothing."""
    project, _ = new_project(tmp_path, [AGE], rows=10)

    assert project.runs() == ()
    with pytest.raises(NotFoundError, match="Nothing has been trained yet"):
        project.evaluate()


def test_a_run_rests_on_snapshots_by_name(trained: Project) -> None:
    """The source first, the prepared data among them."""
    found = trained.snapshots("1")

    assert next(iter(found)) == "people"
    assert set(found) >= {"people", "age", "region", "income", "previous", "bought", "prepared"}
    assert trained.show("prepared") == trained.snapshots("3")["prepared"]


def test_a_finished_run_cannot_be_resumed(trained: Project) -> None:
    """There is nothing left to do, and that is said."""
    with pytest.raises(ResumeError) as caught:
        trained.train(resume="1")
    assert "finished" in caught.value.happened


def test_the_dashboard_reads_a_run_from_its_log(trained: Project) -> None:
    """Finished, with both curves and the baseline beside the figures."""
    view = trained.training_view("1")

    assert view is not None
    assert (view.state, view.epochs, view.number) == ("finished", 2, 1)
    assert {curve.split for curve in view.curves} == {"train", "validation"}
    assert view.baseline["auc"] > 0.5
    assert trained.view().problem is None
    assert trained.view().training is not None


def test_the_sheet_of_a_run_is_one_file_without_outside_addresses(
    trained: Project, tmp_path: Path
) -> None:
    """HTML and Markdown, with every step's documentation and the impact."""
    html, markdown = trained.card("1", into=tmp_path)

    text = html.read_text(encoding="utf-8")
    assert 'src="http' not in text
    assert 'href="http' not in text
    for words in ("Age around the middle.", "Where they live.", "EUR"):
        assert words in text, words
        assert words in markdown.read_text(encoding="utf-8"), words


def test_the_impact_is_counted_in_the_users_unit(trained: Project) -> None:
    """Beside what the baseline would have brought."""
    (impact,) = trained.impact("1")

    assert (impact.step, impact.unit) == ("profit@1", "EUR")
    assert impact.baseline is not None
    evaluation = trained.evaluation("1")
    assert evaluation is not None
    assert impact.rows == evaluation.rows


def test_an_impact_that_evaluates_first_says_so(copied: Project) -> None:
    """Once; the second time the evaluation is there."""
    told: list[Event | Progress] = []
    for _ in range(2):
        copied.impact("3", watch=told.append)

    first = [each for each in told if isinstance(each, Progress) and each.stage == "first"]
    assert [each.sentence for each in first] == ["Run 3 is evaluated on the test split first."]


def test_what_a_training_waits_for_is_said(copied: Project) -> None:
    """The bar leaves the label of the work before it, ahead of the first event."""
    told: list[Event | Progress] = []

    copied.train(epochs=1, watch=told.append)

    begun = next(place for place, each in enumerate(told) if not isinstance(each, Progress))
    last = told[begun - 1]
    assert isinstance(last, Progress)
    assert (last.stage, last.sentence) == ("train", "building the model")


def test_the_gate_refuses_warns_or_is_silent(copied: Project) -> None:
    """The policy of blase.toml decides; what is missing is named under both."""
    capture(copied, undocumented(AGE), new_names())
    with pytest.raises(UndocumentedError, match="`age`"):
        copied.train(epochs=1)
    assert len(copied.runs()) == 3

    told: dict[str, list[str]] = {}
    for policy in ("warn", "off"):
        text = SETTINGS.replace("[split]", f'documentation = "{policy}"\n[split]')
        (copied.folder / "blase.toml").write_text(text, encoding="utf-8")
        seen: list[Event | Progress] = []
        Project.open(copied.folder).train(epochs=1, watch=seen.append)
        told[policy] = [
            each.sentence
            for each in seen
            if isinstance(each, Progress) and each.stage == "documentation"
        ]
    assert len(copied.runs()) == 5
    assert len(told["warn"]) == 1
    assert "`age`" in told["warn"][0]
    assert told["off"] == []


def test_a_leak_that_was_looked_at_is_accepted_by_name(copied: Project) -> None:
    """Refused, then trained on; the run remembers the finding."""
    capture(copied, LEAK, new_names())
    with pytest.raises(LeakageError, match="receipt"):
        copied.train(epochs=1)
    with pytest.raises(LeakageError, match="receipt"):
        copied.train(epochs=1, accept=["age"])

    run = copied.train(epochs=1, accept=["receipt"])

    assert run.state == "finished"
    assert run.number == 4


def test_one_of_several_models_is_chosen_by_name(copied: Project) -> None:
    """Without a name all are listed; an older version can be named too."""
    deeper = Cell(
        "model", MODEL.body.replace("def net", "def deeper").replace("(8,", "(16,"), MODEL.options
    )
    capture(copied, deeper, new_names())
    with pytest.raises(NoStepError, match="deeper, net"):
        copied.train(epochs=1)

    copied.train(epochs=1, model="deeper")
    copied.train(epochs=1, model="net@1")

    assert copied.runs()[0].weights_digest != copied.runs()[1].weights_digest
    assert set(copied.snapshots("4")) == set(copied.snapshots("5"))


def test_another_feature_leaves_the_old_runs_as_they_were(copied: Project) -> None:
    """An old run can be evaluated and shown after the project went on."""
    before = copied.evaluation("1")
    copied.drop("income")
    capture(copied, Cell("feature", AGE.body.replace("- CENTRE", ""), {}), new_names())
    copied.train(epochs=1)

    again = copied.evaluate("1")

    assert before is not None
    assert again.predictions_digest == before.predictions_digest
    assert again.metrics == before.metrics
    assert len(CELLS) - 1 == len(copied.status())
