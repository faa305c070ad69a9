"""Writes the store of format 1 that `v1/` holds. Run once; what is committed is never remade."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np

from blase_lab.core.records import Bundle, Column, EpochEnd, Snapshot
from blase_lab.store import Store

HERE = Path(__file__).parent
CREATED = "2026-01-01T00:00:00.000000+00:00"


def fill(store: Store) -> None:
    """Put one of everything into the store."""
    with store.arrays.stage("fixture") as staging:
        for name, compress in (("squeezed", True), ("plain", False)):
            staging.create_array(
                name,
                shape=(7,),
                dtype="float32",
                chunk_rows=2,
                shard_rows=4,
                compress=compress,
                attributes={"blase": {"kind": "number"}},
            )
            staging.write_rows(name, 0, np.arange(4, dtype="float32"))
            staging.write_rows(name, 4, np.arange(4, 7, dtype="float32"))
        data = staging.publish()
    store.blobs.put(b"weights")
    column = Column(name="plain", kind="number", dtype="float32", digest="c")
    snapshot = Snapshot(
        id="s1",
        stage="source",
        name="flights",
        step=None,
        rows=7,
        columns=(column,),
        digest="d",
        data=data,
        created=CREATED,
    )
    store.ledger.put(snapshot)
    store.ledger.put(Bundle(id="b1", run="r1", path="p", files={}, created=CREATED))
    store.refs.publish("snapshot", "flights", "s1", expected=0)
    store.events.append("r1", EpochEnd(at=CREATED, epoch=1, metrics={"loss": 0.5}, seconds=1.0))
    store.checkpoints.save("r1", 1, 3, {"weights": b"w"}, keep_best=True)


def main() -> None:
    """Write `v1/store` from a store made in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder))
        fill(store)
        for part in ("tmp", "locks"):
            shutil.rmtree(store.root / part)
        shutil.copytree(store.root, HERE / "v1" / "store")


if __name__ == "__main__":
    main()
