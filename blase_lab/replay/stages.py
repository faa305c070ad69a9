"""The stage table of a verdict: one row for each thing that could differ, in the order of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.core.compare import Comparison, compare_metrics, compare_predictions
from blase_lab.core.lineage import changes, sentence
from blase_lab.core.records import Change, Level, Snapshot, Stage, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from blase_lab.replay.facts import Facts

_IDENTITY = ("code", "parameters", "data", "seed")


def step_changes(before: Step | None, after: Step | None) -> tuple[Change, ...]:
    """Return what changed of a step's identity: not its documentation, not its environment."""
    if before is None or after is None or before.digests.root == after.digests.root:
        return ()
    found = changes(before.leaves, after.leaves)
    return tuple(change for change in found if change.aspect in _IDENTITY)


def stage_table(before: Facts, after: Facts, *, tolerance: float) -> tuple[Stage, ...]:
    """Return every stage that at least one side has, from code to metrics."""
    return (
        *_code(before, after),
        *_snapshots(before, after, ("source", "clean", "feature", "target")),
        *_digests(before, after),
        *_training(before, after),
        *_results(before, after, tolerance),
    )


def stage(
    name: str, what: str, pair: tuple[str | None, str | None], *, why: str = ""
) -> Stage | None:
    """Return the stage of two digests, or None where neither side has one."""
    before, after = pair
    if before is None and after is None:
        return None
    if before == after:
        level: Level = "IDENTICAL"
        text = "equal"
    elif before is None or after is None:
        level = "DIFFERENT"
        text = f"only the {'original' if after is None else 'rerun'} has it"
    else:
        level = "DIFFERENT"
        text = why or "the content differs"
    return Stage(name=name, what=what, level=level, sentence=text, before=before, after=after)


def _named(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys((*before, *after)))


def _code(before: Facts, after: Facts) -> Iterator[Stage]:
    for name in _named(before.steps, after.steps):
        first, second = before.steps.get(name), after.steps.get(name)
        pair = (_root(first), _root(second))
        row = stage("code", name, pair, why=_why(step_changes(first, second)))
        if row is not None:
            yield row


def _root(step: Step | None) -> str | None:
    return None if step is None else step.digests.root


def _why(found: tuple[Change, ...]) -> str:
    return "; ".join(sentence(change) for change in found)


def _snapshots(before: Facts, after: Facts, order: tuple[str, ...]) -> Iterator[Stage]:
    names = _named(before.snapshots, after.snapshots)
    for wanted in order:
        for name in names:
            first, second = before.snapshots.get(name), after.snapshots.get(name)
            if wanted not in {item.stage for item in (first, second) if item is not None}:
                continue
            row = stage(wanted, name, _content(first, second), why=_where(first, second))
            if row is not None:
                yield row


def _content(first: Snapshot | None, second: Snapshot | None) -> tuple[str | None, str | None]:
    return (None if first is None else first.digest, None if second is None else second.digest)


def _where(first: Snapshot | None, second: Snapshot | None) -> str:
    """Name the columns in which two snapshots differ, and the first rows that do."""
    if first is None or second is None or first.digest == second.digest:
        return ""
    told = _columns(first, second)
    if first.rows != second.rows:
        return f"{first.rows:,} rows before, {second.rows:,} after"
    for left, right in zip(first.shards, second.shards, strict=False):
        if (left.start, left.stop) != (right.start, right.stop):
            break
        if left.digest != right.digest:
            return f"{told}, rows {left.start:,} to {left.stop - 1:,}"
    return told


