"""From sources to features and the target: every step in order, each one Snapshot."""

from __future__ import annotations

import graphlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blase_lab.core.errors import (
    BlaseError,
    NoStepError,
    NotFoundError,
    StepFailedError,
    UnknownInputError,
)
from blase_lab.data import (
    ChosenTable,
    Join,
    StepJob,
    apply_step,
    ingest,
    look_at_files,
    read_source,
)
from blase_lab.project.observing import holding, note, notes_of, read_changes, step_function
from blase_lab.project.steps import refresh

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from blase_lab.core.records import Chunks, Snapshot, Step
    from blase_lab.data import Table
    from blase_lab.project.watched import StepFunction
    from blase_lab.project.workspace import Watch, Workspace


@dataclass(frozen=True, kw_only=True)
class Built:
    """The Snapshots of one build: the source's rows and what the steps made of them."""

    source: Snapshot
    kept: Snapshot | None
    made: dict[str, Snapshot]
    """Feature and target step names to their Snapshots, in the order of building."""
    steps: dict[str, Step]

    def all(self) -> tuple[Snapshot, ...]:
        """Return every Snapshot, the source first."""
        kept = () if self.kept is None else (self.kept,)
        return (self.source, *kept, *self.made.values())

    def of(self, *kinds: str) -> list[Snapshot]:
        """Return the Snapshots of the steps of these kinds."""
        return [each for name, each in self.made.items() if self.steps[name].kind in kinds]


def build(
    space: Workspace, names: Sequence[str] = (), *, watch: Watch, cluster: str | None = None
) -> Built:
    """Bring every data step up to date, computing only what changed; `names` limits features.

    What a step reads is known when it has run. A file that changed meanwhile makes a new version,
    which is built at once.

    Raises:
        NoStepError: the project has no source.
        OverBudgetError: a step cannot fit into the memory budget; nothing of it was done.
    """
    built = _build(space, names, watch=watch, cluster=cluster)
    if any(read_changes(space, step) for step in built.steps.values()):
        refresh(space)
        return _build(space, names, watch=watch, cluster=cluster)
    return built


def _build(space: Workspace, names: Sequence[str], *, watch: Watch, cluster: str | None) -> Built:
    steps = space.steps("source", "clean", "feature", "target")
    _check_names(space, names, steps)
    order = build_order(steps, names)
    source = _ingest(space, steps, watch=watch)
    kept = None
    for step in _of_kind(steps, "clean"):
        kept = _apply(space, step, inputs=(source,), kept=kept, watch=watch, cluster=cluster)
    made: dict[str, Snapshot] = {}
    for name in order:
        inputs = (source, *(made[each] for each in inputs_of(steps[name])))
        made[name] = _apply(
            space, steps[name], inputs=inputs, kept=kept, watch=watch, cluster=cluster
        )
    return Built(source=source, kept=kept, made=made, steps=steps)


def build_order(steps: dict[str, Step], names: Sequence[str] = ()) -> list[str]:
    """Return feature and target names so that each comes after its inputs.

    Raises:
        UnknownInputError: an input is no feature or target, or two steps need one another.
    """
    every = {
        name: inputs_of(step) for name, step in steps.items() if step.kind in ("feature", "target")
    }
    graph = _with_inputs(every, names) if names else every
    for name, inputs in graph.items():
        for each in inputs:
            if each not in every:
                raise UnknownInputError(
                    f"`{name}` takes `{each}` as an input, and no feature is called so.",
                    way_out=f"Features of this project: {', '.join(sorted(every))}.",
                )
    try:
        return list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise UnknownInputError(
            f"These steps need one another: {' → '.join(error.args[1])}.",
            way_out="Take one of them out of the other's --inputs.",
        ) from error


def inputs_of(step: Step) -> tuple[str, ...]:
    """Return the names of the steps that a step takes beside the source."""
    return tuple(listed(step, "inputs"))


