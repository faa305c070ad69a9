"""Metrics of predictions with 95 % intervals, in NumPy alone.

The interval of the AUC is DeLong's (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988) by
the mid-rank form of Sun and Xu (IEEE Signal Processing Letters 21, 2014); that of the accuracy
is Wilson's score interval (JASA 22, 1927).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.records import Calibration

if TYPE_CHECKING:
    from collections.abc import Callable

    from blase_lab.train.target import Kind

    Array = np.ndarray[Any, Any]

_Z = 1.959963984540054
_BINS = 10
_THRESHOLD = 0.5


@dataclass(frozen=True)
class Measures:
    """What predictions are worth against the truth."""

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration: tuple[Calibration, ...] = ()


def measure(kind: Kind, target: Array, prediction: Array) -> Measures:
    """Return all metrics that fit the kind of target; one row at least.

    Args:
        kind: What the target is.
        target: Shape (rows,).
        prediction: Probabilities (rows,) for binary, (rows, classes) for classes, values
            (rows,) for numbers.
    """
    return _MEASURES[kind](target, prediction)


def _binary(target: Array, prediction: Array) -> Measures:
    truth = target.astype(np.int64)
    metrics = {
        "accuracy": accuracy(truth, (prediction > _THRESHOLD).astype(np.int64)),
        "log_loss": log_loss(truth, np.stack([1.0 - prediction, prediction], axis=1)),
    }
    intervals = {"accuracy": wilson(metrics["accuracy"], len(truth))}
    if 0 < int(truth.sum()) < len(truth):
        metrics["auc"], intervals["auc"] = auc_interval(truth, prediction)
    return Measures(
        metrics,
        intervals,
        confusion(truth, (prediction > _THRESHOLD).astype(np.int64), 2),
        calibration(truth, prediction),
    )


def _classes(target: Array, prediction: Array) -> Measures:
    truth = target.astype(np.int64)
    guess = prediction.argmax(axis=1)
    right = accuracy(truth, guess)
    return Measures(
        {"accuracy": right, "log_loss": log_loss(truth, prediction)},
        {"accuracy": wilson(right, len(truth))},
        confusion(truth, guess, max(prediction.shape[1], int(truth.max()) + 1)),
    )


def _number(target: Array, prediction: Array) -> Measures:
    error = prediction.astype(np.float64) - target.astype(np.float64)
    absolute = np.abs(error)
    mae = float(absolute.mean())
    metrics = {"mae": mae, "rmse": float(np.sqrt(np.mean(error**2)))}
    spread = float(np.sum((target.astype(np.float64) - target.mean(dtype=np.float64)) ** 2))
    if spread > 0.0:
        metrics["r2"] = 1.0 - float(np.sum(error**2)) / spread
    half = _Z * float(absolute.std()) / float(np.sqrt(len(error)))
    return Measures(metrics, {"mae": (max(0.0, mae - half), mae + half)})


_MEASURES: dict[Kind, Callable[[Array, Array], Measures]] = {
    "binary": _binary,
    "classes": _classes,
    "number": _number,
}


def accuracy(truth: Array, guess: Array) -> float:
    """Return the share of rows whose class is right."""
    return float(np.mean(truth == guess))


def log_loss(truth: Array, probabilities: Array) -> float:
    """Return the mean negative log of the probability given to the true class.

    Probabilities are clipped away from 0 and 1 by the smallest step of their type and scaled to
    the sum 1 a row, as scikit-learn does.
    """
    step = float(np.finfo(probabilities.dtype).eps)
    inside = np.clip(probabilities.astype(np.float64), step, 1.0 - step)
    inside /= inside.sum(axis=1, keepdims=True)
    return float(-np.mean(np.log(inside[np.arange(len(truth)), truth])))


def mid_ranks(values: Array) -> Array:
    """Return ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Array = (ends - (counts - 1) / 2.0)[inverse]
    return shared


def auc_interval(truth: Array, score: Array) -> tuple[float, tuple[float, float]]:
    """Return the area under the ROC curve and DeLong's 95 % interval.

    Both classes must be there. With one row of a class the interval is (0, 1): nothing is known.
    """
    positives, negatives = score[truth == 1], score[truth == 0]
    count, others = len(positives), len(negatives)
    ranks = mid_ranks(np.concatenate([positives, negatives]))
    area = float((ranks[:count].sum() - count * (count + 1) / 2.0) / (count * others))
    if min(count, others) == 1:
        return area, (0.0, 1.0)
    above = (ranks[:count] - mid_ranks(positives)) / others
    below = 1.0 - (ranks[count:] - mid_ranks(negatives)) / count
    deviation = float(np.sqrt(above.var(ddof=1) / count + below.var(ddof=1) / others))
    return area, (max(0.0, area - _Z * deviation), min(1.0, area + _Z * deviation))


def wilson(share: float, rows: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a share of `rows` rows."""
    weight = _Z**2 / rows
    middle = (share + weight / 2.0) / (1.0 + weight)
    half = _Z / (1.0 + weight) * float(np.sqrt(share * (1.0 - share) / rows + weight / 4 / rows))
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion(truth: Array, guess: Array, classes: int) -> tuple[tuple[int, ...], ...]:
    """Return counts of rows: true class down, predicted class across."""
    flat = np.bincount(truth * classes + guess, minlength=classes * classes)
    return tuple(tuple(int(n) for n in row) for row in flat.reshape(classes, classes))


def calibration(truth: Array, probability: Array) -> tuple[Calibration, ...]:
    """Return ten bins of equal width; bins without rows are left out."""
    place = np.clip((probability * _BINS).astype(np.int64), 0, _BINS - 1)
    return tuple(_bin(n, truth[place == n], probability[place == n]) for n in np.unique(place))


def _bin(number: int, truth: Array, probability: Array) -> Calibration:
    return Calibration(
        low=float(number) / _BINS,
        high=float(number + 1) / _BINS,
        count=len(truth),
        predicted=float(probability.mean(dtype=np.float64)),
        observed=float(truth.mean()),
    )