def _columns(first: Snapshot, second: Snapshot) -> str:
    left = {column.name: column.digest for column in first.columns}
    right = {column.name: column.digest for column in second.columns}
    names = [name for name in _named(left, right) if left.get(name) != right.get(name)]
    if not names:
        return "the order of the columns"
    listed = ", ".join(f"`{name}`" for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004
    return f"column{'s' if len(names) > 1 else ''} {listed}{more}"


def _digests(before: Facts, after: Facts) -> Iterator[Stage]:
    for name, what, read in _PREPARATION:
        row = stage(name, what, (read(before), read(after)))
        if row is not None:
            yield row


def _split(facts: Facts) -> str | None:
    return None if facts.split is None else facts.split.digest


def _fitted(facts: Facts) -> str | None:
    return None if facts.fitted is None else facts.fitted.digest


def _prepared(facts: Facts) -> str | None:
    made = [item.digest for item in facts.snapshots.values() if item.stage == "prepared"]
    if made:
        return made[-1]
    return None if facts.training is None else facts.training.snapshots.get("prepared")


_PREPARATION: tuple[tuple[str, str, Callable[[Facts], str | None]], ...] = (
    ("split", "rows in train, validation and test", _split),
    ("scaling", "statistics of the train rows", _fitted),
    ("prepared", "shuffled rows as the model reads them", _prepared),
)


def _training(before: Facts, after: Facts) -> Iterator[Stage]:
    given = (_given(before), _given(after))
    for row in (
        stage("hyperparameters", "what fit was given", given, why=_other_given(given)),
        stage("initial weights", "before the first batch", _of_run(before, after, "initial")),
        stage(
            "weights",
            "after the last batch",
            _of_run(before, after, "last"),
            why=_epoch(before, after),
        ),
    ):
        if row is not None:
            yield row


def _given(facts: Facts) -> str | None:
    if facts.training is None:
        return None
    given = facts.training.hyperparameters
    told = f"epochs {given.epochs}, batch {given.batch}, seed {given.seed}"
    extra = "".join(f", {name} {value}" for name, value in sorted(given.extra.items()))
    return f"{told}, deterministic {given.deterministic}{extra}"


def _other_given(pair: tuple[str | None, str | None]) -> str:
    before, after = ((side or "").split(", ") for side in pair)
    return "; ".join(f"{a} → {b}" for a, b in zip(before, after, strict=False) if a != b)


def _of_run(before: Facts, after: Facts, which: str) -> tuple[str | None, str | None]:
    def read(facts: Facts) -> str | None:
        if facts.run is None:
            return None
        run = facts.run
        return run.initial_weights_digest if which == "initial" else run.weights_digest

    return (read(before), read(after))


def _epoch(before: Facts, after: Facts) -> str:
    """Name the first epoch whose recorded losses differ."""
    if before.run is None or after.run is None:
        return ""
    if before.run.ledger_digest == after.run.ledger_digest:
        return "the losses of every batch are equal and the weights are not"
    left, right = before.run.history.get("loss", []), after.run.history.get("loss", [])
    for epoch, (one, other) in enumerate(zip(left, right, strict=False), 1):
        if one != other:
            return f"the loss first differs in epoch {epoch}: {one:.8g} before, {other:.8g} after"
    if len(left) != len(right):
        return f"{len(left)} epochs before, {len(right)} after"
    return "the losses of the batches differ within an epoch"


def _results(before: Facts, after: Facts, tolerance: float) -> Iterator[Stage]:
    first, second = before.evaluation, after.evaluation
    if first is None and second is None:
        return
    if first is None or second is None:
        side = "original" if second is None else "rerun"
        told = Comparison("DIFFERENT", f"only the {side} has an evaluation")
        yield _judged("metrics", "evaluation", told)
        return
    pair = (first.predictions_digest, second.predictions_digest)
    if pair[0] == pair[1]:
        told = Comparison("IDENTICAL", "equal")
    else:
        told = _predictions(before, after, tolerance)
    yield _judged("predictions", f"{first.split} rows", told, pair=pair)
    metrics = compare_metrics(first.metrics, second.metrics, tolerance=tolerance)
    yield _judged("metrics", f"{first.split} rows", metrics)


def _predictions(before: Facts, after: Facts, tolerance: float) -> Comparison:
    if before.predictions is None or after.predictions is None:
        return Comparison("DIFFERENT", "the predictions differ, and cannot be read to say how far")
    return compare_predictions(before.predictions(), after.predictions(), tolerance=tolerance)


def _judged(
    name: str, what: str, told: Comparison, *, pair: tuple[str | None, str | None] = (None, None)
) -> Stage:
    return Stage(
        name=name,
        what=what,
        level=told.level,
        sentence=told.sentence,
        before=pair[0],
        after=pair[1],
    )
