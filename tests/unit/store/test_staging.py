"""Trees in the making: resumed, grown from older ones, refused when wrong."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np
import pytest

from blase_lab.core.errors import DamagedError, StoreError
from blase_lab.store import Staging, Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store.create(tmp_path)


def _array(staging: Staging, rows: int, **changed: Any) -> None:
    plan: dict[str, Any] = {"dtype": "float64", "chunk_rows": 10, "shard_rows": 100} | changed
    staging.create_array("x", shape=(rows,), **plan)


def _publish(store: Store, rows: int, key: str = "first", **changed: Any) -> str:
    with store.arrays.stage(key) as staging:
        _array(staging, rows, **changed)
        for start in range(0, rows, 100):
            staging.write_rows("x", start, np.arange(start, min(start + 100, rows), dtype=float))
        return staging.publish()


def _inode(store: Store, data: str, shard: int) -> int:
    return (store.arrays.folder(data) / "x" / "c" / str(shard)).stat().st_ino


def test_what_is_left_unpublished_is_taken_up_again(store: Store) -> None:
    """The next staging of the key has the array, its rows and what was marked done."""
    with store.arrays.stage("k") as first:
        _array(first, 150)
        first.write_rows("x", 0, np.ones(100))
        first.mark("shard 0", {"digest": "abc"})
    with store.arrays.stage("other") as other:
        assert other.done == {}
        other.discard()
    with store.arrays.stage("k") as second:
        assert second.folder == first.folder
        assert second.done == {"shard 0": {"digest": "abc"}}
        _array(second, 150)
        second.write_rows("x", 100, np.ones(50))
        data = second.publish()
    array: Any = store.arrays.open(data)["x"]
    assert array[:].sum() == 150
    assert list((store.root / "tmp").iterdir()) == []


def test_a_shard_that_was_being_written_at_death_is_no_file_of_the_tree(store: Store) -> None:
    """Half a write beside the shards is gone when the staging is taken up again."""
    with store.arrays.stage("k") as first:
        _array(first, 100)
        first.write_rows("x", 0, np.ones(100))
        half = first.root / "x" / "c" / ".0.00ff.partial"
        half.write_bytes(b"half")
    with store.arrays.stage("k") as second:
        data = second.publish()
    assert [path.name for path in (store.arrays.folder(data) / "x" / "c").iterdir()] == ["0"]


def test_a_staging_in_use_is_not_taken_over(store: Store) -> None:
    """While its owner lives and writes, another of the same key begins anew."""
    with store.arrays.stage("k") as first, store.arrays.stage("k") as second:
        assert first.folder != second.folder
        first.discard()
        second.discard()


def test_an_array_that_differs_is_made_anew(store: Store) -> None:
    """Another grid than the abandoned one: its rows and all that was marked are gone."""
    with store.arrays.stage("k") as first:
        _array(first, 150)
        first.write_rows("x", 0, np.ones(100))
        first.mark("shard 0", {})
    with store.arrays.stage("k") as second:
        _array(second, 150, shard_rows=50)
        assert second.done == {}
        with pytest.raises(StoreError, match="0 of its 3 shards"):
            second.publish()
        second.discard()


def test_a_version_grows_without_copying_its_old_shards(store: Store) -> None:
    """Whole shards are shared as links; both versions verify; the rows are right."""
    old = _publish(store, 250)
    with store.arrays.stage("second") as staging:
        _array(staging, 320)
        staging.adopt_shard("x", 0, old, 0)
        staging.adopt_shard("x", 1, old, 1)
        for start in (200, 300):
            staging.write_rows("x", start, np.arange(start, min(start + 100, 320), dtype=float))
        new = staging.publish()
    array: Any = store.arrays.open(new)["x"]
    assert np.array_equal(array[:], np.arange(320.0))
    assert [_inode(store, new, n) == _inode(store, old, n) for n in range(3)] == [True, True, False]
    assert store.verify().damaged == ()


def test_writing_over_an_adopted_shard_leaves_the_older_version(store: Store) -> None:
    """Zarr's files are replaced by rename, so a link to a published one is never written to."""
    old = _publish(store, 200)
    with store.arrays.stage("second") as staging:
        _array(staging, 200)
        staging.adopt_shard("x", 0, old, 0)
        staging.adopt_shard("x", 1, old, 1)
        staging.write_rows("x", 0, np.zeros(100))
        new = staging.publish()
    before: Any = store.arrays.open(old)["x"]
    after: Any = store.arrays.open(new)["x"]
    assert np.array_equal(before[:], np.arange(200.0))
    assert after[:100].sum() == 0
    assert store.verify().damaged == ()


@pytest.mark.parametrize(
    "changed", [{"dtype": "float32"}, {"chunk_rows": 20}, {"shard_rows": 50}, {"compress": False}]
)
def test_a_shard_of_another_array_is_not_adopted(store: Store, changed: dict[str, Any]) -> None:
    """Another type, grid or codec: the bytes would mean something else."""
    old = _publish(store, 250)
    with store.arrays.stage("second") as staging:
        _array(staging, 250, **changed)
        with pytest.raises(StoreError, match="differ"):
            staging.adopt_shard("x", 0, old, 0)
        staging.discard()


def test_a_partial_last_shard_is_adopted_only_as_such(store: Store) -> None:
    """50 rows at the end of the old array are not 100 rows of the new one."""
    old = _publish(store, 250)
    with store.arrays.stage("second") as staging:
        _array(staging, 350)
        for index in (2, 3):
            if index == 2:
                with pytest.raises(StoreError, match="differ"):
                    staging.adopt_shard("x", index, old, 2)
            else:
                staging.adopt_shard("x", index, old, 2)
        staging.discard()


