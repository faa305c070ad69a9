"""What steps touched when they ran: published beside their versions, and compared with now."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import msgspec

from blase_lab.capture.cell import digests_of
from blase_lab.capture.observe import digest_now
from blase_lab.capture.observe.digests import WHOLE
from blase_lab.core.digest import sha256_hex
from blase_lab.core.errors import NotFoundError, VersionTakenError
from blase_lab.core.records import Change, Leaf, Observation, Observed, Step
from blase_lab.project.watched import StepFunction, Watching, all_hold, is_compared
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from blase_lab.core.records import Aspect, Snapshot
    from blase_lab.project.workspace import Workspace

_REF = "observed"
_SALT_BYTES = 16
_DIGITS = 6
_LOOK_BACK = 20
"""How many earlier versions of a step are searched for one that read the same."""
_WORDS = {"file": "file", "folder": "folder", "variable": "variable", "module": "imported"}
"""The first word of the leaf of each kind of read: `module` is that of a captured module."""
_KINDS = {word: kind for kind, word in _WORDS.items()}
_ASPECTS: dict[str, Aspect] = {
    "file": "data",
    "folder": "data",
    "variable": "parameters",
    "imported": "code",
}
_NOTHING = sha256_hex(b"nothing is there")
"""The digest of a read leaf whose file is gone or whose variable is not set."""

_OF_THE_PROCESS = ("PYTHON", "IPYTHON", "JUPYTER", "JPY_", "MPLBACKEND")
"""Variables that a rerun sets for itself."""

Key = tuple[str, str]


def salt_of(space: Workspace) -> str:
    """Return the project's own random text: values of variables are only digested with it."""
    return space.store.salt() or space.store.salt(secrets.token_hex(_SALT_BYTES))


def watching_of(space: Workspace) -> Watching:
    """Return how the steps of this project are watched."""
    return Watching(space.folder, salt_of(space), space.settings.offline)


def step_function(space: Workspace, step: Step) -> StepFunction:
    """Return the step's function as captured, or the live one where it cannot be made again.

    It runs under observation, here and in worker processes.
    """
    live = None if space.namespace is None else space.namespace.get(step.closure.function)
    needed = callable(live) and any(flag.startswith("needs hidden") for flag in step.flags)
    return StepFunction(step.closure, watching_of(space), live if needed else None)  # type: ignore[arg-type]


# --- what was observed ----------------------------------------------------------------------------


def observed_of(space: Workspace, step: Step) -> Observed | None:
    """Return what this version of a step touched when it ran; None before it has."""
    refs = space.store.refs
    ref = refs.newest(_REF, step.name)
    if ref is None:
        return None
    newest = space.store.ledger.get(Observed, ref.target)
    if newest.root == step.digests.root:
        return newest
    for ref in reversed(refs.versions(_REF, step.name)):
        found = space.store.ledger.get(Observed, ref.target)
        if found.root == step.digests.root:
            return found
    return None


def report(space: Workspace, names: Sequence[str]) -> dict[str, Observed | None]:
    """Return what each step touched when it ran, by name; None for one that has not run.

    Raises:
        NotFoundError: one of `names` is no step of the project, or was dropped.
    """
    every = space.steps()
    for name in names:
        if name not in every:
            raise space.no_step(name)
    return {name: report_of(space, every[name]) for name in names or every}


def report_of(space: Workspace, step: Step) -> Observed | None:
    """Return what a step touched, with the files that the readers opened for a source."""
    observed = observed_of(space, step)
    if observed is None or step.kind != "source":
        return observed
    try:
        files = space.snapshot(step.name).facts.get("files", [])
    except NotFoundError:
        return observed
    data = [
        Observation(kind="file", name=str(file["path"]), digest=file.get("sha256"))
        for file in files
    ]
    found = _joined(data, observed.observations)
    return msgspec.structs.replace(observed, observations=found)