def joins_of(step: Step) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the sources that a source joins, each with its key columns."""
    others, keys = listed(step, "join"), listed(step, "on")
    if len(others) == 1:
        return ((others[0], tuple(keys)),)
    return tuple((other, tuple(each.split(","))) for other, each in zip(others, keys, strict=True))


def planned(space: Workspace, names: Sequence[str]) -> dict[str, Chunks]:
    """Return the chunk plan of each step that was built, by its name."""
    steps = space.steps("source", "clean", "feature", "target")
    _check_names(space, names, steps)
    found = {}
    for name in steps:
        if names and name not in names:
            continue
        try:
            plan = space.snapshot(name).plan
        except NotFoundError:
            continue
        if plan is not None:
            found[name] = plan
    return found


def main_source(steps: dict[str, Step]) -> Step:
    """Return the source that is joined to no other.

    Raises:
        NoStepError: there is none, or more than one.
        UnknownInputError: a source joins one that does not exist.
    """
    sources = {step.name: step for step in _of_kind(steps, "source")}
    joined = {name for step in sources.values() for name, _ in joins_of(step)}
    unknown = sorted(joined - set(sources))
    if unknown:
        raise UnknownInputError(
            f"A source joins `{unknown[0]}`, and no source is called so.",
            way_out=f"Sources of this project: {', '.join(sorted(sources))}.",
        )
    main = [step for name, step in sources.items() if name not in joined]
    if len(main) != 1:
        named = ", ".join(f"`{step.name}`" for step in main) or "none"
        raise NoStepError(
            f"A project has one main source, and this one has {len(main)} ({named}).",
            way_out="Mark a cell with %%blase_source, or --join one source to the other.",
        )
    return main[0]


def _ingest(space: Workspace, steps: dict[str, Step], *, watch: Watch) -> Snapshot:
    sources = {step.name: step for step in _of_kind(steps, "source")}
    main = main_source(steps)
    functions = {
        name: step_function(space, sources[name])
        for name in (main.name, *(name for name, _ in joins_of(main)))
    }
    made = _read(space, main, sources, functions=functions, watch=watch)
    for name, function in functions.items():
        note(space, sources[name], function.take_notes())
    return made


def _read(
    space: Workspace,
    main: Step,
    sources: dict[str, Step],
    *,
    functions: dict[str, StepFunction],
    watch: Watch,
) -> Snapshot:
    table = _table(space, main, functions[main.name])
    others = {name: _table(space, sources[name], functions[name]) for name, _ in joins_of(main)}
    files = [file for each in (table, *others.values()) for file in each.files]
    roots = {name: sources[name].digests.root for name in others}
    known = _unchanged_source(space, main, files=files, joined=roots)
    # What a source reads beside its rows may have changed since `refresh` looked.
    if known is not None and not any(read_changes(space, sources[name]) for name in functions):
        return known
    return ingest(
        table,
        name=main.name,
        step=main,
        store=space.store,
        budget=space.settings.memory_bytes,
        watch=watch,
        join=[Join(table=others[name], on=keys, name=name) for name, keys in joins_of(main)],
        order=listed(main, "order"),
        facts={"joined": roots},
    )


def _unchanged_source(
    space: Workspace, step: Step, *, files: Sequence[Path], joined: dict[str, str]
) -> Snapshot | None:
    """Return the newest Snapshot of a source if its code and the state of its files are the same.

    A source that is no file (a DataFrame, an iterator) is read again: only reading tells. So is a
    SQLite file that somebody else holds open: its newest rows may lie beside it.
    """
    newest = _newest(space, step)
    if newest is None or not files or newest.facts.get("joined") != joined:
        return None
    if any(_has_rows_beside(file) for file in files):
        return None
    seen = [{**each, "sha256": None} for each in newest.facts.get("files", [])]
    now = [{**each, "sha256": None} for each in look_at_files(files, folder=space.folder)]
    return newest if seen == now else None


def _has_rows_beside(file: Path) -> bool:
    """Tell whether SQLite keeps rows in a write-ahead log that are not in the file yet."""
    log = file.with_name(f"{file.name}-wal")
    return log.is_file() and log.stat().st_size > 0


def _newest(space: Workspace, step: Step) -> Snapshot | None:
    """Return the newest Snapshot of a step if this version of it made it."""
    try:
        found = space.snapshot(step.name)
    except NotFoundError:
        return None
    is_same = found.step == step.digests.root and space.store.arrays.has(found.data)
    return found if is_same else None


def _table(space: Workspace, step: Step, function: StepFunction) -> Table:
    try:
        value = function()
    except BlaseError:
        raise
    except Exception as error:
        raise StepFailedError(
            f"Source `{step.name}` raised {type(error).__name__}: {error}.",
            way_out="Correct the cell and run it again.",
        ) from error
    try:
        table = read_source(value, folder=space.folder)
    except BlaseError as error:
        raise type(error)(
            f"Source `{step.name}`: {error.happened}", way_out=error.way_out, **error.facts
        ) from error
    chosen = listed(step, "columns")
    return ChosenTable(table, chosen) if chosen else table


def _apply(
    space: Workspace,
    step: Step,
    *,
    inputs: tuple[Snapshot, ...],
    kept: Snapshot | None,
    watch: Watch,
    cluster: str | None,
) -> Snapshot:
    parents = (*(each.id for each in inputs), *(() if kept is None else (kept.id,)))
    holds = holding(space, step)
    newest = _newest(space, step)
    if newest is not None and newest.parents == parents and holds(notes_of(newest)):
        return newest
    job = StepJob(
        step=step,
        function=step_function(space, step),
        inputs=inputs,
        kept=kept,
        budget=space.settings.memory_bytes,
        lookback=number(step, "lookback"),
        lookahead=number(step, "lookahead"),
        group=_text(step, "group"),
        order=_text(step, "order"),
        holds=holds,
    )
    made = apply_step(job, store=space.store, scheduler=cluster, watch=watch)
    note(space, step, notes_of(made))
    return made


def _check_names(space: Workspace, names: Sequence[str], steps: dict[str, Step]) -> None:
    for name in names:
        if name in steps:
            continue
        other = space.steps().get(name)
        if other is None:
            raise space.no_step(name)
        raise NotFoundError(
            f"`{name}` is a {other.kind} step, and there is nothing of it to build.",
            way_out=f"Steps that can be built: {', '.join(steps) or 'none yet'}.",
        )


def _with_inputs(
    graph: dict[str, tuple[str, ...]], names: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the part of the graph that these names need."""
    needed: dict[str, tuple[str, ...]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in graph and name not in needed:
            needed[name] = graph[name]
            waiting.extend(graph[name])
    return needed


def _of_kind(steps: dict[str, Step], kind: str) -> list[Step]:
    return [step for step in steps.values() if step.kind == kind]


def listed(step: Step, option: str) -> list[str]:
    """Return the names that an option of a step lists."""
    value = step.options.get(option)
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(value) if isinstance(value, list) else []


def number(step: Step, option: str) -> int:
    """Return an option of a step that counts something; 0 where it is not given."""
    value = step.options.get(option)
    return int(value) if isinstance(value, int | float | str) and value else 0


def _text(step: Step, option: str) -> str | None:
    value = step.options.get(option)
    return value if isinstance(value, str) and value else None