def test_a_damaged_shard_is_not_adopted(store: Store) -> None:
    """A link would carry the damage into the new version."""
    old = _publish(store, 250)
    file = store.arrays.folder(old) / "x" / "c" / "0"
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[::-1])
    with store.arrays.stage("second") as staging:
        _array(staging, 250)
        with pytest.raises(DamagedError):
            staging.adopt_shard("x", 0, old, 0)
        staging.discard()


def test_publishing_again_heals_a_damaged_tree(store: Store) -> None:
    """The same content built again takes the place of a damaged copy, which is set aside."""
    data = _publish(store, 250)
    file = store.arrays.folder(data) / "x" / "c" / "0"
    file.chmod(0o600)
    file.write_bytes(b"nonsense")
    assert _publish(store, 250) == data
    assert store.verify().damaged == ()
    (store.arrays.folder(data).parent / "MANIFEST.json").unlink()
    assert _publish(store, 250) == data
    assert store.verify().damaged == ()
    assert len(list((store.root / "quarantine").iterdir())) == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((100, 2)), "holds rows"),
        (np.array(["a"] * 100), "holds rows"),
        (np.zeros(100, "complex64"), "holds rows"),
    ],
)
def test_rows_of_another_kind_are_refused(store: Store, values: Any, sentence: str) -> None:
    """No silent cast, no silent broadcast."""
    with store.arrays.stage("k") as staging:
        _array(staging, 100)
        with pytest.raises(StoreError, match=sentence):
            staging.write_rows("x", 0, values)
        staging.discard()


@pytest.mark.parametrize(("shape", "chunk", "shard"), [((), 1, 1), ((5,), 3, 10), ((5,), 0, 10)])
def test_an_impossible_grid_is_refused(
    store: Store, *, shape: tuple[int, ...], chunk: int, shard: int
) -> None:
    """Shards are made of whole chunks, and rows are an axis."""
    with store.arrays.stage("k") as staging:
        with pytest.raises(StoreError, match="cannot be cut"):
            staging.create_array("x", shape=shape, dtype="i4", chunk_rows=chunk, shard_rows=shard)
        staging.discard()


def test_an_array_without_checksums_is_not_published(store: Store) -> None:
    """Only arrays of our own making: a bit flip in another would be silent."""
    with store.arrays.stage("k") as staging:
        staging.group.create_array("x", shape=(5,), dtype="int32", chunks=(5,))
        with pytest.raises(StoreError, match="no crc32c"):
            staging.publish()
        staging.group.create_array("y", shape=(5,), dtype="int32", chunks=(5,), shards=(5,))
        staging.discard()


def test_an_uncompressed_shard_is_chunks_of_little_endian_rows(store: Store) -> None:
    """Raw readers find each chunk with its crc32c in order, then the index with its own."""
    data = _publish(store, 250, compress=False)
    for shard, chunks in ((0, 10), (2, 5)):
        raw = (store.arrays.folder(data) / "x" / "c" / str(shard)).read_bytes()
        index = raw[-(10 * 16 + 4) :]
        assert int.from_bytes(index[-4:], "little") == google_crc32c.value(index[:-4])
        for chunk in range(chunks):
            offset, size = struct.unpack_from("<QQ", index, chunk * 16)
            assert (offset, size) == (chunk * 84, 84)
            body, checksum = raw[offset : offset + 80], raw[offset + 80 : offset + 84]
            start = shard * 100 + chunk * 10
            assert np.array_equal(np.frombuffer(body, "<f8"), np.arange(start, start + 10.0))
            assert int.from_bytes(checksum, "little") == google_crc32c.value(body)


def test_a_missing_or_cut_file_raises_on_open(store: Store) -> None:
    """A shard that is gone is no zeros: opening looks at every file's size."""
    data = _publish(store, 250)
    file = store.arrays.folder(data) / "x" / "c" / "1"
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole[:-1])
    with pytest.raises(DamagedError, match="bytes, not"):
        store.arrays.open(data)
    file.unlink()
    with pytest.raises(DamagedError, match="missing"):
        store.arrays.open(data)
    store.arrays.open(data, check=False)


def test_every_way_to_read_names_the_damage(store: Store) -> None:
    """Slices, indices, masks and blocks of a damaged chunk are all a DamagedError."""
    data = _publish(store, 250)
    file = store.arrays.folder(data) / "x" / "c" / "0"
    damaged = bytearray(file.read_bytes())
    damaged[3] ^= 1
    file.chmod(0o600)
    file.write_bytes(damaged)
    array: Any = store.arrays.open(data)["x"]
    mask = np.zeros(250, bool)
    mask[1] = True
    for read in (
        lambda: array[0:5],
        lambda: array.oindex[[1, 2]],
        lambda: array.vindex[[1, 2]],
        lambda: array.vindex[mask],
        lambda: array.blocks[0],
        lambda: np.asarray(array),
    ):
        with pytest.raises(DamagedError):
            read()
    assert array[100:].sum() == np.arange(100, 250).sum()
    with pytest.raises(IndexError):
        array[1, 2]


def test_groups_below_the_root_are_checked_too(store: Store) -> None:
    """An array in a group is reached by path, by member, by listing."""
    with store.arrays.stage("k") as staging:
        staging.create_array("train/x", shape=(3,), dtype="int8", chunk_rows=3, shard_rows=3)
        staging.write_rows("train/x", 0, np.arange(3, dtype="int8"))
        data = staging.publish()
    group: Any = store.arrays.open(data)
    kinds = {
        type(found).__name__
        for found in (
            group["train/x"],
            group["train"]["x"],
            dict(dict(group.groups())["train"].arrays())["x"],
            dict(group.members(max_depth=2))["train/x"],
        )
    }
    assert kinds == {"CheckedArray"}
