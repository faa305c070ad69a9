"""The rerun: a fresh process, an allow-listed environment, and errors that name the cell."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from blase_lab.core.errors import NotExportableError, RerunFailedError
from blase_lab.core.records import Event, LocalModule, Progress
from blase_lab.replay import execute, write_rerun_folder
from blase_lab.replay.rerun import rerun_environment

if TYPE_CHECKING:
    from pathlib import Path

kernel = pytest.mark.kernel


def _notebook(*sources: str) -> dict[str, object]:
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{place}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for place, source in enumerate(sources)
    ]
    return {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _folder(tmp_path: Path, *sources: str, modules: tuple[LocalModule, ...] = ()) -> Path:
    return write_rerun_folder(
        tmp_path / "again",
        notebook=_notebook(*sources),
        settings='name = "again"\n',
        modules=modules,
    )


def test_modules_keep_their_place_and_settings_are_written(tmp_path: Path) -> None:
    """The folder holds the notebook, blase.toml and the local modules."""
    module = LocalModule(
        name="calendar_of_flights", path="lib/calendar_of_flights.py", source="A = 1"
    )
    folder = _folder(tmp_path, "1", modules=(module,))
    assert (folder / "lib" / "calendar_of_flights.py").read_text() == "A = 1"
    assert (folder / "blase.toml").read_text() == 'name = "again"\n'
    assert rerun_environment(folder)["PYTHONPATH"] == str(folder / "lib")


@pytest.mark.parametrize("path", ["../outside.py", "/etc/outside.py", "a/../../b.py", "a\\b.py"])
def test_a_module_outside_the_project_is_refused(tmp_path: Path, path: str) -> None:
    """A record cannot make us write outside the folder."""
    with pytest.raises(NotExportableError, match="does not lie in the project"):
        _folder(tmp_path, "1", modules=(LocalModule(name="m", path=path, source=""),))


def test_relative_source_files_are_linked(tmp_path: Path) -> None:
    """A step that reads `data/a.csv` finds the real file there, without a copy."""
    real = tmp_path / "a.csv"
    real.write_text("x\n1\n")
    folder = write_rerun_folder(
        tmp_path / "again", notebook=_notebook("1"), settings="", files={"data/a.csv": real}
    )
    assert (folder / "data" / "a.csv").read_text() == "x\n1\n"
    assert (folder / "data" / "a.csv").is_symlink()


def test_secrets_of_the_environment_are_not_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only names on the list pass; what a step declares can be given by name."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    environment = rerun_environment(tmp_path, {"LIMIT": "3"})
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert (environment["OMP_NUM_THREADS"], environment["LIMIT"]) == ("1", "3")


@kernel
def test_a_notebook_runs_in_a_fresh_process_and_keeps_its_outputs(tmp_path: Path) -> None:
    """Local modules import, outputs are kept, progress is told cell by cell."""
    module = LocalModule(name="flight_calendar", path="flight_calendar.py", source="DAYS = 365\n")
    folder = _folder(tmp_path, "import flight_calendar", "flight_calendar.DAYS", modules=(module,))
    seen: list[Event | Progress] = []
    executed = execute(folder, watch=seen.append, timeout=120)
    cells = json.loads(executed.path.read_text())["cells"]
    assert "".join(cells[1]["outputs"][0]["data"]["text/plain"]) == "365"
    assert executed.cells == 2
    progress = [item for item in seen if isinstance(item, Progress)]
    assert [(item.done, item.total) for item in progress] == [(0, 2), (1, 2), (2, 2)]
    assert progress[0].sentence == "import flight_calendar"


@kernel
def test_a_failing_cell_is_named_with_its_number_line_and_error(tmp_path: Path) -> None:
    """The error leads to the cell, and the executed notebook is kept."""
    folder = _folder(tmp_path, "x = 0", "\n# halve\n1 / x", "x = 2")
    with pytest.raises(RerunFailedError) as raised:
        execute(folder, timeout=120)
    assert "Cell 2 of 3 of the captured notebook failed" in str(raised.value)
    assert raised.value.facts["line"] == "# halve"
    assert raised.value.facts["error"] == "ZeroDivisionError: division by zero"
    assert (folder / "executed.ipynb").is_file()


@kernel
def test_a_kernel_that_dies_is_told_with_its_cell(tmp_path: Path) -> None:
    """A kernel killed in a cell is no hang and no traceback of ours."""
    folder = _folder(tmp_path, "import os\nos._exit(9)")
    with pytest.raises(RerunFailedError, match="Cell 1 of 1") as raised:
        execute(folder, timeout=120)
    assert raised.value.facts["line"] == "import os"


@kernel
def test_a_rerun_that_takes_too_long_is_stopped_and_leaves_no_process(tmp_path: Path) -> None:
    """After the timeout neither the driver nor the kernel lives."""
    folder = _folder(tmp_path, "import time", "time.sleep(600)")
    with pytest.raises(RerunFailedError, match="was stopped after 6 s in cell"):
        execute(folder, timeout=6)
    deadline = time.monotonic() + 10
    while _living(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _living(folder) == []


def _living(folder: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["pid", "cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or [])
    ]
