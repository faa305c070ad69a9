"""Two kernels in one project at once: nothing is lost, nothing is damaged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from live_kernel import kernel_in
from project_samples import AGE, CLEAN, HELPERS, INCOME, PREVIOUS, REGION, SOURCE, TARGET, lay_out

from blase_lab.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from live_kernel import Kernel

pytestmark = [
    pytest.mark.kernel,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def at_once(first: Kernel, second: Kernel, codes: tuple[str, str]) -> None:
    """Run one cell in each kernel at the same time; both must end well."""
    begun = [
        (kernel, kernel.start(code)) for kernel, code in zip((first, second), codes, strict=True)
    ]
    assert [kernel.finish(message) for kernel, message in begun] == ["ok", "ok"]


def test_two_kernels_capture_and_build_at_once(tmp_path: Path) -> None:
    """Both keep all their versions; the same data are built by both, once in the store."""
    folder = lay_out(tmp_path / "visits")
    with kernel_in(folder) as first, kernel_in(folder) as second:
        for kernel, cells in ((first, (SOURCE, CLEAN, AGE, TARGET)), (second, (INCOME, REGION))):
            kernel.must(HELPERS)
            for cell in cells:
                kernel.must(cell.text)
        for factor in range(2, 6):
            mine = replace(AGE, body=AGE.body.replace("centred(", f"{factor} * centred("))
            yours = replace(AGE, body=AGE.body.replace("centred(", f"{factor + 10} * centred("))
            at_once(first, second, (mine.text, yours.text))
        at_once(first, second, (PREVIOUS.text, PREVIOUS.text))
        at_once(first, second, ("%blase build", "%blase build"))
        assert " 0 damaged" in first.must("%blase verify")

    project = Project.open(folder)
    kept = project.history("age")
    # The newest version counts in both kernels; the other's live function is an earlier one.
    assert [step.version for step in kept] == list(range(1, len(kept) + 1))
    assert len({step.digests.root for step in kept}) == 9
    assert [step.version for step in project.history("previous")] == [1]
    names = {each.name for each in project.status()}
    assert names == {"people", "aged", "age", "income", "region", "previous", "bought"}
    assert {each.name for each in project.build()} == names
    assert project.verify().damaged == ()
    assert list((folder / ".blase" / "tmp").iterdir()) == []
