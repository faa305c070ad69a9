"""Building: shards written in rounds until all of them lie in one form, resumable after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from msgspec import structs

from blase_lab.core.errors import StoreError, WrongShapeError
from blase_lab.core.records import Chunks, Observation, Progress, Snapshot, Step
from blase_lab.data.columns import Categories, join_forms, settled
from blase_lab.data.engine import run_all
from blase_lab.data.frames import Place, array_path
from blase_lab.data.halo import ROW, Halo, Reading
from blase_lab.data.memo import Part, older, parts_of
from blase_lab.data.plan import bounds
from blase_lab.data.shards import Done, Spec, Work, run_shard, write_part
from blase_lab.data.write import create_columns

if TYPE_CHECKING:
    from blase_lab.store import Staging, Store

Watch = Callable[[Progress], None]
Holds = Callable[[Sequence[Observation]], bool]


def all_hold(_notes: Sequence[Observation]) -> bool:
    """Say that what a shard rested on beside its rows is as it was, whatever it was."""
    return True


@dataclass
class Build:
    """What one building of a step knows while it runs."""

    step: Step
    function: Callable[..., Any]
    store: Store
    places: dict[str, Place]
    kept: Place | None
    plan: Chunks
    halos: list[Halo]
    keys: list[str]
    scheduler: str | None
    watch: Watch | None
    holds: Holds = all_hold
    parts: dict[int, Part] = field(default_factory=dict)
    older: dict[int, tuple[Snapshot, int, Part]] = field(default_factory=dict)
    computed: set[int] = field(default_factory=set)

    def work(self, index: int, spec: Spec | None, staging: Staging | None) -> Work:
        """Return the task of one shard."""
        start, stop = bounds(self.plan)[index]
        return Work(
            step=self.step.name,
            kind=self.step.kind,
            function=self.function,
            folder=self.store.folder,
            places=self.places,
            kept=self.kept,
            start=start,
            stop=stop,
            key=self.keys[index],
            halo=self.halos[index],
            spec=spec,
            staging=staging,
        )


def remember(build: Build, staging: Staging) -> None:
    """Find what is known already: in the journal of a killed build, and in older Snapshots.

    Where one note of them does not hold any more (a file that the step read has changed), none of
    their shards is known: a step may read a file once and keep what it read for every shard.
    """
    index_of = {key: index for index, key in enumerate(build.keys)}
    for key, part in _journal(build, staging).items():
        if key in index_of:
            build.parts[index_of[key]] = part
    for snapshot in older(build.store, build.step.name, build.step.kind):
        plan, parts = snapshot.plan, parts_of(build.store, snapshot)
        if plan is None or plan.chunk_rows != build.plan.chunk_rows or not _hold(build, parts):
            continue
        for place, part in enumerate(parts):
            index = index_of.get(part.key)
            if index is not None:
                build.older.setdefault(index, (snapshot, place, part))
    for index, (_, _, part) in build.older.items():
        build.parts.setdefault(index, _unwritten(part))


def _journal(build: Build, staging: Staging) -> dict[str, Part]:
    """Return the shards in the journal of a killed build; one that is not to be used leaves it."""
    parts = {key: msgspec.convert(done["part"], Part) for key, done in staging.done.items()}
    if not _hold(build, parts.values()):
        for key, part in parts.items():
            parts[key] = structs.replace(part, columns={}, notes=())
            staging.mark(key, {"part": msgspec.to_builtins(parts[key])})
    for key, part in parts.items():
        if not part.columns:
            del staging.done[key]
    return {key: part for key, part in parts.items() if part.columns}


def _hold(build: Build, parts: Iterable[Part]) -> bool:
    notes = {note for part in parts for note in part.notes}
    return not notes or build.holds(tuple(notes))


def _unwritten(part: Part) -> Part:
    """Return what is known of a shard that does not lie in this staging."""
    columns = {
        name: structs.replace(column, written=None, codes=())
        for name, column in part.columns.items()
    }
    return structs.replace(part, columns=columns)


def settle(build: Build, staging: Staging) -> Spec:
    """Write every shard in the narrowest forms that hold all, and return these.

    A shard may show that the forms were too narrow, or bring texts that nobody knew: then a next
    round writes those shards again that it concerns. Forms only widen and after one round all are
    known, so there are at most three rounds.
    """
    while True:
        spec = _spec(build)
        if spec is None:
            _probe(build, staging)
            continue
        marks = dict(staging.done)
        create_columns(staging, spec.forms, build.plan)
        if marks and not staging.done:
            build.parts = {index: _unwritten(part) for index, part in build.parts.items()}
        todo = [i for i in range(len(build.keys)) if not _is_met(build, spec, i)]
        if not todo:
            return spec
        _round(build, spec, todo, staging=staging)


def _is_met(build: Build, spec: Spec, index: int) -> bool:
    part = build.parts.get(index)
    return part is not None and spec.is_met_by(part)


def _spec(build: Build) -> Spec | None:
    """Return forms and texts over all shards that are known, in the order of rows."""
    known = [build.parts[index] for index in sorted(build.parts) if build.parts[index].columns]
    if not known:
        return None
    names = list(known[0].columns)
    for part in known:
        if list(part.columns) != names:
            raise WrongShapeError(
                f"Step `{build.step.name}` returned the columns {names} in some rows and "
                f"{list(part.columns)} in the rows {part.start} to {part.stop - 1}.",
                way_out="Return the same columns for every chunk.",
            )
    forms, texts = {}, {}
    for name in names:
        natural = join_forms((part.columns[name].natural for part in known), name=name)
        forms[name] = settled(natural)
        if forms[name].kind == "category":
            found = Categories()
            for part in known:
                found.extend(part.columns[name].texts)
            texts[name] = found.texts
    return Spec(forms, texts)


def _probe(build: Build, staging: Staging) -> None:
    """Compute one shard to learn what the step returns, and write it."""
    index = next(index for index in range(len(build.keys)) if index not in build.parts)
    done = run_shard(build.work(index, None, None))
    build.parts[index] = done.part
    spec = _spec(build)
    if spec is None or done.values is None:
        return
    create_columns(staging, spec.forms, build.plan)
    part = write_part(staging, spec, done.part, values=done.values, mask=_mask(build, index))
    _note(build, index, part, staging=staging)


def _mask(build: Build, index: int) -> np.ndarray[Any, Any]:
    start, stop = bounds(build.plan)[index]
    reading = Reading(build.store.folder, {}, build.kept)
    mask = np.zeros(stop - start, dtype=bool)
    mask[reading.rows(start, stop)[ROW] - start] = True
    return mask


def _round(build: Build, spec: Spec, todo: Sequence[int], *, staging: Staging) -> None:
    """Take over or compute each of these shards, as far as the spec can hold it."""
    index_of = {key: index for index, key in enumerate(build.keys)}
    for index in todo:
        # What lies there may be half overwritten when we are killed: it counts no more.
        if build.keys[index] in staging.done:
            _keep(build, index, _unwritten(build.parts[index]), staging=staging)
    left = [index for index in todo if not _adopt(build, spec, index, staging=staging)]

    def finished(done: Done) -> None:
        index = index_of[done.key]
        if spec.is_met_by(done.part):
            _note(build, index, done.part, staging=staging)
        else:
            _keep(build, index, done.part, staging=staging)

    run_all(
        run_shard,
        [build.work(index, spec, staging) for index in left],
        tasks_in_flight=build.plan.tasks_in_flight,
        scheduler=build.scheduler,
        finished=finished,
    )


def _note(build: Build, index: int, part: Part, *, staging: Staging) -> None:
    _keep(build, index, part, staging=staging)
    build.computed.add(index)
    _tell(build)


def _keep(build: Build, index: int, part: Part, *, staging: Staging) -> None:
    """Remember a shard, here and in the journal; also one that is known but not written yet."""
    staging.mark(build.keys[index], {"part": msgspec.to_builtins(part)})
    build.parts[index] = part


def _adopt(build: Build, spec: Spec, index: int, *, staging: Staging) -> bool:
    """Share the bytes of an equal shard in an older Snapshot, if they mean the same here."""
    found = build.older.get(index)
    if found is None or not spec.is_met_by(found[2]):
        return False
    snapshot, place, part = found
    try:
        for name in spec.forms:
            staging.adopt_shard(array_path(name), index, snapshot.data, place)
    except StoreError:
        return False
    _keep(build, index, part, staging=staging)
    _tell(build)
    return True


def _tell(build: Build) -> None:
    if build.watch is not None:
        written = sum(
            1
            for part in build.parts.values()
            if part.columns and all(column.written for column in part.columns.values())
        )
        build.watch(
            Progress(
                stage=build.step.kind,
                done=written,
                total=len(build.keys),
                unit="shards",
                sentence=build.step.name,
            )
        )