def observed_by(space: Workspace, steps: Iterable[Step]) -> dict[str, tuple[Observation, ...]]:
    """Return what each of these steps touched, by its name; only those that touched something."""
    found = {step.name: observed_of(space, step) for step in steps}
    return {
        name: observed.observations
        for name, observed in found.items()
        if observed is not None and observed.observations
    }


def note(space: Workspace, step: Step, notes: Iterable[Observation]) -> Observed:
    """Publish what a run of a step touched; nothing new where that was known.

    What an earlier run of the same version read is kept beside it: a library may read a file once
    a process, and the step rests on it all the same.
    """
    known = observed_of(space, step)
    found = _joined(() if known is None else known.observations, tuple(notes))
    if known is not None and known.observations == found:
        return known
    observed = Observed(
        step=step.name,
        version=step.version,
        root=step.digests.root,
        observations=found,
        created=utc_now(),
    )
    _publish(space, observed)
    return observed


def _joined(
    earlier: Sequence[Observation], notes: tuple[Observation, ...]
) -> tuple[Observation, ...]:
    """Return the notes, and what is only known from earlier."""
    new = {(each.kind, each.name, each.mode) for each in notes}
    kept = [each for each in earlier if (each.kind, each.name, each.mode) not in new]
    every = {*notes, *kept}
    return tuple(
        sorted(every, key=lambda each: (each.kind, each.name, each.mode, each.digest or ""))
    )


def _publish(space: Workspace, observed: Observed) -> None:
    refs = space.store.refs
    target = space.store.ledger.put(observed)
    while True:
        newest = refs.newest(_REF, observed.step)
        expected = 0 if newest is None else newest.version
        try:
            refs.publish(_REF, observed.step, target, expected=expected)
        except VersionTakenError:
            continue
        return


def notes_of(snapshot: Snapshot) -> tuple[Observation, ...]:
    """Return what the step of a Snapshot touched while it was made."""
    return msgspec.convert(snapshot.facts.get(_REF, []), tuple[Observation, ...])


def holding(space: Workspace, step: Step) -> Callable[[Sequence[Observation]], bool]:
    """Return a function that says whether notes, and all that the step is known to read, hold."""
    watching = watching_of(space)

    def holds(notes: Sequence[Observation]) -> bool:
        return all_hold(notes, watching) and not read_changes(space, step)

    return holds


def files_read(space: Workspace, observed: Mapping[str, Sequence[Observation]]) -> dict[str, Path]:
    """Return the files in the project's folder that steps read, by relative name, if they exist."""
    found = {}
    for notes in observed.values():
        written = {(each.kind, each.name) for each in notes if each.mode == "write"}
        for each in notes:
            path = space.folder / each.name
            is_input = each.kind == "file" and (each.kind, each.name) not in written
            if is_input and path.is_relative_to(space.folder) and path.is_file():
                found[each.name] = path
    return found


def variables_read(observed: Mapping[str, Sequence[Observation]]) -> dict[str, str]:
    """Return the environment variables that steps read, as they are set now."""
    names = {each.name for notes in observed.values() for each in notes if each.kind == "variable"}
    return {
        name: os.environ[name]
        for name in sorted(names)
        if name in os.environ and not name.startswith(_OF_THE_PROCESS)
    }


# --- identity with reads --------------------------------------------------------------------------


def read_changes(space: Workspace, step: Step) -> tuple[Change, ...]:
    """Return what a step read when it ran, or was captured with, and what is another now."""
    return _changes(space, _reads(space, step))


def read_leaves(space: Workspace, step: Step) -> tuple[Leaf, ...]:
    """Return a leaf for each thing that a step is known to read, as it is now."""
    watching = watching_of(space)
    return tuple(_leaf(*key, _now(key, watching)) for key in sorted(_reads(space, step)))


def keys_read(space: Workspace, step: Step) -> frozenset[Key]:
    """Return kind and name of all that a step read which another process can read, too.

    The whole environment is left out: no two processes have the same.
    """
    return frozenset(_reads(space, step)) - {("variable", WHOLE)}


