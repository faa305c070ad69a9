"""Events → what the screen shows of a training: pure, so the same events give the same picture."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeVar

from blase_lab.core.records import (
    BatchEnd,
    Continued,
    Curve,
    Ended,
    EpochEnd,
    Event,
    Metered,
    Paused,
    RunState,
    Started,
    Training,
    TrainingView,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

POINTS = 300
"""The most points of one curve."""
SETTLING_BATCHES = 16
"""After as many batches, or a fifth of an epoch, the metrics of a new epoch tell something.

Keras begins its means anew with every epoch: the first ones are those of a few rows.
"""
_VALIDATION = "val_"

T = TypeVar("T", bound=Event)
Point = tuple[float, float]
Name = tuple[str, Literal["train", "validation"]]


def view(
    training: Training,
    events: Sequence[Event],
    *,
    project: str,
    baseline: Mapping[str, float] | None = None,
) -> TrainingView:
    """Return the training as it is after the last event.

    `epoch` counts from 1 as people do; `batch` is the number of batches done in that epoch.
    Events that a resume has overtaken (they came after its checkpoint) are left out.
    """
    kept = not_overtaken(events)
    started = _last(kept, Started)
    batch, meter = _last(kept, BatchEnd), _last(kept, Metered)
    epochs = training.hyperparameters.epochs
    epoch, done = _cursor(kept)
    per_epoch = started.batches_per_epoch if started else 0
    state, lines = _state(kept), curves(kept)
    return TrainingView(
        run=training.id,
        number=training.number,
        project=project,
        model=training.model,
        state=state,
        epoch=min(epoch + 1, epochs),
        epochs=epochs,
        batch=per_epoch if epoch >= epochs else done,
        batches_per_epoch=per_epoch,
        curves=lines,
        metrics=_metrics(lines),
        baseline=dict(baseline or {}),
        rows_per_second=batch.rows_per_second if batch else 0.0,
        wait_share=batch.wait_share if batch else 0.0,
        cpu_percent=meter.cpu_percent if meter else 0.0,
        memory_bytes=meter.memory_bytes if meter else 0,
        # The budget binds the data stages; a training is the whole process with its libraries.
        memory_budget_bytes=0,
        seconds=sum(active_seconds(kept)),
        seconds_left=_seconds_left(kept, epochs, state),
        sentence=_sentence(kept, epochs),
    )


def not_overtaken(events: Iterable[Event]) -> list[Event]:
    """Return the events without those that a later resume made undone."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Started):
            cursor = (event.epoch, event.batch)
            kept = [each for each in kept if _position(each) <= cursor]
        kept.append(event)
    return kept


def curves(events: Iterable[Event]) -> tuple[Curve, ...]:
    """Return one curve a metric and split; x counts epochs, with fractions inside them.

    Batches whose metrics have not settled are left out, but where there is nothing else yet. From
    the second epoch on a batch shows the last epoch's worth of rows: those of this epoch, and the
    epoch before for the rest. So a curve goes on where it was, and ends each epoch in its value.
    """
    lines: dict[Name, list[Point]] = {}
    first: dict[Name, list[Point]] = {}
    before: Mapping[str, float] = {}
    per_epoch = 1
    for event in events:
        if isinstance(event, Started):
            per_epoch = max(event.batches_per_epoch, 1)
        elif isinstance(event, BatchEnd):
            shown = lines if event.batch > min(SETTLING_BATCHES, per_epoch // 5) else first
            done = event.batch / per_epoch
            _add(shown, event.epoch + done, _blended(before, event.metrics, done))
        elif isinstance(event, EpochEnd):
            before = event.metrics
            _add(lines, event.epoch + 1.0, before)
    return tuple(_curve(name, points) for name, points in (lines or first).items())


def thin(points: Sequence[Point], most: int = POINTS) -> list[Point]:
    """Return at most `most` points, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(place * step)] for place in range(most)]


def active_seconds(events: Sequence[Event]) -> list[float]:
    """Return the seconds of each session, without its pauses and without what lies between."""
    sessions: list[float] = []
    since: float | None = None
    for event in events:
        at = _seconds(event.at)
        if isinstance(event, Started):
            sessions.append(0.0)
            since = at
        elif sessions and since is not None:
            sessions[-1] += max(0.0, at - since)
            since = None if isinstance(event, Paused | Ended) else at
        elif isinstance(event, Continued):
            since = at
    return sessions


def _position(event: Event) -> tuple[float, float]:
    if isinstance(event, BatchEnd):
        return (event.epoch, event.batch)
    if isinstance(event, EpochEnd):
        return (event.epoch + 1, 0)
    return (0, 0)


def _blended(
    before: Mapping[str, float], now: Mapping[str, float], done: float
) -> dict[str, float]:
    """Return a share `done` of the values of now and the rest of those before, where known."""
    return {
        name: value if (old := before.get(name)) is None else done * value + (1 - done) * old
        for name, value in now.items()
    }


def _add(lines: dict[Name, list[Point]], x: float, metrics: Mapping[str, float]) -> None:
    for name, value in metrics.items():
        is_validation = name.startswith(_VALIDATION)
        split: Literal["train", "validation"] = "validation" if is_validation else "train"
        points = lines.setdefault((name.removeprefix(_VALIDATION), split), [])
        if points and points[-1][0] == x:
            points.pop()
        points.append((x, value))


def _curve(name: Name, points: Sequence[Point]) -> Curve:
    shown = thin(points)
    return Curve(
        name=name[0],
        split=name[1],
        x=tuple(x for x, _ in shown),
        y=tuple(y for _, y in shown),
    )


def _last(events: Sequence[Event], kind: type[T]) -> T | None:
    return next((each for each in reversed(events) if isinstance(each, kind)), None)


def _cursor(events: Sequence[Event]) -> tuple[int, int]:
    for event in reversed(events):
        if isinstance(event, EpochEnd):
            return event.epoch + 1, 0
        if not isinstance(event, Metered):
            return event.epoch, event.batch
    return 0, 0


def _state(events: Sequence[Event]) -> RunState:
    for event in reversed(events):
        if isinstance(event, Ended):
            return event.state
        if isinstance(event, Paused):
            return "paused"
        if isinstance(event, Started | Continued):
            return "running"
    return "running"


def _metrics(lines: Iterable[Curve]) -> dict[str, float]:
    """Return where the curves stand, under the names that Keras gives."""
    prefix = {"train": "", "validation": _VALIDATION}
    return {prefix[line.split] + line.name: line.y[-1] for line in lines}


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _seconds_left(events: Sequence[Event], epochs: int, state: RunState) -> float | None:
    """Return the time of this session scaled to the batches left; None where that is unknown."""
    started = _last(events, Started)
    if started is None or state not in ("running", "paused"):
        return None
    epoch, batch = _cursor(events)
    per_epoch = started.batches_per_epoch
    done = epoch * per_epoch + batch - started.epoch * per_epoch - started.batch
    left = (epochs - epoch) * per_epoch - batch
    return active_seconds(events)[-1] / done * left if done > 0 else None


def _sentence(events: Sequence[Event], epochs: int) -> str:
    started = _last(events, Started)
    if started is None:
        return "Waits for its first batch."
    last = events[-1]
    if isinstance(last, Ended):
        return last.sentence
    epoch, batch = _cursor(events)
    where = f"epoch {min(epoch + 1, epochs)} of {epochs}"
    where += f", batch {batch:,} of {started.batches_per_epoch:,}" if epoch < epochs else ""
    doing = "Paused in" if _state(events) == "paused" else "Training:"
    return f"{doing} {where}."
