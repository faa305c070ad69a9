"""Collecting what nothing refers to: a dry run by default, with grace, by way of quarantine."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from blase_lab.core.records import Record
from blase_lab.store import atomic, owners
from blase_lab.store.manifest import set_aside
from blase_lab.store.names import digests_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from blase_lab.store.place import Place

_HOUR_SECONDS = 3600.0


class SweepReport(Record, frozen=True, kw_only=True):
    """What was, or in a dry run would be, collected; paths are relative to the store."""

    objects: int
    bytes: int
    paths: tuple[str, ...] = ()
    is_dry_run: bool = True


def sweep(
    place: Place, roots: Iterable[str], *, dry_run: bool = True, grace_hours: float = 24
) -> SweepReport:
    """Return what no record, ref, root or living staging mentions and is older than the grace.

    Without `dry_run` it is moved to quarantine, and what an earlier sweep moved there is deleted
    once the grace has passed again. Damaged things in quarantine are never deleted.
    """
    place.guard() if not dry_run else None
    before = time.time() - grace_hours * _HOUR_SECONDS
    marked = _marked(place.root) | set(roots)
    found = [path for path in _unmarked(place.root, marked) if _changed(path) <= before]
    swept = [path for path in place.root.glob("quarantine/swept-*") if _changed(path) <= before]
    report = SweepReport(
        objects=len(found) + len(swept),
        bytes=sum(_size(path) for path in [*found, *swept]),
        paths=tuple(path.relative_to(place.root).as_posix() for path in [*found, *swept]),
        is_dry_run=dry_run,
    )
    if not dry_run:
        for path in swept:
            atomic.remove_tree(path)
        for path in found:
            os.utime(set_aside(place.root, path, "swept"))
    return report


def _marked(root: Path) -> set[str]:
    """Return every digest that a record, a ref or a living staging's journal mentions."""
    marks: set[str] = set()
    for pattern in ("records/*/*.json", "refs/*/*/*.json", "tmp/*/journal.jsonl", "live/*.json"):
        for file in root.glob(pattern):
            marks |= digests_in(file.read_bytes())
    return marks


def _unmarked(root: Path, marked: set[str]) -> Iterator[Path]:
    for pattern in ("data/*", "blobs/*/*"):
        yield from (path for path in sorted(root.glob(pattern)) if path.name not in marked)
    yield from (path for path in sorted(root.glob("tmp/*")) if not _is_held(path))
    for pattern in ("*/.*.partial", "*/*/.*.partial", "*/*/*/.*.partial"):
        found = sorted(root.glob(pattern))
        yield from (path for path in found if path.relative_to(root).parts[0] in _WITH_PARTIALS)


_WITH_PARTIALS = ("records", "refs", "control", "live", "checkpoints")


def _is_held(folder: Path) -> bool:
    owner = owners.owner_of(folder)
    return owner is not None and owners.is_alive(owner)


def _changed(path: Path) -> float:
    """Return when the object came to its place, in seconds since 1970."""
    return max(path.stat().st_mtime, path.stat().st_ctime)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
