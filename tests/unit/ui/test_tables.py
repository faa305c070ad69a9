"""One listing in four forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from blase_lab.core.records import Evaluation, RunSummary
from blase_lab.ui.listings import (
    below_baseline,
    duration,
    number,
    of_runs,
    of_summary,
    size,
    verification,
)
from blase_lab.ui.tables import Listing, as_html, as_json, as_plain, as_text

if TYPE_CHECKING:
    import pytest

RUN = RunSummary(
    id="20260101-abcdef",
    number=3,
    state="finished",
    created="2026-01-01T00:00:00Z",
    seconds=75.2,
    metrics={"auc": 0.70951},
    baseline={"auc": 0.65},
    verdict="IDENTICAL",
    weights_digest="a" * 64,
    optimizer_digest=None,
    predictions_digest=None,
    ledger_digest="b" * 64,
)


def test_json_has_the_snake_case_names_of_the_record() -> None:
    """Programs read the same names as Python does."""
    entry = json.loads(as_json((RUN,)))[0]

    assert entry["weights_digest"] == "a" * 64
    assert entry["ledger_digest"] == "b" * 64
    assert {"optimizer_digest", "predictions_digest", "metrics", "baseline"} <= set(entry)


def test_json_has_null_for_a_number_that_json_lacks() -> None:
    """A NaN never makes the output unreadable."""
    assert json.loads(as_json({"loss": float("nan")})) == {"loss": None}


def test_paths_and_sets_become_plain_values() -> None:
    """Whatever a record holds can be printed."""
    assert as_plain({"path": Path("a/b"), "names": {"x"}}) == {"path": "a/b", "names": ["x"]}


def test_html_escapes_every_cell() -> None:
    """A column name from a file cannot become markup."""
    listing = Listing("<t>", ("<c>",), (("<script>alert(1)</script>",),))

    assert "<script>" not in as_html(listing)
    assert "&lt;c&gt;" in as_html(listing)


def test_text_shows_brackets_as_they_are() -> None:
    """Square brackets in a cell are no markup of ours."""
    assert "[bold]x[/bold]" in as_text(Listing("t", ("c",), (("[bold]x[/bold]",),)))


def test_an_empty_listing_says_so() -> None:
    """No table without rows."""
    assert as_text(of_runs(())) == "Runs: Nothing has been trained yet."
    assert "Nothing has been trained yet." in as_html(of_runs(()))


def test_a_run_stands_beside_its_baseline() -> None:
    """A metric is never shown alone."""
    text = as_text(of_runs((RUN,)), width=200)

    assert "auc 0.7095" in text
    assert "auc 0.65" in text
    assert "1 min 15 s" in text


def test_what_was_not_measured_on_the_test_split_says_so() -> None:
    """One column never mixes splits in silence."""
    measured = {split: replace(RUN, measured_on=split) for split in ("test", "last epoch")}

    assert "(last epoch)" in as_text(of_runs([measured["last epoch"]]), width=200)
    assert "(last epoch)" in as_text(of_summary(measured["last epoch"]))
    assert "(" not in as_text(of_runs([measured["test"]]), width=200)


EVALUATION = Evaluation(
    id="e",
    run="r",
    split="test",
    rows=10,
    metrics={"accuracy": 0.9, "auc": 0.61},
    intervals={},
    baseline={"accuracy": 0.8, "auc": 0.64},
    baseline_name="logistic regression",
    confusion=(),
    calibration=(),
    predictions="p",
    predictions_digest="d",
    created="2026-01-01T00:00:00Z",
)


def test_a_model_below_its_baseline_gets_a_sentence() -> None:
    """By the metric that judges it; a smaller error is the better one."""
    errors = replace(EVALUATION, metrics={"rmse": 2.0}, baseline={"rmse": 1.5})

    assert below_baseline(EVALUATION) == (
        "On test the model is not better than the baseline (auc 0.61 against 0.64)."
    )
    assert "rmse 2 against 1.5" in below_baseline(errors)
    assert below_baseline(replace(errors, metrics={"rmse": 1.4})) == ""
    assert below_baseline(replace(errors, baseline={})) == ""


def test_a_bundle_is_verified_by_a_line_that_finds_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the folder one stands in, with names that a shell would split."""
    monkeypatch.chdir(tmp_path)
    inside = tmp_path / "bundles" / "my run"

    assert verification(inside, data=tmp_path) == (
        "cd 'bundles/my run' && python pipeline.py verify --data ../.."
    )
    assert verification(tmp_path / "b", data=tmp_path / "p") == (
        f"cd b && python pipeline.py verify --data {tmp_path / 'p'}"
    )


def test_numbers_sizes_and_durations_are_short() -> None:
    """Four significant digits, whole units."""
    assert (number(1234567), number(0.123456)) == ("1,234,567", "0.1235")
    assert (size(512), size(3 * 2**20), size(2**41)) == ("512 B", "3.0 MiB", "2.0 TiB")
    assert (duration(2.04), duration(61), duration(7260)) == ("2.0 s", "1 min 01 s", "2 h 01 min")
