"""A browser's path never leaves the server's folder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from blase_lab.core.errors import BadNameError, NoProjectError
from blase_lab.project import Project
from blase_lab.ui.jobs import Job, Jobs
from blase_lab.ui.paths import confine, open_project, seen_from

if TYPE_CHECKING:
    from pathlib import Path


def test_a_path_is_found_below_the_root(tmp_path: Path) -> None:
    """With and without slashes around it, and as the absolute path that a kernel knows."""
    (tmp_path / "a").mkdir()

    assert confine(tmp_path, "a") == tmp_path / "a"
    assert confine(tmp_path, "/a/") == tmp_path / "a"
    assert confine(tmp_path, str(tmp_path / "a")) == tmp_path / "a"


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "a\0b"])
def test_a_path_outside_is_refused(tmp_path: Path, path: str) -> None:
    """Whatever dots it has."""
    with pytest.raises(BadNameError):
        confine(tmp_path / "root", path)


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    """Links are followed before the check."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)

    with pytest.raises(BadNameError):
        confine(root, "link/x.ipynb")


def test_a_project_above_the_root_is_not_opened(tmp_path: Path) -> None:
    """The server serves its folder and no other."""
    from blase_lab.project import Project

    Project.init(tmp_path)
    root = tmp_path / "root"
    root.mkdir()

    with pytest.raises(NoProjectError):
        open_project(root, "a.ipynb")


def test_the_project_of_a_notebook_is_the_nearest_above_it(tmp_path: Path) -> None:
    """Also for a notebook that is not saved yet, in a folder that is not there yet."""
    from blase_lab.project import Project

    Project.init(tmp_path / "flights")

    project = open_project(tmp_path, "flights/new/a.ipynb")

    assert seen_from(tmp_path, project.folder) == "flights"


def test_an_export_runs_no_file_of_the_project(tmp_path: Path) -> None:
    """A `msgspec.py` beside the notebook does not stand in for the library."""
    Project.init(tmp_path)
    (tmp_path / "msgspec.py").write_text("raise SystemExit('project code ran')", encoding="utf-8")

    async def exported() -> Job:
        jobs = Jobs()
        job = jobs.get(jobs.export(tmp_path, None))
        assert job is not None
        assert job.work is not None
        await job.work
        return job

    job = asyncio.run(exported())
    assert job.state == "failed"
    assert "project code ran" not in job.sentence
