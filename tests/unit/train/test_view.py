"""What the screen shows follows from the events alone."""

from __future__ import annotations

import pytest
from memory_batches import training

from blase_lab.core.records import (
    BatchEnd,
    Checkpointed,
    Continued,
    Ended,
    EpochEnd,
    Event,
    Metered,
    Paused,
    Started,
)
from blase_lab.train import view
from blase_lab.train.view import POINTS, active_seconds, thin

DAY = "2026-01-01T00:00:"


def at(second: float) -> str:
    """Return a time some seconds after midnight."""
    return f"{DAY}{second:09.6f}+00:00"


def started(second: float, epoch: int = 0, batch: int = 0) -> Started:
    """Return the beginning of a session of a training of 3 epochs with 10 batches each."""
    return Started(
        at=at(second),
        run="r",
        number=1,
        epoch=epoch,
        batch=batch,
        epochs=3,
        batches_per_epoch=10,
        batch_rows=32,
        model="net@1",
        resumed=(epoch, batch) != (0, 0),
    )


def batch(second: float, epoch: int, number: int, *, loss: float = 1.0) -> BatchEnd:
    """Return a batch event."""
    return BatchEnd(
        at=at(second),
        epoch=epoch,
        batch=number,
        metrics={"loss": loss},
        rows_per_second=100.0,
        wait_share=0.1,
    )


def epoch_end(second: float, epoch: int, **metrics: float) -> EpochEnd:
    """Return the end of an epoch."""
    return EpochEnd(at=at(second), epoch=epoch, metrics=metrics, seconds=1.0)


def ended(second: float, epoch: int, number: int) -> Ended:
    """Return the end by a stop."""
    return Ended(
        at=at(second), state="stopped", epoch=epoch, batch=number, sentence="Stopped; resume it."
    )


def test_a_training_without_events_waits() -> None:
    """Before the first event the view is there and says so."""
    shown = view(training(), [], project="flights")
    assert (shown.state, shown.epoch, shown.batch) == ("running", 1, 0)
    assert shown.sentence == "Waits for its first batch."
    assert shown.seconds_left is None


def test_a_running_training_shows_where_it_is_and_how_long_it_takes() -> None:
    """Epochs count from 1, and the time left is scaled from the batches done."""
    events: list[Event] = [started(0), batch(1, 0, 5), epoch_end(2, 0, loss=0.9, val_loss=0.8)]
    shown = view(training(), events, project="flights", baseline={"auc": 0.6})
    assert (shown.epoch, shown.epochs, shown.batch) == (2, 3, 0)
    assert shown.metrics == {"loss": 0.9, "val_loss": 0.8}
    assert shown.baseline == {"auc": 0.6}
    assert shown.seconds == pytest.approx(2.0)
    assert shown.seconds_left == pytest.approx(4.0)
    assert shown.sentence == "Training: epoch 2 of 3, batch 0 of 10."


def test_curves_have_train_and_validation_points_in_epochs() -> None:
    """A validation point stands at the end of its epoch, a batch at its fraction."""
    events: list[Event] = [
        started(0),
        batch(1, 0, 5, loss=2.0),
        epoch_end(2, 0, loss=1.0, val_loss=3.0),
    ]
    lines = {(c.name, c.split): (c.x, c.y) for c in view(training(), events, project="").curves}
    assert lines == {
        ("loss", "train"): ((0.5, 1.0), (2.0, 1.0)),
        ("loss", "validation"): ((1.0,), (3.0,)),
    }


def test_a_new_epoch_begins_without_a_spike() -> None:
    """The first batches of an epoch say too little to be drawn beside the others."""
    events: list[Event] = [
        started(0),
        batch(1, 0, 1, loss=2.0),
        epoch_end(2, 0, loss=1.0),
        batch(3, 1, 1, loss=9.0),
        batch(4, 1, 2, loss=9.0),
        batch(5, 1, 3, loss=0.9),
        epoch_end(6, 1, loss=0.5),
    ]
    (line,) = view(training(), events, project="").curves
    (begun,) = view(training(), events[:2], project="").curves
    assert line.x == (1.0, 1.3, 2.0)
    assert line.y == pytest.approx((1.0, 0.3 * 0.9 + 0.7 * 1.0, 0.5))
    assert (begun.x, begun.y) == ((0.1,), (2.0,))


def test_the_memory_of_a_training_is_not_held_against_the_budget_of_the_data() -> None:
    """The process with its libraries is shown as it is."""
    metered = Metered(at=at(1), cpu_percent=1.0, memory_bytes=9, memory_budget_bytes=2)
    shown = view(training(), [started(0), metered], project="")
    assert (shown.memory_bytes, shown.memory_budget_bytes) == (9, 0)


def test_a_pause_is_no_training_time() -> None:
    """The seconds leave out pauses, and what lies between two sessions."""
    events: list[Event] = [
        started(0),
        batch(2, 0, 2),
        Paused(at=at(2), epoch=0, batch=2),
        Metered(at=at(9), cpu_percent=1.0, memory_bytes=1, memory_budget_bytes=2),
        Continued(at=at(10), epoch=0, batch=2),
        batch(11, 0, 4),
        ended(11, 0, 4),
        started(30, 0, 4),
        batch(31, 0, 6),
    ]
    assert active_seconds(events) == [pytest.approx(3.0), pytest.approx(1.0)]
    assert view(training(), events[:4], project="").state == "paused"
    assert view(training(), events[:4], project="").sentence.startswith("Paused in epoch 1 of 3")
    assert view(training(), events[:5], project="").state == "running"


def test_what_a_resume_has_overtaken_is_not_shown() -> None:
    """Batches after the checkpoint that was resumed from happened twice: the later ones count."""
    events: list[Event] = [
        started(0),
        batch(1, 0, 3, loss=1.0),
        Checkpointed(at=at(1), epoch=0, batch=4, seconds=0.1),
        batch(2, 0, 9, loss=7.0),
        started(20, 0, 4),
        batch(21, 0, 6, loss=0.5),
    ]
    (curve,) = view(training(), events, project="").curves
    assert curve.y == (1.0, 0.5)


def test_a_stopped_training_tells_its_own_sentence() -> None:
    """The last event's sentence is shown and no time is left."""
    shown = view(training(), [started(0), batch(1, 0, 4), ended(2, 0, 4)], project="")
    assert (shown.state, shown.batch, shown.seconds_left) == ("stopped", 4, None)
    assert shown.sentence == "Stopped; resume it."


def test_a_finished_training_shows_its_last_epoch_whole() -> None:
    """The epoch does not count past the last one."""
    events: list[Event] = [started(0), epoch_end(1, 2, loss=0.1)]
    shown = view(training(), events, project="")
    assert (shown.epoch, shown.batch) == (3, 10)


@pytest.mark.parametrize("count", [0, 1, 2, POINTS, POINTS + 1, 12_345])
def test_a_thinned_curve_keeps_its_ends(count: int) -> None:
    """At most 300 points, in order, the first and the last among them."""
    points = [(float(n), 0.0) for n in range(count)]
    kept = thin(points)
    assert len(kept) == min(count, POINTS)
    assert kept == sorted(set(kept))
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]
