"""From features to a trained, evaluated and costed model."""

from __future__ import annotations

import ast
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

from blase_lab.capture import environment
from blase_lab.core.errors import LeakageError, ModelError, NoStepError, ResumeError
from blase_lab.core.lineage import sentence
from blase_lab.core.records import (
    Evaluation,
    Finding,
    Fitted,
    Hyperparameters,
    Impact,
    Progress,
    Run,
    Snapshot,
    Split,
    SplitName,
    Step,
    StepKind,
    Training,
)
from blase_lab.core.syntax import parsed
from blase_lab.data import (
    Examination,
    Feed,
    Method,
    Preparation,
    check_leakage,
    fit_scaling,
    input_specs,
    make_split,
    prepare,
    read_frame,
    take_notes,
)
from blase_lab.project.building import Built, build, inputs_of, listed, number
from blase_lab.project.observing import note, read_changes, step_function
from blase_lab.project.readiness import ready_model
from blase_lab.project.sameness import same_training, told_of
from blase_lab.store import redact, utc_now
from blase_lab.train import TrainingJob, evaluate_run, impact_of, train_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blase_lab.project.workspace import Watch, Workspace

_EXTRA_KINDS: tuple[StepKind, ...] = ("loss", "metric", "callback")


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person asked of a training; None means what the model step or the project says."""

    epochs: int | None = None
    batch: int | None = None
    seed: int | None = None
    model: str | None = None
    accept: tuple[str, ...] = ()
    """Features, or checks without one, whose leakage finding was looked at and is accepted."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """All that stands before the first batch."""

    built: Built
    split: Split
    fitted: Fitted
    snapshot: Snapshot
    findings: tuple[Finding, ...]


def train(space: Workspace, wishes: Wishes, *, watch: Watch) -> Run:
    """Build what is missing, refuse what leaks or is undocumented, and train; the run is kept.

    Raises:
        NoStepError: a step that a training needs is missing; nothing was built.
        UndocumentedError: a step has no documentation and the policy is `required`.
        LeakageError: a feature, a duplicate or the time order gives the target away.
        ModelError: the model step's model does not fit, or there is a loop step.
    """
    model = ready_model(space, wishes.model, watch=watch)
    with space.store.lock("training"):
        prepared = prepare_training(space, wishes, watch=watch)
        training = _plan_training(space, prepared, model=model, wishes=wishes)
        _say_if_same(space, training, watch=watch)
        space.store.ledger.put(training, id=training.id)
        space.store.refs.publish("run", "run", training.id, expected=training.number - 1)
        with space.store.lock(f"run-{training.id}"):
            return _train(space, _job(space, training), watch=watch)


def resume(space: Workspace, run: str, *, watch: Watch) -> Run:
    """Go on with a stopped or killed training from its last checkpoint, to the same last bit.

    Raises:
        ResumeError: there is no checkpoint, the training has finished, or what its model, losses,
            metrics or callbacks read is another file or variable now.
    """
    training = space.training(run)
    _check_reads(space, training)
    with space.store.lock("training"), space.store.lock(f"run-{training.id}"):
        return _train(space, _job(space, training, resume=True), watch=watch)


def _check_reads(space: Workspace, training: Training) -> None:
    """Do nothing where all holds what it held: else the rest would be another model's training."""
    for step in map(space.step, training.steps):
        changed = read_changes(space, step) if step.kind in ("model", *_EXTRA_KINDS) else ()
        if changed:
            raise ResumeError(
                f"`{step.name}` of run {training.number} read what has changed since: "
                f"{', '.join(map(sentence, changed))}.",
                way_out="Put it back as it was, or train again with `blase train`.",
                run=training.id,
            )


def _say_if_same(space: Workspace, training: Training, *, watch: Watch) -> None:
    """Say that a run of the same identity exists; it is trained again all the same."""
    same = same_training(space, training)
    if same is not None:
        said = f"Run {training.number} is the {told_of(training, same)}; it is trained again."
        watch(Progress(stage="first", done=0, total=0, unit="", sentence=said))


def _train(space: Workspace, job: TrainingJob, *, watch: Watch) -> Run:
    """Train, and keep what the model step and its like touched while they ran."""
    run = train_model(job, store=space.store, watch=watch)
    named = {**job.losses, **job.metrics, **job.callbacks}
    named[job.training.model.partition("@")[0]] = job.model_function
    for step in map(space.step, job.training.steps):
        if step.name in named:
            # The training seeds the global generators before it calls these: no chance is left.
            notes = take_notes(named[step.name])
            note(space, step, [each for each in notes if each.kind != "random"])
    return run


