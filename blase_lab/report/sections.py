"""The sections of the model info sheet, each a function from the facts of a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blase_lab.core.observed import all_flags
from blase_lab.core.sizes import size
from blase_lab.report.figures import calibration_svg, training_svg
from blase_lab.report.gate import is_documented, question
from blase_lab.report.sheet import (
    Answer,
    CardFacts,
    Figure,
    Highlight,
    Section,
    Table,
    Tone,
)
from blase_lab.report.sources import read_tables, source_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blase_lab.core.records import Finding, FittedColumn, Snapshot, Step

_SHORT = 16
_LOWER_IS_BETTER = ("loss", "mae", "mse", "rmse", "error", "brier")
_GRADES: dict[str, Tone] = {"proof": "proof", "evidence": "evidence", "note": "note"}


def number(value: float) -> str:
    """Return a number as a reader wants it: four figures, thousands apart."""
    whole = float(value).is_integer() and abs(value) < 1e15  # noqa: PLR2004
    if whole:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"  # noqa: PLR2004


def duration(seconds: float) -> str:
    """Return seconds as `43 s`, `12 min 5 s` or `3 h 4 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.3g} s"


def documented(step: Step) -> str:
    """Return the step's documentation, or '' where it says nothing."""
    return step.documentation.strip() if is_documented(step) else ""


def said(ask: str, step: Step | None) -> Answer:
    """Return what a person wrote of a step, or that nobody did."""
    text = "" if step is None else documented(step)
    return Answer(ask, text, "declared") if text else Answer(ask, "nobody said", "unknown")


def _of_kind(facts: CardFacts, *kinds: str) -> list[Step]:
    return [step for step in facts.steps.values() if step.kind in kinds]


def _of_stage(facts: CardFacts, stage: str) -> list[Snapshot]:
    return [item for item in facts.snapshots.values() if item.stage == stage]


def highlights(facts: CardFacts) -> tuple[Highlight, ...]:
    """Return the figures at the top: the first metrics beside the baseline, rows, the verdict."""
    shown: list[Highlight] = []
    told = facts.evaluation
    if told is not None:
        shown.extend(_metric(facts, name) for name in list(told.metrics)[:2])
    rows = facts.training.rows.get("train", 0)
    shown.append(Highlight("train rows", f"{rows:,}", f"{len(facts.training.inputs)} inputs"))
    if facts.verdict is not None:
        good = facts.verdict.level in ("IDENTICAL", "EQUIVALENT")
        tone: Tone = "good" if good else "bad"
        shown.append(Highlight("rerun", facts.verdict.level, "in a clean process", tone))
    else:
        shown.append(Highlight("rerun", "not yet", "never made again"))
    return tuple(shown)


def _metric(facts: CardFacts, name: str) -> Highlight:
    told = facts.evaluation
    assert told is not None
    value, other = told.metrics[name], told.baseline.get(name)
    if other is None:
        return Highlight(name, number(value), f"on {told.split} rows")
    gain = other - value if lower_is_better(name) else value - other
    tone: Tone = "plain" if gain == 0 else "good" if gain > 0 else "bad"
    word = {"good": "better than", "bad": "worse than"}.get(tone, "equal to")
    return Highlight(name, number(value), f"{word} {told.baseline_name} ({number(other)})", tone)


def lower_is_better(metric: str) -> bool:
    """Say whether a smaller value of the metric is the better one."""
    return any(word in metric.lower() for word in _LOWER_IS_BETTER)


def model(facts: CardFacts) -> Section:
    """Return what the model is and why it was chosen."""
    named = _plain(facts.training.model)
    own = [step for step in _of_kind(facts, "model") if step.name == named]
    step = own[0] if own else None
    inputs = ", ".join(f"{spec.name} ({spec.dtype})" for spec in facts.training.inputs)
    version = f"{step.name}@{step.version}" if step is not None else facts.training.model
    return Section(
        "Model",
        (
            said("Why this model", step),
            Answer("Step", version, "captured", is_code=True),
            Answer("Inputs", inputs or "none", "captured"),
            Answer("Predicts", facts.training.target, "captured", is_code=True),
        ),
    )


def data(facts: CardFacts) -> Section:
    """Return the sources, their digests, and how many rows were removed."""
    answers = [said(f"About {step.name}", step) for step in _of_kind(facts, "source")]
    answers += [said(f"Removed by {step.name}", step) for step in _of_kind(facts, "clean")]
    removed: list[tuple[str, ...]] = [
        (item.name, f"{item.removed:,}", _share(item.removed, item.rows))
        for item in _of_stage(facts, "clean")
    ]
    tables = source_tables(_of_stage(facts, "source"))
    if removed:
        heads = ("cleaning step", "rows removed", "share")
        tables.append(Table("Cleaning", heads, tuple(removed), "measured", frozenset({1, 2})))
    tables += read_tables(facts.observed)
    return Section("Data", tuple(answers), tuple(tables))


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.2%}" if whole else "-"


def features(facts: CardFacts) -> Section:
    """Return one row a feature: version, scaling, missing rows, documentation."""
    rows = []
    for step in _of_kind(facts, "feature"):
        columns = _fitted(facts, step.name)
        methods = dict.fromkeys(column.method for column in columns)
        several = f" ({len(columns)} columns)" if len(columns) > 1 else ""
        worst = max(columns, key=lambda column: column.missing, default=None)
        rows.append(
            (
                step.name,
                str(step.version),
                ", ".join(methods) + several or "-",
                _share(worst.missing, worst.count + worst.missing) if worst else "-",
                documented(step) or "unknown: nobody said",
            )
        )
    heads = ("feature", "version", "scaling", "missing", "what it is (declared)")
    table = Table("What the model reads", heads, tuple(rows), "captured", frozenset({1, 3}))
    return Section("Features", (), (table,) if rows else ())


def _fitted(facts: CardFacts, feature: str) -> list[FittedColumn]:
    """Return what was learned of a feature's columns: `name`, `name.column` or `name[place]`."""
    columns = () if facts.fitted is None else facts.fitted.columns
    return [each for each in columns if re.split(r"[.\[]", each.name)[0] == feature]


def _plain(name: str) -> str:
    """Return a step's name without its version."""
    return name.partition("@")[0]


def target(facts: CardFacts) -> Section:
    """Return what is predicted."""
    steps = _of_kind(facts, "target")
    answers = [said("What is predicted", step) for step in steps[:1]]
    return Section("Target", (Answer("Column", facts.training.target, "captured"), *answers))


def split(facts: CardFacts) -> Section:
    """Return how rows were divided, and what the leakage guard found."""
    answers, tables = [], []
    made = facts.split
    if made is None:
        answers.append(Answer("Policy", "not recorded", "unknown"))
    else:
        by = made.policy.by + (f" of `{made.policy.column}`" if made.policy.column else "")
        answers.append(Answer("Divided by", by, "captured"))
        if made.policy.by == "time":
            answers.append(Answer("Embargo", made.policy.embargo, "captured"))
        total = sum(made.rows.values())
        rows = tuple(
            (name, f"{count:,}", _share(count, total), made.borders.get(name, "-"))
            for name, count in made.rows.items()
        )
        heads = ("part", "rows", "share", "border")
        tables.append(Table("Parts", heads, rows, "measured", frozenset({1, 2})))
    tables.extend(_findings(facts.training.findings))
    if not facts.training.findings:
        answers.append(Answer("Leakage findings", "none", "measured"))
    return Section("Split and leakage", tuple(answers), tuple(tables))


def _findings(findings: Sequence[Finding]) -> list[Table]:
    if not findings:
        return []
    rows = tuple((_graded(item), item.check, item.step or "-", item.sentence) for item in findings)
    tones = tuple(_GRADES[item.grade] for item in findings)
    heads = ("grade", "check", "step", "finding")
    return [Table("Leakage findings", heads, rows, "measured", tones=tones)]


def _graded(finding: Finding) -> str:
    """Return the grade; a proof that was trained on had been accepted by its name."""
    return "proof, accepted by name" if finding.grade == "proof" else finding.grade


def _data_peak(facts: CardFacts) -> list[Answer]:
    """Return what the data stage that grew most took of its budget, if it was measured."""
    made = [item for item in facts.snapshots.values() if item.plan and item.measured_peak_bytes]
    most = max(made, key=lambda item: item.measured_peak_bytes, default=None)
    if most is None or most.plan is None:
        return []
    told = f"{size(most.measured_peak_bytes)} of a budget of {size(most.plan.budget_bytes)}"
    return [Answer("Peak memory of the data stages", f"{told} (`{most.name}`)", "measured")]


def training(facts: CardFacts) -> Section:
    """Return the hyperparameters and the curves."""
    given, run = facts.training.hyperparameters, facts.run
    answers = [
        Answer("Epochs", f"{run.epochs} of {given.epochs}", "captured"),
        Answer("Batch", f"{given.batch:,} rows", "captured"),
        Answer("Seed", str(given.seed), "captured"),
        Answer("Deterministic operations", "yes" if given.deterministic else "no", "captured"),
        Answer("Batches", f"{run.batches:,}", "measured"),
        Answer("Time", duration(run.seconds), "measured"),
        *_data_peak(facts),
        Answer(
            "Peak memory of the training process",
            f"{size(run.peak_bytes)}; training is not under the budget of the data",
            "measured",
        ),
        Answer("State", run.state + (f": {run.error}" if run.error else ""), "captured"),
    ]
    if run.resumed:
        answers.append(Answer("Resumed", f"{run.resumed} times, exactly", "captured"))
    answers += [Answer(name, str(value), "captured") for name, value in given.extra.items()]
    answers += [
        said(f"About {step.name}", step) for step in _of_kind(facts, "loss", "callback", "loop")
    ]
    figures: tuple[Figure, ...] = ()
    if facts.view is not None and facts.view.curves:
        caption = "Train and validation after each epoch. Validation is dashed."
        figures = (Figure(training_svg(facts.view), caption),)
    return Section("Training", tuple(answers), (), figures)


def evaluation(facts: CardFacts) -> Section:
    """Return the metrics with their intervals beside the baseline, confusion and calibration."""
    told = facts.evaluation
    if told is None:
        return Section("Evaluation", (Answer("Metrics", "never evaluated", "unknown"),))
    rows, tones = [], []
    for name, value in told.metrics.items():
        low_high = told.intervals.get(name)
        between = f"{number(low_high[0])} to {number(low_high[1])}" if low_high else "-"
        other = told.baseline.get(name)
        rows.append((name, number(value), between, "-" if other is None else number(other)))
        tones.append(_metric(facts, name).tone)
    heads = ("metric", "this model", "95 % interval", f"baseline: {told.baseline_name}")
    table = Table("Metrics", heads, tuple(rows), "measured", frozenset({1, 2, 3}), tuple(tones))
    tables = [table, *_confusion(told.confusion)]
    figures: tuple[Figure, ...] = ()
    if told.calibration:
        caption = "How often the predicted probability came true. Perfect is the dotted line."
        figures = (Figure(calibration_svg(told.calibration), caption),)
    rows_of = Answer("Rows", f"{told.rows:,} of the {told.split} split", "measured")
    return Section("Evaluation", (rows_of,), tuple(tables), figures)


def _confusion(matrix: Sequence[Sequence[int]]) -> list[Table]:
    if not matrix:
        return []
    total = sum(sum(row) for row in matrix)
    classes = range(len(matrix))
    heads = ("true class", *(f"predicted {place}" for place in classes))
    rows = tuple(
        (str(place), *(f"{count:,} ({_share(count, total)})" for count in matrix[place]))
        for place in classes
    )
    numeric = frozenset(range(1, len(matrix) + 1))
    return [Table("Confusion", heads, rows, "measured", numeric)]


def impact(facts: CardFacts) -> Section:
    """Return what the predictions are worth, by the user's own functions."""
    if not facts.impacts:
        return Section("Impact", (Answer("Worth of the predictions", "not stated", "unknown"),))
    answers = [
        said(f"About {item.step}", facts.steps.get(_plain(item.step))) for item in facts.impacts
    ]
    rows = tuple(
        (
            item.step,
            f"{number(item.value)} {item.unit}",
            "-" if item.baseline is None else f"{number(item.baseline)} {item.unit}",
            f"{item.rows:,}",
        )
        for item in facts.impacts
    )
    heads = ("function", "this model", "baseline", "rows")
    table = Table("By the author's own functions", heads, rows, "measured", frozenset({1, 2, 3}))
    return Section("Impact", tuple(answers), (table,))


def reproducibility(facts: CardFacts) -> Section:
    """Return the verdict, the digests, and the environment."""
    verdict = facts.verdict
    if verdict is None:
        first = Answer("Verdict", "never made again", "unknown")
    else:
        first = Answer("Verdict", verdict.sentence, "measured")
    run = facts.run
    known = {
        "prepared rows": facts.training.snapshots.get("prepared", ""),
        "initial weights": run.initial_weights_digest,
        "weights": run.weights_digest,
        "optimizer": run.optimizer_digest,
        "losses of all batches": run.ledger_digest,
        "predictions": facts.evaluation.predictions_digest if facts.evaluation else "",
    }
    rows = tuple((name, digest) for name, digest in known.items() if digest)
    tables = [Table("Digests (sha256)", ("what", "digest"), rows, "measured")]
    machine = tuple(sorted(facts.training.environment.items()))
    if machine:
        tables.append(Table("Environment", ("fact", "value"), machine, "captured"))
    return Section("Reproducibility", (first, proven(facts)), tuple(tables))


def proven(facts: CardFacts) -> Answer:
    """Return how many steps do the same alone in a clean process; the others are named."""
    ask = "Steps that are self-contained"
    if not facts.proofs:
        return Answer(ask, "none was tried in a clean process", "unknown")
    found = {name: facts.proofs.get(name) for name in facts.steps}
    states = {name: proof.state if proof else "not proven" for name, proof in found.items()}
    others = [f"{name}: {state}" for name, state in states.items() if state != "self-contained"]
    count = f"{len(states) - len(others)} of {len(states)}"
    return Answer(ask, "; ".join([count, *others]), "measured")


def limits(facts: CardFacts, made: Sequence[Section]) -> Section:
    """Return what is not known: flags of the steps, undocumented steps, unanswered questions."""
    rows = [
        (f"{step.name}@{step.version}", flag)
        for step in facts.steps.values()
        for flag in all_flags(step.flags, facts.observed.get(step.name, ()))
    ]
    rows += [
        (step.name, question(step)) for step in facts.steps.values() if not is_documented(step)
    ]
    asked = {f"About {step.name}" for step in facts.steps.values()}
    rows += [
        (section.title, f"{answer.question}: {answer.text}")
        for section in made
        for answer in section.answers
        if answer.origin == "unknown" and answer.question not in asked
    ]
    if not rows:
        text = "Nothing that the steps rest on was left unknown."
        return Section("Limits and unknowns", (Answer("Known limits", text, "captured"),))
    table = Table("Unknown", ("where", "what is not known"), tuple(rows), "unknown")
    return Section("Limits and unknowns", (), (table,))
