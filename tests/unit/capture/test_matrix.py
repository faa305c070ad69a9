"""Pairs of cells in one process: which differ in behaviour, and which only in how they are written.

The pairs are those of tests/notebooks, where each side runs in a kernel of its own; here only those
that leave the process as it was, and quickly.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cells import Notebook

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks"))
from capture_kernels import lay_out
from capture_pairs_all import PAIRS

if TYPE_CHECKING:
    from capture_pairs import Pair, Side

    from blase_lab.capture import Captured

HERE = [pair for pair in PAIRS if not pair.kernel_only and not pair.keras]
DIFFERENT = [pair for pair in HERE if pair.differs and not pair.flag]
UNKNOWABLE = [pair for pair in HERE if pair.differs and pair.flag]
SAME = [pair for pair in HERE if not pair.differs]


def _captures(pair: Pair, notebook: Notebook) -> list[Captured]:
    """Capture both sides, each in a fresh notebook."""
    return [
        _capture(side, notebook.folder / name)
        for name, side in (("one", pair.before), ("two", pair.after))
    ]


def _capture(side: Side, folder: Path) -> Captured:
    """Run a side's cells and capture its step at the end of the last."""
    book = lay_out(side, folder)
    fresh = Notebook(book)
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(book)
        patch.syspath_prepend(str(book))
        patch.setattr(sys, "dont_write_bytecode", True)
        for cell in side.cells:
            fresh.run(cell)
        found = fresh.capture_again()
        for name in set(sys.modules) - before:
            if str(folder) in str(getattr(sys.modules[name], "__file__", None) or ""):
                del sys.modules[name]
        for name in set(sys.modules) - before:
            if str(folder) in str(list(getattr(sys.modules[name], "__path__", []))):
                del sys.modules[name]
    return found


@pytest.mark.parametrize("pair", DIFFERENT, ids=lambda pair: pair.name)
def test_a_change_of_behaviour_changes_the_identity(pair: Pair, notebook: Notebook) -> None:
    """Whatever the step's result rests on is in its root digest."""
    one, two = _captures(pair, notebook)
    assert one.digests.root != two.digests.root


@pytest.mark.parametrize("pair", UNKNOWABLE, ids=lambda pair: pair.name)
def test_a_change_that_cannot_be_known_is_flagged(pair: Pair, notebook: Notebook) -> None:
    """Both sides say why."""
    for captured in _captures(pair, notebook):
        assert any(flag.startswith(pair.flag) for flag in captured.flags), captured.flags


@pytest.mark.parametrize("pair", SAME, ids=lambda pair: pair.name)
def test_a_change_of_writing_keeps_the_identity(pair: Pair, notebook: Notebook) -> None:
    """What changes no behaviour changes no root digest, and nothing is reported."""
    one, two = _captures(pair, notebook)
    assert one.digests.root == two.digests.root
    assert not [flag for flag in one.flags if flag.startswith(("opaque", "source unknown"))]
