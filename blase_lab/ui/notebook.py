"""Where a live notebook stands: its project, its names, its path and the name of its kernel."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blase_lab.project import Project

_SETTINGS = "blase.toml"


@dataclass(frozen=True)
class _Opened:
    project: Project
    stamp: tuple[int, int]


class Notebook:
    """The projects that a notebook works with, each opened once and bound to its names."""

    def __init__(self, shell: Any) -> None:
        """Serve the notebook of `shell`."""
        self._shell = shell
        self._opened: dict[Path, _Opened] = {}

    def project(self, folder: Path | None = None) -> Project:
        """Return the project at or above `folder`, or the working folder; settings are current.

        Raises:
            NoProjectError: there is none.
        """
        from blase_lab.project import Project

        start = (folder or Path.cwd()).resolve()
        home = _home_of(start)
        kept = self._opened.get(home)
        if kept is not None and kept.stamp == _stamp(home):
            return kept.project
        project = Project.open(start)
        project.bind(self._shell.user_ns)
        self._opened[project.folder.resolve()] = _Opened(project, _stamp(project.folder))
        return project

    def has_project(self) -> bool:
        """Say whether the working folder belongs to a project, without opening it."""
        return (_home_of(Path.cwd()) / _SETTINGS).is_file()

    def kernel_name(self) -> str:
        """Return the name under which this process writes its live state."""
        kernel = getattr(self._shell, "kernel", None)
        connection = getattr(getattr(kernel, "parent", None), "connection_file", "")
        return Path(connection).stem.removeprefix("kernel-") or f"terminal-{os.getpid()}"

    def path(self, project: Project) -> str | None:
        """Return the notebook's path as seen from the project's folder, if it is known."""
        told = os.environ.get("JPY_SESSION_NAME") or self._shell.user_ns.get("__vsc_ipynb_file__")
        if not told:
            return None
        path = Path(told)
        if path.is_absolute() and path.is_relative_to(project.folder):
            return path.relative_to(project.folder).as_posix()
        return path.name


def _home_of(start: Path) -> Path:
    homes = (folder for folder in (start, *start.parents) if (folder / _SETTINGS).is_file())
    return next(homes, start)


def _stamp(home: Path) -> tuple[int, int]:
    try:
        facts = (home / _SETTINGS).stat()
    except OSError:
        return (0, 0)
    return (facts.st_mtime_ns, facts.st_size)
