"""The verdict: the strongest level, the first difference, and the cause by name."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from replay_samples import BAND, sample_facts, sample_steps, snapshot

from blase_lab.replay import Facts, Noise, compare_metrics, compare_predictions, judge

_EDITED = BAND.replace("500", "400")


def test_a_rerun_with_equal_digests_is_identical() -> None:
    """Every stage is equal, nothing differs first, nothing changed."""
    verdict = judge(sample_facts(), sample_facts(run="2"))
    assert verdict.level == "IDENTICAL"
    assert verdict.first_difference is None
    assert verdict.changes == ()


def test_the_table_follows_the_order_of_work() -> None:
    """Code, then data, then preparation, then learning, then results."""
    names = [stage.name for stage in judge(sample_facts(), sample_facts()).stages]
    assert list(dict.fromkeys(names)) == [
        "code",
        "source",
        "feature",
        "target",
        "split",
        "prepared",
        "hyperparameters",
        "initial weights",
        "weights",
        "predictions",
        "metrics",
    ]


def test_an_edited_helper_is_named_with_the_step_it_belongs_to() -> None:
    """The sentence leads from the verdict to the line that a person must look at."""
    after = sample_facts(band=_EDITED, distance_band="other", weights="x", scale="0.9", auc="0.6")
    verdict = judge(sample_facts(), after)
    assert verdict.level == "DIFFERENT"
    assert "step `distance_band` differs first, function `band` changed 1 line" in verdict.sentence
    assert [change.name for change in verdict.changes] == ["function band"]
    assert verdict.first_difference is not None
    assert verdict.first_difference.what == "distance_band"


def test_other_code_with_equal_results_is_identical_and_says_so() -> None:
    """Code is a cause, no result: equal bits stay IDENTICAL, and the edit is named."""
    verdict = judge(sample_facts(), sample_facts(band=_EDITED))
    assert verdict.level == "IDENTICAL"
    assert "although the code differs: step `distance_band`, function `band`" in verdict.sentence


def test_other_weights_with_close_predictions_are_equivalent() -> None:
    """Weights are compared bit by bit, predictions and metrics within the tolerance."""
    after = sample_facts(weights="x", scale="1.0000001", auc="0.7412000001")
    verdict = judge(sample_facts(), after)
    assert verdict.level == "EQUIVALENT"
    assert verdict.first_difference is not None
    assert verdict.first_difference.name == "weights"


def test_the_first_rows_that_differ_are_named() -> None:
    """A source whose second shard differs is found there."""
    verdict = judge(sample_facts(), sample_facts(flights="flights|x", scale="0.9"))
    assert verdict.first_difference is not None
    assert verdict.first_difference.name == "source"
    assert verdict.sentence == (
        "DIFFERENT: source `flights` differs first: column `flights`, rows 8,192 to 16,383."
    )


def test_other_data_come_before_code_that_changed_as_well() -> None:
    """The first result in order of work decides; changed code is listed as a further cause."""
    after = sample_facts(band=_EDITED, flights="flights|x", distance_band="x", scale="0.9")
    verdict = judge(sample_facts(), after)
    assert verdict.first_difference is not None
    assert verdict.first_difference.name == "source"
    first, _, further = verdict.sentence.partition(". ")
    assert first.startswith("DIFFERENT: source `flights` differs first: column `flights`")
    assert further.startswith("The code differs, too: step `distance_band`, function `band`")


def test_a_source_whose_own_cell_changed_is_explained_by_it() -> None:
    """Other rows that follow from an edited source cell are the edit's, not the file's."""
    after = sample_facts(flights="x", scale="0.9")
    steps = {**after.steps, "flights": sample_steps(path="data/other.csv")["flights"]}
    verdict = judge(sample_facts(), Facts(**{**vars(after), "steps": steps}))
    assert "step `flights` differs first, function `flights` changed 1 line" in verdict.sentence
    assert "too:" not in verdict.sentence


def test_code_that_changed_no_data_is_not_blamed_for_other_weights() -> None:
    """An edited feature with equal columns explains neither weights nor metrics."""
    after = sample_facts(band=_EDITED, weights="x", loss="0.41", scale="0.9")
    verdict = judge(sample_facts(), after)
    assert verdict.first_difference is not None
    assert verdict.first_difference.name == "weights"


def test_another_seed_is_named_before_the_rows_that_it_shuffled() -> None:
    """The prepared rows follow from the seed, so the seed is the cause."""
    after = sample_facts(seed="8", prepared="x", initial="x", weights="x", scale="0.9")
    assert "hyperparameters (what fit was given) differs first" in (
        judge(sample_facts(), after).sentence
    )


def test_columns_that_differ_are_named_up_to_three() -> None:
    """More of them are counted, and another number of rows is said instead of places."""
    one, other = (snapshot("wide", "feature", text) for text in ("a|b", "x|b"))
    names = ("a", "b", "c", "d", "e")
    before, after = (
        structs.replace(
            each,
            columns=tuple(structs.replace(each.columns[0], name=name) for name in names),
        )
        for each in (one, other)
    )
    told = judge(Facts(snapshots={"wide": before}), Facts(snapshots={"wide": after})).sentence
    assert "columns `a`, `b`, `c` and 2 more, rows 0 to 8,191" in told
    shorter = structs.replace(after, rows=10)
    told = judge(Facts(snapshots={"wide": before}), Facts(snapshots={"wide": shorter})).sentence
    assert "feature `wide` differs first: 16,384 rows before, 10 after" in told
    recut = structs.replace(after, shards=(structs.replace(after.shards[0], stop=5),))
    told = judge(Facts(snapshots={"wide": before}), Facts(snapshots={"wide": recut})).sentence
    assert told.endswith("columns `a`, `b`, `c` and 2 more.")


def test_the_first_epoch_whose_loss_differs_is_named() -> None:
    """The ledger of losses says when learning went another way."""
    after = sample_facts(weights="x", loss="0.41", scale="0.9")
    assert "the loss first differs in epoch 2" in judge(sample_facts(), after).sentence


def test_another_seed_is_named_before_the_weights_that_follow_from_it() -> None:
    """Hyperparameters are a cause: they come first in the sentence."""
    after = sample_facts(seed="8", initial="x", weights="x", scale="0.9")
    verdict = judge(sample_facts(), after)
    assert verdict.first_difference is not None
    assert verdict.first_difference.name == "hyperparameters"
    assert "seed 7 → seed 8" in verdict.sentence


def test_a_changed_environment_is_listed_as_a_cause() -> None:
    """It never makes equal results different, and is told where they are."""
    equal = judge(sample_facts(), sample_facts(cpu="avx512"))
    other = judge(sample_facts(), sample_facts(cpu="avx512", weights="x", scale="0.9"))
    assert equal.level == "IDENTICAL"
    assert "cpu flags avx2 → avx512" in other.sentence
    assert [change.aspect for change in other.changes] == ["environment"]


@pytest.mark.parametrize(
    ("auc", "seeds", "level"),
    [
        ("0.7405", (0.73, 0.74, 0.742, 0.745, 0.738), "WITHIN NOISE"),
        ("0.7405", (0.73, 0.745), "SAME CONCLUSION"),
        ("0.7200", (0.73, 0.74, 0.742, 0.745, 0.738), "SAME CONCLUSION"),
        ("0.6900", (0.73, 0.74, 0.742, 0.745, 0.738), "DIFFERENT"),
    ],
)
def test_chance_is_invoked_only_with_its_facts(
    auc: str, seeds: tuple[float, ...], level: str
) -> None:
    """At least five seeds make an interval; a baseline makes a conclusion."""
    after = sample_facts(weights="x", scale="0.9", auc=auc)
    noise = Noise(metric="auc", seeds=seeds, baseline=0.70)
    assert judge(sample_facts(), after, noise=noise).level == level
    assert judge(sample_facts(), after).level == "DIFFERENT"


def test_a_rerun_that_never_evaluated_is_different() -> None:
    """What only one side has is a difference, never passed over."""
    after = Facts(**{**vars(sample_facts()), "evaluation": None})
    verdict = judge(sample_facts(), after)
    assert verdict.level == "DIFFERENT"
    assert "only the original has an evaluation" in verdict.sentence


def test_nothing_to_compare_is_only_ran() -> None:
    """Without any result on either side nothing stronger can be said."""
    assert judge(Facts(), Facts()).level == "RAN"


def test_one_row_in_a_thousand_with_another_class_is_different() -> None:
    """Within the tolerance, but across the threshold in more rows than allowed."""
    before = np.full(1000, 0.9)
    before[0] = 0.5
    after = before.copy()
    after[0] = np.nextafter(0.5, 0.0)
    assert compare_predictions(before, after).level == "DIFFERENT"


def test_predictions_missing_in_other_rows_are_different() -> None:
    """A NaN agrees with a NaN only."""
    before, after = np.array([np.nan, 0.5]), np.array([0.5, np.nan])
    assert compare_predictions(before, after).level == "DIFFERENT"
    assert compare_predictions(before, before.copy()).level == "IDENTICAL"


def test_predictions_of_another_shape_are_different() -> None:
    """The shapes are told."""
    told = compare_predictions(np.zeros(3), np.zeros(4))
    assert told.level == "DIFFERENT"
    assert "(3,)" in told.sentence


def test_metrics_are_compared_relative_to_their_size() -> None:
    """A large metric may deviate by more than a small one; NaN equals NaN; inf is different."""
    assert compare_metrics({"mse": 1e6}, {"mse": 1e6 + 1}).level == "EQUIVALENT"
    assert compare_metrics({"mse": 1e-6}, {"mse": 2e-6}).level == "DIFFERENT"
    assert compare_metrics({"r2": np.nan}, {"r2": np.nan}).level == "IDENTICAL"
    assert compare_metrics({"r2": 1.0}, {"r2": np.inf}).level == "DIFFERENT"
    assert compare_metrics({"auc": 1.0}, {"acc": 1.0}).level == "DIFFERENT"
