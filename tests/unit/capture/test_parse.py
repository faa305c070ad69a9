"""Cells before they run: what is dropped, what is refused, and what is said."""

from __future__ import annotations

import pytest

from blase_lab.capture import check_cell, defined_names
from blase_lab.core.errors import CellSyntaxError, NoStepError

STEP = "def step(x):\n    return x\n"


def test_plain_python_stays_as_it_is() -> None:
    """A cell without magics comes back unchanged."""
    assert check_cell(STEP, "feature") == STEP


@pytest.mark.parametrize("line", ["%matplotlib inline", "%config A.b = 1", "%load_ext x", "df?"])
def test_harmless_magics_drop_out_and_lines_keep_their_numbers(line: str) -> None:
    """A dropped line stays as an empty one."""
    assert check_cell(f"a = 1\n{line}\n{STEP}", "feature") == f"a = 1\n\n{STEP}"


def test_a_timed_statement_stays_a_statement() -> None:
    """`%time` drops out, what it times does not."""
    assert check_cell(f"%time T = [1]\n{STEP}") == f"T = [1]\n{STEP}"


def test_a_magic_inside_a_block_becomes_pass() -> None:
    """The block stays a block."""
    assert check_cell("if True:\n    %matplotlib inline\n") == "if True:\n    pass\n"


def test_a_percent_sign_in_a_text_is_no_magic() -> None:
    """Only lines that are no Python are looked at."""
    body = f'T = """\n%run x\n!ls\n"""\n{STEP}'
    assert check_cell(body, "feature") == body


@pytest.mark.parametrize(
    ("line", "way_out"),
    [
        ("!pip install x", "cell of its own"),
        ("%pip install x", "cell of its own"),
        ("%run other.py", "import what the step needs"),
        ("%%time", "Write plain Python"),
        ("files = !ls", "cell of its own"),
        ("v = %env HOME", "Set it in a cell"),
        ("%unknown", "Write plain Python"),
    ],
)
def test_a_line_that_acts_outside_python_is_refused_with_the_way_out(
    line: str, way_out: str
) -> None:
    """The error names the line and what to do instead."""
    with pytest.raises(CellSyntaxError, match=way_out) as caught:
        check_cell(f"a = 1\n{line}\n{STEP}", "feature")
    assert caught.value.happened.startswith("Line 2 of the cell: `")


def test_a_syntax_error_gives_line_and_cause() -> None:
    """No traceback: the line, the cause, and the line's text."""
    with pytest.raises(CellSyntaxError) as caught:
        check_cell("a = 1\nb = (1,\n", "feature")
    assert caught.value.happened == "Line 2 of the cell: '(' was never closed."
    assert caught.value.way_out == "Mend `b = (1,`."
    assert caught.value.facts["line"] == 2


def test_a_null_byte_is_a_syntax_error() -> None:
    """What the parser cannot even read is refused too."""
    with pytest.raises(CellSyntaxError):
        check_cell("a = '\0'\n")


def test_a_cell_without_a_function_is_refused() -> None:
    """A step is a function."""
    with pytest.raises(NoStepError, match="defines no function"):
        check_cell("a = 1\n", "feature")


def test_a_lambda_as_the_step_is_refused() -> None:
    """The way out is def."""
    with pytest.raises(NoStepError, match="Give it a name with def: `def f"):
        check_cell("f = lambda x: x\n", "feature")


def test_names_are_listed_once_in_order() -> None:
    """Redefinitions count once; nested functions do not count."""
    body = "def b(): pass\nasync def a():\n    def c(): pass\ndef b(): pass\n"
    assert defined_names(body) == ["b", "a"]
