"""What the steps of a bundle touch beside their sources: small files travel, the rest is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blase_lab.core.observed import held
from blase_lab.replay.expected import shortened
from blase_lab.store import redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from blase_lab.core.records import Observation
    from blase_lab.replay.facts import Facts

FOLDER = "reads"
MOST_BYTES = 10_000_000
"""A larger file that a step reads does not travel with the bundle."""


def files_to_copy(files: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files that the bundle holds, by their name in it: small ones without a secret."""
    return {f"{FOLDER}/{name}": path for name, path in files.items() if not _stays(path)}


def read_sheet(facts: Facts, files: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Return what the steps read and started, each once, and where a copy of a file lies.

    `files` are those of the project; one outside it is told and never copied.
    """
    users: dict[Observation, list[str]] = {}
    for step, notes in facts.observed.items():
        for note in notes:
            users.setdefault(note, []).append(step)
    own = {str(file["path"]) for each in facts.snapshots.values() for file in _files(each)}
    return [
        _row(note, steps, files)
        for note, steps in users.items()
        if note.kind != "random" and note.name not in own
    ]


def told_reads(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the list of the README; '' where the steps touched nothing beside the sources."""
    if not rows:
        return ""
    lines = [
        f"- {row['what']} `{row['path']}` ({row['where']}), used by "
        + ", ".join(f"`{step}`" for step in row["steps"])
        for row in rows
    ]
    return "\n".join(["", "Beside the sources, the steps touched:", "", *lines, ""])


def _files(snapshot: Any) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = snapshot.facts.get("files") or []
    return files


def _row(note: Observation, steps: list[str], files: Mapping[str, Path]) -> dict[str, Any]:
    path = files.get(note.name) if note.kind == "file" else None
    stays = None if path is None else _stays(path)
    return {
        "what": f"{note.kind} written:" if note.mode == "write" else note.kind,
        "path": shortened(note.name),
        "inside": path is not None and note.mode == "read",
        "copy": f"{FOLDER}/{note.name}" if path is not None and not stays else None,
        "where": _where(note, stays, is_ours=path is not None),
        "sha256": note.digest if note.kind == "file" else None,
        "steps": steps,
    }


def _where(note: Observation, stays: str | None, *, is_ours: bool) -> str:
    if note.kind == "variable":
        return "its value is not here: set it as you need it"
    if note.kind not in ("file", "folder") or note.mode == "write":
        return held(note)
    if note.digest is None:
        return "looked for, and not there"
    if is_ours and not stays:
        return f"here, as `{FOLDER}/{note.name}`"
    return f"not included: {stays or 'it lies outside the project'}"


def _stays(path: Path) -> str:
    """Say why a file of the project is not copied; '' where it is."""
    if path.stat().st_size > MOST_BYTES:
        return f"larger than {MOST_BYTES // 1_000_000} MB; put it below `--data`"
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return ""
    is_open = redact(text) == text
    return "" if is_open else "it may hold a password, key or token; put it below `--data`"
