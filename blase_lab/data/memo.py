"""What is known of every shard that was ever made: so that equal work is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from blase_lab.core.digest import canonical_json, merkle, sha256_hex
from blase_lab.core.errors import NotFoundError
from blase_lab.core.records import Observation, Record, Shard, Snapshot
from blase_lab.data.columns import Form, digest_values
from blase_lab.data.frames import Place, categories_at, read_stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np

    from blase_lab.store import Store

PARTS = "parts"
"""The fact of a Snapshot that names the blob with its parts."""

OBSERVED = "observed"
"""The fact of a Snapshot that holds what its step touched beside the rows: plain JSON."""

LOOK_BACK = 4
"""How many older Snapshots of a name are searched for equal shards."""


class ColumnPart(Record, frozen=True, kw_only=True):
    """One column in one shard: its natural form, its texts, and how it was written."""

    natural: Form
    digest: str
    """Of the values: equal whatever codes the texts have."""
    texts: tuple[str, ...] = ()
    """In order of first appearance in the shard."""
    codes: tuple[int, ...] = ()
    """What the texts were written as."""
    written: Form | None = None


class Part(Record, frozen=True, kw_only=True):
    """One shard: what it was made of, and its columns."""

    start: int
    stop: int
    key: str
    columns: dict[str, ColumnPart]
    removed: int = 0
    notes: tuple[Observation, ...] = ()
    """What the step's function touched beside its rows while it computed this shard."""

    @property
    def digest(self) -> str:
        """Over the columns' names and values."""
        return merkle((name, column.digest) for name, column in self.columns.items())

    def as_shard(self) -> Shard:
        """Return what a Snapshot remembers of it."""
        return Shard(start=self.start, stop=self.stop, key=self.key, digest=self.digest)


def take_notes(function: object) -> tuple[Observation, ...]:
    """Return what a function says of its last call, where it keeps notes; it forgets them."""
    take = getattr(function, "take_notes", None)
    return tuple(take()) if callable(take) else ()


def joined_notes(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return the notes of all shards, each once and in order, as plain JSON."""
    notes = {note for part in parts for note in part.notes}
    ordered = sorted(notes, key=lambda note: (note.kind, note.name, note.mode, note.digest or ""))
    return [msgspec.to_builtins(note) for note in ordered]


def put_parts(store: Store, parts: Sequence[Part]) -> str:
    """Return the blob that holds the parts of a Snapshot."""
    return store.blobs.put(msgspec.json.encode(list(parts)))


def parts_of(store: Store, snapshot: Snapshot) -> list[Part]:
    """Return the parts of a Snapshot; none when they are not known any more."""
    blob = snapshot.facts.get(PARTS)
    if not isinstance(blob, str):
        return []
    try:
        return msgspec.json.decode(store.blobs.get(blob), type=list[Part])
    except NotFoundError:
        return []


def older(store: Store, name: str, stage: str) -> Iterator[Snapshot]:
    """Yield the latest Snapshots of a name, the newest first."""
    for id_ in store.index.snapshots(name)[:LOOK_BACK]:
        snapshot = store.ledger.get(Snapshot, id_)
        if snapshot.stage == stage and store.arrays.has(snapshot.data):
            yield snapshot


def key_of(facts: Mapping[str, Any]) -> str:
    """Return the memo key over everything that a shard's content follows from."""
    return sha256_hex(canonical_json(dict(facts)))


class InputDigests:
    """The digest of each column of the inputs in each shard, read from the disk only if unknown."""

    def __init__(self, store: Store, snapshots: Iterable[Snapshot]) -> None:
        """Take what the inputs' own parts say."""
        self._store = store
        self._known: dict[tuple[str, str, int, int], str] = {}
        for snapshot in snapshots:
            for part in parts_of(store, snapshot):
                for name, column in part.columns.items():
                    self._known[snapshot.data, name, part.start, part.stop] = column.digest

    def of(self, place: Place, start: int, stop: int) -> str:
        """Return the digest of some rows of a column."""
        known = self._known.get((place.data, place.name, start, stop))
        if known is not None:
            return known
        folder = self._store.folder
        rows: np.ndarray[Any, Any] = read_stored(folder, place, (start, stop))
        texts = categories_at(folder, place.data, place.name)
        return digest_values(rows, place.form, texts)
