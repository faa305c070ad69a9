"""What data is: Snapshots with their columns and shards, splits, fitted statistics, findings."""

from __future__ import annotations

from typing import Any, Literal

from blase_lab.core.records.base import Grade, Record


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
