"""What the screen shows: the payloads of the server and of the display bundles."""

from __future__ import annotations

from typing import Literal

from blase_lab.core.records.base import Level, ProofState, Record, RunState, StepKind, StepStateName
from blase_lab.core.records.steps import Observation


class StepState(Record, frozen=True, kw_only=True):
    """A step as its badge shows it."""

    name: str
    version: int
    kind: StepKind
    state: StepStateName
    documented: bool
    documentation: str
    reasons: tuple[str, ...]
    cell: str
    """The captured cell text: a cell whose text differs is a draft."""
    proof: ProofState = "not proven"
    proven: str = ""
    """What the badge says of the proof, e.g. ``needs hidden `df` ``."""
    flags: tuple[str, ...] = ()
    """What cannot be known, e.g. `opaque: holds a socket`."""
    observed: tuple[Observation, ...] = ()
    """What the step touched when it last ran: files, variables, sockets, programs."""


class RunSummary(Record, frozen=True, kw_only=True):
    """A run as the listing shows it."""

    id: str
    number: int
    state: RunState
    created: str
    seconds: float
    metrics: dict[str, float]
    baseline: dict[str, float]
    verdict: Level | None
    weights_digest: str | None
    optimizer_digest: str | None
    predictions_digest: str | None
    ledger_digest: str | None
    measured_on: str | None = None
    """What the metrics were measured on: a split, or `last epoch` before an evaluation."""


class Curve(Record, frozen=True, kw_only=True):
    """One line of the training chart: x in epochs (fractions between)."""

    name: str
    split: Literal["train", "validation"]
    x: tuple[float, ...]
    y: tuple[float, ...]


class TrainingView(Record, frozen=True, kw_only=True):
    """The payload of `application/vnd.blase.training+json`: a training at one moment."""

    run: str
    number: int
    project: str
    """The project's folder as the server names it, so that controls know where to write."""
    model: str
    state: RunState
    epoch: int
    epochs: int
    batch: int
    batches_per_epoch: int
    curves: tuple[Curve, ...]
    metrics: dict[str, float]
    baseline: dict[str, float]
    rows_per_second: float
    wait_share: float
    cpu_percent: float
    memory_bytes: int
    memory_budget_bytes: int
    seconds: float
    seconds_left: float | None
    sentence: str


class ProjectView(Record, frozen=True, kw_only=True):
    """What the side panel and the badges show: GET /blase-lab/project."""

    name: str
    root: str
    steps: tuple[StepState, ...]
    runs: tuple[RunSummary, ...]
    training: TrainingView | None
    problem: str | None = None
