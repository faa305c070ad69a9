"""The gate refuses what says nothing, asks about three steps at most, and blocks nothing else."""

from __future__ import annotations

import pytest
from report_samples import step

from blase_lab.core.errors import UndocumentedError
from blase_lab.report import check_documentation, is_documented


@pytest.mark.parametrize(
    "text", ["", "  \n", "todo", "TODO.", "tbd", "distance_band", "Distance band.", "..."]
)
def test_what_says_nothing_is_no_documentation(text: str) -> None:
    """Empty, a placeholder, or the name repeated in whatever spelling."""
    assert not is_documented(step("distance_band", "feature", text))


@pytest.mark.parametrize(
    "text", ["Miles.", "Distance band in miles.", "Not applicable because it is an id.", "距離"]
)
def test_any_other_text_is_documentation(text: str) -> None:
    """Short, foreign or dismissive: nothing else is judged."""
    assert is_documented(step("distance_band", "feature", text))


def test_the_error_names_every_step_and_asks_about_three() -> None:
    """All are named, so that nobody is surprised twice; three are asked about."""
    steps = [step(f"feature_{place}", "feature", "") for place in range(5)]
    with pytest.raises(UndocumentedError) as raised:
        check_documentation([*steps, step("y", "target", "Late by 15 minutes.")], "required")
    assert raised.value.happened.startswith("5 of 6 steps have no documentation: `feature_0`,")
    assert raised.value.way_out.count("known at prediction time") == 3
    assert "2 more will be asked about next" in raised.value.way_out
    assert raised.value.facts["steps"] == [f"feature_{place}" for place in range(5)]


def test_warn_returns_a_sentence_a_step() -> None:
    """Nothing is raised; the sentence says what to write."""
    sentences = check_documentation([step("y", "target", "todo")], policy="warn")
    assert len(sentences) == 1
    assert sentences[0].startswith("`y` (target): say what is predicted")


def test_off_asks_nothing() -> None:
    """The person said so in blase.toml."""
    assert check_documentation([step("y", "target", "")], policy="off") == ()


def test_documented_steps_pass_every_policy() -> None:
    """No sentence and no error."""
    steps = [step("y", "target", "Late by 15 minutes.")]
    assert check_documentation(steps, "required") == check_documentation(steps, "warn") == ()
