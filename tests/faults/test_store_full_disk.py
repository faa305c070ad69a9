"""P5: a full or failing disk at any single operation never harms an older version."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.core.errors import DiskFullError, StoreError
from blase_lab.core.records import Bundle, Checkpointed, Control
from blase_lab.store import Store, write_text
from blase_lab.testing import failing_disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _publish(store: Store, turn: int, expected: int) -> None:
    with store.arrays.stage("k") as staging:
        staging.create_array("x", shape=(150,), dtype="int64", chunk_rows=50, shard_rows=100)
        for start in (0, 100):
            staging.write_rows("x", start, np.arange(start, min(start + 100, 150)) + turn)
            staging.mark(str(start), {})
        digest = staging.publish()
    store.refs.publish("snapshot", "x", digest, expected=expected)


def _current(store: Store) -> tuple[int, int]:
    ref = store.refs.resolve("snapshot", "x")
    array: Any = store.arrays.open(ref.target)["x"]
    return ref.version, int(array[0])


def _count(act: Callable[[], None]) -> int:
    with failing_disk() as disk:
        act()
    return len(disk.operations)


@pytest.mark.parametrize(
    ("error", "lasting", "kind"),
    [
        (errno.ENOSPC, False, DiskFullError),
        (errno.ENOSPC, True, DiskFullError),
        (errno.EIO, False, StoreError),
    ],
)
def test_a_failure_at_any_operation_leaves_the_earlier_version_current(
    tmp_path: Path, *, error: int, lasting: bool, kind: type[Exception]
) -> None:
    """Whichever operation fails, version 1 is read as before and a second try succeeds."""
    counted = Store.create(tmp_path / "counted")
    _publish(counted, 1, 0)
    operations = _count(lambda: _publish(counted, 2, 1))
    assert operations > 40
    store = Store.create(tmp_path / "store")
    _publish(store, 1, 0)
    failures = 0
    for at in range(1, operations + 1):
        try:
            with failing_disk(at, error=error, lasting=lasting):
                _publish(store, at + 1, 1)
        except kind:
            failures += 1
            if len(store.refs.versions("snapshot", "x")) == 1:
                assert _current(store) == (1, 1)
        for newer in store.refs.versions("snapshot", "x")[1:]:
            (store.root / "refs" / "snapshot" / "x" / f"{newer.version}.json").unlink()
    assert failures > 40
    assert store.verify().damaged == ()
    _publish(store, 7, 1)
    assert _current(store) == (2, 7)


def test_a_full_disk_leaves_every_small_file_as_it_was(tmp_path: Path) -> None:
    """Records, requests, states, events, checkpoints: the old stays, or the new is whole."""
    store = Store.create(tmp_path)

    def act(turn: int) -> None:
        store.ledger.put(Bundle(id=f"b{turn}", run="r", path="p", files={}, created="1"))
        store.blobs.put(b"blob %d" % turn)
        store.control.put("run", Control(action="pause", at=str(turn)))
        store.live.put("kernel", b"%d" % turn)
        store.events.append("run", Checkpointed(at=str(turn), epoch=1, batch=turn, seconds=0.1))
        store.checkpoints.save("run", 1, turn, {"w": b"%d" % turn}, keep_best=True)
        write_text(tmp_path / "card.md", str(turn))

    act(0)
    operations = _count(lambda: act(1))
    for at in range(1, operations + 1):
        with failing_disk(at), pytest.raises(DiskFullError):
            act(at + 1)
        latest = store.checkpoints.latest("run")
        assert latest is not None
        assert int(latest.files["w"]) == latest.batch
        assert all(event.epoch == 1 for event in store.events.read("run")[0])  # type: ignore[union-attr]
        assert (tmp_path / "card.md").read_text().isdecimal()
        assert store.control.get("run") is not None
        assert store.live.get("kernel") is not None
    assert store.verify().damaged == ()


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    """A staging that cannot fit is refused with how many bytes are missing."""
    store = Store.create(tmp_path)
    with pytest.raises(DiskFullError) as caught:
        store.arrays.stage("k", needed_bytes=1 << 60)
    assert caught.value.facts["missing"]
    assert list((store.root / "tmp").iterdir()) == []


def test_a_full_disk_says_how_much_is_needed(tmp_path: Path) -> None:
    """The error names the bytes that were to be written and those that are free."""
    with failing_disk(2), pytest.raises(DiskFullError, match="5 bytes are needed"):
        write_text(tmp_path / "card.md", "12345")
    assert list(tmp_path.iterdir()) == []
