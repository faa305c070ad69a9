"""Transforming: a step over all shards of its inputs, computed where nothing equal is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import EmptyDataError
from blase_lab.data.build import Build, Holds, Watch, all_hold, remember, settle
from blase_lab.data.engine import cpu_count
from blase_lab.data.frames import Place, choose, places_of
from blase_lab.data.halo import Around, Halo, Reading, gather_halos
from blase_lab.data.memo import InputDigests, key_of
from blase_lab.data.meter import PeakMeter
from blase_lab.data.plan import RESULT_BYTES, WORK_FACTOR, bounds, plan_on_grid, told
from blase_lab.data.write import Effort, Making, Written, digest_staged, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blase_lab.core.records import Chunks, Snapshot, Step
    from blase_lab.data.shards import Spec
    from blase_lab.store import Staging, Store


@dataclass(frozen=True)
class StepJob:
    """A step and all it works on. `function` must be picklable where a cluster is named."""

    step: Step
    function: Callable[..., Any]
    inputs: tuple[Snapshot, ...]
    """The source first, then the features and targets that the step names."""
    kept: Snapshot | None = None
    """What cleaning left: the step sees these rows only; a clean step removes more of them."""
    budget: int = 1 << 30
    lookback: int = 0
    lookahead: int = 0
    group: str | None = None
    order: str | None = None
    """A column in whose order the rows stand; checked, not sorted."""
    holds: Holds = all_hold
    """Whether what a known shard touched beside its rows is as it was; else it is made again."""

    @property
    def columns(self) -> list[str] | None:
        """The columns that the function is given: those named and its inputs'; None means all."""
        wanted = self.step.options.get("columns")
        if isinstance(wanted, str):
            wanted = [name.strip() for name in wanted.split(",") if name.strip()]
        if not isinstance(wanted, list):
            return None
        added = [column.name for snapshot in self.inputs[1:] for column in snapshot.columns]
        return list(dict.fromkeys([*map(str, wanted), *added]))


def plan_step(job: StepJob, *, store: Store, halo_rows: int | None = None) -> Chunks:
    """Return the plan of a step on its source's grid, before any work.

    Raises:
        OverBudgetError: one shard with its halo does not fit.
        UnknownInputError: the step names a column that does not exist.
    """
    places = places_of(store, job.inputs)
    chosen = choose(places, job.columns, step=job.step.name)
    grid = job.inputs[0].plan
    assert grid is not None, "a source has a plan"
    if halo_rows is None:
        halo_rows = job.lookback + job.lookahead if job.group is None else 0
    per_row = sum(place.bytes_per_row for place in chosen.values()) + RESULT_BYTES
    return plan_on_grid(
        grid,
        bytes_per_row=per_row * WORK_FACTOR,
        budget=job.budget,
        tasks=cpu_count(),
        halo_rows=halo_rows,
    )


def apply_step(
    job: StepJob, *, store: Store, scheduler: str | None = None, watch: Watch | None = None
) -> Snapshot:
    """Return the Snapshot that a step makes of its inputs; equal shards are never computed twice.

    Raises:
        OverBudgetError: a shard does not fit; nothing was computed.
        UnknownInputError, WrongShapeError, StepFailedError: the step is at fault.
    """
    started = time.monotonic()
    with PeakMeter() as meter:
        build = _prepare(job, store, scheduler=scheduler, watch=watch)
        key = key_of({"step": job.step.digests.root, "name": job.step.name, "keys": build.keys})
        with store.arrays.stage(key) as staging:
            remember(build, staging)
            spec = settle(build, staging)
            making = Making(
                stage=job.step.kind,
                name=job.step.name,
                step=job.step,
                plan=build.plan,
                parents=_parents(job),
                facts={"haloRows": max((halo.rows for halo in build.halos), default=0)},
            )
            computed = len(build.computed)
            return publish(
                store,
                staging,
                making=making,
                written=_written(build, spec, staging),
                effort=Effort(
                    computed,
                    len(build.keys) - computed,
                    meter.peak_bytes,
                    time.monotonic() - started,
                ),
            )


def _parents(job: StepJob) -> tuple[str, ...]:
    cleaned = () if job.kept is None else (job.kept.id,)
    return (*(snapshot.id for snapshot in job.inputs), *cleaned)


def _prepare(job: StepJob, store: Store, *, scheduler: str | None, watch: Watch | None) -> Build:
    name = job.step.name
    plan = plan_step(job, store=store)
    every = places_of(store, job.inputs)
    chosen = choose(every, job.columns, step=job.step.name)
    kept = None
    if job.kept is not None:
        _check_rows_left(job.kept)
        (kept,) = places_of(store, [job.kept]).values()
    around = Around(
        job.lookback,
        job.lookahead,
        None if job.group is None else choose(every, [job.group], step=name)[job.group],
        None if job.order is None else choose(every, [job.order], step=name)[job.order],
    )
    cuts = bounds(plan)
    halos = gather_halos(
        Reading(store.folder, chosen, kept), around, cuts, store=store, budget=job.budget
    )
    plan = plan_step(job, store=store, halo_rows=max((halo.rows for halo in halos), default=0))
    if watch is not None:
        watch(told(name, plan))
    inputs = [*job.inputs, *([job.kept] if job.kept is not None else [])]
    keys = _keys(job, InputDigests(store, inputs), chosen=chosen, kept=kept, cuts=cuts, halos=halos)
    return Build(
        step=job.step,
        function=job.function,
        store=store,
        places=chosen,
        kept=kept,
        plan=plan,
        halos=halos,
        keys=keys,
        scheduler=scheduler,
        watch=watch,
        holds=job.holds,
    )


def _check_rows_left(kept: Snapshot) -> None:
    if kept.removed == kept.rows:
        raise EmptyDataError(
            f"Cleaning removed all {kept.rows} rows.",
            way_out="Look at the mask that the clean step returns.",
            rows=kept.rows,
        )


def _keys(
    job: StepJob,
    digests: InputDigests,
    *,
    chosen: dict[str, Place],
    kept: Place | None,
    cuts: Sequence[tuple[int, int]],
    halos: Sequence[Halo],
) -> list[str]:
    """Return the memo key of every shard: over the step, its rows' digests and its halo's."""
    keys = []
    for (start, stop), halo in zip(cuts, halos, strict=True):
        seen = [place for place in [*chosen.values(), kept] if place is not None]
        keys.append(
            key_of(
                {
                    "step": job.step.digests.root,
                    "name": job.step.name,
                    "rows": [start, stop],
                    "columns": [[p.name, p.form, digests.of(p, start, stop)] for p in seen],
                    "kept": kept is not None,
                    "halo": list(halo.digests),
                }
            )
        )
    return keys


def _written(build: Build, spec: Spec, staging: Staging) -> Written:
    return Written(
        spec.forms,
        spec.texts,
        {
            name: digest_staged(staging, name, form, plan=build.plan)
            for name, form in spec.forms.items()
        },
        [build.parts[index] for index in range(len(build.keys))],
    )
