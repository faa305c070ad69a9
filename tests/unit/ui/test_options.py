"""The magic line is read by a real parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blase_lab.core.errors import CellOptionError
from blase_lab.ui.options import KINDS, OPTIONS, help_of, parse_line

if TYPE_CHECKING:
    from blase_lab.core.records import StepKind


def test_a_line_without_words_gives_no_name_and_no_options() -> None:
    """Nothing is made up."""
    said = parse_line("feature", "")

    assert said.name is None
    assert said.options == {}


def test_lists_numbers_and_choices_are_read_by_their_types() -> None:
    """A list is a list, a count is a number."""
    said = parse_line(
        "feature",
        "speed --columns air_time,distance --inputs a --lookback 3 --group tailnum --scale minmax",
    )

    assert said.name == "speed"
    assert said.options == {
        "columns": ["air_time", "distance"],
        "inputs": ["a"],
        "lookback": 3,
        "group": "tailnum",
        "scale": "minmax",
    }


def test_one_join_has_its_key_columns_as_a_list() -> None:
    """The common case reads plainly."""
    said = parse_line("source", "flights --join weather --on origin,time_hour --known-after a,b")

    assert said.options == {
        "join": ["weather"],
        "on": ["origin", "time_hour"],
        "known_after": ["a", "b"],
    }


def test_several_joins_keep_their_own_key_columns() -> None:
    """The keys stand in the order of the joins."""
    said = parse_line("source", "--join weather --on origin,hour --join planes --on tailnum")

    assert said.options["join"] == ["weather", "planes"]
    assert said.options["on"] == ["origin,hour", "tailnum"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--colums a", "did you mean --columns?"),
        ("--nothing", "There is no option --nothing."),
        ("--lookback x", "`x` is no whole number"),
        ("--lookback -3", "--lookback"),
        ("--scale huge", "--scale"),
        ("--columns a, b", "is no list"),
        ("--columns a,,b", "is no list"),
        ("my-name", "is no name"),
        ("one two", "too many"),
        ("'open", "cannot be read"),
    ],
)
def test_a_wrong_line_is_refused_with_the_cause_and_the_usage(line: str, words: str) -> None:
    """What happened is named, the way out is the usage."""
    with pytest.raises(CellOptionError) as refusal:
        parse_line("feature", line)

    assert words in refusal.value.happened
    assert refusal.value.way_out.startswith("Usage: %%blase_feature")


def test_a_refusal_leaves_the_magic_to_its_heading_and_names_the_help() -> None:
    """The magic is named once, in the usage; IPython hears -h only over a body."""
    with pytest.raises(CellOptionError) as refusal:
        parse_line("feature", "basket --column basket")

    assert refusal.value.happened == "There is no option --column; did you mean --columns?"
    assert "[-h]" not in refusal.value.way_out
    assert refusal.value.way_out.endswith("(`%%blase_feature?` says more.)")


def test_a_join_without_its_keys_is_refused() -> None:
    """Keys are never guessed."""
    with pytest.raises(CellOptionError, match="needs its --on"):
        parse_line("source", "--join weather")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_help_that_names_its_options(kind: StepKind) -> None:
    """Help is complete, because it is made from the same table."""
    text = help_of(kind)

    assert f"%%blase_{kind}" in text
    assert all(option.flag in text for option in OPTIONS[kind])


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_can_be_asked_for_on_the_line(flag: str) -> None:
    """A cell with -h runs nothing."""
    assert parse_line("model", flag).wants_help


def test_a_comment_on_the_line_is_left_out() -> None:
    """As in Python."""
    assert parse_line("clean", "no_tests  # rows of the test bench").name == "no_tests"