def as_read(space: Workspace, step: Step, keys: AbstractSet[Key]) -> Step:
    """Return the step with a leaf for each of these things that it read, as it was when read."""
    bare = without_reads(step)
    reads = sorted(_reads(space, step).items())
    leaves = tuple(_leaf(*key, min(digests, key=str)) for key, digests in reads if key in keys)
    every = (*bare.leaves, *leaves)
    return msgspec.structs.replace(bare, leaves=every, digests=digests_of(every))


def without_reads(step: Step) -> Step:
    """Return the step as it was captured: without the leaves of what it read."""
    leaves = tuple(leaf for leaf in step.leaves if not is_read(leaf))
    if len(leaves) == len(step.leaves):
        return step
    return msgspec.structs.replace(step, leaves=leaves, digests=digests_of(leaves))


def with_reads(space: Workspace, step: Step, history: Sequence[Step]) -> Step:
    """Return a captured step with the leaves of what the same code is known to read.

    An earlier version of the same code whose reads all hold keeps its identity; the newest one
    whose reads do not gives its place to one with the leaves of now.
    """
    bare = without_reads(step)
    same = [
        each
        for each in reversed(history[-_LOOK_BACK:])
        if without_reads(each).digests.root == bare.digests.root
    ]
    known = [each for each in same if _reads(space, each)]
    if not known:
        return bare
    held = next((each for each in known if not read_changes(space, each)), None)
    if held is None:
        leaves = (*bare.leaves, *read_leaves(space, known[0]))
    else:
        leaves = (*bare.leaves, *(leaf for leaf in held.leaves if is_read(leaf)))
    return msgspec.structs.replace(bare, leaves=leaves, digests=digests_of(leaves))


def is_read(leaf: Leaf) -> bool:
    """Say whether a leaf is something that the step read when it ran."""
    word = leaf.name.partition(" ")[0]
    return _ASPECTS.get(word) == leaf.aspect


def _reads(space: Workspace, step: Step) -> dict[Key, set[str | None]]:
    """Return the digests under which each thing was read, by kind and name."""
    found: dict[Key, set[str | None]] = {}
    for leaf in filter(is_read, step.leaves):
        word, _, name = leaf.name.partition(" ")
        found.setdefault((_KINDS[word], name), set()).add(
            None if leaf.digest == _NOTHING else leaf.digest
        )
    observed = observed_of(space, step)
    notes = () if observed is None else observed.observations
    for each in filter(is_compared, notes):
        found.setdefault((each.kind, each.name), set()).add(each.digest)
    written = {(each.kind, each.name) for each in notes if each.mode == "write"}
    return {key: digests for key, digests in found.items() if key not in written}


def _changes(space: Workspace, reads: dict[Key, set[str | None]]) -> tuple[Change, ...]:
    if not reads:
        return ()
    watching = watching_of(space)
    changed = []
    for key, digests in sorted(reads.items()):
        now = _now(key, watching)
        others = sorted(digests - {now}, key=str)
        if others:
            before, after = _leaf(*key, others[0]), _leaf(*key, now)
            changed.append(
                Change(name=before.name, aspect=before.aspect, before=before.text, after=after.text)
            )
    return tuple(changed)


def _now(key: Key, watching: Watching) -> str | None:
    kind, name = key
    asked = Observation(kind=kind, name=name)  # type: ignore[arg-type]
    return digest_now(asked, folder=watching.folder, salt=watching.salt)


def _leaf(kind: str, name: str, digest: str | None) -> Leaf:
    gone = "not set" if kind == "variable" else "not there"
    word = _WORDS[kind]
    return Leaf(
        name=f"{word} {name}",
        aspect=_ASPECTS[word],
        digest=_NOTHING if digest is None else digest,
        text=gone if digest is None else digest[:_DIGITS],
    )
