"""Which paths are worth listing, and how a person reads them."""

from __future__ import annotations

import os
import sys
import sysconfig
import zoneinfo
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

OWN_FOLDER = ".blase"
NOISE = frozenset({OWN_FOLDER, ".ipynb_checkpoints", "__pycache__"})
"""Names that come and go in a folder without a word from the person."""

_COMPILED = (".pyc", ".pyo")
_WIDE = frozenset({"/", "/usr", "/usr/local"})  # a prefix so wide would hide a person's data
_MACHINE = (
    "/proc",
    "/sys",
    "/dev",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/timezone",
    "/usr/share/zoneinfo",
)


class Places(NamedTuple):
    """The project's folder as it may be written in a path, and what is never listed.

    Every root ends in a separator, so that one `startswith` of many decides: this runs at every
    file that a step opens.
    """

    folders: tuple[str, ...]
    inside: tuple[str, ...]
    hidden_inside: tuple[str, ...]
    hidden: tuple[str, ...]

    def is_inside(self, path: str) -> bool:
        """Tell whether an absolute path lies in the project."""
        return (path + os.sep).startswith(self.inside)

    def is_listed(self, path: str) -> bool:
        """Tell whether an absolute path is worth listing: neither Python's own nor the project's.

        A project may lie below Python's prefix (a folder of a conda environment): then only what
        is hidden inside the project counts.
        """
        if path.endswith(_COMPILED):
            return False
        hidden = self.hidden_inside if self.is_inside(path) else self.hidden
        return not (path + os.sep).startswith(hidden)

    def shown(self, path: str) -> str:
        """Return the path relative to the project with forward slashes, or as it is outside."""
        for folder in self.folders:
            if is_below(path, folder):
                return Path(path).relative_to(folder).as_posix()
        return Path(path).as_posix()


@lru_cache(maxsize=64)
def places_of(folder: Path) -> Places:
    """Return the places of a project's folder."""
    folders = tuple(dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder))))
    inside = _roots(folders)
    own = tuple(os.path.join(each, OWN_FOLDER) for each in folders)
    hidden = _roots((*own, *installed_roots(), *_MACHINE, *zoneinfo.TZPATH))
    below = tuple(each for each in hidden if each.startswith(inside) and each not in inside)
    return Places(folders, inside, below, hidden)


def _roots(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.rstrip(os.sep) + os.sep for each in paths))


@lru_cache(maxsize=1)
def installed_roots() -> tuple[str, ...]:
    """Return the folders of Python, of installed packages and of this package."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix} - _WIDE
    library = {
        sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    }
    package = str(Path(__file__).resolve().parents[2])
    found = {os.path.realpath(each) for each in (*prefixes, *library)}
    return tuple(sorted({*prefixes, *library, *found, package}))


def is_below(path: str, root: str) -> bool:
    """Tell whether a path is a folder or lies in it; both are absolute."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def full_path(shown: str, folder: Path) -> str:
    """Return the absolute path that `shown` stands for."""
    return os.path.abspath(os.path.join(folder, shown))
