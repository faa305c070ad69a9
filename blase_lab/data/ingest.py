"""Ingest: a source becomes the first Snapshot, whose rows and shards all others share."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, Unpack

import numpy as np
from msgspec import structs

from blase_lab.core.digest import RowsDigest
from blase_lab.core.errors import EmptyDataError, StoreError
from blase_lab.core.records import Chunks, Progress, Snapshot, Step
from blase_lab.data.columns import Categories, Form, digest_values, encode, settled
from blase_lab.data.frames import array_path
from blase_lab.data.join import Join, Lookup
from blase_lab.data.memo import ColumnPart, Part, key_of, older, parts_of
from blase_lab.data.meter import PeakMeter
from blase_lab.data.order import OrderedTable
from blase_lab.data.plan import (
    RESULT_BYTES,
    WORK_FACTOR,
    bounds,
    chunk_rows,
    over_budget,
    plan_chunks,
    told,
)
from blase_lab.data.source import PassingTable, Survey, Table, look_at_frames
from blase_lab.data.write import (
    Effort,
    Making,
    Written,
    create_columns,
    publish,
    write_shard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from blase_lab.store import Store

READ_ROWS = 16_384


class Ingesting(TypedDict):
    """What `ingest` is told beside the table."""

    name: str
    step: NotRequired[Step | None]
    budget: int
    watch: NotRequired[Callable[[Progress], None] | None]
    join: NotRequired[Sequence[Join]]
    shard_rows: NotRequired[int | None]
    """Shards shorter than the plan would make them."""
    order: NotRequired[Sequence[str]]
    """The columns by which the rows are sorted; none keeps them as they come."""
    facts: NotRequired[dict[str, Any]]
    """What the caller wants remembered with the Snapshot."""


def ingest(table: Table, *, store: Store, **given: Unpack[Ingesting]) -> Snapshot:
    """Return the Snapshot of a table and the small tables joined to it, written in bounded memory.

    Raises:
        EmptyDataError: the table has no rows.
        OverBudgetError: one row, a joined table or the texts of the columns do not fit.
        DataError: a joined table has a key twice.
    """
    started = time.monotonic()
    with PeakMeter() as meter:
        if isinstance(table, PassingTable):
            table = KeptTable(table, store)
        order = given.get("order", ())
        if order:
            table = OrderedTable(table, order, store=store, budget=given["budget"])
        work = _prepare(table, given, folder=store.folder)
        watch = given.get("watch")
        if watch is not None:
            watch(told(given["name"], work.plan))
        staged = store.arrays.stage(work.key, needed_bytes=work.disk_bytes)
        with staged as staging:
            effort = _write_all(work, store, staging, watch=watch)
            return publish(
                store,
                staging,
                making=work.making,
                written=work.written(),
                effort=Effort(
                    len(work.parts) - effort, effort, meter.peak_bytes, time.monotonic() - started
                ),
            )


class KeptTable(Table):
    """Frames that passed by once, kept as Arrow blobs in the store."""

    def __init__(self, passing: PassingTable, store: Store) -> None:
        """Let the frames pass, keeping each."""
        super().__init__()
        self._store = store
        self._blobs: list[str] = []
        self._survey = look_at_frames(self._keep(passing), {})

    def _keep(self, passing: PassingTable) -> Iterator[pd.DataFrame]:
        for frame in passing.chunks(READ_ROWS):
            packed = io.BytesIO()
            frame.to_feather(packed)
            self._blobs.append(self._store.blobs.put(packed.getvalue()))
            yield frame

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the frames again."""
        import pandas as pd

        for blob in self._blobs:
            frame = pd.read_feather(io.BytesIO(self._store.blobs.get(blob)))
            for start in range(0, len(frame), rows):
                yield frame.iloc[start : start + rows].reset_index(drop=True)