def prepare_training(space: Workspace, wishes: Wishes, *, watch: Watch) -> Prepared:
    """Split, look for leakage, fit the scaling on train rows and write the training data.

    Raises:
        LeakageError: a finding of the grade `proof` that was not accepted by name.
    """
    store, settings = space.store, space.settings
    built = build(space, watch=watch)
    features = built.of("feature")
    split = make_split(settings.split, source=built.source, kept=built.kept, store=store)
    findings = _findings(space, built, split, watch=watch)
    refuse_leaks(findings, wishes.accept)
    methods = [(each, _scale_of(built.steps[each.name], each)) for each in features]
    fitted = fit_scaling(methods, split=split, store=store, watch=watch)
    wanted = Preparation(
        features=features,
        target=built.of("target")[0],
        split=split,
        fitted=fitted,
        seed=settings.seed if wishes.seed is None else wishes.seed,
        budget=settings.memory_bytes,
    )
    snapshot = prepare(wanted, store=store, watch=watch)
    return Prepared(built=built, split=split, fitted=fitted, snapshot=snapshot, findings=findings)


def refuse_leaks(findings: Sequence[Finding], accepted: Sequence[str]) -> None:
    """Do nothing where nothing leaks.

    Raises:
        LeakageError: a proof that nobody accepted.
    """
    proofs = [
        each
        for each in findings
        if each.grade == "proof" and (each.step or each.check) not in accepted
    ]
    if not proofs:
        return
    sentences = " ".join(each.sentence for each in proofs)
    steps = sorted({each.step for each in proofs if each.step})
    checks = sorted({each.check for each in proofs if not each.step})
    raise LeakageError(
        f"Training refused: {sentences}",
        way_out=" ".join([*map(_without_step, steps), *map(_without_check, checks)]),
        findings=proofs,
    )


def _without_step(name: str) -> str:
    return (
        f"Leave {name} out with `%blase drop {name}`, mend the cell, or, after looking at it, "
        f"accept it: `--accept {name}`."
    )


def _without_check(check: str) -> str:
    return (
        f"Mend the rows or [split] in blase.toml, or, after looking at it, accept it with "
        f"`--accept {check}`."
    )


def evaluate(space: Workspace, run: str | None, *, split: SplitName, watch: Watch) -> Evaluation:
    """Predict a split chunk by chunk, keep the predictions, and measure them beside a baseline.

    Raises:
        ModelError: the training failed, so that there are no weights.
    """
    training = space.training(run)
    trained = space.finished_run(training)
    if not trained.weights:
        raise ModelError(
            f"Run {training.number} failed and left no weights: {trained.error}.",
            way_out="Mend what it failed of, and train again with `blase train`.",
        )
    job = _job(space, training)
    return evaluate_run(
        trained,
        job,
        feed=job.feed,
        split=split,
        store=space.store,
        watch=watch,
    )


def impact(space: Workspace, run: str | None, *, watch: Watch) -> tuple[Impact, ...]:
    """Put a run's predictions and the raw columns of their rows through every impact step.

    Raises:
        NoStepError: there is no impact step; nothing was evaluated for it.
    """
    training = space.training(run)
    steps = space.steps("impact")
    if not steps:
        raise NoStepError(
            "There is no impact step.", way_out="Mark a cell with %%blase_impact first."
        )
    evaluation = space.evaluation(training)
    if evaluation is None:
        sentence = f"Run {training.number} is evaluated on the test split first."
        watch(Progress(stage="first", done=0, total=0, unit="", sentence=sentence))
        evaluation = evaluate(space, run, split="test", watch=watch)
    reader = frame_reader(space, training)
    finished = space.finished_run(training)
    found = []
    for step in steps.values():
        function = step_function(space, step)
        found.append(
            impact_of(step, function, finished, evaluation, frame_reader=reader, store=space.store)
        )
        note(space, step, function.take_notes())
    return tuple(found)


def frame_reader(space: Workspace, training: Training) -> Callable[[int, int], Any]:
    """Return a function that reads the source's rows `start` to `stop` of a training."""
    source = space.snapshot_of_stage(training, "source")
    columns = [column.name for column in source.columns]

    def read(start: int, stop: int) -> Any:
        return read_frame(space.store, (source,), columns, start=start, stop=stop)

    return read


