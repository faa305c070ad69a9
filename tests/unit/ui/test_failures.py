"""Failures are told in few lines and end with fixed codes."""

from __future__ import annotations

import pytest

from blase_lab.core import errors
from blase_lab.ui.failures import exit_code_of, lines_of, tell_briefly


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.NoProjectError, 3),
        (errors.OverBudgetError, 4),
        (errors.DiskFullError, 4),
        (errors.UndocumentedError, 4),
        (errors.LeakageError, 1),
        (errors.DamagedError, 1),
        (errors.StepFailedError, 1),
        (errors.CellOptionError, 2),
        (errors.NotFoundError, 2),
        (errors.ConfigError, 2),
    ],
)
def test_every_kind_of_failure_has_its_exit_code(kind: type[errors.BlaseError], code: int) -> None:
    """Scripts rely on them."""
    assert exit_code_of(kind("It failed.", way_out="Do this.")) == code


def test_a_failure_is_two_lines_with_cause_way_out_and_code() -> None:
    """Nobody needs a traceback to act."""
    error = errors.OverBudgetError("One row needs 300 bytes.", way_out="Raise memory.")

    assert lines_of(error, "blase build") == [
        "blase build: One row needs 300 bytes.",
        "→ Raise memory.  [plan-over-budget]",
    ]


def test_a_notebook_is_given_the_lines_in_the_place_of_a_traceback() -> None:
    """IPython asks the exception itself."""
    error = tell_briefly(errors.NoProjectError("None here.", way_out="Init."), "%blase runs")

    assert error._render_traceback_() == lines_of(error, "%blase runs")  # type: ignore[attr-defined]
