"""Two texts beside one another: every line once, words marked, nothing of it executed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from blase_lab.project.versions import Comparison, Piece, unified
from blase_lab.ui.diff_views import NARROWEST, ComparisonView
from blase_lab.ui.differences import Row, rows_of

LINES = st.lists(st.sampled_from(["a = 1", "a = 2", "", "b = f(a)", "b = f(a, 3)", "    pass"]))
OLD = "def f(x):\n    y = x + 1\n    return y\n"
NEW = "def f(x):\n    # more\n    y = x + 20\n    return y\n"
FOUND = Comparison(
    before="f@1",
    after="f@2",
    pieces=(
        Piece(heading="function f", subject="code", before=OLD, after=NEW),
        Piece(heading="value LIMIT", subject="rests on", before="", after="LIMIT = '<b>'\n"),
    ),
    also=("numpy 2.3 → 2.4",),
)


def text_of(rows: tuple[Row, ...], side: str) -> list[str]:
    """Return the lines that stand on one side."""
    return [each.text for row in rows if (each := getattr(row, side)) is not None]


@given(LINES, LINES)
def test_each_side_holds_its_whole_text_in_order(old: list[str], new: list[str]) -> None:
    """With all lines as context nothing is lost, and numbers count the lines."""
    before, after = "\n".join(["start", *old, "end"]), "\n".join(["start", *new, "end"])

    rows = rows_of(before, after, context=99)

    if before != after:
        assert text_of(rows, "left") == before.splitlines()
        assert text_of(rows, "right") == after.splitlines()
        numbers = [row.left.number for row in rows if row.left]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_changed_line_meets_its_counterpart_and_only_its_words_are_marked() -> None:
    """Although a line was put in before it."""
    marks = {row.mark for row in rows_of(OLD, NEW)}
    (changed,) = [row for row in rows_of(OLD, NEW) if row.mark == "changed"]

    assert marks == {"same", "added", "changed"}
    assert changed.left is not None
    assert changed.right is not None
    assert [span.text for span in changed.left.spans if span.is_changed] == ["1"]
    assert [span.text for span in changed.right.spans if span.is_changed] == ["20"]


def test_lines_that_share_nothing_stand_on_heights_of_their_own() -> None:
    """One went, another came."""
    assert [row.mark for row in rows_of("return price\n", "import os\n")] == ["removed", "added"]


def test_equal_lines_far_from_a_change_are_left_out() -> None:
    """Three lines of context on either side, and a mark for the gap."""
    before = "\n".join(f"line {number}" for number in range(100))

    rows = rows_of(before, before.replace("line 50", "line fifty"))

    assert [row.mark for row in rows] == ["gap", *["same"] * 3, "changed", *["same"] * 3]


def test_equal_texts_have_no_rows() -> None:
    """Nothing differs."""
    assert rows_of(OLD, OLD) == ()


def drawn(width: int, *, is_unified: bool = False) -> str:
    """Return what a terminal of this width shows."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, record=True)
    console.print(ComparisonView(FOUND, is_unified=is_unified).as_rich(console))
    return console.export_text()


def test_a_wide_terminal_shows_columns_within_its_width() -> None:
    """Both versions on one height, under their names."""
    shown = drawn(120)

    assert max(map(len, shown.splitlines())) <= 120
    (line,) = [line for line in shown.splitlines() if "y = x + 1 " in line]
    assert "y = x + 20" in line
    assert "Also different" in shown


@pytest.mark.parametrize(("width", "is_unified"), [(NARROWEST - 1, False), (200, True)])
def test_a_narrow_terminal_shows_one_under_the_other(width: int, is_unified: bool) -> None:
    """So does a wide one that is asked to."""
    assert [line.rstrip() for line in drawn(width, is_unified=is_unified).splitlines()] == [
        line.rstrip() for line in unified(FOUND).splitlines()
    ]


def test_the_table_of_a_notebook_holds_no_markup_of_the_users() -> None:
    """Escaped text, in colours that follow the theme, each with a fallback."""
    shown = ComparisonView(FOUND).as_html()

    assert "<b>" not in shown
    assert "&lt;b&gt;" in shown
    assert "<del>1</del>" in shown
    assert "<ins>20</ins>" in shown
    assert "var(--jp-content-font-color1,inherit)" in shown
    assert "numpy 2.3 → 2.4" in shown