def _findings(space: Workspace, built: Built, split: Split, *, watch: Watch) -> tuple[Finding, ...]:
    features = built.of("feature")
    reads = {each.name: _reads(built, built.steps[each.name]) for each in features}
    examination = Examination(
        features=features,
        target=built.of("target")[0],
        split=split,
        source=built.source,
        known_after=tuple(
            column
            for step in built.steps.values()
            if step.kind == "source"
            for column in listed(step, "known_after")
        ),
        reads=reads,
        lookback={each.name: number(built.steps[each.name], "lookback") for each in features},
    )
    return check_leakage(examination, store=space.store, watch=watch)


def _reads(built: Built, step: Step) -> tuple[str, ...]:
    """Return the source columns that a step names in its code or options, also through inputs.

    A column that is named nowhere as text (built from pieces) is not seen here; the measurement of
    what predicts the target almost alone is.
    """
    columns = {column.name for column in built.source.columns}
    named = set(listed(step, "columns"))
    for definition in step.closure.definitions:
        named |= {
            node.value
            for node in ast.walk(parsed(definition.source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    for name in inputs_of(step):
        named |= set(_reads(built, built.steps[name]))
    return tuple(sorted(named & columns))


def _plan_training(
    space: Workspace, prepared: Prepared, *, model: Step, wishes: Wishes
) -> Training:
    number = len(space.store.refs.versions("run", "run")) + 1 if _has_runs(space) else 1
    steps = [*prepared.built.steps.values(), model]
    steps += [*space.steps(*_EXTRA_KINDS, "impact").values()]
    built = prepared.built
    snapshots = {each.name: each.digest for each in built.all()}
    snapshots |= {"split": prepared.split.digest, "prepared": prepared.snapshot.digest}
    return Training(
        id=f"{number:04d}-{secrets.token_hex(4)}",
        number=number,
        steps={f"{step.name}@{step.version}": step.digests.root for step in steps},
        snapshots=snapshots,
        prepared=prepared.snapshot.id,
        split=prepared.split.id,
        fitted=prepared.fitted.id,
        inputs=tuple(input_specs(prepared.snapshot)),
        target=built.of("target")[0].name,
        model=f"{model.name}@{model.version}",
        hyperparameters=_hyperparameters(space, model, wishes),
        rows=dict(prepared.split.rows),
        environment=environment(),
        findings=prepared.findings,
        notebook=space.notebook,
        settings=redact(space.settings.text),
        created=utc_now(),
    )


def _hyperparameters(space: Workspace, model: Step, wishes: Wishes) -> Hyperparameters:
    return Hyperparameters(
        epochs=_positive("epochs", wishes.epochs, model=model, default=5),
        batch=_positive("batch", wishes.batch, model=model, default=1024),
        seed=space.settings.seed if wishes.seed is None else wishes.seed,
        deterministic=space.settings.deterministic,
    )


def _positive(name: str, wished: int | None, *, model: Step, default: int) -> int:
    value = wished if wished is not None else model.options.get(name)
    number = default if value is None else int(str(value))
    if number < 1:
        raise ModelError(f"{name} is {number}.", way_out=f"Give {name} as 1 or more.")
    return number


def _job(space: Workspace, training: Training, *, resume: bool = False) -> TrainingJob:
    """Return all that a training needs, from the versions of the steps that it names."""
    by_kind: dict[str, dict[str, Callable[..., Any]]] = {kind: {} for kind in _EXTRA_KINDS}
    for step in map(space.step, training.steps):
        if step.kind in by_kind:
            by_kind[step.kind][step.name] = step_function(space, step)
    prepared = space.store.ledger.get(Snapshot, training.prepared)
    return TrainingJob(
        training=training,
        model_function=step_function(space, space.step(training.model)),
        feed=Feed(prepared, store=space.store, seed=training.hyperparameters.seed),
        losses=by_kind["loss"],
        metrics=by_kind["metric"],
        callbacks=by_kind["callback"],
        resume=resume,
    )


def _scale_of(step: Step, snapshot: Snapshot) -> Method:
    asked = step.options.get("scale")
    if asked in get_args(Method):
        return cast("Method", asked)
    categories = any(column.kind == "category" for column in snapshot.columns)
    return "category" if categories else "standard"


def _has_runs(space: Workspace) -> bool:
    return "run" in space.store.refs.names("run")
