"""What a verdict and a bundle rest on: all records of one run, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from blase_lab.core.records import (
        Evaluation,
        Fitted,
        Observation,
        Run,
        Snapshot,
        Split,
        Step,
        Training,
    )


@dataclass(frozen=True)
class Facts:
    """One run and what it rests on; what does not exist yet is None.

    `steps` and `snapshots` are keyed by name and keep the order in which they were made.
    `predictions` gives the predictions in row order, one row of the test split each; it is called
    only where their digests differ.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    split: Split | None = None
    fitted: Fitted | None = None
    training: Training | None = None
    run: Run | None = None
    evaluation: Evaluation | None = None
    predictions: Callable[[], np.ndarray] | None = None
    observed: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    """What each step touched when it ran, beside its rows."""


@dataclass(frozen=True)
class Noise:
    """What the original says about chance: the metric under other seeds, and the baseline."""

    metric: str
    seeds: tuple[float, ...] = ()
    baseline: float | None = None
