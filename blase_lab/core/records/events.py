"""The event log of a run, the requests to it, and the progress of other work."""

from __future__ import annotations

from typing import Literal

from blase_lab.core.records.base import Record, RunState


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
