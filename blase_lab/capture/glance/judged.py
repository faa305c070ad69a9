"""Whether a step is stale, asked again and again: walked in full once, then known at a glance.

The walk is the only judge. It notes what it asked of the live world; as long as each of these
questions has the same answer, the walk would find the same, and its judgement stands. Any other
answer, or a thing that cannot be looked into, and the step is walked again.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.capture.cell import WALKED, recapture_from_disk
from blase_lab.capture.glance.look import Look, Note, number_of
from blase_lab.capture.glance.values import Unseen
from blase_lab.capture.glance.walk import NotingResolver
from blase_lab.capture.modules import local_closure
from blase_lab.capture.resolve import leaves_of
from blase_lab.core.lineage import changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from blase_lab.capture.glance.values import Token
    from blase_lab.core.records import Change, Leaf, Step

_MOST = 4096


Answer = tuple[int, Note, "Token"]
"""A question with its number, and what the answer was."""


class Judgement(NamedTuple):
    """What a walk found, and what has to stand for it to stand."""

    changes: tuple[Change, ...]
    leaves: tuple[Leaf, ...]
    """The step's identity as the live names make it."""
    notes: tuple[Answer, ...] | None
    """None where something was met that cannot be seen at a glance."""
    alive: list[object]

    def stands(self, look: Look) -> bool:
        """Tell whether every question still has its answer."""
        if self.notes is None:
            return False
        seen = look.seen
        try:
            for number, note, token in self.notes:
                now = seen[number] if number in seen else look.at(note)
                if now is not token and now != token:
                    return False
        except Unseen:
            return False
        return True


class Judged:
    """The judgements of one process, each remembered for as long as it stands."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[tuple[object, ...], Judgement] = {}
        self.walks = 0
        """How many steps were walked in full so far."""

    def judge(self, step: Step, look: Look) -> Judgement:
        """Return how the step's identity differs from what the live names make of it now."""
        key = (step.name, step.version, step.digests.root, id(look.namespace), look.folder)
        known = self._known.get(key)
        if known is not None and known.stands(look):
            return known
        self.walks += 1
        found = _walked(step, look)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = found
        return found


def _walked(step: Step, look: Look) -> Judgement:
    before = [leaf for leaf in step.leaves if leaf.aspect in WALKED]
    live = look.namespace.get(step.closure.function)
    function = live if isinstance(live, FunctionType) else getattr(live, "__wrapped__", None)
    own = Note("name", look.namespace, step.closure.function)
    if isinstance(function, FunctionType):
        bodies = [each.source for each in step.closure.definitions]
        walk = NotingResolver(look.namespace, folder=look.folder, bodies=bodies)
        walk.code(function.__name__, function)
        walk.finish()
        leaves, notes = leaves_of(walk, WALKED), walk.notes()
    else:
        again = recapture_from_disk(step, project_folder=look.folder).leaves
        leaves = tuple(leaf for leaf in again if leaf.aspect in WALKED)
        notes = _notes_on_files(step, look.folder)
    return Judgement(changes(before, leaves), leaves, _answered((own, *notes), look), look.alive)


def _notes_on_files(step: Step, folder: Path) -> tuple[Note, ...]:
    names = [each.name for each in step.closure.modules]
    files = local_closure(names, folder).values()
    asked = dict.fromkeys([*names, *(each for file in files for each in file.imports)])
    return tuple(Note("module", None, name) for name in asked)


def _answered(notes: Iterable[Note], look: Look) -> tuple[Answer, ...] | None:
    try:
        return tuple((number_of(note), note, look.at(note)) for note in notes)
    except Unseen:
        return None


def look_at(namespace: Mapping[str, object] | None, folder: Path) -> Look:
    """Return a look at the live world as it is now; in a shell there are no live names."""
    return Look({} if namespace is None else namespace, folder=folder)
