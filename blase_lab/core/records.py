"""All that we remember, as frozen records: the one schema of the store, the server and the screen.

Field names are snake_case here and camelCase in JSON; unknown, missing and wrongly typed fields
are refused on decode with their path. Times are UTC in ISO 8601; sizes are bytes; durations are
seconds. The TypeScript types in `labextension/src/generated/` are made from this file.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

StepKind = Literal[
    "source",
    "clean",
    "feature",
    "target",
    "model",
    "loss",
    "metric",
    "callback",
    "loop",
    "impact",
]
Aspect = Literal["code", "documentation", "parameters", "environment", "data", "seed"]
SplitName = Literal["train", "validation", "test"]
StepStateName = Literal["fresh", "stale", "draft"]
RunState = Literal["running", "paused", "stopped", "finished", "failed"]
Level = Literal["IDENTICAL", "EQUIVALENT", "WITHIN NOISE", "SAME CONCLUSION", "DIFFERENT", "RAN"]
Grade = Literal["proof", "evidence", "note"]
OptionValue = str | int | float | bool | list[str] | None


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The parent of every record."""


# --- what a step is ---------------------------------------------------------------------------


class Leaf(Record, frozen=True, kw_only=True):
    """One named thing that a step's identity rests on, e.g. `function normalize`."""

    name: str
    aspect: Aspect
    digest: str
    text: str = ""
    """What a person reads: source text, a short value, or a version. Redacted."""


class Change(Record, frozen=True, kw_only=True):
    """One leaf that differs between two identities; None where one side lacks it."""

    name: str
    aspect: Aspect
    before: str | None
    after: str | None


class Definition(Record, frozen=True, kw_only=True):
    """A piece of Python that the step's closure needs, executable in the order given."""

    name: str
    origin: Literal["import", "value", "function", "class", "statement"]
    source: str


class LocalModule(Record, frozen=True, kw_only=True):
    """A module of the user's own beside the notebook, as it was when captured."""

    name: str
    path: str
    """Relative to the project's folder, with forward slashes."""
    source: str


class Closure(Record, frozen=True, kw_only=True):
    """All that is needed to make the step's function again in an empty namespace."""

    function: str
    definitions: tuple[Definition, ...]
    """The step's own definition is the last one."""
    modules: tuple[LocalModule, ...] = ()
    packages: dict[str, str] = {}
    """Installed distributions that the closure imports, and their versions."""


class Digests(Record, frozen=True, kw_only=True):
    """One digest an aspect, and `root` over code, parameters and data: the step's identity."""

    code: str
    documentation: str
    parameters: str
    environment: str
    data: str
    seed: str
    root: str


class Step(Record, frozen=True, kw_only=True, tag="step"):
    """A captured cell with its closure; `name@version` names it."""

    name: str
    version: int
    kind: StepKind
    cell: str
    """The raw cell with its magic line, redacted."""
    options: dict[str, OptionValue]
    documentation: str
    closure: Closure
    leaves: tuple[Leaf, ...]
    digests: Digests
    flags: tuple[str, ...] = ()
    """What cannot be known, e.g. `opaque: holds a socket`."""
    notebook: str | None = None
    created: str


# --- data -------------------------------------------------------------------------------------


class Column(Record, frozen=True, kw_only=True):
    """One array of a Snapshot: rows along the first axis."""

    name: str
    kind: Literal["number", "flag", "category", "datetime"]
    dtype: str
    shape: tuple[int, ...] = ()
    """The shape of one row; () for a scalar."""
    categories: int | None = None
    digest: str
    """sha256 over dtype, shape and content in fixed logical ranges of 8,192 rows."""


class Shard(Record, frozen=True, kw_only=True):
    """One shard of a Snapshot: why it was computed or taken over, and what it holds."""

    start: int
    stop: int
    key: str
    """f(step digest, digests of the input ranges): equal key, equal content."""
    digest: str


class Chunks(Record, frozen=True, kw_only=True):
    """A chunk plan: how rows are cut, and what that will cost. Made before any work."""

    rows: int
    shard_rows: int
    chunk_rows: int
    tasks_in_flight: int
    peak_bytes: int
    disk_bytes: int
    budget_bytes: int


class Snapshot(Record, frozen=True, kw_only=True, tag="snapshot"):
    """Immutable data: what one step (or one stage) made of its parents."""

    id: str
    stage: Literal["source", "clean", "feature", "target", "split", "prepared", "predictions"]
    name: str
    step: str | None
    """The root digest of the step that made it; None for our own stages."""
    rows: int
    columns: tuple[Column, ...]
    shards: tuple[Shard, ...] = ()
    digest: str
    """Over the columns' names and content digests: equal for every chunking and scheduler."""
    data: str
    """The digest of the Zarr tree's manifest in the store."""
    parents: tuple[str, ...] = ()
    removed: int = 0
    plan: Chunks | None = None
    measured_peak_bytes: int = 0
    computed_shards: int = 0
    reused_shards: int = 0
    seconds: float = 0.0
    facts: dict[str, Any] = {}
    created: str


