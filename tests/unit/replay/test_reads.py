"""What steps read beside their sources: small files travel with a bundle, the rest is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.core.records import Observation
from blase_lab.replay import reads
from blase_lab.replay.facts import Facts

if TYPE_CHECKING:
    from pathlib import Path


def rows(notes: list[Observation], files: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Return the rows of the sheet by the name of what was touched."""
    facts = Facts(observed={"limited": tuple(notes)})
    return {str(row["path"]): row for row in reads.read_sheet(facts, files)}


def read(name: str) -> Observation:
    """Return a file that was read."""
    return Observation(kind="file", name=name, digest="d" * 64)


def test_a_small_file_of_the_project_travels(tmp_path: Path) -> None:
    """Under `reads/`, so that it can hide no file of the bundle itself."""
    (tmp_path / "README.md").write_text("limits")
    files = {"README.md": tmp_path / "README.md"}

    assert reads.files_to_copy(files) == {"reads/README.md": tmp_path / "README.md"}
    (row,) = rows([read("README.md")], files).values()
    assert (row["inside"], row["copy"]) == (True, "reads/README.md")


@pytest.mark.parametrize("why", ["large", "secret"])
def test_a_large_file_and_one_with_a_secret_stay_and_the_readme_says_so(
    tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason, and where to put it."""
    monkeypatch.setattr(reads, "MOST_BYTES", 100)
    text = "x" * 101 if why == "large" else "password = 'hunter2hunter2'"
    (tmp_path / "settings.ini").write_text(text)
    files = {"settings.ini": tmp_path / "settings.ini"}
    found = rows([read("settings.ini")], files)

    assert reads.files_to_copy(files) == {}
    assert found["settings.ini"]["copy"] is None
    assert found["settings.ini"]["inside"] is True
    told = reads.told_reads(list(found.values()))
    assert "not included" in told
    assert "put it below `--data`" in told


def test_what_is_no_file_of_the_project_is_told() -> None:
    """A variable's value, a file elsewhere and what was written are not in a bundle."""
    found = rows(
        [
            Observation(kind="variable", name="REGION", digest="1"),
            read("/somewhere/else.csv"),
            Observation(kind="file", name="log.txt", mode="write"),
            Observation(kind="file", name="gone.txt"),
            Observation(kind="random", name="random"),
        ],
        {},
    )

    assert {name: row["where"] for name, row in found.items()} == {
        "REGION": "its value is not here: set it as you need it",
        "/somewhere/else.csv": "not included: it lies outside the project",
        "log.txt": "written by the step",
        "gone.txt": "looked for, and not there",
    }
    assert "- file written: `log.txt`" in reads.told_reads(list(found.values()))
    assert reads.told_reads([]) == ""
