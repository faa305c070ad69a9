"""Which columns each kind of record is listed under."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from blase_lab.core.lineage import sentence
from blase_lab.ui.tables import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from blase_lab.core.records import (
        Chunks,
        Evaluation,
        Impact,
        Run,
        RunSummary,
        Sameness,
        Snapshot,
        Step,
        StepState,
        Verdict,
    )

_UNPLANNED = "Nothing has been built yet; the plan of a source is shown when it is read."
_JUDGED = {"auc": "more", "rmse": "less", "accuracy": "more"}
"""The metrics that a model is judged by, the first that there is, and which way is better."""
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def number(value: float) -> str:
    """Return a number in at most four significant digits, whole numbers with separators."""
    if float(value).is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - exact in a float
        return f"{int(value):,}"
    return f"{value:.4g}"


def size(count: float) -> str:
    """Return a number of bytes in the largest unit that keeps it above one."""
    for unit in _UNITS[:-1]:
        if count < 1024:  # noqa: PLR2004 - the units are powers of it
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"


def duration(seconds: float) -> str:
    """Return seconds as a person says them."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def moment(instant: str) -> str:
    """Return an ISO 8601 time in UTC to the second."""
    return instant[:19].replace("T", " ")


def short(digest: str | None) -> str:
    """Return the start of a digest, or a dash."""
    return digest[:12] if digest else "-"


def pairs(values: Mapping[str, float]) -> str:
    """Return named numbers in one line."""
    return ", ".join(f"{name} {number(value)}" for name, value in values.items()) or "-"


def of_states(states: Iterable[StepState]) -> Listing:
    """List steps as their badges show them."""
    rows = tuple(
        (
            f"{state.name}@{state.version}",
            state.kind,
            state.state,
            "yes" if state.documented else "no",
            state.proven or "not proven yet",
            "; ".join(state.reasons) or "-",
        )
        for state in states
    )
    columns = ("step", "kind", "state", "documented", "alone", "why")
    return Listing("Steps", columns, rows, empty="No cell has been captured yet.")


def of_snapshots(snapshots: Iterable[Snapshot]) -> Listing:
    """List data with what was computed and what was taken over."""
    rows = tuple(
        (
            each.name,
            each.stage,
            number(each.rows),
            number(each.removed),
            f"{each.computed_shards} new, {each.reused_shards} reused",
            short(each.digest),
            size(each.measured_peak_bytes),
            duration(each.seconds),
        )
        for each in snapshots
    )
    columns = ("name", "stage", "rows", "removed", "shards", "digest", "peak", "time")
    return Listing("Snapshots", columns, rows, numbers=("rows", "removed", "peak", "time"))


def of_plans(plans: Mapping[str, Chunks]) -> Listing:
    """List chunk plans before any work."""
    rows = tuple(
        (
            name,
            number(plan.rows),
            number(plan.shard_rows),
            str(plan.tasks_in_flight),
            size(plan.peak_bytes),
            size(plan.budget_bytes),
            size(plan.disk_bytes),
        )
        for name, plan in plans.items()
    )
    columns = ("step", "rows", "rows a shard", "tasks", "peak", "budget", "disk")
    return Listing("Plan", columns, rows, numbers=columns[1:], empty=_UNPLANNED)


def of_runs(runs: Iterable[RunSummary]) -> Listing:
    """List runs beside their baselines."""
    rows = tuple(
        (
            str(run.number),
            run.id[:12],
            run.state,
            moment(run.created),
            duration(run.seconds),
            _measured(run),
            pairs(run.baseline),
            run.verdict or "-",
            short(run.weights_digest),
        )
        for run in runs
    )
    columns = (
        "run", "id", "state", "created", "time", "metrics", "baseline", "verdict", "weights",
    )  # fmt: skip
    empty = "Nothing has been trained yet."
    return Listing("Runs", columns, rows, numbers=("run", "time"), empty=empty)


def of_run(run: Run) -> Listing:
    """List what came of one training."""
    last = {name: values[-1] for name, values in run.history.items() if values}
    facts = {
        "state": run.state,
        "epochs": str(run.epochs),
        "batches": number(run.batches),
        "time": duration(run.seconds),
        "last epoch": pairs(last),
        "peak memory": size(run.peak_bytes),
        "weights": short(run.weights_digest),
        "ledger": short(run.ledger_digest),
    }
    if run.error:
        facts["error"] = run.error
    return of_facts(f"Run {run.number}", facts)


