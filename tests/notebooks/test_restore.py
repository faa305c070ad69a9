"""An earlier version brought back in a real kernel: a new cell below that makes it again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "project"))

from live_kernel import kernel_in
from project_samples import AGE, HELPERS, lay_out

from blase_lab.project import Project

if TYPE_CHECKING:
    from live_kernel import Kernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SECOND = AGE.text.replace("%%blase_feature", "%%blase_feature --columns age").replace(
    'centred(chunk["age"])', '-centred(chunk["age"])'
)
MOVED = HELPERS.replace("40.0", "41.0")


def next_cell(kernel: Kernel, line: str) -> str:
    """Run a line and return the cell that it puts below."""
    client: Any = kernel._client
    reply = client.execute_interactive(line, timeout=240, output_hook=lambda _message: None)
    assert reply["content"]["status"] == "ok", reply["content"]
    cells = [each for each in reply["content"]["payload"] if each["source"] == "set_next_input"]
    assert [each["replace"] for each in cells] == [False]
    return str(cells[0]["text"])


def test_a_restored_cell_makes_the_version_again(tmp_path: Path) -> None:
    """With its options; alone where nothing else changed, else with its helpers."""
    folder = lay_out(tmp_path / "visits", rows=20)
    with kernel_in(folder) as kernel:
        kernel.must(HELPERS)
        kernel.must(AGE.text)
        kernel.must(SECOND)
        project = Project.open(folder)
        first, second = (each.digests.root for each in project.history("age"))

        cell = next_cell(kernel, "%blase restore age@1")
        assert cell == AGE.text
        assert "age@3 captured" in kernel.must(cell)
        assert project.history("age")[-1].digests.root == first

        kernel.must(MOVED)
        cell = next_cell(kernel, "%blase restore age@2 --with-helpers")
        assert cell.startswith("%%blase_feature age --columns age\n")
        kernel.must("del centred, CENTRE")
        kernel.must(cell)
        assert project.history("age")[-1].digests.root == second


def test_a_file_is_written_where_one_is_named(tmp_path: Path) -> None:
    """No cell is put below, and the file is one that `%load` understands."""
    folder = lay_out(tmp_path / "visits", rows=20)
    with kernel_in(folder) as kernel:
        kernel.must(HELPERS)
        kernel.must(AGE.text)

        assert "%load back.py" in kernel.must("%blase restore age@1 --into back.py")

        assert next_cell_of_load(kernel) == AGE.text.rstrip("\n")


def next_cell_of_load(kernel: Kernel) -> str:
    """Return what `%load` makes of the file, without its own first line."""
    client: Any = kernel._client
    reply = client.execute_interactive("%load back.py", output_hook=lambda _message: None)
    (payload,) = reply["content"]["payload"]
    return str(payload["text"]).split("\n", 1)[1].rstrip("\n")
