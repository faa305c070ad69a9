"""A training from its record to its run: exact, resumable, told as it happens."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from blase_lab.core.errors import BlaseError, ResumeError
from blase_lab.core.records import Progress, Run, RunState, Training
from blase_lab.store import redact, utc_now
from blase_lab.train.backend import is_loaded, load_backend
from blase_lab.train.build import build_model, make_callbacks
from blase_lab.train.checkpoint import (
    Progressed,
    optimizer_variables,
    read_ledger,
    read_progressed,
)
from blase_lab.train.control import Requests, interrupts
from blase_lab.train.determinism import seeded
from blase_lab.train.events import Recorder
from blase_lab.train.ledger import LossLedger
from blase_lab.train.loop import Loop, Session
from blase_lab.train.models import keras_file
from blase_lab.train.variables import digest_arrays, digest_variables, named_arrays, pack_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.store import Store
    from blase_lab.train.job import TrainingJob, Watch


def train_model(job: TrainingJob, *, store: Store, watch: Watch | None = None) -> Run:
    """Return the run, which is in the ledger: `finished`, or `stopped` with a checkpoint.

    With `job.resume` training goes on from the last checkpoint and ends with the same bits as
    an uninterrupted one; without a checkpoint it begins at the start, which is the same.

    Raises:
        ModelError: the model does not fit, or its loss is no number; a `failed` run is kept.
        ResumeError: the training has finished, or the checkpoint is of another model.
    """
    _load(watch)
    hyperparameters = job.training.hyperparameters
    checkpoint, progressed = _begin(job, store)
    recorder = Recorder(job.training, store=store, watch=watch)
    requests = Requests(store, job.training.id)
    if job.resume:
        requests.forget()
    with (
        seeded(hyperparameters.seed, deterministic=hyperparameters.deterministic),
        interrupts(requests),
    ):
        try:
            session = _session(
                job,
                store,
                recorder=recorder,
                requests=requests,
                beginning=(checkpoint, progressed),
            )
            return _train(session)
        except Exception as error:
            with contextlib.suppress(BlaseError, OSError):
                _fail(job.training, progressed, store=store, recorder=recorder, error=error)
            raise
        except KeyboardInterrupt:
            sentence = "Interrupted at once; it can be resumed from its last checkpoint."
            recorder.ended("stopped", progressed.epoch, progressed.batch, sentence=sentence)
            raise


def _load(watch: Watch | None) -> None:
    """Import TensorFlow, and say so before: it takes seconds."""
    if watch is not None and not is_loaded():
        watch(Progress(stage="train", done=0, total=0, unit="", sentence="loading TensorFlow"))
    load_backend()
    if watch is not None:
        watch(Progress(stage="train", done=0, total=0, unit="", sentence="building the model"))


def run_of(store: Store, training_id: str) -> Run | None:
    """Return the latest run of a training; None before its first end.

    A resumed training ends more than once. Its first end is kept under the training's id, the
    one after the nth resume under `<id>-<n>`: records are never changed.
    """
    ends = [run for run in store.ledger.list(Run) if run.id == training_id]
    return max(ends, key=lambda run: run.resumed, default=None)


def _begin(job: TrainingJob, store: Store) -> tuple[Mapping[str, bytes] | None, Progressed]:
    """Find where to begin: the last checkpoint when resuming, else the start."""
    seed = job.training.hyperparameters.seed
    if not job.resume:
        return None, Progressed(seed=seed)
    before = run_of(store, job.training.id)
    if before is not None and before.state == "finished":
        raise ResumeError(
            f"Run {before.number} has finished its {before.epochs} epochs.",
            way_out="Start a new training with `blase train`.",
            run=before.id,
        )
    checkpoint = store.checkpoints.latest(job.training.id)
    progressed = Progressed(seed=seed)
    files: Mapping[str, bytes] | None = None
    if checkpoint is not None:
        files = dict(checkpoint.files)
        progressed = read_progressed(files, seed)
    progressed.resumed = max(progressed.resumed, before.resumed if before else 0) + 1
    return files, progressed


def _session(
    job: TrainingJob,
    store: Store,
    *,
    recorder: Recorder,
    requests: Requests,
    beginning: tuple[Mapping[str, bytes] | None, Progressed],
) -> Session:
    import keras

    checkpoint, progressed = beginning
    model = build_model(job)
    initial = digest_variables(model.variables)
    per_epoch = job.feed.batches("train", job.training.hyperparameters.batch)
    if progressed.initial_weights_digest not in ("", initial):
        raise ResumeError(
            "The model step makes other initial weights than when the training began.",
            way_out="Resume with the same versions of Python and its packages, or train again.",
            before=progressed.initial_weights_digest,
            now=initial,
        )
    progressed.initial_weights_digest = initial
    callbacks = keras.callbacks.CallbackList(
        make_callbacks(job),
        model=model,
        verbose=0,
        epochs=job.training.hyperparameters.epochs,
        steps=per_epoch,
    )
    recorder.started(
        progressed.epoch, progressed.batch, batches_per_epoch=per_epoch, resumed=job.resume
    )
    content = b"" if checkpoint is None else read_ledger(checkpoint)
    return Session(
        job=job,
        store=store,
        model=model,
        callbacks=callbacks,
        recorder=recorder,
        requests=requests,
        progressed=progressed,
        ledger=LossLedger(content, batches_per_epoch=per_epoch),
        checkpoint=checkpoint,
    )


def _train(session: Session) -> Run:
    loop = Loop(session)
    state = loop.run()
    if state == "stopped":
        loop.save()
    run = _keep(session, state)
    session.requests.forget()
    at = session.progressed
    session.recorder.ended(state, at.epoch, at.batch, sentence=_sentence(session, state))
    if state == "stopped":
        session.callbacks.on_train_end()
    return run


def _keep(session: Session, state: RunState) -> Run:
    """Put weights, model, ledger and the Run record into the store."""
    store, model, at = session.store, session.model, session.progressed
    weights = named_arrays(model.variables)
    ledger_digest = store.blobs.put(session.ledger.content())
    file = keras_file(model)
    training = session.job.training
    run = Run(
        id=training.id,
        number=training.number,
        state=state,
        epochs=at.epoch,
        batches=at.batches,
        seconds=at.seconds,
        history=at.history,
        weights=store.blobs.put(pack_arrays(weights)),
        model=None if file is None else store.blobs.put(file),
        weights_digest=digest_arrays(weights),
        initial_weights_digest=at.initial_weights_digest,
        optimizer_digest=digest_variables(optimizer_variables(model)),
        ledger_digest=ledger_digest,
        peak_bytes=max(at.peak_bytes, session.recorder.peak_bytes),
        resumed=at.resumed,
        created=utc_now(),
    )
    store.ledger.put(run, id=_key(training, at.resumed))
    return run


def _fail(
    training: Training,
    progressed: Progressed,
    *,
    store: Store,
    recorder: Recorder,
    error: Exception,
) -> None:
    """Keep that the training failed, and why; its weights are not worth keeping."""
    sentence = redact(str(error) if isinstance(error, BlaseError) else f"{_named(error)}")
    run = Run(
        id=training.id,
        number=training.number,
        state="failed",
        epochs=progressed.epoch,
        batches=progressed.batches,
        seconds=progressed.seconds,
        history=progressed.history,
        weights="",
        model=None,
        weights_digest="",
        initial_weights_digest=progressed.initial_weights_digest,
        optimizer_digest="",
        ledger_digest="",
        peak_bytes=recorder.peak_bytes,
        resumed=progressed.resumed,
        error=sentence,
        created=utc_now(),
    )
    store.ledger.put(run, id=_key(training, progressed.resumed))
    recorder.ended("failed", progressed.epoch, progressed.batch, sentence=sentence)


def _key(training: Training, resumed: int) -> str:
    return training.id if resumed == 0 else f"{training.id}-{resumed}"


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _sentence(session: Session, state: RunState) -> str:
    at, epochs = session.progressed, session.job.training.hyperparameters.epochs
    if state == "stopped":
        return f"Stopped in epoch {at.epoch + 1} after batch {at.batch}; it can be resumed."
    if at.epoch < epochs:
        return f"Finished early after {at.epoch} of {epochs} epochs, as a callback asked."
    return f"Finished all {epochs} epochs."
