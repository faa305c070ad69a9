"""What kind of target the model is to predict, read from the target's own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from blase_lab.core.errors import EmptyDataError, ModelError

if TYPE_CHECKING:
    from blase_lab.train.job import Batches

Kind = Literal["binary", "classes", "number"]

_CHUNK_ROWS = 65_536
_BINARY_CLASSES = 2


@dataclass(frozen=True)
class Target:
    """The kind of a target; `classes` counts the codes of a class target."""

    kind: Kind
    classes: int = 0


def target_of(feed: Batches) -> Target:
    """Return the kind of the train target, read chunk by chunk to its last row."""
    rows = feed.rows("train")
    if rows == 0:
        raise EmptyDataError(
            "There are 0 rows to train on.",
            way_out="Give the train split a larger share, or clean fewer rows away.",
            rows=0,
        )
    found: list[np.ndarray[Any, Any]] = []
    for start in range(0, rows, _CHUNK_ROWS):
        _, values, _ = feed.arrays("train", start, min(start + _CHUNK_ROWS, rows))
        found.append(np.unique(np.asarray(values)))
        if judge_target(found[-1]).kind == "number":
            return Target("number")
    return judge_target(np.unique(np.concatenate(found)))


def judge_target(values: np.ndarray[Any, Any]) -> Target:
    """Return binary for 0/1 only, classes for other integers, number for the rest."""
    if bool(np.isin(values, (0, 1)).all()):
        return Target("binary", _BINARY_CLASSES)
    if np.issubdtype(values.dtype, np.integer):
        if int(values.min()) < 0:
            raise ModelError(
                f"The class target holds the code {int(values.min())}; codes start at 0.",
                way_out="Return non-negative integers, or floats for a regression.",
                code_found=int(values.min()),
            )
        return Target("classes", int(values.max()) + 1)
    return Target("number")


def check_outputs(target: Target, prediction: np.ndarray[Any, Any], *, ours: bool) -> None:
    """Raise ModelError unless the outputs fit the target.

    Args:
        target: What is to be predicted.
        prediction: The model's answer for a few rows, rows first.
        ours: Whether the loss is our default, which needs probabilities.
    """
    width = _width(prediction)
    if target.kind == "classes" and ours and width < target.classes:
        raise ModelError(
            f"The target has {target.classes} classes and the model has {width} outputs.",
            way_out=f"End the model with Dense({target.classes}, activation='softmax').",
            classes=target.classes,
            outputs=width,
        )
    if target.kind != "classes" and ours and width != 1:
        raise ModelError(
            f"The target is one value a row and the model has {width} outputs.",
            way_out="End the model with one unit, or compile it with a loss that fits.",
            outputs=width,
        )
    if ours:
        check_probabilities(target, prediction)


def _width(prediction: np.ndarray[Any, Any]) -> int:
    if prediction.ndim == 1:
        return 1
    if prediction.ndim == 2:  # noqa: PLR2004 - rows and outputs
        return int(prediction.shape[1])
    raise ModelError(
        f"The model's output has the shape {list(prediction.shape)}; one row must give a "
        "value or a vector.",
        way_out="Flatten or pool before the last layer.",
        shape=list(prediction.shape),
    )


def check_probabilities(target: Target, prediction: np.ndarray[Any, Any]) -> None:
    """Raise ModelError where outputs of a classifier are no probabilities, e.g. logits."""
    if target.kind == "number" or not np.isfinite(prediction).all():
        return
    low, high = float(prediction.min()), float(prediction.max())
    sums = prediction.reshape(len(prediction), -1).sum(axis=1, dtype=np.float64)
    outside = low < 0.0 or high > 1.0
    if target.kind == "classes":
        outside = outside or bool(np.abs(sums - 1.0).max() > 1e-2)  # noqa: PLR2004 - also float16
    if outside:
        last = "sigmoid" if target.kind == "binary" else "softmax"
        raise ModelError(
            f"The model's outputs lie between {low:.4g} and {high:.4g} and are no probabilities.",
            way_out=f"Give the last layer activation='{last}'.",
            low=low,
            high=high,
        )
