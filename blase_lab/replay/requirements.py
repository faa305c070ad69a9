"""The lock of a bundle: every package that is really installed, with the hashes of its files."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from blase_lab.core.errors import NotExportableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWN_NAME = "blase-lab"
UNRELEASED = "unreleased"
_UNHASHED = "# Not hashed: the package index could not be reached when this was exported.\n"
_WAIT_SECONDS = 120.0


def installed_requirements(names: Iterable[str]) -> dict[str, str]:
    """Return name → version of the packages named and of all they need, as installed here.

    Extras that a package asks of another are followed; what is not installed (needed on other
    platforms only) is left out.
    """
    found: dict[str, str] = {}
    waiting = [Requirement(name) for name in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            distribution = importlib.metadata.distribution(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[key[0]] = distribution.version
        waiting.extend(_needed(distribution.requires or [], key[1]))
    return dict(sorted(found.items()))


def own_version() -> str:
    """Return the version of blase-lab itself; a source tree has none."""
    try:
        return importlib.metadata.version(OWN_NAME)
    except importlib.metadata.PackageNotFoundError:
        return UNRELEASED


def _needed(lines: Iterable[str], extras: frozenset[str]) -> list[Requirement]:
    """Return the requirements that hold here, with these extras asked for."""
    wanted = [Requirement(line) for line in lines]
    return [
        each
        for each in wanted
        if each.marker is None
        or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]


def lock_requirements(names_versions: Mapping[str, str], *, hashed: bool = True) -> str:
    """Return a requirements file with exactly these versions, and the hashes of their files.

    blase-lab itself is left out: the bundle installs it alone, by its version, after the rest.
    The text holds no index address. With `hashed=False` nothing is asked of the network and the
    first line says that hashes are missing.

    Raises:
        NotExportableError: uv is not there, or the index cannot be reached or lacks a version.
    """
    others = [item for item in sorted(names_versions.items()) if item[0] != OWN_NAME]
    pins = "".join(f"{name}=={version}\n" for name, version in others)
    return _compiled(pins) if hashed else _UNHASHED + pins


def _compiled(pins: str) -> str:
    words = ["pip", "compile", "--quiet", "--generate-hashes", "--no-deps", "--no-annotate"]
    words += ["--no-header", "--python", sys.executable, "-"]
    try:
        done = subprocess.run(
            [_uv(), *words],
            input=pins,
            capture_output=True,
            text=True,
            timeout=_WAIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unlocked(str(error)) from error
    if done.returncode != 0:
        raise _unlocked(done.stderr.strip() or f"uv ended with {done.returncode}")
    return "".join(line for line in done.stdout.splitlines(keepends=True) if _is_lock(line))


def _is_lock(line: str) -> bool:
    """Say whether a line names a package or a hash; an index address never does."""
    options = ("--index", "--extra-index", "--find-links", "--trusted-host", "-i ", "-f ")
    return not line.startswith(options)


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else (shutil.which("uv") or "uv")


def _unlocked(why: str) -> NotExportableError:
    last = " ".join(why.split())[-300:]
    return NotExportableError(
        f"The packages could not be locked with their hashes: {last}",
        way_out="Connect to the package index and export again, or export without hashes.",
        reason=last,
    )
