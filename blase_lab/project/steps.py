"""Steps of a project: captured, published as versions, compared with the live notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from blase_lab.capture import (
    Captured,
    CellText,
    capture_cell,
    recapture_from_disk,
)
from blase_lab.core.errors import (
    BlaseError,
    NotFoundError,
    StepFailedError,
    VersionTakenError,
)
from blase_lab.core.lineage import sentence
from blase_lab.core.observed import all_flags
from blase_lab.core.records import Change, Step, StepState
from blase_lab.project.elsewhere import other_version
from blase_lab.project.observing import (
    observed_of,
    read_changes,
    with_reads,
    without_reads,
)
from blase_lab.project.proofs import proof_of, words_of
from blase_lab.report import is_documented
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blase_lab.capture import Look
    from blase_lab.project.workspace import Workspace


def capture(space: Workspace, cell: CellText, namespace: Mapping[str, object]) -> Step:
    """Make a step of a cell whose body has run in `namespace`; the store holds it on return.

    The same code, parameters and data give the version that exists; other documentation alone
    is added to that version.
    """
    captured = capture_cell(cell, namespace, project_folder=space.folder)
    return publish(space, captured, cell=cell)


def publish(space: Workspace, captured: Captured, *, cell: CellText) -> Step:
    """Publish what was captured as a version of its step.

    Code that is known to read a file, a folder or a variable has these among its leaves.
    """
    step = _as_step(captured, cell)
    return _publish(space, with_reads(space, step, _history(space, step.name)))


def adopt(space: Workspace, steps: Sequence[Step]) -> None:
    """Publish steps of another project or bundle as they are; each stands afterwards."""
    for step in steps:
        _publish(space, step)


def _publish(space: Workspace, step: Step) -> Step:
    """Make a step the current version of its name; two kernels never lose one another's."""
    while True:
        latest = _latest(space, step.name)
        if latest is not None and not _is_new(space, latest, step):
            return _refresh_documentation(space, latest, step)
        expected = 0 if latest is None else latest.version
        step = msgspec.structs.replace(step, version=expected + 1)
        target = space.store.ledger.put(step)
        try:
            space.store.refs.publish("step", step.name, target, expected=expected)
        except VersionTakenError:
            continue
        return step


def drop(space: Workspace, name: str) -> Step:
    """Leave a step out of the project from now on; its versions stay in the history."""
    step = space.step(name)
    refs = space.store.refs
    expected = len(refs.versions("dropped", step.name)) if step.name in refs.names("dropped") else 0
    refs.publish("dropped", step.name, space.store.ledger.put(step), expected=expected)
    return step


def refresh(space: Workspace) -> dict[str, tuple[Change, ...]]:
    """Capture again what changed since, before a verb runs, and say what it was.

    In a notebook the live names decide; in a shell the local modules on disk do.

    Raises:
        StepFailedError: the step's own function is another than its cell says; nothing was built.
    """
    refreshed = {}
    look = space.look()
    for name, step in space.steps().items():
        found = stale_changes(space, step, look=look)
        if not found:
            continue
        again = _captured_again(space, step)
        if _is_own_function(step, found):
            _check_known(space, step, again)
            continue
        publish(space, again, cell=_cell_of(step))
        refreshed[name] = found
    return refreshed


def _is_own_function(step: Step, found: Sequence[Change]) -> bool:
    own = {f"function {step.closure.function}", f"class {step.closure.function}"}
    return any(change.name in own for change in found)


def _check_known(space: Workspace, step: Step, again: Captured) -> None:
    """Return if the live function is an earlier version: another kernel captured the newest one.

    Raises:
        StepFailedError: it is no version of the step, so its cell is not what would run.
    """
    known = {without_reads(version).digests.root for version in space.history(step.name)}
    if again.digests.root not in known:
        raise StepFailedError(
            f"`{step.closure.function}` was defined again outside the cell of `{step.name}`.",
            way_out="Run the marked cell again, or give the other function another name.",
        )


