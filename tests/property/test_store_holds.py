"""What holds of the store for every row count, every name and every flipped bit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blase_lab.core.errors import BadNameError, DamagedError
from blase_lab.core.records import Bundle, EpochEnd
from blase_lab.store import Store, redact
from blase_lab.store.names import check_name

_DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
_relaxed = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Give a store with a tree, a blob, a record, a ref, events and a checkpoint."""
    store = Store.create(tmp_path_factory.mktemp("template"))
    with store.arrays.stage("k") as staging:
        for name, compress in (("x", True), ("y", False)):
            staging.create_array(
                name,
                shape=(150,),
                dtype="float64",
                chunk_rows=25,
                shard_rows=100,
                compress=compress,
                attributes={"blase": {"kind": "number"}},
            )
            staging.write_rows(name, 0, np.arange(100.0))
            staging.write_rows(name, 100, np.arange(100.0, 150.0))
        data = staging.publish()
    blob = store.blobs.put(b"weights" * 9)
    store.ledger.put(Bundle(id="b", run="r", path="p", files={}, created="1"))
    store.refs.publish("snapshot", "x", data, expected=0)
    store.events.append("run", EpochEnd(at="1", epoch=1, metrics={}, seconds=1.0))
    store.events.append("run", EpochEnd(at="2", epoch=2, metrics={}, seconds=1.0))
    store.checkpoints.save("run", 1, 2, {"weights": b"w" * 40}, keep_best=True)
    return store.folder, data, blob


def _read_all(store: Store, data: str, blob: str) -> None:
    group: Any = store.arrays.open(data)
    for name in ("x", "y"):
        assert np.array_equal(group[name][:], np.arange(150.0))
        assert group[name].attrs.asdict() == {"blase": {"kind": "number"}}
    assert store.blobs.get(blob) == b"weights" * 9
    assert store.ledger.get(Bundle, "b").run == "r"
    assert store.refs.resolve("snapshot", "x").target == data


def _files(root: Path) -> list[Path]:
    checked = ("data", "blobs", "records", "refs")
    return [path for part in checked for path in sorted((root / part).rglob("*")) if path.is_file()]


@_relaxed
@given(pick=st.integers(0, 10_000), position=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_other_values(
    template: tuple[Path, str, str],
    tmp_path_factory: pytest.TempPathFactory,
    *,
    pick: int,
    position: int,
    bit: int,
) -> None:
    """Reading gives what was written or a DamagedError, and verify finds the flipped file."""
    folder, data, blob = template
    copy = tmp_path_factory.mktemp("flip") / "project"
    shutil.copytree(folder, copy)
    store = Store.open(copy)
    files = _files(store.root)
    file = files[pick % len(files)]
    damaged = bytearray(file.read_bytes())
    damaged[position % len(damaged)] ^= 1 << bit
    file.chmod(0o600)
    file.write_bytes(damaged)
    name = file.relative_to(store.root).as_posix()
    is_raised = False
    try:
        _read_all(store, data, blob)
    except DamagedError:
        is_raised = True
    assert is_raised or "/c/" in name, f"{name} was read without an error"
    report = store.verify()
    assert any(name.startswith(one.path) for one in report.damaged)
    assert store.verify().damaged == () or "snapshot" in name
    shutil.rmtree(copy)


@_relaxed
@given(
    rows=st.integers(0, 70),
    chunk=st.integers(1, 8),
    chunks=st.integers(1, 5),
    dtype=st.sampled_from(_DTYPES),
    width=st.one_of(st.none(), st.integers(1, 3)),
    compress=st.booleans(),
    is_zero=st.booleans(),
)
def test_rows_written_in_shards_come_back_for_every_grid(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    rows: int,
    chunk: int,
    chunks: int,
    dtype: str,
    width: int | None,
    compress: bool,
    is_zero: bool,
) -> None:
    """Any row count, chunk, shard, type and row shape: read equals written, also all zeros."""
    store = Store.create(tmp_path_factory.mktemp("grid"))
    shape = (rows,) if width is None else (rows, width)
    values = (np.arange(np.prod(shape)).reshape(shape) % 200 * (not is_zero)).astype(dtype)
    size = chunk * chunks
    with store.arrays.stage("k") as staging:
        staging.create_array(
            "x", shape=shape, dtype=dtype, chunk_rows=chunk, shard_rows=size, compress=compress
        )
        for start in range(0, rows, size):
            staging.write_rows("x", start, values[start : start + size])
        data = staging.publish()
    array: Any = store.arrays.open(data)["x"]
    assert array.dtype == values.dtype
    assert np.array_equal(array[:], values)
    assert store.verify().damaged == ()


@_relaxed
@given(name=st.text(max_size=40))
def test_no_accepted_name_leaves_its_folder(name: str) -> None:
    """What passes as a name is one path component, no device and no hidden file."""
    try:
        accepted = check_name(name)
    except BadNameError:
        return
    assert Path("/store", accepted).parent == Path("/store")
    assert accepted not in {".", ".."}
    assert not accepted.startswith((".", "-"))


@_relaxed
@given(text=st.text(max_size=200), secret=st.text(min_size=8, max_size=20))
def test_a_given_secret_never_survives(text: str, secret: str) -> None:
    """A secret that is named is in no redacted text, wherever it stood."""
    if secret not in "[redacted]":
        assert secret not in redact(f"{text}{secret}{text}", secrets=[secret])
