"""Which rows train, validate and test: decided once, before anything is fitted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from blase_lab.core.digest import RowsDigest, canonical_json, sha256_hex
from blase_lab.core.errors import NotFoundError, SplitError
from blase_lab.core.records import Column, Snapshot, Split, SplitPolicy
from blase_lab.data.borders import Borders, find_borders
from blase_lab.data.grid import (
    EMBARGO,
    NOT_A_TIME,
    REMOVED,
    TEST,
    TRAIN,
    VALIDATION,
    GridColumn,
    content_digest,
    open_columns,
    remember,
    remembered,
    row_ranges,
    shard_grid,
)
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from blase_lab.store import Store

MISSING_KEY: Final = 0x9E3779B97F4A7C15
"""All rows without a key go the same way: they could belong together."""
SHARE_TOLERANCE: Final = 1e-6
NAMES: Final = {REMOVED: "removed", TRAIN: "train", VALIDATION: "validation", TEST: "test"} | {
    EMBARGO: "embargo"
}


def make_split(
    policy: SplitPolicy, *, source: Snapshot, kept: Snapshot | None, store: Store
) -> Split:
    """Assign every row of the source to one split; an equal call gives the record made before.

    Where the rows of that record are gone from the store they are written again.

    Raises:
        SplitError: the policy cannot be followed, or train or test would be empty.
        DamagedError: rows written again are not those that the record names.
    """
    check_policy(policy)
    identity = _identity(policy, source, kept)
    known = remembered(store, Split, identity)
    if known is not None and _has_rows(store, known):
        return known
    job = _open(policy, source, kept=kept, store=store)
    borders = find_borders(policy, job.key, job.kept) if policy.by == "time" else None
    snapshot, counts = _write(job, borders, store=store, identity=identity)
    _check_filled(policy, counts)
    snapshot = remember(store, snapshot)
    split = Split(
        id=identity,
        policy=policy,
        snapshot=snapshot.id,
        digest=snapshot.digest,
        rows=counts,
        borders=borders.texts if borders else {},
        created=snapshot.created,
    )
    return remember(store, split)


def _has_rows(store: Store, split: Split) -> bool:
    snapshot = remembered(store, Snapshot, split.snapshot)
    return snapshot is not None and store.arrays.has(snapshot.data)


def check_policy(policy: SplitPolicy) -> None:
    """Raise unless the shares are shares and the policy names the column that it needs.

    Raises:
        SplitError: with the shares or the missing column.
    """
    shares = (policy.train, policy.validation, policy.test)
    if min(shares) < 0 or abs(sum(shares) - 1) > SHARE_TOLERANCE:
        raise SplitError(
            f"The shares {policy.train:g}, {policy.validation:g}, {policy.test:g} "
            f"add up to {sum(shares):g}.",
            way_out="Give shares between 0 and 1 that add up to 1 under [split] in blase.toml.",
            shares=list(shares),
        )
    if policy.by in {"time", "group"} and policy.column is None:
        raise SplitError(
            f"A split by {policy.by} needs a column and none is named.",
            way_out='Add `column = "…"` under [split] in blase.toml.',
            by=policy.by,
        )


@dataclass(frozen=True)
class _Job:
    policy: SplitPolicy
    source: Snapshot
    key: GridColumn | None
    kept: GridColumn | None
    grid: tuple[int, int]
    parents: tuple[str, ...]


def _identity(policy: SplitPolicy, source: Snapshot, kept: Snapshot | None) -> str:
    facts = [
        "split",
        [policy.by, policy.column, policy.train, policy.validation, policy.test],
        [policy.validation_from, policy.test_from, policy.embargo],
        [source.id, kept.id if kept else None],
    ]
    return sha256_hex(canonical_json(facts))


def _open(policy: SplitPolicy, source: Snapshot, *, kept: Snapshot | None, store: Store) -> _Job:
    columns = {column.column.name: column for column in open_columns(store, source)}
    if policy.column is not None and policy.column not in columns:
        raise SplitError(
            f"There is no column `{policy.column}` to split by; "
            f"the source has {', '.join(columns)}.",
            way_out="Name one of them under [split] in blase.toml.",
            column=policy.column,
        )
    return _Job(
        policy=policy,
        source=source,
        key=columns[policy.column] if policy.column else None,
        kept=open_columns(store, kept)[0] if kept else None,
        grid=shard_grid(next(iter(columns.values())).array),
        parents=(source.id, kept.id) if kept else (source.id,),
    )


def _write(
    job: _Job, borders: Borders | None, *, store: Store, identity: str
) -> tuple[Snapshot, dict[str, int]]:
    rows, (shard_rows, chunk_rows) = job.source.rows, job.grid
    digest = RowsDigest(np.dtype(np.uint8), ())
    counts = np.zeros(len(NAMES), dtype=np.int64)
    labels = _label_hashes(job.key) if job.key and job.key.column.kind == "category" else None
    with store.arrays.stage(f"split-{identity}", rows) as staging:
        staging.create_array(
            "split",
            shape=(rows,),
            dtype=np.dtype(np.uint8),
            chunk_rows=chunk_rows,
            shard_rows=shard_rows,
            attributes={"blase": {"kind": "number"}},
        )
        for start, stop in row_ranges(rows, shard_rows):
            codes = _assign(job, range(start, stop), borders=borders, labels=labels)
            staging.write_rows("split", start, codes)
            digest.update(start, codes)
            counts += np.bincount(codes, minlength=len(NAMES))
        data = staging.publish()
    column = Column(name="split", kind="number", dtype="uint8", digest=digest.hexdigest())
    snapshot = Snapshot(
        id=sha256_hex(canonical_json(["split-rows", identity])),
        stage="split",
        name="split",
        step=None,
        rows=rows,
        columns=(column,),
        digest=content_digest([column]),
        data=data,
        parents=job.parents,
        removed=int(counts[REMOVED]),
        created=utc_now(),
    )
    return snapshot, {name: int(counts[code]) for code, name in NAMES.items()}


def _assign(
    job: _Job,
    rows: range,
    *,
    borders: Borders | None,
    labels: np.ndarray[Any, Any] | None,
) -> np.ndarray[Any, Any]:
    if borders is not None and job.key is not None:
        codes = borders.codes(job.key.rows(rows.start, rows.stop))
    else:
        codes = _by_hash(job.policy, key_hashes(job.key, rows, labels))
    if job.kept is not None:
        codes[~job.kept.rows(rows.start, rows.stop).astype(bool)] = REMOVED
    return codes


def _by_hash(policy: SplitPolicy, hashes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    place = (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53
    codes = np.full(len(hashes), TEST, dtype=np.uint8)
    codes[place < policy.train + policy.validation] = VALIDATION
    codes[place < policy.train] = TRAIN
    if policy.test <= 0:
        codes[codes == TEST] = VALIDATION if policy.validation > 0 else TRAIN
    return codes


def key_hashes(
    key: GridColumn | None, rows: range, labels: np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, Any]:
    """Hash the key of every row (its row id if there is no key) to 64 bits.

    The hash is of the value, never of its code or place, so it stays when rows are appended.
    """
    if key is None:
        return mix(np.arange(rows.start, rows.stop, dtype=np.uint64))
    values = key.rows(rows.start, rows.stop)
    if key.column.kind == "category":
        table = _label_hashes(key) if labels is None else labels
        hashes: np.ndarray[Any, Any] = table[values]
        return hashes
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        bits = (values.astype(np.float64) + 0.0).view(np.uint64)
        whole = ~missing & (np.abs(values) < 2.0**53) & (values == np.trunc(values))
        bits[whole] = values[whole].astype(np.int64).view(np.uint64)
    else:
        missing = (values == NOT_A_TIME) if key.column.kind == "datetime" else np.zeros(1, bool)
        bits = values.astype(np.int64).view(np.uint64)
    return np.where(missing, np.uint64(MISSING_KEY), mix(bits))


def _label_hashes(key: GridColumn) -> np.ndarray[Any, Any]:
    digests = [hashlib.sha256(label.encode()).digest()[:8] for label in key.labels]
    hashes = [int.from_bytes(digest, "little") for digest in digests]
    return np.array([*hashes, MISSING_KEY], dtype=np.uint64)


def mix(bits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Spread 64-bit keys evenly over 64 bits (splitmix64: Steele, Lea and Flood, 2014)."""
    mixed = bits + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: np.ndarray[Any, Any] = mixed ^ (mixed >> np.uint64(31))
    return spread


def _check_filled(policy: SplitPolicy, counts: dict[str, int]) -> None:
    shares = {"train": policy.train, "validation": policy.validation, "test": policy.test}
    empty = [name for name, share in shares.items() if share > 0 and not counts[name]]
    if not counts["train"]:
        empty = ["train"]
    if empty:
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise SplitError(
            f"The split leaves no row for {empty[0]} ({told}).",
            way_out="Change the shares or the borders under [split] in blase.toml.",
            empty=empty[0],
            rows=counts,
        )


def split_of(store: Store, split_id: str) -> Split:
    """Find a split by its id.

    Raises:
        NotFoundError: there is none.
    """
    found = remembered(store, Split, split_id)
    if found is None:
        raise NotFoundError(
            f"There is no split `{split_id}`.", way_out="Build the project again.", id=split_id
        )
    return found
