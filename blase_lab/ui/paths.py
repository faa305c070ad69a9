"""Paths that a browser sends: never outside the folder that the server serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.core.errors import BadNameError, NoProjectError

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.project import Project


def confine(root: Path, path: str) -> Path:
    """Return the place that `path` means, links followed, inside `root`.

    Raises:
        BadNameError: it lies outside.
    """
    root = root.resolve()
    if "\0" in path:
        raise _outside(path)
    relative = (root / path.strip("/")).resolve()
    absolute = (root / path).resolve()
    place = absolute if absolute.exists() and absolute.is_relative_to(root) else relative
    if not place.is_relative_to(root):
        raise _outside(path)
    return place


def open_project(root: Path, path: str) -> Project:
    """Return the project of a notebook or folder; none of the project's code runs.

    Raises:
        NoProjectError: there is none between the notebook and `root`.
        BadNameError: the path lies outside `root`.
    """
    from blase_lab.project import Project

    place = confine(root, path)
    start = place if place.is_dir() else place.parent
    while not start.is_dir() and start != start.parent:
        start = start.parent
    project = Project.open(start)
    if not project.folder.resolve().is_relative_to(root.resolve()):
        raise NoProjectError(
            "The project's folder lies above the folder that this server serves.",
            way_out="Start the server in the project's folder or above it.",
        )
    return project


def seen_from(root: Path, folder: Path) -> str:
    """Return a folder as the server's clients name it; the root is the empty name."""
    relative = folder.resolve().relative_to(root.resolve()).as_posix()
    return "" if relative == "." else relative


def _outside(path: str) -> BadNameError:
    return BadNameError(
        f"`{path[:80]}` lies outside the folder that this server serves.",
        way_out="Open a notebook below that folder.",
    )
