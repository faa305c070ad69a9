"""A rebuildable SQLite copy of what listings ask for; it may be deleted at any time.

Every question first takes in the snapshot records that are new since the last one, so an index
that is missing, old or broken gives the same answers as a fresh one.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from blase_lab.core.records import Snapshot
from blase_lab.store import atomic
from blase_lab.store.names import check_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from blase_lab.store.ledger import Ledger
    from blase_lab.store.place import Place

T = TypeVar("T")
Memo = tuple[str, dict[str, Any]]

_SCHEMA = """
create table if not exists snapshots (
  id text primary key, name text, stage text, step text, data text, created text);
create table if not exists shards (
  key text, snapshot text, position integer, start integer, stop integer, digest text);
create index if not exists by_name on snapshots (name, created);
create index if not exists by_key on shards (key);
create index if not exists by_snapshot on shards (snapshot);
"""
_MEMO = """
select snapshots.data, snapshots.id, snapshots.name, shards.position, shards.start, shards.stop,
       shards.digest
from shards join snapshots on snapshots.id = shards.snapshot
where shards.key = ? order by snapshots.created desc, snapshots.id
"""
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smbfs", "smb2", "smb3", "9p", "afs"})


class Index:
    """Fast answers about the records of one store."""

    def __init__(self, place: Place, ledger: Ledger) -> None:
        """Look at the index of one store."""
        self._place = place
        self._ledger = ledger

    @property
    def path(self) -> Path:
        """Where the index lies: in the store, or in the user's cache when the disk is shared."""
        if not _is_shared(self._place.root):
            return self._place.root / "index.sqlite"
        name = hashlib.sha256(str(self._place.root.resolve()).encode()).hexdigest()[:32]
        return Path.home() / ".cache" / "blase-lab" / f"{name}.sqlite"

    def snapshots(self, name: str) -> list[str]:
        """Return the ids of all snapshots of this name, the newest first."""
        query = "select id from snapshots where name = ? order by created desc, id"
        return [str(row[0]) for row in self._ask(query, name)]

    def memo(self, key: str) -> Memo | None:
        """Return where the shard of this key lies: the data digest and facts, or None.

        The facts are snapshot, name, shard_index, start, stop and digest; the newest snapshot
        whose data are still in the store wins.
        """
        for data, snapshot, name, position, start, stop, digest in self._ask(_MEMO, key):
            if (self._place.root / "data" / check_digest(data) / "z").is_dir():
                facts = {
                    "snapshot": snapshot,
                    "name": name,
                    "shard_index": position,
                    "start": start,
                    "stop": stop,
                    "digest": digest,
                }
                return data, facts
        return None

    def rebuild(self) -> int:
        """Return how many snapshots the index knows after it was made anew from the records."""
        self._delete()
        return len(self._ask("select id from snapshots"))

    def _ask(self, query: str, *values: object) -> list[Any]:
        def answer(connection: sqlite3.Connection) -> list[Any]:
            self._take_in(connection)
            return connection.execute(query, values).fetchall()

        return self._with_connection(answer)

    def _with_connection(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        """Ask the file; a broken one is deleted and made anew; memory serves when neither works."""
        for _ in range(2):
            try:
                with closing(self._connect(str(self.path))) as connection:
                    return ask(connection)
            except (sqlite3.DatabaseError, OSError):
                self._delete()
        with closing(self._connect(":memory:")) as connection:
            return ask(connection)

    def _connect(self, place: str) -> sqlite3.Connection:
        if place != ":memory:":
            if not self._place.is_writable:
                return self._connect(":memory:")
            atomic.make_folder(Path(place).parent, mode=0o700)
        connection = sqlite3.connect(place, timeout=30)
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = off")
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _take_in(self, connection: sqlite3.Connection) -> None:
        """Make the index hold exactly the snapshots that have a record."""
        there = set(self._ledger.ids(Snapshot))
        known = {str(row[0]) for row in connection.execute("select id from snapshots")}
        if there == known:
            return
        records = [self._ledger.get(Snapshot, one) for one in sorted(there - known)]
        with connection:
            for gone in known - there:
                connection.execute("delete from snapshots where id = ?", (gone,))
                connection.execute("delete from shards where snapshot = ?", (gone,))
            for one, record in zip(sorted(there - known), records, strict=True):
                _insert(connection, one, record)

    def _delete(self) -> None:
        for end in ("", "-wal", "-shm"):
            atomic.remove(self.path.with_name(self.path.name + end))


def _insert(connection: sqlite3.Connection, id: str, snapshot: Snapshot) -> None:  # noqa: A002
    row = (id, snapshot.name, snapshot.stage, snapshot.step, snapshot.data, snapshot.created)
    added = connection.execute("insert or ignore into snapshots values (?, ?, ?, ?, ?, ?)", row)
    if added.rowcount == 0:
        return
    shards = [
        (shard.key, id, position, shard.start, shard.stop, shard.digest)
        for position, shard in enumerate(snapshot.shards)
    ]
    connection.executemany("insert into shards values (?, ?, ?, ?, ?, ?)", shards)


def _is_shared(folder: Path) -> bool:
    """Say whether the folder lies on a network or FUSE disk, where SQLite's WAL is not safe."""
    import psutil

    real = folder.resolve()
    mounts = [part for part in psutil.disk_partitions(all=True) if _holds(part.mountpoint, real)]
    kind = max(mounts, key=lambda part: len(part.mountpoint)).fstype.lower() if mounts else ""
    return kind in _NETWORK or kind.startswith("fuse")


def _holds(mountpoint: str, path: Path) -> bool:
    return path.is_relative_to(mountpoint)