@dataclass
class Work:
    """All that one ingest knows."""

    table: Table
    forms: dict[str, Form]
    lookups: list[Lookup]
    plan: Chunks
    making: Making
    key: str
    budget: int
    texts: dict[str, Categories] = field(default_factory=dict)
    digests: dict[str, RowsDigest] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no texts and no rows."""
        for name, form in self.forms.items():
            self.digests[name] = RowsDigest(np.dtype(form.dtype), form.shape)
            if form.kind == "category":
                self.texts[name] = Categories()

    @property
    def disk_bytes(self) -> int:
        """What the arrays take at most."""
        return sum(np.dtype(form.dtype).itemsize for form in self.forms.values()) * self.plan.rows

    def written(self) -> Written:
        """Return what was written."""
        return Written(
            self.forms,
            {name: known.texts for name, known in self.texts.items()},
            {name: digest.hexdigest() for name, digest in self.digests.items()},
            self.parts,
        )


def _prepare(table: Table, given: Ingesting, *, folder: Path) -> Work:
    survey = table.survey()
    if survey.rows == 0:
        raise EmptyDataError(
            f"Source `{given['name']}` has no rows.",
            way_out="Look at its files: "
            + (", ".join(p.name for p in table.files) or "none")
            + ".",
        )
    forms = {name: settled(form) for name, form in survey.forms.items()}
    budget, lookups = given["budget"], []
    for join in given.get("join", ()):
        lookups.append(Lookup(join, forms, budget))
        forms.update({name: settled(form) for name, form in lookups[-1].forms.items()})
    plan = _plan(survey, lookups, given)
    step = given.get("step")
    facts: dict[str, Any] = {
        "inputs": _told_inputs(survey.digests, folder),
        "order": given.get("order"),
        "joins": [
            {**lookup.facts(), "inputs": _told_inputs(lookup.digests, folder)} for lookup in lookups
        ],
    }
    key = {
        "stage": "source",
        "name": given["name"],
        "step": step.digests.root if step else None,
        "rows": [plan.rows, plan.shard_rows, plan.chunk_rows],
        "facts": facts,
        "joined": [lookup.digest() for lookup in lookups],
    }
    files = _files_of(table, lookups, folder=folder)
    remembered = {**facts, **given.get("facts", {}), "files": files}
    making = Making("source", given["name"], step, plan, facts=remembered)
    return Work(table, forms, lookups, plan, making, key_of(key), budget)


def _files_of(table: Table, lookups: Sequence[Lookup], *, folder: Path) -> list[dict[str, Any]]:
    digests = dict(table.survey().digests)
    for lookup in lookups:
        digests |= lookup.digests
    files = [*table.files, *(file for lookup in lookups for file in lookup.files)]
    return look_at_files(files, digests, folder=folder)


def look_at_files(
    files: Sequence[Path], digests: Mapping[str, str] | None = None, *, folder: Path
) -> list[dict[str, Any]]:
    """Return path, size, time of change and, where known, sha256 of each file.

    A file below `folder` is told by its path from there, so that a project can be moved.
    """
    looked = []
    for file in files:
        stat = file.stat()
        about = {
            "path": _told_path(file, folder),
            "bytes": stat.st_size,
            "changed": stat.st_mtime_ns,
        }
        digest = (digests or {}).get(file.as_posix())
        looked.append({**about, "sha256": digest} if digest else about)
    return looked


def _told_path(file: Path, folder: Path) -> str:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


def _told_inputs(digests: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {_told_path(Path(file), folder): digest for file, digest in digests.items()}


def _plan(survey: Survey, lookups: Sequence[Lookup], given: Ingesting) -> Chunks:
    """Cut the rows: the budget less what the joined tables take.

    A step that reads all columns works on the same shards, so there is room for its result too.
    """
    per_row = survey.bytes_per_row() + sum(8 * len(lookup.forms) for lookup in lookups)
    plan = plan_chunks(
        rows=survey.rows,
        bytes_per_row=(per_row + RESULT_BYTES) * WORK_FACTOR,
        budget=given["budget"],
        tasks=1,
        reserved=sum(2 * lookup.bytes for lookup in lookups),
    )
    shard_rows = min(given.get("shard_rows") or plan.shard_rows, plan.shard_rows)
    return structs.replace(plan, shard_rows=shard_rows, chunk_rows=chunk_rows(shard_rows))


def _write_all(
    work: Work, store: Store, staging: Any, *, watch: Callable[[Progress], None] | None
) -> int:
    """Write every shard; return how many were there already, here or in an older Snapshot."""
    create_columns(staging, work.forms, work.plan)
    writer = _Writer(work, store, staging)
    shards = len(bounds(work.plan))
    for columns in _shards(work):
        writer.put(columns)
        if watch is not None:
            watch(
                Progress(
                    stage="source",
                    done=len(work.parts),
                    total=shards,
                    unit="shards",
                    sentence=work.making.name,
                )
            )
    return writer.reused


def _shards(work: Work) -> Iterator[dict[str, Any]]:
    """Yield encoded shards, cut on the grid whatever the sizes of the chunks read."""
    waiting: dict[str, list[Any]] = {name: [] for name in work.forms}
    count = 0
    size = work.plan.shard_rows
    for frame in work.table.chunks(min(READ_ROWS, size)):
        columns = _encoded(work, frame)
        offset = 0
        while offset < len(frame):
            taken = min(size - count, len(frame) - offset)
            for name, values in columns.items():
                waiting[name].append(values[offset : offset + taken])
            count, offset = count + taken, offset + taken
            if count == size:
                yield {name: np.concatenate(pieces) for name, pieces in waiting.items()}
                waiting, count = {name: [] for name in work.forms}, 0
    if count:
        yield {name: np.concatenate(pieces) for name, pieces in waiting.items()}


def _encoded(work: Work, frame: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {name: frame[name] for name in frame.columns}
    for lookup in work.lookups:
        import pandas as pd

        found.update(lookup.find(pd.DataFrame({name: found[name] for name in lookup.on})))
    columns = {
        name: encode(found[name], form, work.texts.get(name)) for name, form in work.forms.items()
    }
    _check_texts(work)
    return columns


def _check_texts(work: Work) -> None:
    for name, known in work.texts.items():
        if len(known.texts) * 120 > work.budget // 4 and known.bytes > work.budget // 4:
            raise over_budget(
                f"Column `{name}` with {len(known.texts):,} different texts",
                known.bytes,
                budget=work.budget,
                instead="leave the column out with --columns",
                parts=4,
            )


class _Writer:
    """Writes shards in order, unless an equal one is there."""

    def __init__(self, work: Work, store: Store, staging: Any) -> None:
        self._work = work
        self._staging = staging
        self.reused = 0
        self._older: dict[str, tuple[Snapshot, int]] = {}
        for snapshot in older(store, work.making.name, "source"):
            plan = snapshot.plan
            if plan and (plan.shard_rows, plan.chunk_rows) == (
                work.plan.shard_rows,
                work.plan.chunk_rows,
            ):
                for index, part in enumerate(parts_of(store, snapshot)):
                    self._older.setdefault(part.key, (snapshot, index))

    def put(self, columns: dict[str, Any]) -> None:
        """Write, take over or skip the next shard."""
        work = self._work
        start = len(work.parts) * work.plan.shard_rows
        part = self._part(start, columns)
        for name, values in columns.items():
            work.digests[name].update(start, values)
        index = len(work.parts)
        work.parts.append(part)
        mark = str(index)
        there = self._staging.done.get(mark)
        if there == {"key": part.key}:
            self.reused += 1
            return
        if there is not None:
            # What lies there may be half overwritten when we are killed: it counts no more.
            self._staging.mark(mark, {})
        if self._adopt(part, index):
            self.reused += 1
        else:
            write_shard(self._staging, start, columns)
        self._staging.mark(mark, {"key": part.key})

    def _part(self, start: int, columns: dict[str, Any]) -> Part:
        work = self._work
        parts = {}
        for name, values in columns.items():
            form, texts = work.forms[name], work.texts.get(name)
            known = () if texts is None else tuple(texts.texts)
            digest = digest_values(values, form, known)
            codes = tuple(_codes(values)) if texts is not None else ()
            parts[name] = ColumnPart(
                natural=form,
                digest=digest,
                texts=tuple(known[code] for code in codes),
                codes=codes,
                written=form,
            )
        rows = len(next(iter(columns.values())))
        content = {name: [one.digest, one.codes] for name, one in parts.items()}
        key = key_of({"start": start, "rows": rows, "columns": content})
        return Part(start=start, stop=start + rows, key=key, columns=parts)

    def _adopt(self, part: Part, index: int) -> bool:
        """Take over an equal shard of an older Snapshot, sharing its bytes."""
        found = self._older.get(part.key)
        if found is None:
            return False
        snapshot, place = found
        try:
            for name in part.columns:
                self._staging.adopt_shard(array_path(name), index, snapshot.data, place)
        except StoreError:
            return False
        return True


def _codes(values: Any) -> list[int]:
    """Return the codes in order of first appearance."""
    unique, first = np.unique(values, return_index=True)
    return [int(code) for code in unique[np.argsort(first)] if code >= 0]
