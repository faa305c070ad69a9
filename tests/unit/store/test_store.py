"""The store as a whole: made once, opened by its format, shared between processes."""

from __future__ import annotations

import pickle
import stat
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.core.errors import FormatError, NoProjectError, NotFoundError, StoreError
from blase_lab.core.records import Control, Ended, EpochEnd, Metered
from blase_lab.store import Store, utc_now

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store.create(tmp_path / "project")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_store_is_made_once_and_opened_again(store: Store) -> None:
    """Making it again changes nothing; opening finds what was put."""
    digest = store.blobs.put_text("größe")
    assert Store.create(store.folder).blobs.get_text(digest) == "größe"
    assert Store.open(store.folder).root == store.folder / ".blase"
    assert store.is_writable


def test_there_is_no_project_in_an_empty_folder(tmp_path: Path) -> None:
    """Opening never makes a store."""
    with pytest.raises(NoProjectError, match="blase init"):
        Store.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_store_half_made_is_finished(tmp_path: Path) -> None:
    """FORMAT is written last: without it there is no project yet, and `create` finishes it."""
    store = Store.create(tmp_path)
    (store.root / "FORMAT").unlink()
    with pytest.raises(NoProjectError):
        Store.open(tmp_path)
    assert Store.create(tmp_path).is_writable


def test_a_later_format_is_read_and_never_written(store: Store) -> None:
    """Format 2 that format 1 may read is opened read-only: every write is refused."""
    digest = store.blobs.put(b"x")
    _set_format(store, '{"format":2,"min_reader":1}')
    later = Store.open(store.folder)
    assert later.blobs.get(digest) == b"x"
    assert later.verify().damaged == ()
    assert later.index.snapshots("x") == []
    for write in (
        lambda: later.blobs.put(b"y"),
        lambda: later.control.put("r", Control(action="stop", at="1")),
        lambda: later.arrays.stage("k"),
        lambda: later.sweep(dry_run=False),
    ):
        with pytest.raises(FormatError, match="newer"):
            write()


@pytest.mark.parametrize("text", ['{"format":3,"min_reader":2}', "", "nonsense", '{"format":"1"}'])
def test_an_unreadable_format_is_refused(store: Store, text: str) -> None:
    """What this version cannot read is not opened."""
    _set_format(store, text)
    with pytest.raises(FormatError):
        Store.open(store.folder)


def _set_format(store: Store, text: str) -> None:
    (store.root / "FORMAT").chmod(0o600)
    (store.root / "FORMAT").write_text(text)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_only_the_owner_reads_and_nobody_changes(store: Store) -> None:
    """The store's folder is 0700, what is published is 0444."""
    blob = store.blobs.put(b"x")
    data = _publish(store)
    assert _mode(store.root) == 0o700
    assert _mode(store.blobs.path(blob)) == 0o444
    published = [path for path in store.arrays.folder(data).rglob("*") if path.is_file()]
    published.append(store.arrays.folder(data).parent / "MANIFEST.json")
    assert {_mode(path) for path in published} == {0o444}


def _publish(store: Store) -> str:
    with store.arrays.stage("k") as staging:
        staging.create_array("x", shape=(5,), dtype="int32", chunk_rows=5, shard_rows=5)
        staging.write_rows("x", 0, np.arange(5, dtype="int32"))
        return staging.publish()


def test_a_store_and_its_arrays_cross_to_another_process(store: Store) -> None:
    """A pickled store, group or array is the same one on the other side."""
    data = _publish(store)
    assert pickle.loads(pickle.dumps(store)).root == store.root
    group: Any = pickle.loads(pickle.dumps(store.arrays.open(data)))
    assert group["x"][:].tolist() == [0, 1, 2, 3, 4]
    assert pickle.loads(pickle.dumps(group["x"]))[1] == 1


def test_a_name_is_locked_for_one_at_a_time(store: Store) -> None:
    """The second to ask is told that it is held; afterwards it is free."""
    with (
        store.lock("training"),
        pytest.raises(StoreError, match="holds 'training'"),
        store.lock("training"),
    ):
        pass
    with store.lock("training"):
        pass


def test_a_live_state_is_replaced_and_forgotten(store: Store) -> None:
    """The newest payload is read, the newest name is last, and removing is final."""
    assert store.live.get("kernel-1") is None
    assert store.live.names() == []
    store.live.put("kernel-1", b"old")
    store.live.put("kernel-2", b"2")
    store.live.put("kernel-1", b"new")
    assert store.live.get("kernel-1") == b"new"
    assert set(store.live.names()) == {"kernel-1", "kernel-2"}
    store.live.remove("kernel-1")
    assert store.live.names() == ["kernel-2"]


def test_a_torn_last_event_is_not_read(store: Store) -> None:
    """Half a line waits for its other half, or is cut off by the next writer."""
    first = EpochEnd(at="1", epoch=1, metrics={}, seconds=1.0)
    last = Ended(at="3", state="finished", epoch=1, batch=2, sentence="done")
    store.events.append("run", first)
    store.events.append(
        "run", Metered(at="2", cpu_percent=1.0, memory_bytes=1, memory_budget_bytes=1)
    )
    path = store.root / "events" / "run.jsonl"
    path.write_bytes(path.read_bytes()[:-4])
    assert store.events.read("run")[0] == [first]
    store.events.append("run", last)
    assert store.events.read("run")[0] == [first, last]
    assert store.events.runs() == ["run"]
    assert store.events.read("nobody", 7) == ([], 7)


def test_missing_things_are_not_found(store: Store) -> None:
    """A ref, a version or data that nobody published is NotFoundError."""
    store.refs.publish("step", "age", "x", expected=0)
    for ask in (
        lambda: store.refs.resolve("step", "nobody"),
        lambda: store.refs.resolve("step", "age", 2),
        lambda: store.arrays.open("0" * 64),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert store.refs.names("model") == []
    assert not store.arrays.has("0" * 64)


def test_the_clock_gives_text_that_sorts_by_time() -> None:
    """Two readings are in order, in UTC."""
    first, second = utc_now(), utc_now()
    assert first < second or first == second
    assert first.endswith("+00:00")
    assert len(first) == len(second) == 32


def test_importing_the_store_loads_nothing_heavy() -> None:
    """The room itself imports no Zarr, so that the first cell is quick."""
    import subprocess

    code = "import sys, blase_lab.store; sys.exit('zarr' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
