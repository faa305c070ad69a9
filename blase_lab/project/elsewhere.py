"""A step that another notebook captured since: whose version is it that this one holds?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.capture.cell import WALKED
from blase_lab.project.observing import without_reads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from blase_lab.core.records import Change, Leaf, Step
    from blase_lab.project.workspace import Workspace

_MINUTE = 16
"""How much of an instant is shown: to the minute."""


def other_version(space: Workspace, step: Step, found: Sequence[Change]) -> tuple[str, ...]:
    """Say that these live names hold an earlier version, where they do; else nothing.

    `found` is how the step's code differs from the live names'.
    """
    own = f"function {step.closure.function}"
    if space.namespace is None or not any(change.name == own for change in found):
        return ()
    live = known_by(space.judged.judge(without_reads(step), space.look()).leaves)
    for each in reversed(space.history(step.name)):
        walked = (leaf for leaf in without_reads(each).leaves if leaf.aspect in WALKED)
        if known_by(walked) == live:
            place = f" in {step.notebook}" if step.notebook else " elsewhere"
            since = f"{step.name}@{step.version} was captured{place} at {moment(step.created)}"
            return (f"this notebook holds {each.name}@{each.version}; {since}",)
    return ()


def known_by(leaves: Iterable[Leaf]) -> frozenset[tuple[str, str, str]]:
    """Return what tells one identity from another."""
    return frozenset((leaf.aspect, leaf.name, leaf.digest) for leaf in leaves)


def moment(instant: str) -> str:
    """Return an ISO 8601 time in UTC to the minute."""
    return instant[:_MINUTE].replace("T", " ")
