"""Two arrays of predictions, or two sets of metrics: identical, equivalent or different."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.core.records import Level

CLASS_SHARE = 1e-4
"""At most this part of the rows may fall into another class and still be equivalent."""


@dataclass(frozen=True)
class Comparison:
    """A level, and the sentence that gives its numbers."""

    level: Level
    sentence: str


def compare_predictions(
    before: np.ndarray, after: np.ndarray, *, tolerance: float = 1e-5
) -> Comparison:
    """Say how equal two arrays of predictions in the same row order are.

    EQUIVALENT: every deviation is at most `tolerance` relative to the larger of the two values,
    or to the mean absolute prediction where both are smaller than it, and at most 1 in 10,000
    rows falls into another class (threshold 0.5 for probabilities, the largest of a row for
    several columns; values outside 0 to 1 have no class).
    """
    if before.shape != after.shape:
        sentence = f"{before.shape} predictions before, {after.shape} after"
        return Comparison("DIFFERENT", sentence)
    first, second = before.astype(np.float64), after.astype(np.float64)
    if np.array_equal(first, second, equal_nan=True):
        return Comparison("IDENTICAL", "every prediction is equal")
    if not np.array_equal(np.isnan(first), np.isnan(second)):
        return Comparison("DIFFERENT", "predictions are missing in other rows")
    deviation = _deviation(first, second)
    share = _other_class(first, second)
    sentence = (
        f"predictions deviate by at most {deviation:.1e} relative (tolerance {tolerance:.0e}), "
        f"{share:.2%} of the rows have another class"
    )
    within = deviation <= tolerance and share <= CLASS_SHARE
    return Comparison("EQUIVALENT" if within else "DIFFERENT", sentence)


def _deviation(first: np.ndarray, second: np.ndarray) -> float:
    typical = float(np.nanmean(np.abs(first)))
    scale = np.maximum(np.maximum(np.abs(first), np.abs(second)), typical)
    gap = np.abs(first - second)
    relative = np.divide(gap, scale, out=np.zeros_like(gap), where=scale > 0)
    return float(np.nanmax(relative))


def _other_class(first: np.ndarray, second: np.ndarray) -> float:
    if first.ndim > 1 and first.shape[-1] > 1:
        return float(np.mean(first.argmax(-1) != second.argmax(-1)))
    if np.nanmin(first) < 0.0 or np.nanmax(first) > 1.0:
        return 0.0
    half = 0.5
    return float(np.mean((first >= half) != (second >= half)))


def compare_metrics(
    before: Mapping[str, float], after: Mapping[str, float], *, tolerance: float = 1e-5
) -> Comparison:
    """Say how equal two sets of metrics are, naming the first that differs most."""
    if before.keys() != after.keys():
        names = ", ".join(sorted(before.keys() ^ after.keys()))
        return Comparison("DIFFERENT", f"only one side has {names}")
    gaps = {name: _relative(before[name], after[name]) for name in before}
    worst = max(gaps, key=lambda name: gaps[name], default=None)
    if worst is None or gaps[worst] == 0.0:
        return Comparison("IDENTICAL", "every metric is equal")
    sentence = f"{worst} {before[worst]:.6g} before, {after[worst]:.6g} after"
    return Comparison("EQUIVALENT" if gaps[worst] <= tolerance else "DIFFERENT", sentence)


def _relative(first: float, second: float) -> float:
    if first == second or (math.isnan(first) and math.isnan(second)):
        return 0.0
    if not (math.isfinite(first) and math.isfinite(second)):
        return math.inf
    return abs(first - second) / max(abs(first), abs(second))
