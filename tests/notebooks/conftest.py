"""One project made from a notebook, for all tests that begin where a notebook ends."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "project"))

from live_kernel import kernel_in
from project_samples import CELLS, HELPERS, QUARTER, lay_out


@dataclass(frozen=True)
class Notebook:
    """What the notebook showed, by verb, and the folder it leaves."""

    folder: Path
    shown: dict[str, str]


@pytest.fixture(scope="session")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """A project made from a notebook in a real kernel, from capture to export."""
    folder = lay_out(tmp_path_factory.mktemp("main") / "visits")
    shown = {}
    with kernel_in(folder) as kernel:
        kernel.must(HELPERS)
        shown["capture"] = "\n".join(kernel.must(cell.text) for cell in (*CELLS, QUARTER))
        verbs = ("status", "build", "train", "evaluate", "impact", "card", "rerun", "export")
        for verb in (*verbs, "runs", "verify"):
            shown[verb] = kernel.must(f"%blase {verb}")
    return Notebook(folder, shown)


@pytest.fixture
def copied(notebook: Notebook, tmp_path: Path) -> Path:
    """A copy of the project's folder, to be changed."""
    shutil.copytree(notebook.folder, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"
