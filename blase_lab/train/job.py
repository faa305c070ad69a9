"""What a training is asked to do, and what it asks of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from blase_lab.core.records import Event, Progress

if TYPE_CHECKING:
    import numpy as np

    from blase_lab.core.records import InputSpec, SplitName, Training

Watch = Callable[[Event | Progress], None]
Arrays = dict[str, Any]


class Batches(Protocol):
    """Prepared rows as batches: the order is a function of (seed, epoch) and of nothing else."""

    @property
    def specs(self) -> tuple[InputSpec, ...]:
        """The model's inputs, in order."""

    def rows(self, split: SplitName) -> int:
        """Count the rows of a split."""

    def batches(self, split: SplitName, batch: int) -> int:
        """Count the batches of one epoch, the smaller last one included."""

    def dataset(
        self,
        split: SplitName,
        *,
        batch: int,
        epoch: int = 0,
        skip_batches: int = 0,
        epochs: int = 1,
        shuffle: bool = True,
    ) -> Any:
        """Return a tf.data.Dataset of (name → tensor, target), entered at any batch."""

    def arrays(
        self, split: SplitName, start: int, stop: int
    ) -> tuple[Mapping[str, np.ndarray[Any, Any]], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return (inputs by name, target, row ids) of a range of rows, as NumPy arrays."""


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """All that one training needs; the Training record is in the ledger already."""

    training: Training
    model_function: Callable[..., Any]
    feed: Batches
    losses: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """`%%blase_loss` functions by name: `loss(y_true, y_pred)`."""
    metrics: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """`%%blase_metric` functions by name: `metric(y_true, y_pred)`."""
    callbacks: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """`%%blase_callback` functions by name: they return a `keras.callbacks.Callback`."""
    resume: bool = False
