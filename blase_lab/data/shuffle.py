"""Prepared data: scaled, packed and, for train, shuffled once at write in bounded memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from blase_lab.core.digest import RowsDigest, canonical_json, sha256_hex
from blase_lab.core.errors import EmptyDataError
from blase_lab.core.records import Chunks, Column, Fitted, InputSpec, Progress, Snapshot, Split
from blase_lab.data.grid import (
    SPLIT_CODES,
    TRAIN,
    check_same_rows,
    content_digest,
    logical_block,
    open_assignment,
    remember,
    remembered,
    row_ranges,
)
from blase_lab.data.meter import PeakMeter
from blase_lab.data.pack import Packing, learn_target, plan_packing
from blase_lab.data.plan import over_budget
from blase_lab.data.sorter import PIECE_BYTES, ExternalSort, sorting_bytes
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from blase_lab.data.grid import GridColumn
    from blase_lab.store import Store

SHARD_BYTES: Final = 8 << 20
"""A shard is one chunk and one window of the feed: read whole, never compressed."""
MOST_SHARD_ROWS: Final = 65_536
MOST_READ_BYTES: Final = 32 << 20
SHARD_COPIES: Final = 5
"""How often a shard lies in memory while it is written: collected, cut, encoded, sealed."""
MEMORY_SLACK: Final = 0.35
"""The part of the budget that is left to buffers of Zarr and to memory in pieces."""
PIECE_COPIES: Final = 4
FEWEST_GROUP_ROWS: Final = 1024
KEY_STREAM: Final = 0x5368_7566_666C_6531
ARRAYS: Final = ("numbers", "codes", "target", "row")


@dataclass(frozen=True)
class Preparation:
    """What to prepare, and within how much memory."""

    features: Sequence[Snapshot]
    target: Snapshot
    split: Split
    fitted: Fitted
    seed: int
    budget: int


def prepare(
    job: Preparation, *, store: Store, watch: Callable[[Progress], None] | None = None
) -> Snapshot:
    """Write what training reads: `train` in a random order of its own, the others in row order.

    The order of train depends on the seed and the number of its rows only: the i-th train row has
    the i-th 64-bit draw of a Philox stream as its key, and rows stand in the order of their keys.
    So every budget gives the same bytes. Rows without a target are left out and counted.

    Raises:
        OverBudgetError: the smallest plan needs more memory than the budget.
        EmptyDataError: no train row has a target.
    """
    check_same_rows([*job.features, job.target], sum(job.split.rows.values()))
    identity = _identity(job)
    known = remembered(store, Snapshot, identity)
    if known is not None and store.arrays.has(known.data):
        return known
    started = time.monotonic()
    with PeakMeter() as meter:
        made = _prepare(job, identity, store=store, watch=watch)
        seconds = time.monotonic() - started
    made = msgspec.structs.replace(made, measured_peak_bytes=meter.peak_bytes, seconds=seconds)
    return remember(store, made)


def _prepare(
    job: Preparation,
    identity: str,
    *,
    store: Store,
    watch: Callable[[Progress], None] | None,
) -> Snapshot:
    packing = plan_packing(job.features, job.target, fitted=job.fitted, store=store)
    assignment = open_assignment(store, job.split)
    learn_target(packing, assignment)
    if not packing.facts.rows["train"]:
        raise EmptyDataError(
            f"None of the {job.split.rows['train']} train rows has a target.",
            way_out="Look at what the target step returns.",
            rows=job.split.rows["train"],
        )
    plan = plan_shuffle(packing, job.budget)
    data, columns = _Writing(job, packing=packing, plan=plan, store=store, watch=watch).run(
        assignment, identity
    )
    return _snapshot(job, packing, plan, data=data, columns=columns, id_=identity)


def input_specs(snapshot: Snapshot) -> tuple[InputSpec, ...]:
    """Give the inputs of a prepared Snapshot, as `keras.Input(shape=…, dtype=…)` needs them."""
    return msgspec.convert(snapshot.facts["inputs"], tuple[InputSpec, ...])


def plan_shuffle(packing: Packing, budget: int) -> Chunks:
    """Plan the groups of the shuffle inside the budget; shards are the same for every budget.

    Raises:
        OverBudgetError: one shard, one block of reading and the smallest group do not fit.
    """
    row_bytes = packing.dtype.itemsize
    rows = sum(packing.facts.rows.values())
    shard_rows = shard_rows_of(row_bytes)
    fixed = shard_rows * row_bytes * SHARD_COPIES
    fixed += _block(packing, budget) * packing.read_bytes
    fixed += PIECE_BYTES * PIECE_COPIES
    group_bytes = sorting_bytes(packing.dtype)
    needed = int((fixed + FEWEST_GROUP_ROWS * group_bytes) / (1 - MEMORY_SLACK)) + 1
    if needed > budget:
        raise over_budget("The shuffle", needed, budget=budget, instead="drop features")
    most = max(packing.facts.rows["train"], FEWEST_GROUP_ROWS)
    group_rows = min((int(budget * (1 - MEMORY_SLACK)) - fixed) // group_bytes, most)
    return Chunks(
        rows=rows,
        shard_rows=shard_rows,
        chunk_rows=group_rows,
        tasks_in_flight=1,
        peak_bytes=int((fixed + group_rows * group_bytes) / (1 - MEMORY_SLACK)),
        disk_bytes=rows * row_bytes + _spilled(packing, group_rows),
        budget_bytes=budget,
    )


def shard_rows_of(row_bytes: int) -> int:
    """Give how many rows a shard holds: about 8 MiB, a power of two, at most 65,536."""
    rows = max(1, min(MOST_SHARD_ROWS, SHARD_BYTES // max(1, row_bytes)))
    return 1 << (rows.bit_length() - 1)


def keys_of(seed: int, start: int, stop: int) -> np.ndarray[Any, Any]:
    """Draw the sorting keys of train rows `start` to `stop`: a slice of one Philox 4x64 stream."""
    key = np.array([seed % 2**64, KEY_STREAM], dtype=np.uint64)
    generator = np.random.Philox(key=key)
    generator.advance(start // 4)
    drawn: np.ndarray[Any, Any] = generator.random_raw(stop - start + start % 4)[start % 4 :]
    return drawn


def _block(packing: Packing, budget: int) -> int:
    return logical_block(packing.read_bytes, min(budget // 8, MOST_READ_BYTES))


def _spilled(packing: Packing, group_rows: int) -> int:
    train = packing.facts.rows["train"]
    return 0 if train <= group_rows else train * (packing.dtype.itemsize + 8)


def _identity(job: Preparation) -> str:
    parts = [[feature.id for feature in job.features], job.target.id, job.split.id, job.fitted.id]
    return sha256_hex(canonical_json(["prepared", parts, job.seed]))


class _Writing:
    """One writing of a prepared Snapshot."""

    def __init__(
        self,
        job: Preparation,
        *,
        packing: Packing,
        plan: Chunks,
        store: Store,
        watch: Callable[[Progress], None] | None,
    ) -> None:
        self.job, self.packing, self.plan = job, packing, plan
        self.store, self.watch = store, watch
        self.done = 0

    def run(self, assignment: GridColumn, identity: str) -> tuple[str, tuple[Column, ...]]:
        """Write all splits; give the digest of the tree and its columns."""
        columns: list[Column] = []
        with self.store.arrays.stage(f"prepared-{identity}", self.plan.disk_bytes) as staging:
            for name, rows in self.packing.facts.rows.items():
                sink = _Sink(staging, self.packing, name, rows=rows)
                for packed in self._ordered(assignment, name, rows):
                    sink.add(packed)
                    self._tell(len(packed), name)
                columns.extend(sink.close())
            return staging.publish(), tuple(columns)

    def _ordered(
        self, assignment: GridColumn, name: str, rows: int
    ) -> Iterator[np.ndarray[Any, Any]]:
        packed = self._packed(assignment, SPLIT_CODES[name])
        if name != "train" or not rows:
            yield from packed
            return
        key = f"shuffle-{self.job.split.id}-{self.job.seed}-{self.plan.chunk_rows}"
        sorter = ExternalSort(self.packing.dtype, rows=rows, group_rows=self.plan.chunk_rows)
        yield from sorter.sort(self._keyed(packed), store=self.store, key=key)

    def _keyed(
        self, packed: Iterator[np.ndarray[Any, Any]]
    ) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        start = 0
        for rows in packed:
            yield keys_of(self.job.seed, start, start + len(rows)), rows
            start += len(rows)

    def _packed(self, assignment: GridColumn, code: int) -> Iterator[np.ndarray[Any, Any]]:
        block = _block(self.packing, self.job.budget)
        for start, stop in row_ranges(int(assignment.array.shape[0]), block):
            chosen = assignment.rows(start, stop) == code
            chosen &= self.packing.facts.usable(self.packing.target, start, stop)
            if code == TRAIN or chosen.any():
                yield self.packing.rows(start, chosen)

    def _tell(self, rows: int, name: str) -> None:
        self.done += rows
        if self.watch is not None:
            self.watch(
                Progress(
                    stage="prepare",
                    done=self.done,
                    total=self.plan.rows,
                    unit="rows",
                    sentence=f"writing {name}",
                )
            )


class _Sink:
    """Collects packed rows and writes them shard by shard, digesting what it writes."""

    def __init__(self, staging: Any, packing: Packing, name: str, *, rows: int) -> None:
        self.staging, self.name, self.rows = staging, name, rows
        self.dtype = packing.dtype
        self.shard_rows = min(shard_rows_of(self.dtype.itemsize), max(1, rows))
        self.buffer = np.zeros(self.shard_rows, dtype=self.dtype)
        self.held = self.written = 0
        self.digests: dict[str, RowsDigest] = {}
        for field in ARRAYS:
            self._create(field)

    def _create(self, field: str) -> None:
        kind, shape = self.dtype[field].base, self.dtype[field].shape
        if 0 in shape:
            return
        self.staging.create_array(
            f"{self.name}/{field}",
            shape=(self.rows, *shape),
            dtype=kind,
            chunk_rows=self.shard_rows,
            shard_rows=self.shard_rows,
            compress=False,
            attributes={"blase": {"kind": "number"}},
        )
        self.digests[field] = RowsDigest(kind, shape)

    def add(self, packed: np.ndarray[Any, Any]) -> None:
        """Take rows over; write every shard that is full."""
        taken = 0
        while taken < len(packed):
            count = min(len(packed) - taken, self.shard_rows - self.held)
            self.buffer[self.held : self.held + count] = packed[taken : taken + count]
            taken += count
            self.held += count
            if self.held == self.shard_rows:
                self._write()

    def close(self) -> list[Column]:
        """Write the last shard; give the columns of this split."""
        if self.held:
            self._write()
        return [
            Column(
                name=f"{self.name}/{field}",
                kind="number",
                dtype=str(digest.dtype),
                shape=digest.row_shape,
                digest=digest.hexdigest(),
            )
            for field, digest in self.digests.items()
        ]

    def _write(self) -> None:
        for field, digest in self.digests.items():
            values = np.ascontiguousarray(self.buffer[field][: self.held])
            self.staging.write_rows(f"{self.name}/{field}", self.written, values)
            digest.update(self.written, values)
        self.written += self.held
        self.held = 0


def _snapshot(
    job: Preparation,
    packing: Packing,
    plan: Chunks,
    *,
    data: str,
    columns: tuple[Column, ...],
    id_: str,
) -> Snapshot:
    facts = packing.facts
    return Snapshot(
        id=id_,
        stage="prepared",
        name="prepared",
        step=None,
        rows=plan.rows,
        columns=columns,
        digest=content_digest(columns),
        data=data,
        parents=(*(one.id for one in job.features), job.target.id, job.split.snapshot),
        plan=plan,
        facts={
            "inputs": msgspec.json.decode(msgspec.json.encode(packing.specs)),
            "places": {name: list(place) for name, place in packing.places.items()},
            "target": {"name": facts.name, "kind": facts.kind, "classes": list(facts.classes)},
            "splits": facts.rows,
            "missing_target": facts.missing,
            "seed": job.seed,
            "fitted": job.fitted.id,
        },
        created=utc_now(),
    )
