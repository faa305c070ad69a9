"""The parts of the model info sheet as values: what is known of a run, and how it is known.

Each answer is *measured* (computed from data), *captured* (read from code or machine), *declared*
(written by a person) or *unknown*. Nothing is guessed: what nobody said is shown as unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.core.records import (
        Evaluation,
        Fitted,
        Impact,
        Observation,
        Proof,
        Run,
        Snapshot,
        Split,
        Step,
        Training,
        TrainingView,
        Verdict,
    )

Origin = Literal["measured", "captured", "declared", "unknown"]
Tone = Literal["plain", "proof", "evidence", "note", "good", "bad"]


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a sheet is made from; what does not exist is None or empty, and shown as unknown."""

    project: str
    training: Training
    run: Run
    steps: Mapping[str, Step] = field(default_factory=dict)
    """The run's steps by name, in order of work."""
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    split: Split | None = None
    fitted: Fitted | None = None
    evaluation: Evaluation | None = None
    impacts: tuple[Impact, ...] = ()
    verdict: Verdict | None = None
    view: TrainingView | None = None
    """For the curves."""
    observed: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    """What each step touched when it ran, beside its rows."""
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    """What a clean process found of each step."""


@dataclass(frozen=True)
class Answer:
    """One question of the sheet, its answer, and how the answer is known."""

    question: str
    text: str
    origin: Origin
    is_code: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under headings; the columns named in `numeric` are set to the right."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    origin: Origin
    numeric: frozenset[int] = frozenset()
    tones: tuple[Tone, ...] = ()
    """One a row, or none at all."""


@dataclass(frozen=True)
class Figure:
    """An SVG of our own making, and what it shows."""

    svg: str
    caption: str
    origin: Origin = "measured"


@dataclass(frozen=True)
class Section:
    """A part of the sheet, in order of reading: answers, tables, figures."""

    title: str
    answers: tuple[Answer, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()

    @property
    def anchor(self) -> str:
        """The section's name in a link."""
        return "-".join(self.title.lower().split())


@dataclass(frozen=True)
class Highlight:
    """One figure at the top of the sheet."""

    label: str
    value: str
    detail: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Card:
    """The whole sheet; `front` is what hubs read as YAML front matter."""

    title: str
    subtitle: str
    highlights: tuple[Highlight, ...]
    sections: tuple[Section, ...]
    front: Mapping[str, object]
