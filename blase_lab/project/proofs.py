"""Proofs as they are kept: one a version of a step, the newest counts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.errors import NotFoundError, VersionTakenError
from blase_lab.core.records import Proof, StepState

if TYPE_CHECKING:
    from blase_lab.core.records import Step
    from blase_lab.project.workspace import Workspace

KIND = "proof"
NOT_CALLED = "It was not called: "
"""Begins the sentence of a proof that had no rows to try the step on."""
LIVE_LOCK = threading.RLock()
"""Held by who reads and replaces the states that the badges show."""


def proof_of(space: Workspace, step: Step) -> Proof | None:
    """Return the proof of this very version of a step; None while there is none."""
    ref = space.store.refs.newest(KIND, step.name)
    if ref is None:
        return None
    found = space.store.ledger.get(Proof, ref.target)
    return found if found.root == step.digests.root else None


def proofs_of(space: Workspace, name: str) -> dict[str, Proof]:
    """Return the newest proof of each version of a step, by the version's root digest."""
    try:
        refs = space.store.refs.versions(KIND, name)
    except NotFoundError:
        return {}
    found = (space.store.ledger.get(Proof, ref.target) for ref in refs)
    return {each.root: each for each in found}


def words_of(proof: Proof | None) -> str:
    """Return a proof in the few words of a badge."""
    if proof is None:
        return "not proven yet"
    names = " ".join(f"`{name}`" for name in proof.hidden)
    return f"{proof.state} {names}".strip()


def keep(space: Workspace, proof: Proof) -> Proof:
    """Return the proof as the store now holds it; one that says the same is not written again."""
    while True:
        try:
            newest = space.store.refs.resolve(KIND, proof.step)
        except NotFoundError:
            expected = 0
        else:
            expected = newest.version
            before = space.store.ledger.get(Proof, newest.target)
            if _said(before) == _said(proof):
                return before
        target = space.store.ledger.put(proof)
        try:
            space.store.refs.publish(KIND, proof.step, target, expected=expected)
        except VersionTakenError:
            continue
        return proof


def show_in_badge(space: Workspace, live: str, proof: Proof) -> None:
    """Write a proof into the states that a kernel left for the badges, if the step stands there."""
    with LIVE_LOCK:
        payload = space.store.live.get(live)
        if payload is None:
            return
        told = msgspec.json.decode(payload, type=tuple[StepState, ...])
        changed = tuple(
            msgspec.structs.replace(each, proof=proof.state, proven=words_of(proof))
            if (each.name, each.version) == (proof.step, proof.version)
            else each
            for each in told
        )
        if changed != told:
            space.store.live.put(live, msgspec.json.encode(changed))


def _said(proof: Proof) -> tuple[object, ...]:
    return (proof.root, proof.version, proof.state, proof.hidden, proof.sentence, proof.rows)
