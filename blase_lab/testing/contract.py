"""What every store must keep: inherit `StoreContract`, give `make_store`, and run it by pytest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.core.errors import (
    BadNameError,
    DamagedError,
    NotFoundError,
    StoreError,
    VersionTakenError,
)
from blase_lab.core.records import Bundle, Control, EpochEnd, Paused
from blase_lab.store import Store

if TYPE_CHECKING:
    from pathlib import Path
_BEST = 2


def _bundle(name: str, created: str = "2026-01-01T00:00:00.000000+00:00") -> Bundle:
    return Bundle(id=name, run="r", path="p", files={}, created=created)


class StoreContract:
    """The promises of a store, one test each; a subclass may override `make_store`."""

    def make_store(self, folder: Path) -> Store:
        """Return an empty store in the folder."""
        return Store.create(folder)

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        """Give each test an empty store of its own."""
        return self.make_store(tmp_path)

    def publish(self, store: Store, rows: np.ndarray, *, compress: bool = True) -> str:
        """Return the data digest of a published tree with one array `x` of shards of 100 rows."""
        with store.arrays.stage("contract") as staging:
            staging.create_array(
                "x",
                shape=rows.shape,
                dtype=rows.dtype,
                chunk_rows=10,
                shard_rows=100,
                compress=compress,
            )
            for start in range(0, len(rows), 100):
                staging.write_rows("x", start, rows[start : start + 100])
            return staging.publish()

    def read(self, store: Store, data: str) -> Any:
        """Return all rows of the array `x` of a published tree."""
        array: Any = store.arrays.open(data)["x"]
        return array[:]

    def test_a_blob_comes_back_under_its_sha256(self, store: Store) -> None:
        """The same bytes have one digest, and come back whole."""
        digest = store.blobs.put(b"weights")
        assert digest == hashlib.sha256(b"weights").hexdigest() == store.blobs.put(b"weights")
        assert store.blobs.get(digest) == b"weights"
        assert store.blobs.has(digest)

    def test_a_missing_blob_is_not_found(self, store: Store) -> None:
        """A digest nobody put is NotFoundError; what is no digest is BadNameError."""
        with pytest.raises(NotFoundError):
            store.blobs.get("0" * 64)
        with pytest.raises(BadNameError):
            store.blobs.get("../../etc/passwd")

    def test_a_record_is_written_once(self, store: Store) -> None:
        """The same record twice is one; another under its id is refused."""
        assert store.ledger.put(_bundle("a")) == store.ledger.put(_bundle("a")) == "a"
        with pytest.raises(VersionTakenError):
            store.ledger.put(_bundle("a", created="later"))
        assert store.ledger.get(Bundle, "a") == _bundle("a")

    def test_records_are_listed_by_age_and_found_by_prefix(self, store: Store) -> None:
        """Listing is oldest first; a prefix must mean exactly one record."""
        for name, created in (("ab", "3"), ("ac", "1"), ("b", "2")):
            store.ledger.put(_bundle(name, created))
        assert [one.id for one in store.ledger.list(Bundle)] == ["ac", "b", "ab"]
        assert store.ledger.find(Bundle, "ab").id == "ab"
        with pytest.raises(NotFoundError):
            store.ledger.find(Bundle, "a")

    def test_a_ref_is_compare_and_swap(self, store: Store) -> None:
        """A version is taken once, and only after the one before it."""
        store.refs.publish("step", "age", "one", expected=0)
        for expected in (0, 2):
            with pytest.raises(VersionTakenError):
                store.refs.publish("step", "age", "two", expected=expected)
        newest = store.refs.publish("step", "age", "two", expected=1)
        assert store.refs.resolve("step", "age") == store.refs.resolve("step", "age", newest)
        assert store.refs.resolve("step", "age", 1).target == "one"
        assert store.refs.names("step") == ["age"]

    @pytest.mark.parametrize("compress", [True, False])
    def test_published_rows_come_back(self, store: Store, *, compress: bool) -> None:
        """What was written in shards is read back the same, by a name that is its digest."""
        rows = np.arange(250, dtype="float64")
        data = self.publish(store, rows, compress=compress)
        assert np.array_equal(self.read(store, data), rows)
        assert self.publish(store, rows, compress=compress) == data

    def test_rows_off_the_shard_grid_are_refused(self, store: Store) -> None:
        """Half a shard in the middle is refused, for two such writers would lose rows."""
        with store.arrays.stage("k") as staging:
            staging.create_array("x", shape=(250,), dtype="int32", chunk_rows=10, shard_rows=100)
            for start, stop in ((50, 150), (0, 50), (200, 251)):
                with pytest.raises(StoreError):
                    staging.write_rows("x", start, np.zeros(stop - start, "int32"))
            staging.discard()

    def test_a_tree_with_missing_shards_is_not_published(self, store: Store) -> None:
        """A shard that was never written is no zeros: it is an error."""
        with store.arrays.stage("k") as staging:
            staging.create_array("x", shape=(250,), dtype="int32", chunk_rows=10, shard_rows=100)
            staging.write_rows("x", 0, np.zeros(100, "int32"))
            with pytest.raises(StoreError):
                staging.publish()

    def test_an_event_log_is_read_from_an_offset(self, store: Store) -> None:
        """Each read goes on where the last one ended."""
        first = EpochEnd(at="1", epoch=1, metrics={"loss": 0.5}, seconds=1.0)
        second = Paused(at="2", epoch=1, batch=3)
        store.events.append("run", first)
        found, offset = store.events.read("run")
        store.events.append("run", second)
        assert found == [first]
        assert store.events.read("run", offset)[0] == [second]

    def test_a_request_is_replaced_and_cleared(self, store: Store) -> None:
        """The latest request wins until it is cleared."""
        assert store.control.get("run") is None
        store.control.put("run", Control(action="pause", at="1"))
        store.control.put("run", Control(action="stop", at="2"))
        assert store.control.get("run") == Control(action="stop", at="2")
        store.control.clear("run")
        assert store.control.get("run") is None

    def test_the_last_two_checkpoints_and_the_best_are_kept(self, store: Store) -> None:
        """Old checkpoints go, the best stays, the latest is returned whole."""
        for batch in range(1, 6):
            files = {"weights": bytes([batch]) * 9}
            store.checkpoints.save("run", 1, batch, files, keep_best=batch == _BEST)
        latest, best = store.checkpoints.latest("run"), store.checkpoints.best("run")
        assert latest is not None
        assert best is not None
        assert dict(latest.files) == {"weights": b"\5" * 9}
        assert dict(best.files) == {"weights": bytes([_BEST]) * 9}
        kept = sorted((store.root / "checkpoints" / "run").glob("*-*-*"))
        assert [int(one.name.split("-")[1]) for one in kept] == [_BEST, 4, 5]

    def test_a_flipped_bit_in_rows_raises_on_read(self, store: Store) -> None:
        """A chunk whose checksum is wrong is a DamagedError, never wrong numbers."""
        data = self.publish(store, np.arange(250, dtype="float64"))
        file = store.arrays.folder(data) / "x" / "c" / "1"
        damaged = bytearray(file.read_bytes())
        damaged[40] ^= 4
        file.chmod(0o600)
        file.write_bytes(damaged)
        with pytest.raises(DamagedError):
            self.read(store, data)
        assert [one.path for one in store.verify().damaged] == [f"data/{data}/z/x/c/1"]
