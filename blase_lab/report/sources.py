"""What a model info sheet says of the sources: rows, joined tables, files and digests."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from blase_lab.core.observed import held
from blase_lab.core.sizes import size
from blase_lab.report.sheet import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from blase_lab.core.records import Observation, Snapshot

_SHORT = 16


def source_tables(sources: Sequence[Snapshot]) -> list[Table]:
    """Return the sources with what was joined to them, and the files that all of them read."""
    tables = []
    rows = tuple(row for source in sources for row in (_own(source), *_joined(source)))
    files = tuple(row for source in sources for row in _files(source))
    if rows:
        named = ("source", "rows", "columns", "content digest")
        tables.append(Table("Sources", named, rows, "measured", frozenset({1, 2})))
    if files:
        tables.append(Table("Files", ("file", "size", "sha256"), files, "measured", frozenset({1})))
    return tables


def read_tables(observed: Mapping[str, Sequence[Observation]]) -> list[Table]:
    """Return what the steps touched beside the files of the sources."""
    rows = tuple(
        (step, f"{each.mode} {each.kind}", each.name, held(each))
        for step, listed in observed.items()
        for each in listed
    )
    if not rows:
        return []
    named = ("step", "what", "name", "content digest")
    return [Table("Also touched while the steps ran", named, rows, "measured")]


def _own(source: Snapshot) -> tuple[str, ...]:
    return (source.name, f"{source.rows:,}", str(len(source.columns)), source.digest[:_SHORT])


def _joined(source: Snapshot) -> Iterator[tuple[str, ...]]:
    """Yield the tables joined to a source: their columns are part of its content."""
    joins = source.facts.get("joins") or []
    names = list(source.facts.get("joined") or [])
    for join in joins:
        only = names[0] if len(names) == len(joins) == 1 else None
        name = join.get("name") or only or ", ".join(join.get("inputs") or {}) or "a table"
        on = ", ".join(f"`{column}`" for column in join["on"])
        text = f"{name}, joined to {source.name} on {on}"
        yield (text, "-", f"{len(join['taken'])} of them", "in that of the source")


def _files(source: Snapshot) -> Iterator[tuple[str, ...]]:
    for file in source.facts.get("files") or []:
        digest = str(file.get("sha256") or "-")[:_SHORT]
        yield (PurePosixPath(str(file["path"])).name, size(file["bytes"]), digest)
