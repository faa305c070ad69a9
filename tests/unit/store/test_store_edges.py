"""What the parts of the store answer at their edges: nothing there, another type, other owners."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from blase_lab.core.errors import DamagedError, NotFoundError
from blase_lab.core.records import Bundle, Control, Verdict
from blase_lab.store import Store, owners, sealed
from blase_lab.store.checked import writable_store
from blase_lab.store.live import _changed
from blase_lab.testing import FailingDisk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store.create(tmp_path)


def test_a_record_without_an_id_has_the_digest_of_its_content(store: Store) -> None:
    """The id is the sha256 of the JSON; the same record gives the same id."""
    request = Control(action="pause", at="1")
    first = store.ledger.put(request)
    assert len(first) == 64
    assert store.ledger.put(request) == first
    assert store.ledger.get(Control, first) == request


def test_a_missing_record_is_not_found(store: Store) -> None:
    """No record, no prefix of one, and the empty prefix means none."""
    with pytest.raises(NotFoundError):
        store.ledger.get(Bundle, "nobody")
    with pytest.raises(NotFoundError):
        store.ledger.find(Bundle, "")
    assert store.ledger.list(Bundle) == []


def test_a_record_of_another_type_is_damage(store: Store) -> None:
    """A sealed file that holds something else is never decoded as what it is not."""
    store.ledger.put(Bundle(id="b", run="r", path="p", files={}, created="1"))
    with pytest.raises(DamagedError, match="no Verdict"):
        sealed.read(store.root / "records" / "bundle" / "b.json", Verdict)


def test_requests_and_events_of_another_type_are_damage(store: Store) -> None:
    """What is no request or no event is named, not guessed at."""
    store.control.put("r", Control(action="pause", at="1"))
    (store.root / "control" / "r.json").write_bytes(b"{}")
    with pytest.raises(DamagedError, match="no request"):
        store.control.get("r")
    (store.root / "events" / "r.jsonl").write_bytes(sealed.line({"type": "nobody"}))
    with pytest.raises(DamagedError, match="no event"):
        store.events.read("r")
    assert [one.path for one in store.verify().damaged] == ["events/r.jsonl"]


def test_a_manifest_of_another_type_is_damage(store: Store) -> None:
    """A checkpoint whose manifest is no manifest is passed over for the one before it."""
    store.checkpoints.save("r", 1, 1, {"w": b"1"})
    store.checkpoints.save("r", 1, 2, {"w": b"2"}, keep_best=True)
    best = store.checkpoints.best("r")
    assert best is not None
    manifest = best.folder / "MANIFEST.json"
    manifest.chmod(0o600)
    manifest.write_bytes(b"{}")
    latest = store.checkpoints.latest("r")
    assert latest is not None
    assert latest.batch == 1
    with pytest.raises(DamagedError):
        store.checkpoints.best("r")


def test_checkpoint_files_are_a_mapping_that_checks(store: Store) -> None:
    """Names, length and bytes; a missing name is KeyError, other bytes are DamagedError."""
    assert store.checkpoints.latest("r") is None
    assert store.checkpoints.best("r") is None
    store.checkpoints.save("r", 2, 3, {"b": b"2", "a": b"1"})
    found = store.checkpoints.latest("r")
    assert found is not None
    assert list(found.files) == ["a", "b"]
    assert len(found.files) == 2
    with pytest.raises(KeyError):
        found.files["c"]
    (found.folder / "a").chmod(0o600)
    (found.folder / "a").write_bytes(b"x")
    with pytest.raises(DamagedError):
        found.files["a"]
    store.checkpoints.clear("r")
    assert store.checkpoints.latest("r") is None


def test_the_same_moment_can_be_saved_again(store: Store) -> None:
    """A resumed training passes its checkpoint once more: the later one is the latest."""
    store.checkpoints.save("r", 1, 1, {"w": b"1"})
    store.checkpoints.save("r", 1, 1, {"w": b"2"})
    found = store.checkpoints.latest("r")
    assert found is not None
    assert found.files["w"] == b"2"


def test_an_owner_on_another_machine_or_of_an_earlier_boot_is_told_apart(tmp_path: Path) -> None:
    """Another machine's owner lives in doubt; one from before the last boot is dead."""
    ours = owners.claim(tmp_path, "k")
    assert owners.is_alive(ours)
    assert owners.owner_of(tmp_path) == ours
    assert owners.is_alive(msgspec.structs.replace(ours, host="elsewhere", pid=-1))
    assert not owners.is_alive(msgspec.structs.replace(ours, boot="earlier"))
    assert not owners.is_alive(msgspec.structs.replace(ours, started=1.0))
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, check=True)  # fmt: skip
    assert not owners.is_alive(msgspec.structs.replace(ours, pid=int(gone.stdout)))


def test_a_zarr_store_of_ours_writes_once_and_crosses_processes(tmp_path: Path) -> None:
    """A key that is there is not set again; a pickled store is the same folder."""
    import asyncio
    import pickle

    from zarr.core.buffer import default_buffer_prototype

    zarr_store: Any = pickle.loads(pickle.dumps(writable_store(tmp_path)))
    value = default_buffer_prototype().buffer.from_bytes
    asyncio.run(zarr_store.set_if_not_exists("a", value(b"1")))
    asyncio.run(zarr_store.set_if_not_exists("a", value(b"2")))
    zarr_store.set_sync("b", value(b"3"))
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"1", b"3")


def test_a_wrong_way_to_read_is_no_damage(store: Store) -> None:
    """A mistake of the caller stays the error that it is."""
    with store.arrays.stage("k") as staging:
        staging.create_array("x", shape=(3,), dtype="int8", chunk_rows=3, shard_rows=3)
        staging.write_rows("x", 0, np.arange(3, dtype="int8"))
        data = staging.publish()
    array: Any = store.arrays.open(data)["x"]
    with pytest.raises(TypeError, match="out argument"):
        array.get_basic_selection(slice(0, 3), out="nonsense")


def test_a_state_that_vanishes_while_listed_is_the_oldest(tmp_path: Path) -> None:
    """A kernel that ends meanwhile makes no listing fail."""
    assert _changed(tmp_path / "gone.json") == (0, "gone.json")


def test_a_failing_disk_says_whether_it_failed() -> None:
    """A disk that only counts has not failed."""
    assert not FailingDisk().has_failed
