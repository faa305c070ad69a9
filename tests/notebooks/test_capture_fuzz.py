"""Thousands of odd cells in one kernel: it lives, says what is wrong, and loses no version."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from fuzzed_cells import cells
from live_kernel import kernel_in

from blase_lab.capture import rebuild
from blase_lab.core.errors import BlaseError
from blase_lab.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from live_kernel import Shown

    from blase_lab.core.records import Step

pytestmark = [
    pytest.mark.kernel,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
]

SEED = 20_250
CELLS = 2_000
BATCH = 100
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OURS = re.compile(r"[/\\]blase_lab[/\\]|The badges were not updated|Error in callback")
_TOLD = re.compile(r"^%%blase_.*\n→ .*\[[a-z-]+\]$", re.DOTALL)

Versions = dict[tuple[str, int], "Step"]


def complaint(cell: str, shown: Shown) -> str:
    """Return what is wrong with the way a cell ended; nothing where it ended as it should."""
    told = _COLOUR.sub("", shown.told)
    seen = _OURS.search(told) or _OURS.search(shown.text)
    is_ours = shown.status != "ok" and _TOLD.match(told) is not None
    # IPython shows a group of exceptions as Python does, with every frame there is.
    if seen is None or is_ours or "Exception Group Traceback" in shown.text:
        return ""
    return f"--- cell\n{cell[:600]}\n--- shown\n{shown.text[-1500:]}\n{told[-3000:]}"


def versions_in(folder: Path) -> Versions:
    """Return every version that is in the store."""
    project = Project.open(folder)
    names = project.store.refs.names("step")
    steps = [project.store.refs.versions("step", name) for name in names]
    found = [project.show(f"{ref.name}@{ref.version}") for ref in itertools.chain(*steps)]
    return {(step.name, step.version): step for step in found}  # type: ignore[union-attr,misc]


def is_kept(before: Step, now: Step | None) -> bool:
    """Tell whether a version is as it was; its documentation may have become better."""
    same = ("closure", "kind", "created") if now and now.cell == before.cell else ("closure",)
    is_same = all(getattr(now, field, None) == getattr(before, field) for field in same)
    return is_same and now is not None and now.digests.root == before.digests.root


def not_rebuilt(step: Step) -> str:
    """Return why a version cannot be executed again, where no flag of it says so."""
    try:
        rebuild(step.closure)
    except BlaseError as error:
        return "" if step.flags else f"{step.name}@{step.version}: {error}\n{step.cell[:600]}"
    return ""


def test_two_thousand_odd_cells_break_nothing(tmp_path: Path) -> None:
    """After each batch the kernel answers, and every version ever published is as it was."""
    known: Versions = {}
    wrong: list[str] = []
    with kernel_in(tmp_path) as kernel:
        drawn = cells(SEED, CELLS)
        for _ in range(CELLS // BATCH):
            wrong += [complaint(cell, kernel.run(cell)) for cell in itertools.islice(drawn, BATCH)]
            assert kernel.must("1 + 1") == "2", f"seed {SEED}"
            found = versions_in(tmp_path)
            assert [key for key in known if not is_kept(known[key], found.get(key))] == [], SEED
            wrong += [not_rebuilt(step) for key, step in found.items() if key not in known]
            known = found
        assert " 0 damaged" in kernel.must("%blase verify")
    wrong = [each for each in wrong if each]
    assert not wrong, f"seed {SEED}: {len(wrong)} cells\n" + "\n\n".join(wrong[:5])
    assert len(known) > CELLS / 10
