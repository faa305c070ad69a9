"""The honest baseline: a linear model by scikit-learn on the same prepared features."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from blase_lab.core.records import InputSpec
    from blase_lab.train.job import Batches
    from blase_lab.train.target import Target

MOST_ROWS = 200_000
_MOST_VALUES = 50_000_000
"""Dense values at most: 200 MB of float32."""


@dataclass(frozen=True)
class Baseline:
    """A fitted linear model: its name says on how many rows it was fitted."""

    name: str
    predict: Callable[[Mapping[str, Any]], np.ndarray[Any, Any]]


def fit_baseline(feed: Batches, target: Target) -> Baseline:
    """Return a logistic (ridge, for numbers) regression fitted on at most 200,000 train rows.

    Train rows are shuffled when they are prepared, so that the first ones are a random sample.
    Categories become one column a code; missing values are 0, the mean after scaling.
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    every = feed.rows("train")
    width = max(1, sum(_dense_width(spec) for spec in feed.specs))
    rows = min(every, MOST_ROWS, max(1, _MOST_VALUES // width))
    features, truth, _ = feed.arrays("train", 0, rows)
    table = linear_table(feed.specs, features)
    values = np.asarray(truth).reshape(-1)
    share = f"{rows:,} of {every:,} train rows"
    if target.kind == "number":
        ridge = Ridge(solver="lsqr").fit(table, values)
        return Baseline(
            f"ridge regression on {share}",
            lambda chunk: np.asarray(ridge.predict(linear_table(feed.specs, chunk))),
        )
    classes = np.unique(values).astype(np.int64)
    if len(classes) < 2:  # noqa: PLR2004 - a logistic regression needs two
        return Baseline(
            f"the only class seen, on {share}", lambda chunk: _constant(chunk, classes[0], target)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logistic = LogisticRegression(max_iter=300).fit(table, values.astype(np.int64))
    unfinished = "" if int(np.max(logistic.n_iter_)) < 300 else ", not converged"  # noqa: PLR2004
    return Baseline(
        f"logistic regression on {share}{unfinished}",
        lambda chunk: _probabilities(
            logistic.predict_proba(linear_table(feed.specs, chunk)), classes, target
        ),
    )


def linear_table(specs: Sequence[InputSpec], features: Mapping[str, Any]) -> Any:
    """Return a sparse table (rows, columns) of numbers and one column a category code."""
    from scipy import sparse

    parts = []
    for spec in specs:
        values = np.asarray(features[spec.name])
        if spec.categories is None:
            numbers = np.nan_to_num(values.reshape(len(values), -1).astype(np.float32))
            parts.append(sparse.csr_matrix(numbers))
        else:
            parts += [
                _one_column_a_code(column, spec.categories)
                for column in values.reshape(len(values), -1).T
            ]
    return sparse.hstack(parts, format="csr")


def _one_column_a_code(codes: np.ndarray[Any, Any], categories: int) -> Any:
    from scipy import sparse

    rows = len(codes)
    ones = np.ones(rows, dtype=np.float32)
    places = np.clip(codes.astype(np.int64), 0, categories - 1)
    return sparse.csr_matrix((ones, places, np.arange(rows + 1)), shape=(rows, categories))


def _dense_width(spec: InputSpec) -> int:
    return int(np.prod(spec.shape, dtype=np.int64))


def _constant(
    chunk: Mapping[str, Any], only: np.integer[Any], target: Target
) -> np.ndarray[Any, Any]:
    rows = len(next(iter(chunk.values())))
    return _probabilities(np.ones((rows, 1)), np.asarray([only]), target)


def _probabilities(
    told: np.ndarray[Any, Any], classes: np.ndarray[Any, Any], target: Target
) -> np.ndarray[Any, Any]:
    """Return (rows,) of class 1 for a binary target, else (rows, classes)."""
    every = np.zeros((len(told), target.classes))
    every[:, classes] = told
    return every[:, 1] if target.kind == "binary" else every
