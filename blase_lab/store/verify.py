"""Every byte read and hashed again; what is damaged is named and set aside, never deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.errors import DamagedError
from blase_lab.core.records import Event, Progress, Record, Snapshot
from blase_lab.store import sealed
from blase_lab.store.manifest import faults, read_manifest, set_aside, unlisted
from blase_lab.store.names import sha256_of_file
from blase_lab.store.place import FORMAT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from blase_lab.store.place import Place

    Found = Iterator[tuple[Path, str]]


class Damage(Record, frozen=True, kw_only=True):
    """One file that is not what was written; the path is relative to the store."""

    path: str
    sentence: str


class VerifyReport(Record, frozen=True, kw_only=True):
    """What a look at every byte of the store found."""

    checked: int
    damaged: tuple[Damage, ...]


def verify(place: Place, watch: Callable[[Progress], None] | None = None) -> VerifyReport:
    """Return how many objects were read whole and which are damaged; those are quarantined."""
    objects = list(_objects(place.root))
    damage: list[Damage] = []
    for done, (path, check) in enumerate(objects, start=1):
        found = list(check(path))
        damage += [_named(place.root, file, sentence) for file, sentence in found]
        if found and place.is_writable and path.exists():
            set_aside(place.root, path, "damaged")
        if watch:
            watch(Progress(stage="verify", done=done, total=len(objects), unit="objects"))
    damage += _missing(place.root)
    damage += _format(place)
    return VerifyReport(checked=len(objects), damaged=tuple(damage))


def _named(root: Path, file: Path, sentence: str) -> Damage:
    return Damage(path=file.relative_to(root).as_posix(), sentence=sentence)


def _objects(root: Path) -> Iterator[tuple[Path, Callable[[Path], Found]]]:
    """Yield every object of the store with the way to check it."""
    checks: tuple[tuple[str, Callable[[Path], Found]], ...] = (
        ("data/*", _check_tree),
        ("blobs/*/*", _check_blob),
        ("records/*/*.json", _check_sealed),
        ("refs/*/*/*.json", _check_sealed),
        ("events/*.jsonl", _check_events),
        ("checkpoints/*/*-*-*", _check_checkpoint),
        ("checkpoints/*/best.json", _check_sealed),
    )
    for pattern, check in checks:
        for path in sorted(root.glob(pattern)):
            if not path.name.startswith("."):
                yield path, check


def _check_tree(folder: Path) -> Found:
    yield from _check_files(folder, folder.name)


def _check_checkpoint(folder: Path) -> Found:
    yield from _check_files(folder, None)


def _check_files(folder: Path, digest: str | None) -> Found:
    try:
        manifest = read_manifest(folder, digest)
    except DamagedError as error:
        yield folder, error.happened
        return
    yield from faults(folder, manifest)
    for file in unlisted(folder, manifest):
        yield file, "it is not in the manifest."


def _check_blob(file: Path) -> Found:
    if sha256_of_file(file) != file.name:
        yield file, "its sha256 is another."


def _check_sealed(file: Path) -> Found:
    try:
        sealed.unseal(file)
    except DamagedError as error:
        yield file, error.happened


def _check_events(file: Path) -> Found:
    try:
        for body in sealed.lines(file)[0]:
            msgspec.json.decode(body, type=Event)
    except (DamagedError, msgspec.DecodeError) as error:
        yield file, str(error)


def _format(place: Place) -> Iterator[Damage]:
    if place.is_writable and (place.root / "FORMAT").read_bytes() != FORMAT_BYTES:
        yield Damage(path="FORMAT", sentence="it is not what format 1 holds.")


def _missing(root: Path) -> Iterator[Damage]:
    """Yield the data that a snapshot's record names and the store lacks."""
    for file in sorted((root / "records" / "snapshot").glob("[!.]*.json")):
        snapshot = sealed.read(file, Snapshot)
        if not (root / "data" / snapshot.data / "z").is_dir():
            sentence = f"the data of the snapshot {snapshot.name} ({file.stem[:12]}) are missing."
            yield Damage(path=f"data/{snapshot.data}", sentence=sentence)
