"""Listings that need no index, damage that is named, collection that takes only what is unused."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from blase_lab.core.errors import DamagedError
from blase_lab.core.records import Bundle, Column, EpochEnd, Progress, Shard, Snapshot
from blase_lab.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a store with three snapshots, two of them of the same name."""
    store = Store.create(tmp_path)
    for turn, name in enumerate(("age", "age", "month")):
        data = _publish(store, turn)
        column = Column(name=name, kind="number", dtype="int32", digest="c")
        shard = Shard(start=0, stop=5, key=f"key{turn % 2}", digest=f"d{turn}")
        snapshot = Snapshot(
            id=f"s{turn}",
            stage="feature",
            name=name,
            step=None,
            rows=5,
            columns=(column,),
            shards=(shard,),
            digest="d",
            data=data,
            created=str(turn),
        )
        store.ledger.put(snapshot)
    return store


def _publish(store: Store, turn: int) -> str:
    with store.arrays.stage(f"k{turn}") as staging:
        staging.create_array("x", shape=(5,), dtype="int32", chunk_rows=5, shard_rows=5)
        staging.write_rows("x", 0, np.arange(5, dtype="int32") + turn)
        return staging.publish()


def _listings(store: Store) -> tuple[object, ...]:
    keys = ("key0", "key1", "nobody")
    names = ("age", "month", "nobody")
    return (
        [store.index.snapshots(name) for name in names],
        [store.index.memo(key) for key in keys],
    )


def test_snapshots_are_listed_newest_first(store: Store) -> None:
    """By name, the newest first; an unknown name has none."""
    assert store.index.snapshots("age") == ["s1", "s0"]
    assert store.index.snapshots("nobody") == []


def test_a_shard_is_found_by_its_key(store: Store) -> None:
    """The newest snapshot that holds the key says where the shard lies."""
    found = store.index.memo("key0")
    assert found is not None
    data, facts = found
    assert data == store.ledger.get(Snapshot, "s2").data
    assert facts == {
        "snapshot": "s2", "name": "month", "shard_index": 0, "start": 0, "stop": 5, "digest": "d2",
    }  # fmt: skip
    assert store.index.memo("nobody") is None


def test_the_index_can_be_deleted_or_broken_at_any_time(store: Store) -> None:
    """Deleted, cut, overwritten, rebuilt: the listings stay the same."""
    before = _listings(store)
    store.index.path.unlink()
    assert _listings(store) == before
    store.index.path.write_bytes(b"no database " * 1000)
    assert _listings(store) == before
    store.index.path.write_bytes(store.index.path.read_bytes()[:5000])
    assert _listings(store) == before
    assert store.index.rebuild() == 3
    assert _listings(store) == before


def test_the_index_follows_what_comes_and_goes(store: Store) -> None:
    """A new record is listed at once; a record or data that are gone are not."""
    assert store.index.snapshots("age") == ["s1", "s0"]
    newer = store.ledger.get(Snapshot, "s0")
    store.ledger.put(_renamed(newer))
    assert store.index.snapshots("age") == ["s9", "s1", "s0"]
    (store.root / "records" / "snapshot" / "s9.json").unlink()
    assert store.index.snapshots("age") == ["s1", "s0"]
    data = store.ledger.get(Snapshot, "s2").data
    (store.root / "data" / data).rename(store.root / "gone")
    found = store.index.memo("key0")
    assert found is not None
    assert found[1]["snapshot"] == "s0"


def _renamed(snapshot: Snapshot) -> Snapshot:
    import msgspec

    return msgspec.structs.replace(snapshot, id="s9", created="9")


def test_an_index_that_cannot_be_written_is_done_without(store: Store) -> None:
    """Where no file can be made, memory serves."""
    before = _listings(store)
    store.index.rebuild()
    for end in ("", "-wal", "-shm"):
        store.index.path.with_name(f"index.sqlite{end}").unlink(missing_ok=True)
    store.index.path.mkdir()
    with pytest.raises(OSError, match="directory"):
        store.index.path.unlink()
    store.index.path.rmdir()
    assert _listings(store) == before


def test_a_sound_store_has_nothing_damaged(store: Store) -> None:
    """Every object is read, and the watcher is told of each."""
    seen: list[Progress] = []
    report = store.verify(watch=seen.append)
    assert report.damaged == ()
    assert report.checked == len(seen) == seen[-1].done == seen[-1].total == 6


