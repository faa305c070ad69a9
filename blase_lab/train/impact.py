"""What predictions cost or earn, by a function of the user's own, in windows of source rows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import BlaseError, StepFailedError, WrongShapeError
from blase_lab.core.records import Evaluation, Impact, Run, Snapshot, Step
from blase_lab.store import utc_now

if TYPE_CHECKING:
    import pandas as pd

    from blase_lab.store import Store

    Array = np.ndarray[Any, Any]

FrameReader = Callable[[int, int], "pd.DataFrame"]

_WINDOW_ROWS = 65_536
_TOLERANCE = 1e-6
_TOTAL = "value"


@dataclass(frozen=True)
class _Question:
    """The user's function and how it is asked."""

    step: Step
    function: Callable[..., Any]
    frame_reader: FrameReader


def impact_of(  # noqa: PLR0917 - the four that it is of, in order
    step: Step,
    function: Callable[..., Any],
    run: Run,
    evaluation: Evaluation,
    *,
    frame_reader: FrameReader,
    store: Store,
) -> Impact:
    """Return the impact over all evaluated rows, and of the baseline beside it; it is kept.

    `function(predictions, frame)` gets the predictions as a Series (a DataFrame for several
    classes) and the raw columns of the same rows as a DataFrame, both indexed by row id, window
    by window. It returns one number a row, or a number, or a dict of numbers that may be added
    up over windows; of a dict `value`, else the first entry, is the impact and all are facts.

    Raises:
        StepFailedError: the function raised.
        WrongShapeError: its answer is no number, or does not add up over rows.
    """
    snapshot = store.ledger.get(Snapshot, evaluation.predictions)
    group: Any = store.arrays.open(snapshot.data)
    rows = np.asarray(group["row"][:])
    question = _Question(step, function, frame_reader)
    totals = _ask(question, rows, np.asarray(group["prediction"][:]))
    baseline = None
    if "baseline" in group:
        baseline = _value(_ask(question, rows, np.asarray(group["baseline"][:])))
    impact = Impact(
        id=f"{run.id}-{step.name}-{secrets.token_hex(4)}",
        run=run.id,
        step=f"{step.name}@{step.version}",
        unit=str(step.options.get("unit") or ""),
        value=_value(totals),
        baseline=baseline,
        rows=len(rows),
        facts=totals,
        created=utc_now(),
    )
    store.ledger.put(impact, id=impact.id)
    return impact


def _ask(question: _Question, rows: Array, predictions: Array) -> dict[str, float]:
    """Return the answers of all windows, added up."""
    totals: dict[str, float] = {}
    for number, (told, frame) in enumerate(_windows(question, rows, predictions)):
        answer = _answer(question, told, frame)
        if number == 0:
            _check_additive(question, answer, told=told, frame=frame)
        for name, value in answer.items():
            totals[name] = totals.get(name, 0.0) + value
    return totals


def _windows(
    question: _Question, rows: Array, predictions: Array
) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yield predictions and raw rows of each window of the source that has predictions."""
    order = np.argsort(rows, kind="stable")
    rows, predictions = rows[order], predictions[order]
    start = 0
    while start < len(rows):
        first = int(rows[start])
        stop = int(np.searchsorted(rows, first + _WINDOW_ROWS))
        frame = question.frame_reader(first, int(rows[stop - 1]) + 1)
        yield _labelled(predictions[start:stop], rows[start:stop]), frame.loc[rows[start:stop]]
        start = stop


def _labelled(predictions: Array, rows: Array) -> Any:
    import pandas as pd

    if predictions.ndim > 1:
        return pd.DataFrame(predictions, index=rows)
    return pd.Series(predictions, index=rows, name="prediction")


def _answer(question: _Question, told: Any, frame: pd.DataFrame) -> dict[str, float]:
    try:
        answer = question.function(told, frame)
    except BlaseError:
        raise
    except Exception as error:
        raise StepFailedError(
            f"The impact step `{question.step.name}` failed: {type(error).__name__}: {error}",
            way_out="Mend the cell, run it, and ask again.",
            step=question.step.name,
        ) from error
    if isinstance(answer, Mapping):
        return {str(name): _number(question, value, len(told)) for name, value in answer.items()}
    return {_TOTAL: _number(question, answer, len(told))}


def _number(question: _Question, value: Any, rows: int) -> float:
    """Return a number as it is, and one number a row as their sum."""
    if isinstance(value, Real) or np.ndim(value) == 0:
        values = np.asarray([value])
    else:
        values = np.asarray(value)
        if len(values) != rows or values.ndim != 1:
            raise _wrong(question, f"has the shape {list(values.shape)} for {rows} rows")
    if values.dtype.kind not in "biuf":
        raise _wrong(question, f"is of type {values.dtype}")
    total = float(values.sum(dtype=np.float64))
    if not np.isfinite(total):
        raise _wrong(question, f"is {total}")
    return total


def _check_additive(
    question: _Question, whole: Mapping[str, float], *, told: Any, frame: pd.DataFrame
) -> None:
    """Refuse a mean or a ratio: its windows would add up to something else."""
    half = len(told) // 2
    if half == 0:
        return
    first = _answer(question, told.iloc[:half], frame.iloc[:half])
    second = _answer(question, told.iloc[half:], frame.iloc[half:])
    for name, value in whole.items():
        added = first.get(name, 0.0) + second.get(name, 0.0)
        if abs(added - value) > _TOLERANCE * max(1.0, abs(value)):
            raise WrongShapeError(
                f"The impact step `{question.step.name}` gives {value:.6g} for {len(told)} rows "
                f"and {added:.6g} for their two halves together.",
                way_out="Return one number a row: they are added up over all rows.",
                step=question.step.name,
                whole=value,
                halves=added,
            )


def _wrong(question: _Question, what: str) -> WrongShapeError:
    return WrongShapeError(
        f"The answer of the impact step `{question.step.name}` {what}.",
        way_out="Return one number a row, a number, or a dict of numbers.",
        step=question.step.name,
    )


def _value(totals: Mapping[str, float]) -> float:
    return totals.get(_TOTAL, next(iter(totals.values()), 0.0))
