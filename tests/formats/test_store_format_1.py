"""P12 and P6: a store of format 1, as committed, opens here, and its data open without us."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from blase_lab.core.records import Bundle, EpochEnd, Snapshot
from blase_lab.store import Store

FIXTURE = Path(__file__).parent / "v1" / "store"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a copy of the committed store."""
    shutil.copytree(FIXTURE, tmp_path / ".blase")
    return Store.open(tmp_path)


def test_a_store_of_format_1_opens_and_is_sound(store: Store) -> None:
    """Every object of the committed store is read and none is damaged."""
    assert store.is_writable
    report = store.verify()
    assert report.damaged == ()
    assert report.checked == 8


def test_everything_in_a_store_of_format_1_is_read(store: Store) -> None:
    """Records, refs, rows, blobs, events and checkpoints mean what they meant."""
    snapshot = store.ledger.get(Snapshot, store.refs.resolve("snapshot", "flights").target)
    group: Any = store.arrays.open(snapshot.data)
    for name in ("squeezed", "plain"):
        assert group[name][:].tolist() == [0, 1, 2, 3, 4, 5, 6]
        assert group[name].attrs.asdict() == {"blase": {"kind": "number"}}
    assert store.index.snapshots("flights") == ["s1"]
    assert store.ledger.list(Bundle)[0].id == "b1"
    assert isinstance(store.events.read("r1")[0][0], EpochEnd)
    checkpoint = store.checkpoints.latest("r1")
    assert checkpoint is not None
    assert dict(checkpoint.files) == {"weights": b"w"}
    blob = next((store.root / "blobs").glob("*/*"))
    assert store.blobs.get(blob.name) == b"weights"


def test_a_store_of_format_1_is_written_on(store: Store) -> None:
    """The next version follows the committed one."""
    assert store.refs.publish("snapshot", "flights", "s2", expected=1) == 2


def test_the_data_open_without_us() -> None:
    """Plain Zarr reads the rows from the folder."""
    import zarr

    folder = next((FIXTURE / "data").glob("*/z"))
    group: Any = zarr.open_group(folder, mode="r")
    assert group["plain"][:].tolist() == group["squeezed"][:].tolist() == [0, 1, 2, 3, 4, 5, 6]
