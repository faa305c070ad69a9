"""What does not act keeps the identity of generated code; every edit that acts changes it."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from generated_code import FRAME, edits, forget_cells, function_of, functions, rewritten
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from blase_lab.capture import CellText, capture_cell, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

EDITS_EACH = 8
generated = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)


@pytest.fixture(autouse=True)
def _clean_cells() -> Iterator[None]:
    yield
    forget_cells()


@generated
@given(functions())
def test_whatever_way_a_program_is_written_it_has_one_digest(source: str) -> None:
    """Comments, layout, spelling of literals, docstrings, pass, hints and neighbours."""
    expected = digest(function_of(source))
    for what, text in rewritten(source).items():
        note(f"{what}:\n{text}")
        assert digest(function_of(text)) == expected, what


@generated
@given(functions(), st.data())
def test_every_edit_of_a_constant_operator_or_name_gives_another_digest(
    source: str, data: st.DataObject
) -> None:
    """Some single edits of each generated program, drawn from all that there are."""
    before = digest(function_of(source))
    every = edits(source)
    drawn = st.lists(st.integers(0, len(every) - 1), max_size=EDITS_EACH, unique=True)
    for place in data.draw(drawn):
        note(f"{every[place].what} in line {every[place].line}:\n{every[place].source}")
        assert digest(function_of(every[place].source)) != before


@generated
@given(functions(), st.data())
def test_no_two_edits_of_one_program_have_the_same_digest(source: str, data: st.DataObject) -> None:
    """Programs that differ from each other are never taken for one another."""
    every = [source, *(each.source for each in edits(source))]
    drawn = st.lists(st.integers(0, len(every) - 1), max_size=EDITS_EACH, unique=True)
    texts = {ast.unparse(ast.parse(every[place])) for place in data.draw(drawn)}
    assert len({digest(function_of(text)) for text in texts}) == len(texts)


STEP = "def step(x):\n    return helper(x, scale=2), Base().at(x)\n"
REACHED = ("helper", "Base", "LIMIT")


@settings(max_examples=60, deadline=None)
@given(st.permutations(ast.parse(FRAME).body), st.sets(st.integers(1, 8)), st.booleans())
def test_definitions_stand_in_any_order_and_in_any_cell(
    parts: list[ast.stmt], cuts: set[int], step_comes_first: bool
) -> None:
    """Independent definitions may move, between cells too."""
    texts = [ast.unparse(part) for part in parts]
    texts.insert(0 if step_comes_first else len(texts), STEP)
    borders = [0, *sorted(cuts), len(texts)]
    cells = ["\n".join(texts[a:b]) for a, b in itertools.pairwise(borders)]
    assert digest(function_of("import math\n", *cells)) == digest(function_of(FRAME, STEP))


def test_an_edit_anywhere_counts_exactly_where_the_step_reaches() -> None:
    """All edits of the other cell: in what the step calls, inherits or reads, and in the rest."""
    before = digest(function_of(FRAME, STEP))
    seen = {True: 0, False: 0}
    for edit in edits(FRAME):
        is_reached = _part_at(edit.line) in REACHED
        try:
            after = digest(function_of(edit.source, STEP))
        except (AttributeError, NameError, TypeError):
            continue  # the edited cell itself does not run
        assert (after != before) == is_reached, edit
        seen[is_reached] += 1
    assert min(seen.values()) >= 4


def _part_at(line: int) -> str:
    for part in ast.parse(FRAME).body:
        if part.lineno <= line <= (part.end_lineno or 0):
            target = part.targets[0] if isinstance(part, ast.Assign) else part
            return str(getattr(target, "name", getattr(target, "id", "")))
    return ""


@generated
@given(functions(), st.text("abc é\\'\n", min_size=1).filter(str.strip))
def test_another_docstring_is_another_documentation_of_the_same_code(
    source: str, said: str
) -> None:
    """The documentation has a digest of its own."""
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body.insert(0, ast.Expr(ast.Constant(said)))
    one, two = _captured(source), _captured(ast.unparse(ast.fix_missing_locations(tree)))
    assert one.digests.code == two.digests.code
    assert one.digests.root == two.digests.root
    assert one.digests.documentation != two.digests.documentation


def _captured(source: str) -> Any:
    scope = function_of(source).__globals__
    cell = CellText(kind="feature", name="step", raw=source, body=source)
    return capture_cell(cell, scope, project_folder=Path(__file__).parent)
