"""The verdict: digests first, then tolerance; what differs first, and why."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from blase_lab.core.lineage import sentence
from blase_lab.core.records import Change, Level, Stage, StepKind, Verdict
from blase_lab.replay.stages import stage_table, step_changes
from blase_lab.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blase_lab.replay.facts import Facts, Noise

SEEDS_NEEDED = 5
"""Fewer runs than this say nothing about chance."""

_DATA = ("source", "clean", "feature", "target")
_FED: tuple[StepKind, ...] = ("feature", "target")
_LEARNS: tuple[StepKind, ...] = ("model", "loss", "metric", "callback", "loop")
_CAUSES: dict[str, tuple[StepKind, ...]] = {
    "source": ("source",),
    "scaling": _FED,
    "prepared": _FED,
    "initial weights": ("model", "loop"),
    "weights": _LEARNS,
    "predictions": ("model", "loop"),
    "metrics": ("metric", "loss", "model"),
}
"""The kinds of steps whose code explains a stage that is no step's own; a source has its joins'."""
_GIVEN = ("prepared", "initial weights", "weights")
"""The stages that follow from the hyperparameters: the seed shuffles the rows, too."""
_SENTENCES: dict[Level, str] = {
    "IDENTICAL": "IDENTICAL: the rerun gave the same bits in every stage",
    "EQUIVALENT": "EQUIVALENT: predictions and metrics agree within the tolerance",
    "WITHIN NOISE": "WITHIN NOISE: the metric lies inside the interval of the original's seeds",
    "SAME CONCLUSION": "SAME CONCLUSION: the metric is on the same side of the baseline",
    "DIFFERENT": "DIFFERENT",
    "RAN": "RAN: it ran without an error, and there is nothing to compare",
}


def judge(
    before: Facts,
    after: Facts,
    *,
    tolerance: float = 1e-5,
    noise: Noise | None = None,
    seconds: float = 0.0,
) -> Verdict:
    """Return the strongest level that holds, the first stage that differs, and what caused it.

    Code and environment are causes, not results: they never lower the level of equal results.
    WITHIN NOISE and SAME CONCLUSION are given only where `noise` states the facts for them.
    """
    table = stage_table(before, after, tolerance=tolerance)
    results = tuple(row for row in table if row.name not in ("code", "hyperparameters"))
    level = _level(results, before, after, noise=noise)
    differing = next((row for row in results if row.level != "IDENTICAL"), None)
    code = _code_changes(before, after)
    culprit = _culprit(differing, before, after, code=code)
    first = _first(table, differing, culprit)
    environment = _environment(before, after)
    told = _sentence(level, first, code=code, environment=environment)
    run = _id(before)
    created = utc_now()
    return Verdict(
        id=hashlib.sha256(f"{run} {_id(after)} {created} {told}".encode()).hexdigest(),
        run=run,
        rerun=None if after.run is None else after.run.id,
        level=level,
        sentence=told,
        stages=table,
        first_difference=first,
        changes=(*(change for found in code.values() for change in found), *environment),
        seconds=seconds,
        created=created,
    )


def _id(facts: Facts) -> str:
    if facts.run is not None:
        return facts.run.id
    return "" if facts.training is None else facts.training.id


def _level(results: Sequence[Stage], before: Facts, after: Facts, *, noise: Noise | None) -> Level:
    if not results:
        return "RAN"
    if all(row.level == "IDENTICAL" for row in results):
        return "IDENTICAL"
    outcome = [row for row in results if row.name in ("predictions", "metrics")]
    if len(outcome) > 1 and all(row.level in ("IDENTICAL", "EQUIVALENT") for row in outcome):
        return "EQUIVALENT"
    return "DIFFERENT" if noise is None else _by_chance(before, after, noise)


def _by_chance(before: Facts, after: Facts, noise: Noise) -> Level:
    if before.evaluation is None or after.evaluation is None:
        return "DIFFERENT"
    original = before.evaluation.metrics.get(noise.metric)
    again = after.evaluation.metrics.get(noise.metric)
    if original is None or again is None:
        return "DIFFERENT"
    if len(noise.seeds) >= SEEDS_NEEDED and min(noise.seeds) <= again <= max(noise.seeds):
        return "WITHIN NOISE"
    limit = noise.baseline
    if limit is not None and (original > limit) == (again > limit):
        return "SAME CONCLUSION"
    return "DIFFERENT"


def _code_changes(before: Facts, after: Facts) -> dict[str, tuple[Change, ...]]:
    """Return the changed steps and what changed, in order of work."""
    found = {name: step_changes(step, after.steps.get(name)) for name, step in before.steps.items()}
    return {name: changed for name, changed in found.items() if changed}


def _culprit(
    differing: Stage | None,
    before: Facts,
    after: Facts,
    *,
    code: Mapping[str, tuple[Change, ...]],
) -> str | None:
    """Return the changed step whose code explains the first difference of the results, if any."""
    if differing is None:
        return None
    if differing.name in _DATA and differing.what in code:
        return differing.what
    steps = {**after.steps, **before.steps}
    kinds = _CAUSES.get(differing.name, ())
    return next((name for name in code if steps[name].kind in kinds), None)


def _first(table: Sequence[Stage], differing: Stage | None, culprit: str | None) -> Stage | None:
    """Return the code stage of the step at fault, or the result that differs first."""
    if differing is None or culprit is None:
        return _given_first(table, differing)
    return next(row for row in table if row.name == "code" and row.what == culprit)


def _given_first(table: Sequence[Stage], differing: Stage | None) -> Stage | None:
    """Put other hyperparameters before the rows and weights that follow from them."""
    if differing is None or differing.name not in _GIVEN:
        return differing
    given = (row for row in table if row.name == "hyperparameters" and row.level != "IDENTICAL")
    return next(given, differing)


def _sentence(
    level: Level,
    first: Stage | None,
    *,
    code: Mapping[str, tuple[Change, ...]],
    environment: Sequence[Change],
) -> str:
    if first is None:
        return _told_identical(level, code)
    glue = ": " if level == "DIFFERENT" else "; "
    text = f"{_SENTENCES[level]}{glue}{_told_first(first)}."
    further = {
        name: found for name, found in code.items() if (first.name, first.what) != ("code", name)
    }
    if further:
        text += f" The code differs, too: {_told_code(further)}."
    if environment:
        text += f" The environment differs: {_listed(environment)}."
    return text


def _told_first(first: Stage) -> str:
    if first.name == "code":
        return f"step `{first.what}` differs first, {first.sentence}"
    if first.name in _DATA:
        return f"{first.name} `{first.what}` differs first: {first.sentence}"
    return f"{first.name} ({first.what}) differs first, {first.sentence}"


def _told_identical(level: Level, code: Mapping[str, tuple[Change, ...]]) -> str:
    text = _SENTENCES[level]
    return f"{text}, although the code differs: {_told_code(code)}." if code else f"{text}."


def _told_code(code: Mapping[str, tuple[Change, ...]]) -> str:
    return "; ".join(
        f"step `{name}`, {'; '.join(sentence(change) for change in found)}"
        for name, found in code.items()
    )


def _listed(environment: Sequence[Change]) -> str:
    shown = [f"{item.name} {item.before} → {item.after}" for item in environment[:3]]
    more = len(environment) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


_EFFECT = (
    ("cpu", "isa", "onednn", "gpu", "cuda", "cudnn", "driver", "instruction"),
    ("determinism", "xla", "dtype", "tf32", "mixed"),
    ("tensorflow", "keras"),
    ("thread", "omp", "blas"),
    ("numpy", "pandas", "dask", "zarr", "scikit"),
    ("python",),
)
"""What is known to change bits, the strongest first."""


def _environment(before: Facts, after: Facts) -> tuple[Change, ...]:
    """Return the differences of the two environments, those of strongest known effect first."""
    if before.training is None or after.training is None:
        return ()
    left, right = before.training.environment, after.training.environment
    names = [name for name in {**left, **right} if left.get(name) != right.get(name)]
    return tuple(
        Change(name=name, aspect="environment", before=left.get(name), after=right.get(name))
        for name in sorted(names, key=lambda name: (_rank(name), name))
    )


def _rank(name: str) -> int:
    low = name.lower()
    for rank, words in enumerate(_EFFECT):
        if any(word in low for word in words):
            return rank
    return len(_EFFECT)
