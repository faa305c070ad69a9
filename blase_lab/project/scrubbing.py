"""A secret out of a project's history: its store, and what is known of the copies outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from blase_lab.core.records import Bundle
from blase_lab.store import ScrubReport, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.project.workspace import Workspace

_CUT = "its source holds what looks like a secret, which is left out of the record"


def scrub(space: Workspace, value: str | None, *, apply: bool) -> ScrubReport:
    """Return where the value, or what has a secret's shape, stands; with `apply` it is gone there.

    A step whose source loses it keeps its version and its root digest, and is flagged. Files of the
    user's own (notebooks, modules, exported bundles) are named where they hold it, never changed.
    """
    report = space.store.scrub(value, dry_run=not apply, amend=_flagged)
    outside = tuple(
        f"{path}: a file of yours; remove the secret there yourself"
        for path in _outside(space, value)
    )
    return msgspec.structs.replace(report, left=(*report.left, *outside))


def _flagged(kind: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a step with a flag for each source that lost its secret."""
    if kind != "step":
        return after
    cut = []
    for part in ("definitions", "modules"):
        pairs = zip(before["closure"][part], after["closure"][part], strict=True)
        prefix = "module " if part == "modules" else ""
        cut += [f"{prefix}{new['name']}" for old, new in pairs if old["source"] != new["source"]]
    cut += ["option"] if before["options"] != after["options"] else []
    flags = dict.fromkeys([*after["flags"], *(f"needs hidden {name}: {_CUT}" for name in cut)])
    return {**after, "flags": list(flags)}


def _outside(space: Workspace, value: str | None) -> Iterator[str]:
    """Yield the project's own texts, sheets and bundles that hold the secret."""
    roots = [space.folder / "cards", *(Path(each.path) for each in space.store.ledger.list(Bundle))]
    files = [
        each for pattern in ("*.ipynb", "*.py", "*.toml") for each in space.folder.glob(pattern)
    ]
    files += [each for root in roots for each in root.rglob("*") if each.is_file()]
    for file in sorted(set(files)):
        if _holds(file.read_bytes(), value):
            is_inside = file.is_relative_to(space.folder)
            yield (file.relative_to(space.folder) if is_inside else file).as_posix()


def _holds(data: bytes, value: str | None) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return redact(text, secrets=()) != text if value is None else value in text