class SplitPolicy(Record, frozen=True, kw_only=True):
    """How rows are divided; from `[split]` in blase.toml."""

    by: Literal["time", "hash", "group"] = "hash"
    column: str | None = None
    """The time column, the key or the group; for `hash`, None means the row id."""
    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15
    validation_from: str | None = None
    test_from: str | None = None
    """Borders for `time`, ISO 8601: they win over the ratios."""
    embargo: str = "0s"
    """A gap left out before each border, for `time`, e.g. `1d`, `6h`."""


class Split(Record, frozen=True, kw_only=True, tag="split"):
    """Which rows train, validate and test. The assignment itself is a Snapshot."""

    id: str
    policy: SplitPolicy
    snapshot: str
    digest: str
    rows: dict[str, int]
    """Rows in train, validation, test, removed and embargo."""
    borders: dict[str, str] = {}
    created: str


class FittedColumn(Record, frozen=True, kw_only=True):
    """What was learned of one feature from train rows only."""

    name: str
    method: Literal["standard", "minmax", "none", "category"]
    count: int
    missing: int
    mean: float | None = None
    std: float | None = None
    low: float | None = None
    high: float | None = None
    fill: float | None = None
    """What a missing value becomes, before scaling."""
    categories: tuple[str, ...] | None = None
    """Known in train, in order of code 1, 2, …; code 0 is the unknown."""


class Fitted(Record, frozen=True, kw_only=True, tag="fitted"):
    """Statistics of the train rows; the same numbers serve training, evaluation and the bundle."""

    id: str
    columns: tuple[FittedColumn, ...]
    rows: int
    split: str
    digest: str
    created: str


class InputSpec(Record, frozen=True, kw_only=True):
    """One model input as the model step sees it."""

    name: str
    dtype: str
    shape: tuple[int, ...] = ()
    categories: int | None = None
    """Number of codes including 0 for the unknown; None for numbers."""


class Finding(Record, frozen=True, kw_only=True):
    """One answer of the leakage guard."""

    check: Literal["target-alone", "duplicates", "time-order", "known-after"]
    grade: Grade
    step: str | None
    sentence: str
    facts: dict[str, Any] = {}


# --- runs -------------------------------------------------------------------------------------


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


# --- the event log of a run ---------------------------------------------------------------------


class Started(Record, frozen=True, kw_only=True, tag="started"):
    """Training begins, or begins again at `epoch`, `batch`."""

    at: str
    run: str
    number: int
    epoch: int
    batch: int
    epochs: int
    batches_per_epoch: int
    batch_rows: int
    model: str
    resumed: bool


class BatchEnd(Record, frozen=True, kw_only=True, tag="batch"):
    """Some batches are done (thinned to about four a second)."""

    at: str
    epoch: int
    batch: int
    metrics: dict[str, float]
    rows_per_second: float
    wait_share: float
    """Part of the time spent waiting for data."""


class EpochEnd(Record, frozen=True, kw_only=True, tag="epoch"):
    """An epoch is done; validation metrics carry the prefix `val_`."""

    at: str
    epoch: int
    metrics: dict[str, float]
    seconds: float


class Metered(Record, frozen=True, kw_only=True, tag="metered"):
    """The machine, read about once a second."""

    at: str
    cpu_percent: float
    memory_bytes: int
    memory_budget_bytes: int


class Checkpointed(Record, frozen=True, kw_only=True, tag="checkpointed"):
    """A checkpoint can be resumed from."""

    at: str
    epoch: int
    batch: int
    seconds: float


class Paused(Record, frozen=True, kw_only=True, tag="paused"):
    """Training waits, by request."""

    at: str
    epoch: int
    batch: int


class Continued(Record, frozen=True, kw_only=True, tag="continued"):
    """Training goes on after a pause."""

    at: str
    epoch: int
    batch: int


class Ended(Record, frozen=True, kw_only=True, tag="ended"):
    """The last event of a training."""

    at: str
    state: RunState
    epoch: int
    batch: int
    sentence: str


Event = Started | BatchEnd | EpochEnd | Metered | Checkpointed | Paused | Continued | Ended


class Control(Record, frozen=True, kw_only=True):
    """A request to a running training."""

    action: Literal["pause", "continue", "stop"]
    at: str


class Progress(Record, frozen=True, kw_only=True):
    """How far some work is; sent to whoever watches, never stored."""

    stage: str
    done: int
    total: int
    unit: str
    sentence: str = ""


# --- what the screen shows ----------------------------------------------------------------------


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
