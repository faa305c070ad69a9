"""An impact is the sum of the user's answers over all evaluated rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from blase_lab.core.errors import StepFailedError, WrongShapeError
from blase_lab.core.records import Closure, Digests, Evaluation, Impact, Run, Step
from blase_lab.store import Store, utc_now
from blase_lab.train import impact_of
from blase_lab.train.evaluate import _keep

if TYPE_CHECKING:
    from pathlib import Path

ROWS = np.array([7, 3, 200_000, 70_000, 5], dtype=np.int64)
SCORES = np.array([0.9, 0.2, 0.7, 0.4, 0.6], dtype=np.float32)


def a_run() -> Run:
    """Return a finished run."""
    empty: dict[str, Any] = dict.fromkeys(
        ("weights_digest", "initial_weights_digest", "optimizer_digest", "ledger_digest"), ""
    )
    return Run(
        id="0001-ab",
        number=1,
        state="finished",
        epochs=1,
        batches=1,
        seconds=1.0,
        history={},
        weights="",
        model=None,
        peak_bytes=1,
        created=utc_now(),
        **empty,
    )


def a_step(**options: Any) -> Step:
    """Return an impact step."""
    names = ("code", "documentation", "parameters", "environment", "data", "seed", "root")
    return Step(
        name="savings",
        version=2,
        kind="impact",
        cell="",
        options=options,
        documentation="",
        closure=Closure(function="savings", definitions=()),
        leaves=(),
        digests=Digests(**dict.fromkeys(names, "")),
        created=utc_now(),
    )


def read_raw(start: int, stop: int) -> pd.DataFrame:
    """Return raw rows: every row costs its own id."""
    ids = np.arange(start, stop)
    return pd.DataFrame({"cost": ids.astype(float)}, index=ids)


def ask(store: Store, function: Any, **options: Any) -> Impact:
    """Put a function to five predictions and to a baseline that says 1 everywhere."""
    told: dict[str, Any] = {
        "row": ROWS,
        "prediction": SCORES,
        "target": np.ones(5, np.float32),
        "baseline": np.ones(5, np.float32),
    }
    run = a_run()
    snapshot = _keep(told, run, "test", store=store)
    evaluation = Evaluation(
        id="e1",
        run=run.id,
        split="test",
        rows=5,
        metrics={},
        intervals={},
        baseline={},
        baseline_name="",
        predictions=snapshot.id,
        predictions_digest="",
        created=utc_now(),
    )
    step = a_step(**options)
    return impact_of(step, function, run, evaluation, frame_reader=read_raw, store=store)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a new store."""
    return Store.create(tmp_path)


def test_one_number_a_row_is_added_up_over_all_windows(store: Store) -> None:
    """Rows meet their own raw columns, whatever the order of the predictions."""
    impact = ask(store, lambda told, frame: frame["cost"] * (told > 0.5), unit="EUR")
    assert impact.value == 7 + 200_000 + 5
    assert impact.baseline == ROWS.sum()
    assert (impact.unit, impact.rows, impact.step) == ("EUR", 5, "savings@2")
    assert store.ledger.get(Impact, impact.id) == impact


def test_a_number_and_a_dict_are_added_up_too(store: Store) -> None:
    """A dict's `value` is the impact and all its entries are facts."""
    assert ask(store, lambda told, _: int((told > 0.5).sum())).value == 3.0
    told = ask(store, lambda told, frame: {"rows": len(told), "value": frame["cost"].sum()})
    assert told.value == ROWS.sum()
    assert told.facts == {"rows": 5.0, "value": float(ROWS.sum())}


def test_a_mean_is_refused_for_it_does_not_add_up(store: Store) -> None:
    """The error shows both numbers and asks for one number a row."""
    with pytest.raises(WrongShapeError, match="two halves") as caught:
        ask(store, lambda told, _: float(told.mean()))
    assert "one number a row" in caught.value.way_out


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda _told, _frame: np.ones(2), "has the shape"),
        (lambda _told, _frame: "much", "is of type"),
        (lambda _told, _frame: float("nan"), "is nan"),
    ],
)
def test_an_answer_that_is_no_number_is_refused(store: Store, function: Any, sentence: str) -> None:
    """The error says what came instead."""
    with pytest.raises(WrongShapeError, match=sentence):
        ask(store, function)


def test_an_error_of_the_function_names_the_step(store: Store) -> None:
    """The user's own error is told with the step's name."""
    with pytest.raises(StepFailedError, match="`savings` failed: KeyError"):
        ask(store, lambda _told, frame: frame["price"])
