"""What came of a training: the run, its evaluation and impact, verdicts and bundles."""

from __future__ import annotations

from typing import Any

from blase_lab.core.records.base import Level, Record, RunState, SplitName
from blase_lab.core.records.data import Finding, InputSpec
from blase_lab.core.records.steps import Change


class Hyperparameters(Record, frozen=True, kw_only=True):
    """What `fit` is given."""

    epochs: int
    batch: int
    seed: int
    deterministic: bool = True
    checkpoint_batches: int = 500
    extra: dict[str, Any] = {}


class Training(Record, frozen=True, kw_only=True, tag="training"):
    """Written before the first batch: everything that is known by then."""

    id: str
    number: int
    steps: dict[str, str]
    """Step name@version to root digest, for every step the run rests on."""
    snapshots: dict[str, str]
    """Step name to content digest, plus `split` and `prepared`."""
    prepared: str
    split: str
    fitted: str
    inputs: tuple[InputSpec, ...]
    target: str
    model: str
    hyperparameters: Hyperparameters
    rows: dict[str, int]
    environment: dict[str, str]
    findings: tuple[Finding, ...] = ()
    notebook: str | None = None
    settings: str = ""
    """The text of `blase.toml` when it was trained."""
    created: str


class Run(Record, frozen=True, kw_only=True, tag="run"):
    """Written after the last batch: what came of a Training of the same id."""

    id: str
    number: int
    state: RunState
    epochs: int
    batches: int
    seconds: float
    history: dict[str, list[float]]
    weights: str
    """Blob digest of the `.weights.npz`."""
    model: str | None
    """Blob digest of the `.keras` file."""
    weights_digest: str
    initial_weights_digest: str
    optimizer_digest: str
    ledger_digest: str
    peak_bytes: int
    resumed: int = 0
    error: str | None = None
    created: str


class Calibration(Record, frozen=True, kw_only=True):
    """One bin of the calibration curve."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


class Evaluation(Record, frozen=True, kw_only=True, tag="evaluation"):
    """What a run is worth on one split, beside an honest baseline."""

    id: str
    run: str
    split: SplitName
    rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    """95 % intervals."""
    baseline: dict[str, float]
    baseline_name: str
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration: tuple[Calibration, ...] = ()
    predictions: str
    """Snapshot id."""
    predictions_digest: str
    created: str


class Impact(Record, frozen=True, kw_only=True, tag="impact"):
    """What the predictions cost or earn by the user's own function."""

    id: str
    run: str
    step: str
    unit: str
    value: float
    baseline: float | None
    rows: int
    facts: dict[str, float] = {}
    created: str


class Stage(Record, frozen=True, kw_only=True):
    """One row of a verdict's table."""

    name: str
    """`code`, `source`, `feature`, `split`, `prepared`, `weights`, `predictions`, `metrics`, …"""
    what: str
    level: Level
    sentence: str
    before: str | None = None
    after: str | None = None


class Verdict(Record, frozen=True, kw_only=True, tag="verdict"):
    """Whether a rerun gave the same result, and where it first differed."""

    id: str
    run: str
    rerun: str | None
    level: Level
    sentence: str
    stages: tuple[Stage, ...]
    first_difference: Stage | None
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    created: str


class Bundle(Record, frozen=True, kw_only=True, tag="bundle"):
    """An exported pinned pipeline."""

    id: str
    run: str
    path: str
    files: dict[str, str]
    created: str
