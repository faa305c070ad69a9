"""Drawing from a global generator that the call did not seed is listed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from blase_lab.capture.observe import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def drawn(function: Callable[[], Any], folder: Path) -> list[str]:
    """Return the generators that one call draws from."""
    watched = Watched(function, folder=folder)
    watched()
    notes = watched.take_notes()
    assert {(each.kind, each.mode) for each in notes} <= {("random", "write")}
    return [each.name for each in notes]


def _seeded_late() -> None:
    random.random()
    random.seed(3)


def _seeded_with_nothing() -> None:
    np.random.seed()  # noqa: NPY002 - the cheat under test
    np.random.rand()  # noqa: NPY002


@pytest.mark.parametrize(
    ("draw", "names"),
    [
        (random.random, ["random"]),
        (lambda: random.shuffle([1, 2, 3]), ["random"]),
        (np.random.rand, ["numpy.random"]),
        (lambda: pd.Series([1, 2, 3]).sample(2), ["numpy.random"]),
        (lambda: np.random.default_rng().random(), ["numpy.random"]),
        (_seeded_late, ["random"]),
        (_seeded_with_nothing, ["numpy.random"]),
    ],
    ids=["random", "shuffle", "np.random", "sample", "default_rng()", "seed after", "seed()"],
)
def test_unseeded_draws_are_listed(
    draw: Callable[[], Any], names: list[str], tmp_path: Path
) -> None:
    """By the library whose generator it is."""
    assert drawn(draw, tmp_path) == names


def _seeded() -> None:
    random.seed(3)
    random.random()
    np.random.seed(3)  # noqa: NPY002
    np.random.rand()  # noqa: NPY002


def _put_back() -> None:
    state = random.getstate()
    random.setstate(state)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: np.random.default_rng(3).random(),
        lambda: np.random.default_rng(seed=3).random(),
        lambda: random.Random(3).random(),
        lambda: pd.Series([1, 2, 3]).sample(2, random_state=1),
        _seeded,
        _put_back,
        lambda: None,
    ],
    ids=["default_rng(3)", "by keyword", "Random(3)", "random_state", "seed", "setstate", "none"],
)
def test_seeded_draws_are_not_listed(draw: Callable[[], Any], tmp_path: Path) -> None:
    """A generator of the call's own, or one that it seeded before it drew."""
    assert drawn(draw, tmp_path) == []


def test_observing_draws_nothing_itself(tmp_path: Path) -> None:
    """The global generators go on as if nobody had looked."""
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected = (random.random(), np.random.rand())  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    Watched(lambda: None, folder=tmp_path)()

    assert (random.random(), np.random.rand()) == expected  # noqa: NPY002