def stale_changes(space: Workspace, step: Step, *, look: Look | None = None) -> tuple[Change, ...]:
    """Return what differs between the captured step and its code and reads as they stand now.

    Several steps may share one look at the live names: what they have in common is seen once.
    """
    return (*_code_changes(space, without_reads(step), look), *read_changes(space, step))


def _code_changes(space: Workspace, step: Step, look: Look | None) -> tuple[Change, ...]:
    is_live = space.namespace is not None and step.closure.function in space.namespace
    if not (is_live or step.closure.modules):
        return ()
    return space.judged.judge(step, look or space.look()).changes


def states(space: Workspace, names: Sequence[str] | None = None) -> tuple[StepState, ...]:
    """Return every step as its badge shows it; a step that cannot be judged says why.

    Raises:
        NotFoundError: one of `names` is no step of the project, or was dropped.
    """
    every = space.steps()
    for name in names or ():
        if name not in every:
            raise space.no_step(name)
    look = space.look()
    return tuple(
        _state(space, step, look) for name, step in every.items() if names is None or name in names
    )


def _state(space: Workspace, step: Step, look: Look) -> StepState:
    try:
        found = stale_changes(space, step, look=look)
        reasons = (*other_version(space, step, found), *map(sentence, found))
    except BlaseError as error:
        reasons = (str(error),)
    observed = observed_of(space, step)
    observations = () if observed is None else observed.observations
    proof = proof_of(space, step)
    return StepState(
        name=step.name,
        version=step.version,
        kind=step.kind,
        state="stale" if reasons else "fresh",
        documented=is_documented(step),
        documentation=step.documentation,
        reasons=reasons,
        cell=step.cell,
        proof="not proven" if proof is None else proof.state,
        proven=words_of(proof),
        flags=all_flags(step.flags, observations),
        observed=observations,
    )


def _captured_again(space: Workspace, step: Step) -> Captured:
    if space.namespace is not None and step.closure.function in space.namespace:
        return capture_cell(_cell_of(step), space.namespace, project_folder=space.folder)
    return recapture_from_disk(step, project_folder=space.folder)


def _cell_of(step: Step) -> CellText:
    head, _, body = step.cell.partition("\n")
    return CellText(
        kind=step.kind,
        name=step.name,
        raw=step.cell,
        body=body if head.startswith("%%") else step.cell,
        options=step.options,
        notebook=step.notebook,
    )


def _as_step(captured: Captured, cell: CellText) -> Step:
    return Step(
        name=captured.name,
        version=1,
        kind=cell.kind,
        cell=captured.cell,
        options=dict(captured.options),
        documentation=captured.documentation,
        closure=captured.closure,
        leaves=captured.leaves,
        digests=captured.digests,
        flags=captured.flags,
        notebook=cell.notebook,
        created=utc_now(),
    )


def _history(space: Workspace, name: str) -> tuple[Step, ...]:
    return () if _latest(space, name) is None else space.history(name)


def _latest(space: Workspace, name: str) -> Step | None:
    try:
        return space.step(name)
    except NotFoundError:
        return None


def _is_new(space: Workspace, latest: Step, step: Step) -> bool:
    same = latest.digests.root == step.digests.root and latest.kind == step.kind
    return not same or latest.name not in space.steps()


def _refresh_documentation(space: Workspace, latest: Step, step: Step) -> Step:
    if latest.documentation == step.documentation and latest.cell == step.cell:
        return latest
    step = msgspec.structs.replace(step, version=latest.version)
    refs = space.store.refs
    known = step.name in refs.names("documentation")
    expected = len(refs.versions("documentation", step.name)) if known else 0
    try:
        refs.publish("documentation", step.name, space.store.ledger.put(step), expected=expected)
    except VersionTakenError:
        return _refresh_documentation(space, latest, step)
    return step
