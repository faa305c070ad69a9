"""A Zarr tree in the making: nobody lists it before `publish`, a later process may go on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, Unpack

import msgspec
import numpy as np

from blase_lab.core.errors import BlaseError, DamagedError, StoreError
from blase_lab.store import atomic, layout, owners, sealed
from blase_lab.store.checked import writable_store
from blase_lab.store.manifest import (
    Entry,
    faults,
    read_manifest,
    set_aside,
    take_manifest,
    write_manifest,
)
from blase_lab.store.names import check_digest, check_name, damaged, sha256_of_file

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import zarr

    from blase_lab.store.place import Place

JOURNAL = "journal.jsonl"
_ALIGNED = "Write whole shards from the shard grid, as the plan's `shard_rows` says."


class Staging:
    """One tree being written under `tmp/`; use it with `with`, and `publish` at the end.

    Leaving the block without `publish` keeps what was written for a later staging of the same
    key. It may cross to worker processes, which then write rows and mark them done.
    """

    def __init__(self, place: Place, folder: Path, key: str) -> None:
        """Go on with the staging in `folder`, which exists."""
        self._place = place
        self.folder = folder
        self.key = key
        self.done: dict[str, dict[str, Any]] = {}
        self._adopted: dict[str, tuple[Entry, tuple[int, int]]] = {}
        self._arrays: dict[str, Any] = {}
        for body in sealed.lines(folder / JOURNAL)[0]:
            shard, facts = msgspec.json.decode(body)
            self.done[shard] = facts
        self._is_closed = False

    def __enter__(self) -> Self:
        """Use the staging."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave what is not published for a later staging of the same key."""
        if not self._is_closed and self.folder.exists():
            self._is_closed = True
            with suppress(OSError, BlaseError):  # the block's own error must be the one seen
                owners.claim(self.folder, self.key, released=True)

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border: the other side writes rows, this side publishes."""
        return (Staging, (self._place, self.folder, self.key))

    @property
    def root(self) -> Path:
        """The folder of the Zarr tree."""
        return self.folder / "tree" / "z"

    @property
    def group(self) -> zarr.Group:
        """The writable root group."""
        import zarr

        return zarr.open_group(
            writable_store(self.root), mode="a", zarr_format=3, use_consolidated=False
        )

    def create_array(self, path: str, **given: Unpack[layout.Layout]) -> zarr.Array[Any]:
        """Return a new sharded array, crc32c on every chunk, or the equal one that is there.

        One that is there but differs is taken away, and with it everything marked done.
        """
        options = layout.zarr_options(given)
        for part in path.split("/"):
            check_name(part)
        folder = self.root / path
        if (folder / "zarr.json").exists():
            if layout.metadata_of(folder) == layout.planned_metadata(options):
                same: zarr.Array[Any] = self._array(path)
                return same
            self._forget(path)
        created = self.group.create_array(path, **options)
        self._arrays[path] = layout.every_chunk(created)
        made: zarr.Array[Any] = self._array(path)
        return made

    def write_rows(self, path: str, start: int, values: Any) -> None:
        """Write whole shards (or up to the last row) beginning at row `start`; safe on return.

        StoreError when the rows do not lie on the shard grid or have another shape or kind.
        """
        array = self._array(path)
        rows = np.ascontiguousarray(values)
        stop = start + len(rows)
        size = (array.shards or array.chunks)[0]
        is_aligned = start % size == 0 and (stop % size == 0 or stop == array.shape[0])
        if not is_aligned or stop > array.shape[0]:
            raise StoreError(
                f"Rows {start} to {stop} of {path} are not on its grid of {size} rows"
                f" ({array.shape[0]} in all).",
                way_out=_ALIGNED,
            )
        if rows.shape[1:] != array.shape[1:] or not np.can_cast(
            rows.dtype, array.dtype, "same_kind"
        ):
            raise StoreError(
                f"{path} holds rows {array.shape[1:]} of {array.dtype}, not {rows.shape[1:]} of"
                f" {rows.dtype}.",
                way_out="Give values of the array's own type and row shape.",
            )
        if len(rows):
            array[start:stop] = rows

    def mark(self, key: str, facts: dict[str, Any]) -> None:
        """Remember durably that the shard of this key is done, so that a later build skips it."""
        self._place.guard()
        atomic.append(self.folder / JOURNAL, sealed.line((key, facts)))
        self.done[key] = facts

    def adopt_shard(  # noqa: PLR0917 what, and which of whose: four nouns read best in a row
        self, path: str, shard_index: int, from_data: str, from_shard_index: int
    ) -> None:
        """Take over a shard of the same array in a published tree, without copying a byte.

        StoreError when the arrays differ or the shards hold unequal numbers of rows; DamagedError
        when the older shard is not what was published.
        """
        tree = self._place.root / "data" / check_digest(from_data)
        manifest = read_manifest(tree, from_data)
        older = layout.metadata_of(tree / "z" / path)
        ours = layout.metadata_of(self.root / path)
        rows = layout.rows_in_shard(ours, shard_index)
        is_equal = layout.has_same_shards(ours, older) and rows > 0
        if not is_equal or rows != layout.rows_in_shard(older, from_shard_index):
            raise StoreError(
                f"Shard {from_shard_index} of {path} in {from_data[:12]} cannot be shard"
                f" {shard_index} here: the arrays differ.",
                way_out="Compute the shard again.",
            )
        file = f"z/{path}/{layout.shard_file(older, from_shard_index)}"
        entry = manifest.of(file)
        if entry is None or sha256_of_file(tree / file) != entry.sha256:
            raise damaged(tree / file, "it is not what was published.")
        target = f"z/{path}/{layout.shard_file(ours, shard_index)}"
        atomic.remove(self.folder / "tree" / target)
        atomic.link_existing(tree / file, self.folder / "tree" / target)
        ours_now = Entry(path=target, size=entry.size, sha256=entry.sha256)
        self._adopted[target] = (ours_now, _identity(self.folder / "tree" / target))

    def publish(self) -> str:
        """Return the digest of the tree, now immutable, complete and safe under `data/`."""
        self._place.guard()
        self._check_complete()
        tree = self.folder / "tree"
        known = self._still_adopted()
        manifest = take_manifest(tree, known)
        for entry in manifest.files:
            if entry.path not in known:
                atomic.protect(tree / entry.path, 0o444)
        digest = write_manifest(tree, manifest)
        atomic.sync_tree(tree)
        target = self._place.root / "data" / digest
        if not _is_whole(target, digest):
            atomic.replace(tree, target)
        self._is_closed = True
        with suppress(OSError, BlaseError):  # the data are safe; the next sweep tidies up
            atomic.remove_tree(self.folder)
        return digest

    def discard(self) -> None:
        """Take the staging away with all that was written."""
        self._is_closed = True
        atomic.remove_tree(self.folder)

    def _array(self, path: str) -> Any:
        if path not in self._arrays:
            found: Any = self.group[path]
            self._arrays[path] = layout.every_chunk(found)
        return self._arrays[path]

    def _forget(self, path: str) -> None:
        atomic.remove(self.folder / JOURNAL)
        atomic.remove_tree(self.root / path)
        self._arrays.pop(path, None)
        self.done.clear()

    def _still_adopted(self) -> dict[str, Entry]:
        """Return the adopted shards that nobody has written over since."""
        tree = self.folder / "tree"
        return {
            path: entry
            for path, (entry, identity) in self._adopted.items()
            if _identity(tree / path) == identity
        }

    def _check_complete(self) -> None:
        for file in self.root.rglob("zarr.json"):
            metadata = layout.metadata_of(file.parent)
            if metadata["node_type"] == "array":
                self._check_array(file.parent, metadata)

    def _check_array(self, folder: Path, metadata: dict[str, Any]) -> None:
        name = folder.relative_to(self.root).as_posix()
        if not layout.is_checksummed(metadata):
            raise StoreError(
                f"The array {name} has no crc32c on its chunks.",
                way_out="Make arrays with `Staging.create_array`.",
            )
        there = sum(1 for one in (folder / "c").rglob("*") if one.is_file())
        wanted = layout.expected_files(metadata)
        if there != wanted:
            raise StoreError(
                f"The array {name} has {there} of its {wanted} shards.",
                way_out="Write or adopt every shard before publishing.",
                there=there,
                wanted=wanted,
            )


def _identity(file: Path) -> tuple[int, int]:
    """Return what changes when a file is replaced; (0, 0) when it is gone."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def _is_whole(tree: Path, digest: str) -> bool:
    """Say whether the tree is published already; set a damaged one aside."""
    if not tree.exists():
        return False
    try:
        manifest = read_manifest(tree, digest)
    except DamagedError:
        is_damaged = True
    else:
        is_damaged = any(faults(tree, manifest))
    if is_damaged:
        set_aside(tree.parent.parent, tree, "damaged")
    return not is_damaged
