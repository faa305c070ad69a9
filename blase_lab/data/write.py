"""Writing: encoded columns into a staging, and a staging into a Snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.digest import RowsDigest, canonical_json, joined, merkle, sha256_hex
from blase_lab.core.records import Chunks, Column, Snapshot
from blase_lab.data.frames import ATTRIBUTE, array_path
from blase_lab.data.memo import OBSERVED, PARTS, Part, joined_notes, put_parts
from blase_lab.data.plan import bounds
from blase_lab.store import Store, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blase_lab.core.records import Step
    from blase_lab.data.columns import Form

Array = np.ndarray[Any, Any]


def create_columns(staging: Any, forms: Mapping[str, Form], plan: Chunks) -> None:
    """Make the arrays of all columns; equal ones of an earlier attempt stay."""
    for name, form in forms.items():
        staging.create_array(
            array_path(name),
            shape=(plan.rows, *form.shape),
            dtype=form.dtype,
            chunk_rows=plan.chunk_rows,
            shard_rows=plan.shard_rows,
        )


def write_shard(staging: Any, start: int, columns: Mapping[str, Array]) -> None:
    """Write one shard of every column."""
    for name, values in columns.items():
        staging.write_rows(array_path(name), start, values)


def digest_column(digest: str, texts: Sequence[str] | None) -> str:
    """Return the content digest of a column: its rows, and what its codes mean."""
    return digest if texts is None else joined(digest, sha256_hex(canonical_json(list(texts))))


def digest_staged(staging: Any, name: str, form: Form, *, plan: Chunks) -> str:
    """Return the rows' digest of a staged array, read shard by shard."""
    array = staging.group[array_path(name)]
    rows = RowsDigest(np.dtype(form.dtype), form.shape)
    for start, stop in bounds(plan):
        rows.update(start, array[start:stop])
    return rows.hexdigest()


def column_of(name: str, form: Form, *, digest: str, texts: Sequence[str] | None) -> Column:
    """Return the record of a column."""
    assert form.kind != "missing"
    return Column(
        name=name,
        kind=form.kind,
        dtype=form.dtype,
        shape=form.shape,
        categories=None if texts is None else len(texts),
        digest=digest_column(digest, texts),
    )


@dataclass(frozen=True)
class Making:
    """What a Snapshot remembers beside its data."""

    stage: Any
    name: str
    step: Step | None
    plan: Chunks
    parents: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Effort:
    """What making it took."""

    computed: int
    reused: int
    peak_bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Written:
    """What lies in the staging."""

    forms: Mapping[str, Form]
    texts: Mapping[str, Sequence[str]]
    digests: Mapping[str, str]
    parts: Sequence[Part]


def publish(
    store: Store, staging: Any, *, making: Making, written: Written, effort: Effort
) -> Snapshot:
    """Return the Snapshot of a complete staging: published, and recorded in the ledger."""
    columns = []
    for name, form in written.forms.items():
        texts = written.texts.get(name)
        columns.append(column_of(name, form, digest=written.digests[name], texts=texts))
        meaning = {"name": name, "kind": form.kind, "tz": form.tz}
        if texts is not None:
            meaning["categories"] = list(texts)  # type: ignore[assignment]
        staging.group[array_path(name)].update_attributes({ATTRIBUTE: meaning})
    data = staging.publish()
    created = utc_now()
    digest = merkle((column.name, column.digest) for column in columns)
    step = making.step.digests.root if making.step else None
    removed = sum(part.removed for part in written.parts)
    snapshot = Snapshot(
        id=joined("snapshot", making.stage, making.name, step or "", data, created)[:32],
        stage=making.stage,
        name=making.name,
        step=step,
        rows=making.plan.rows,
        columns=tuple(columns),
        shards=tuple(part.as_shard() for part in written.parts),
        digest=digest,
        data=data,
        parents=making.parents,
        removed=removed,
        plan=making.plan,
        measured_peak_bytes=effort.peak_bytes,
        computed_shards=effort.computed,
        reused_shards=effort.reused,
        seconds=effort.seconds,
        facts={**making.facts, "removed": removed, **_of_parts(store, written.parts)},
        created=created,
    )
    store.ledger.put(snapshot)
    return snapshot


def _of_parts(store: Store, parts: Sequence[Part]) -> dict[str, Any]:
    """Return the facts that follow from the parts: where they lie, and what their step touched."""
    notes = joined_notes(parts)
    return {**({OBSERVED: notes} if notes else {}), PARTS: put_parts(store, parts)}
