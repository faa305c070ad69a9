"""The event log of a run: what is told while it trains, thinned to what a person can follow."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.records import (
    BatchEnd,
    Checkpointed,
    Continued,
    Ended,
    EpochEnd,
    Event,
    Metered,
    Paused,
    RunState,
    Started,
    Training,
)
from blase_lab.store import utc_now
from blase_lab.train.meters import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from blase_lab.store import Store
    from blase_lab.train.job import Watch

_BATCH_SECONDS = 0.25
_METER_SECONDS = 1.0


@dataclass
class _Window:
    """What happened since the last batch event."""

    start: float
    rows: int = 0
    waited: float = 0.0


class Recorder:
    """Writes every event to the store and shows it to whoever watches.

    Of the batches about four a second become events, the first one always; the machine is read
    about once a second. Positions are given as a cursor: epochs done, batches done in the next.
    """

    def __init__(
        self,
        training: Training,
        *,
        store: Store,
        watch: Watch | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Write the events of `training`; `clock` counts seconds."""
        self._training = training
        self._store = store
        self._watch = watch
        self._clock = clock
        self._meter = Meter()
        self._window = _Window(clock())
        self._last_batch = self._last_meter = float("-inf")

    @property
    def peak_bytes(self) -> int:
        """The highest memory seen so far."""
        return self._meter.peak_bytes

    def started(self, epoch: int, batch: int, *, batches_per_epoch: int, resumed: bool) -> None:
        """Tell that training begins at this cursor."""
        hyperparameters = self._training.hyperparameters
        self._emit(
            Started(
                at=utc_now(),
                run=self._training.id,
                number=self._training.number,
                epoch=epoch,
                batch=batch,
                epochs=hyperparameters.epochs,
                batches_per_epoch=batches_per_epoch,
                batch_rows=hyperparameters.batch,
                model=self._training.model,
                resumed=resumed,
            )
        )
        self.forget_time()
        self.meter()

    def batch(
        self, epoch: int, batch: int, *, rows: int, wait: float, logs: Mapping[str, Any]
    ) -> None:
        """Count one batch, and tell about it when the last telling is a quarter second old."""
        self._window.rows += rows
        self._window.waited += wait
        now = self._clock()
        if now - self._last_batch < _BATCH_SECONDS:
            return
        seconds = max(now - self._window.start, 1e-9)
        self._emit(
            BatchEnd(
                at=utc_now(),
                epoch=epoch,
                batch=batch,
                metrics=scalars(logs),
                rows_per_second=self._window.rows / seconds,
                wait_share=min(1.0, self._window.waited / seconds),
            )
        )
        self._last_batch = now
        self._window = _Window(now)
        self.meter()

    def meter(self) -> None:
        """Read the machine when the last reading is a second old."""
        now = self._clock()
        if now - self._last_meter < _METER_SECONDS:
            return
        self._last_meter = now
        reading = self._meter.read()
        self._emit(
            Metered(
                at=utc_now(),
                cpu_percent=reading.cpu_percent,
                memory_bytes=reading.memory_bytes,
                memory_budget_bytes=0,
            )
        )

    def forget_time(self) -> None:
        """Leave the time until now (validation, a pause) out of the rate."""
        self._window = _Window(self._clock())

    def epoch(self, epoch: int, logs: Mapping[str, float], *, seconds: float) -> None:
        """Tell that an epoch is done."""
        self._emit(EpochEnd(at=utc_now(), epoch=epoch, metrics=dict(logs), seconds=seconds))
        self.forget_time()

    def checkpointed(self, epoch: int, batch: int, *, seconds: float) -> None:
        """Tell that one can resume from here."""
        self._emit(Checkpointed(at=utc_now(), epoch=epoch, batch=batch, seconds=seconds))

    def paused(self, epoch: int, batch: int) -> None:
        """Tell that training waits."""
        self._emit(Paused(at=utc_now(), epoch=epoch, batch=batch))

    def continued(self, epoch: int, batch: int) -> None:
        """Tell that training goes on."""
        self._emit(Continued(at=utc_now(), epoch=epoch, batch=batch))
        self.forget_time()

    def ended(self, state: RunState, epoch: int, batch: int, *, sentence: str) -> None:
        """Tell the end; nothing comes after it but a resume."""
        self._emit(Ended(at=utc_now(), state=state, epoch=epoch, batch=batch, sentence=sentence))

    def _emit(self, event: Event) -> None:
        self._store.events.append(self._training.id, event)
        if self._watch is not None:
            self._watch(event)


def scalars(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return the logs that are one finite number each, as Python floats.

    What is no number (NaN, infinity) is left out: JSON has no word for it, and no chart a place.
    """
    values = {name: np.asarray(value) for name, value in logs.items()}
    numbers = {name: float(value) for name, value in values.items() if value.size == 1}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}
