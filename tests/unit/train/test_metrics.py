"""Our metrics are scikit-learn's, and the intervals cover what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from blase_lab.core.errors import ModelError
from blase_lab.train.events import scalars
from blase_lab.train.metrics import auc_interval, measure, wilson
from blase_lab.train.target import (
    Target,
    check_outputs,
    check_probabilities,
    judge_target,
    target_of,
)

RNG = np.random.default_rng(4)
TRUTH = (RNG.random(500) < 0.3).astype(np.float32)
SCORE = np.clip(RNG.normal(0.35 + 0.25 * TRUTH, 0.2), 0.001, 0.999).astype(np.float32)


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    """AUC, accuracy, log loss and confusion agree."""
    told = measure("binary", TRUTH, SCORE)
    guess = (SCORE > 0.5).astype(int)
    assert told.metrics["auc"] == pytest.approx(sk.roc_auc_score(TRUTH, SCORE), abs=1e-12)
    assert told.metrics["accuracy"] == pytest.approx(sk.accuracy_score(TRUTH, guess))
    assert told.metrics["log_loss"] == pytest.approx(sk.log_loss(TRUTH, SCORE), rel=1e-5)
    assert told.confusion == tuple(map(tuple, sk.confusion_matrix(TRUTH, guess).tolist()))
    assert sum(each.count for each in told.calibration) == len(TRUTH)


def test_ties_share_their_ranks_in_the_auc() -> None:
    """A score rounded to few values has the AUC of scikit-learn."""
    rounded = np.round(SCORE, 1)
    area, _ = auc_interval(TRUTH, rounded)
    assert area == pytest.approx(sk.roc_auc_score(TRUTH, rounded), abs=1e-12)


def test_class_metrics_are_those_of_scikit_learn() -> None:
    """Accuracy, log loss and confusion of three classes agree."""
    truth = RNG.integers(0, 3, size=300)
    told = RNG.dirichlet([1, 1, 1], size=300)
    result = measure("classes", truth, told)
    assert result.metrics["log_loss"] == pytest.approx(sk.log_loss(truth, told), rel=1e-9)
    assert result.metrics["accuracy"] == sk.accuracy_score(truth, told.argmax(axis=1))
    expected = sk.confusion_matrix(truth, told.argmax(axis=1)).tolist()
    assert result.confusion == tuple(map(tuple, expected))


def test_number_metrics_are_those_of_scikit_learn() -> None:
    """MAE, RMSE and R2 agree."""
    truth, told = RNG.normal(size=200), RNG.normal(size=200)
    result = measure("number", truth, told)
    assert result.metrics["mae"] == pytest.approx(sk.mean_absolute_error(truth, told))
    assert result.metrics["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, told))
    assert result.metrics["r2"] == pytest.approx(sk.r2_score(truth, told))


def test_the_auc_interval_covers_the_truth_about_95_times_in_100() -> None:
    """DeLong's interval holds the known area Φ(1/√2) in 93 to 97.5 % of 1,000 draws."""
    area = 0.7602499389065233
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 80)
    covered = 0
    for _ in range(1_000):
        _, (low, high) = auc_interval(truth, rng.normal(loc=truth))
        covered += low <= area <= high
    assert 930 <= covered <= 975


def test_wilson_intervals_are_those_of_the_book() -> None:
    """8 of 10 gives 0.490 to 0.943, and all of 10 still leaves doubt."""
    assert wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_one_class_alone_has_no_auc() -> None:
    """Where only one class is there, nothing is claimed about ranking."""
    assert "auc" not in measure("binary", np.zeros(4), np.full(4, 0.2)).metrics


def test_a_single_row_can_be_measured() -> None:
    """One row gives numbers and no warning."""
    assert measure("binary", np.ones(1), np.full(1, 0.9)).metrics["accuracy"] == 1.0
    assert measure("number", np.ones(1), np.ones(1)).metrics == {"mae": 0.0, "rmse": 0.0}


@pytest.mark.parametrize(
    ("values", "target"),
    [
        (np.array([0.0, 1.0], np.float32), Target("binary", 2)),
        (np.array([0, 1], np.int32), Target("binary", 2)),
        (np.array([0, 1, 4], np.int32), Target("classes", 5)),
        (np.array([0.0, 1.0, 4.0], np.float32), Target("number")),
    ],
)
def test_the_kind_of_a_target_follows_from_its_values(values: np.ndarray, target: Target) -> None:
    """0 and 1 are binary, other integers classes, the rest numbers."""
    assert judge_target(values) == target


def test_negative_classes_are_refused() -> None:
    """Codes start at 0."""
    with pytest.raises(ModelError, match="code -1"):
        judge_target(np.array([-1, 2], np.int32))


def test_too_few_outputs_for_the_classes_are_refused() -> None:
    """The error names both numbers and the layer that would do."""
    with pytest.raises(ModelError, match="has 3 classes and the model has 2") as caught:
        check_outputs(Target("classes", 3), np.full((4, 2), 0.5), ours=True)
    assert "Dense(3" in caught.value.way_out


def test_logits_are_refused_as_probabilities() -> None:
    """Accuracy at 0.5 and the log loss of a logit would be wrong numbers."""
    with pytest.raises(ModelError, match="no probabilities"):
        check_probabilities(Target("binary", 2), np.array([-0.7, 1.3], np.float32))
    check_probabilities(Target("binary", 2), np.array([0.0, 1.0], np.float32))
    check_probabilities(Target("number"), np.array([-7.0, 3.0], np.float32))


def test_what_is_no_number_stays_out_of_the_log() -> None:
    """JSON has no NaN: a record that held one could never be read again."""
    assert scalars({"auc": float("nan"), "loss": 0.5, "up": float("inf")}) == {"loss": 0.5}


def test_a_class_that_comes_late_counts() -> None:
    """The kind of the target is read to its last row."""

    class Late:
        specs = ()

        def rows(self, _split: str) -> int:
            return 70_000

        def arrays(self, _split: str, start: int, stop: int) -> object:
            values = np.zeros(stop - start, np.int32)
            if start <= 69_999 < stop:
                values[69_999 - start] = 2
            return {}, values, np.arange(start, stop)

    assert target_of(Late()) == Target("classes", 3)  # type: ignore[arg-type]