def test_damage_in_every_part_is_named_and_set_aside(store: Store) -> None:
    """A flipped byte in any file is found once, by name, and the file is kept in quarantine."""
    blob = store.blobs.put(b"weights" * 20)
    store.refs.publish("step", "age", "x", expected=0)
    store.events.append("run", EpochEnd(at="1", epoch=1, metrics={}, seconds=1.0))
    store.checkpoints.save("run", 1, 1, {"w": b"w" * 30}, keep_best=True)
    store.ledger.put(Bundle(id="b", run="r", path="p", files={}, created="1"))
    data = store.ledger.get(Snapshot, "s0").data
    parts = [
        f"data/{data}/MANIFEST.json",
        f"blobs/{blob[:2]}/{blob}",
        "records/bundle/b.json",
        "refs/step/age/1.json",
        "events/run.jsonl",
        "checkpoints/run/000001-000000001-001/w",
        "checkpoints/run/best.json",
        "FORMAT",
    ]
    for part in parts:
        file = store.root / part
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:12] + b"!" + file.read_bytes()[13:])
    with pytest.raises(DamagedError):
        store.refs.resolve("step", "age")
    with pytest.raises(DamagedError):
        store.blobs.get(blob)
    with pytest.raises(DamagedError):
        store.events.read("run")
    assert store.checkpoints.latest("run") is None
    report = store.verify()
    found = {one.path for one in report.damaged}
    expected = {part.removesuffix("/MANIFEST.json") for part in parts}
    assert {path.removesuffix("/MANIFEST.json") for path in found} == expected
    assert len(list((store.root / "quarantine").iterdir())) == len(parts) - 1
    assert {one.path for one in store.verify().damaged} == {"FORMAT", f"data/{data}"}


def test_a_file_that_nobody_listed_is_found(store: Store) -> None:
    """Something added to published data is damage too."""
    data = store.ledger.get(Snapshot, "s0").data
    (store.arrays.folder(data) / "x" / "c" / "7").write_bytes(b"x")
    assert next(one.path for one in store.verify().damaged) == f"data/{data}/z/x/c/7"


def test_only_what_nothing_mentions_is_collected(store: Store) -> None:
    """Records, refs, roots and live stagings keep what they name; the rest goes, in two steps."""
    unused, rooted, referred = (store.blobs.put(b"%d" % n) for n in range(3))
    loose = _publish(store, 77)
    store.refs.publish("model", "m", referred, expected=0)
    held = store.arrays.stage("held")
    dry = store.sweep(grace_hours=0, roots=[rooted])
    assert set(dry.paths) == {f"blobs/{unused[:2]}/{unused}", f"data/{loose}"}
    assert dry.objects == 2
    assert dry.bytes > 100
    assert store.blobs.has(unused)
    assert store.sweep(dry_run=False, grace_hours=0, roots=[rooted]).objects == 2
    assert not store.blobs.has(unused)
    assert store.blobs.has(rooted)
    assert store.blobs.has(referred)
    assert held.root.is_dir()
    assert len(list((store.root / "quarantine").iterdir())) == 2
    store.sweep(dry_run=False, grace_hours=0, roots=[rooted])
    assert list((store.root / "quarantine").iterdir()) == []
    held.discard()
    assert store.verify().damaged == ()


def test_grace_keeps_what_is_young(store: Store) -> None:
    """What was made within the grace is not collected: its record may be on its way."""
    store.blobs.put(b"young")
    assert store.sweep().objects == 0


def test_what_dead_writers_left_is_collected(store: Store) -> None:
    """An abandoned staging and partial files go once they are old."""
    with store.arrays.stage("abandoned") as staging:
        folder = staging.folder
    partial = store.root / "records" / "snapshot" / ".x.json.12.partial"
    partial.write_bytes(b"half")
    (store.root / "tmp" / "nameless").mkdir()
    os.utime(folder, (0, 0))
    report = store.sweep(dry_run=False, grace_hours=-1 / 3600)
    time.sleep(0)
    assert {path.split("/")[0] for path in report.paths} == {"tmp", "records"}
    assert report.objects == 3
    assert len(store.index.snapshots("age")) == 2
