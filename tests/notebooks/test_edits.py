"""After an edit of a helper a rerun says DIFFERENT, and names the helper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from live_kernel import kernel_in
from project_samples import CELLS, HELPERS, QUARTER, SEASON
from shell_command import blase, blase_json

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.keras,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_helper_that_was_run_again_in_another_cell_is_named(copied: Path) -> None:
    """In a new kernel: the same cells change nothing, another helper does."""
    with kernel_in(copied) as kernel:
        kernel.must(HELPERS)
        for cell in (*CELLS, QUARTER):
            assert "@1 unchanged" in kernel.must(cell.text)
        kernel.must("def centred(values):\n    return abs(values - CENTRE)\n")
        assert "stale" in kernel.must("%blase status age")
        assert "centred" in kernel.must("%blase why age")

        shown = kernel.must("%blase rerun")

    assert "DIFFERENT" in shown
    assert "function `centred`" in shown
    assert blase_json(copied, "runs")[0]["verdict"] == "DIFFERENT"


def test_a_local_module_that_was_edited_on_disk_is_named(copied: Path) -> None:
    """From the shell: the exit code asks a person to look; as it was captured all is equal."""
    (copied / "season.py").write_text(SEASON.replace(".quarter", ".quarter % 2"), encoding="utf-8")
    (state,) = blase_json(copied, "status", "part_of_year")
    assert state["state"] == "stale"
    assert "season" in state["reasons"][0]

    same = blase(copied, "rerun", "--as-captured")
    different = blase(copied, "rerun")

    assert (same.code, "IDENTICAL" in same.out) == (0, True), same.err
    assert different.code == 1
    assert "DIFFERENT" in different.out
    assert "quarter" in different.out or "season" in different.out
    assert "part_of_year" in different.out
