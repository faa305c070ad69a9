"""Snapshots made straight from arrays: data for tests and benchmarks, without any step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from blase_lab.core.digest import canonical_json, digest_rows, sha256_hex
from blase_lab.core.records import Column, Snapshot
from blase_lab.data import array_path
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blase_lab.store import Store

Stage = Literal["source", "clean", "feature", "target"]


def write_table(
    store: Store,
    name: str,
    columns: Mapping[str, Any],
    *,
    stage: Stage = "feature",
    shard_rows: int = 4096,
) -> Snapshot:
    """Return a published Snapshot that holds these columns on a grid of `shard_rows`.

    Lists of str (or None) become categories, bool arrays flags, datetime64 arrays times.
    """
    stored = {column: _stored(values) for column, values in columns.items()}
    made = tuple(_column(column, *given) for column, given in stored.items())
    digest = sha256_hex(canonical_json([[column.name, column.digest] for column in made]))
    snapshot_id = sha256_hex(canonical_json([stage, name, digest, shard_rows]))
    if store.ledger.has(Snapshot, snapshot_id):
        return store.ledger.get(Snapshot, snapshot_id)
    snapshot = Snapshot(
        id=snapshot_id,
        stage=stage,
        name=name,
        step=None if stage == "source" else digest,
        rows=len(next(iter(stored.values()))[0]),
        columns=made,
        digest=digest,
        data=_write(store, name, stored, shard_rows=shard_rows),
        created=utc_now(),
    )
    store.ledger.put(snapshot, id=snapshot.id)
    return snapshot


def _write(
    store: Store,
    name: str,
    stored: Mapping[str, tuple[np.ndarray[Any, Any], dict[str, Any]]],
    *,
    shard_rows: int,
) -> str:
    with store.arrays.stage(f"table-{name}") as staging:
        for column, (values, facts) in stored.items():
            path = array_path(column)
            staging.create_array(
                path,
                shape=values.shape,
                dtype=values.dtype,
                chunk_rows=shard_rows,
                shard_rows=shard_rows,
                attributes={"blase": facts},
            )
            for start in range(0, len(values), shard_rows):
                staging.write_rows(path, start, values[start : start + shard_rows])
        return staging.publish()


def _stored(values: Any) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    if isinstance(values, list) and any(isinstance(value, str) for value in values):
        return _categories(values)
    array = np.asarray(values)
    if array.dtype.kind == "M":
        return array.astype("datetime64[ns]").astype(np.int64), {"kind": "datetime"}
    return array, {"kind": "flag" if array.dtype.kind == "b" else "number"}


def _categories(values: Sequence[str | None]) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    labels = list(dict.fromkeys(value for value in values if value is not None))
    codes = {label: code for code, label in enumerate(labels)}
    stored = [-1 if value is None else codes[value] for value in values]
    return np.array(stored, dtype=np.int32), {"kind": "category", "categories": labels}


def _column(name: str, values: np.ndarray[Any, Any], facts: dict[str, Any]) -> Column:
    return Column(
        name=name,
        kind=facts["kind"],
        dtype=str(values.dtype),
        shape=values.shape[1:],
        categories=len(facts["categories"]) if "categories" in facts else None,
        digest=digest_rows(values),
    )
