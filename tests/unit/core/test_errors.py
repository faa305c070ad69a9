"""Errors keep their promise: a code of their own, a way out, a page; processes pass them on."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from blase_lab.core import errors
from blase_lab.core.errors import BlaseError, OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
GROUPS = {"blase", "cell", "plan", "data", "train", "store", "replay"}


def kinds(parent: type[BlaseError] = BlaseError) -> Iterator[type[BlaseError]]:
    """Yield every kind of error."""
    yield parent
    for child in parent.__subclasses__():
        yield from kinds(child)


def ours() -> list[type[BlaseError]]:
    """Return the kinds of error of the tree."""
    return [kind for kind in kinds() if kind.__module__ == errors.__name__]


def test_every_kind_has_its_own_code() -> None:
    """No code means two things."""
    codes = [kind.code for kind in ours()]
    assert len(codes) == len(set(codes))


def test_every_code_has_its_place_in_the_documentation() -> None:
    """A person who searches for a code finds the way out."""
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    missing = [kind.code for kind in ours() if f"### `{kind.code}`" not in page]
    assert set(missing) <= GROUPS


def test_every_code_stands_in_the_drawing_of_the_tree() -> None:
    """The picture at the top of the module shows the whole tree."""
    drawing = errors.__doc__ or ""
    assert [kind.__name__ for kind in ours() if kind.__name__ not in drawing] == []


def test_an_error_crosses_a_process_border_whole() -> None:
    """What happened, the way out and the facts arrive on the other side."""
    error = OverBudgetError("It needs 2.", way_out="Give 2.", needed=2)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.facts) == (
        "It needs 2. Give 2.",
        error.code,
        {"needed": 2},
    )