def of_summary(run: RunSummary) -> Listing:
    """List what is known of one run, with its digests in full."""
    facts = {
        "id": run.id,
        "state": run.state,
        "created": moment(run.created),
        "time": duration(run.seconds),
        "metrics": _measured(run),
        "baseline": pairs(run.baseline),
        "verdict": run.verdict or "-",
        "weights": run.weights_digest or "-",
        "optimizer": run.optimizer_digest or "-",
        "predictions": run.predictions_digest or "-",
        "ledger": run.ledger_digest or "-",
    }
    return of_facts(f"Run {run.number}", facts)


def of_evaluation(evaluation: Evaluation) -> Listing:
    """List metrics with their intervals, beside the baseline's."""
    rows = tuple(
        (
            name,
            number(value),
            _interval(evaluation.intervals.get(name)),
            number(evaluation.baseline[name]) if name in evaluation.baseline else "-",
        )
        for name, value in evaluation.metrics.items()
    )
    title = f"Evaluation on {evaluation.split}, {evaluation.rows:,} rows"
    columns = ("metric", "model", "95 % interval", evaluation.baseline_name or "baseline")
    return Listing(title, columns, rows, numbers=(columns[1], columns[3]))


def below_baseline(evaluation: Evaluation) -> str:
    """Return a sentence where the model is not better than the baseline, else nothing."""
    both = [name for name in _JUDGED if name in evaluation.metrics and name in evaluation.baseline]
    if not both:
        return ""
    name = both[0]
    value, base = evaluation.metrics[name], evaluation.baseline[name]
    if value > base if _JUDGED[name] == "more" else value < base:
        return ""
    return (
        f"On {evaluation.split} the model is not better than the baseline "
        f"({name} {number(value)} against {number(base)})."
    )


def of_impacts(impacts: Iterable[Impact]) -> Listing:
    """List what the predictions cost or earn."""
    rows = tuple(
        (
            each.step,
            number(each.value),
            "-" if each.baseline is None else number(each.baseline),
            each.unit,
            number(each.rows),
        )
        for each in impacts
    )
    columns = ("impact", "model", "baseline", "unit", "rows")
    return Listing("Impact", columns, rows, numbers=("model", "baseline", "rows"))


def of_sameness(found: Sameness) -> Listing:
    """List what differs, one sentence a change, then what is noted, then what is equal."""
    changed = [(each.name, each.aspect, sentence(each)) for each in found.changes]
    noted = [("note", "-", note) for note in found.notes]
    equal = [(name, "-", "equal") for name in found.equal]
    title = f"{found.name} beside {found.like}"
    return Listing(title, ("leaf", "aspect", "change"), (*changed, *noted, *equal))


def of_verdict(verdict: Verdict) -> Listing:
    """List the stages of a rerun, in the order of the data's path."""
    rows = tuple((each.name, each.what, each.level, each.sentence) for each in verdict.stages)
    return Listing(f"Verdict: {verdict.level}", ("stage", "what", "level", "finding"), rows)


def of_facts(title: str, facts: Mapping[str, str]) -> Listing:
    """List named facts."""
    return Listing(title, ("fact", "value"), tuple(facts.items()))


def of_step(step: Step) -> Listing:
    """List the facts of one version of a step."""
    facts = {
        "kind": step.kind,
        "captured": moment(step.created),
        "digest": step.digests.root,
        "options": ", ".join(f"{key}={value}" for key, value in step.options.items()) or "-",
        "documentation": step.documentation or "none",
        "rests on": ", ".join(leaf.name for leaf in step.leaves) or "-",
        "flags": "; ".join(step.flags) or "-",
    }
    return of_facts(f"{step.name}@{step.version}", facts)


def of_snapshot(snapshot: Snapshot) -> Listing:
    """List the columns of one Snapshot."""
    rows = tuple(
        (
            column.name,
            column.kind,
            column.dtype,
            "-" if column.categories is None else number(column.categories),
            short(column.digest),
        )
        for column in snapshot.columns
    )
    title = f"{snapshot.name} ({snapshot.stage}), {snapshot.rows:,} rows"
    return Listing(title, ("column", "kind", "dtype", "categories", "digest"), rows)


def _measured(run: RunSummary) -> str:
    """Return a run's metrics; what was not measured on the test split says on what it was."""
    mark = "" if run.measured_on in (None, "test") else f" ({run.measured_on})"
    return pairs(run.metrics) + mark


def _interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"


def verification(bundle: Path, *, data: Path) -> str:
    """Return the line for a shell that verifies a bundle with the data of its project."""
    bundle = bundle.absolute()
    place = os.path.relpath(data, bundle) if bundle.is_relative_to(data) else str(data)
    return (
        f"cd {shlex.quote(near(bundle))} && python pipeline.py verify --data {shlex.quote(place)}"
    )


def near(path: Path) -> str:
    """Return a path as seen from the working folder where it lies below it, else whole."""
    place = Path.cwd()
    return str(path.relative_to(place) if path.is_relative_to(place) else path)
