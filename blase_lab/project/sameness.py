"""Why something may be taken as it is: which leaves of its identity equal the earlier one's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from blase_lab.capture import environment_changes
from blase_lab.capture.cell import IDENTITY
from blase_lab.core.digest import digest_value
from blase_lab.core.errors import NotFoundError
from blase_lab.core.lineage import changes, sentence
from blase_lab.core.records import Change, Leaf, Sameness, Training
from blase_lab.project.elsewhere import known_by, moment, other_version
from blase_lab.project.steps import stale_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from blase_lab.core.records import Aspect, Snapshot
    from blase_lab.project.workspace import Workspace

_NOTED = "not part of the code's version"


# --- steps ----------------------------------------------------------------------------------------


def same_step(space: Workspace, name: str) -> Sameness:
    """Return a step as it stands now beside the version that was captured.

    Raises:
        NotFoundError: there is no such step or version.
    """
    step = space.step(name)
    title = f"{step.name}@{step.version}"
    found = stale_changes(space, step)
    leaves = [leaf for leaf in step.leaves if leaf.aspect in IDENTITY]
    equal = _equal(leaves, found)
    changed = {(each.aspect, each.name) for each in found}
    count = len(changed | {(leaf.aspect, leaf.name) for leaf in leaves})
    if found:
        said = f"stale: {len(equal)} of {count} leaves equal {title}"
    else:
        said = f"fresh: same as {title}, {len(equal)} of {count} leaves equal"
    notes = [f"{sentence(each)}: {_NOTED}" for each in environment_changes(step)]
    return Sameness(
        name=step.name,
        like=title,
        is_same=not found,
        equal=equal,
        leaves=count,
        changes=found,
        notes=(*other_version(space, step, found), *notes),
        sentence=said,
    )


def _equal(leaves: Sequence[Leaf], found: Sequence[Change]) -> tuple[str, ...]:
    changed = {(change.aspect, change.name) for change in found}
    return tuple(leaf.name for leaf in leaves if (leaf.aspect, leaf.name) not in changed)


# --- data -----------------------------------------------------------------------------------------


def reused(space: Workspace, snapshots: Iterable[Snapshot], since: str) -> tuple[Sameness, ...]:
    """Return why data was not computed, for each Snapshot of which all or a part was taken over.

    `since` is when the build began, ISO 8601 in UTC: what is older was there before.
    """
    found = (_reused(space, snapshot, since) for snapshot in snapshots)
    return tuple(each for each in found if each is not None)


def _reused(space: Workspace, snapshot: Snapshot, since: str) -> Sameness | None:
    count = snapshot.reused_shards + snapshot.computed_shards
    is_older = snapshot.created < since
    if not (is_older or snapshot.reused_shards):
        return None
    leaves = _leaves_behind(space, snapshot)
    built = f"{snapshot.name} built {moment(snapshot.created)}"
    said = f"{snapshot.reused_shards} of {count} chunks taken over"
    if is_older:
        same = f"{len(leaves)} of {len(leaves)} leaves equal, " if leaves else ""
        said = f"same as {built}: {same}{_inputs(snapshot)} unchanged"
    return Sameness(
        name=snapshot.name,
        like=built,
        is_same=is_older or snapshot.computed_shards == 0,
        equal=leaves,
        leaves=len(leaves),
        sentence=said,
    )


def _leaves_behind(space: Workspace, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the leaves of the step that made data, if that is the step as it stands."""
    try:
        step = space.step(snapshot.name)
    except NotFoundError:
        return ()
    if snapshot.step != step.digests.root:
        return ()
    return tuple(leaf.name for leaf in step.leaves if leaf.aspect in IDENTITY)


def _inputs(snapshot: Snapshot) -> str:
    files = len(snapshot.facts.get("files", ())) if snapshot.stage == "source" else 0
    count, word = (files, "file") if files else (len(snapshot.parents), "input")
    return f"{count} {word}{'' if count == 1 else 's'}"


# --- runs -----------------------------------------------------------------------------------------


def same_run(space: Workspace, run: str | None) -> Sameness:
    """Return a run beside an earlier one of the same identity, or else beside the one before it.

    Raises:
        NotFoundError: there is no such run, or none before it.
    """
    training = space.training(run)
    earlier = _before(space, training)
    if not earlier:
        raise NotFoundError(
            f"Run {training.number} is the first: there is none to compare it with.",
            way_out="Train again, then ask again.",
        )
    return _run_beside(training, same_training(space, training) or earlier[-1])


def same_training(space: Workspace, training: Training) -> Training | None:
    """Return the latest earlier training with equal steps, data, hyperparameters, environment."""
    leaves = known_by(_training_leaves(training))
    for each in reversed(_before(space, training)):
        if known_by(_training_leaves(each)) == leaves:
            return each
    return None


def told_of(training: Training, same: Training) -> str:
    """Say that a training was done before."""
    return _run_beside(training, same).sentence


def _before(space: Workspace, training: Training) -> list[Training]:
    every = space.store.ledger.list(Training)
    found = [each for each in every if each.number < training.number]
    return sorted(found, key=lambda each: each.number)


def _run_beside(training: Training, earlier: Training) -> Sameness:
    before, after = _training_leaves(earlier), _training_leaves(training)
    found = changes(before, after)
    equal = _equal(before, found)
    count = f"{len(equal)} of {len(before)} leaves equal"
    like = f"run {earlier.number}"
    return Sameness(
        name=f"run {training.number}",
        like=like,
        is_same=not found,
        equal=equal,
        leaves=len(before),
        changes=found,
        sentence=f"differs from {like}: {count}" if found else f"same as {like}: {count}",
    )


def _training_leaves(training: Training) -> tuple[Leaf, ...]:
    """Return the identity of a training: its steps, data, hyperparameters and environment."""
    given = msgspec.structs.asdict(training.hyperparameters)
    steps = {f"step {key.partition('@')[0]}": (root, key) for key, root in training.steps.items()}
    data = {f"data {name}": (digest, "") for name, digest in training.snapshots.items()}
    options = {f"option {name}": (digest_value(v), str(v)) for name, v in given.items()}
    facts = training.environment.items()
    environment = {f"environment {name}": (digest_value(v), v) for name, v in facts}
    groups: tuple[tuple[Aspect, dict[str, tuple[str, str]]], ...] = (
        ("code", steps),
        ("data", data),
        ("parameters", options),
        ("environment", environment),
    )
    return tuple(
        Leaf(name=name, aspect=aspect, digest=digest, text=text)
        for aspect, group in groups
        for name, (digest, text) in group.items()
    )
