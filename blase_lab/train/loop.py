"""The training loop: `fit` of Keras with a cursor, so that it can be entered at any batch.

Keras' own `fit` enters an epoch only at its start, and a second `fit` for the rest would end the
training twice for every callback (`on_train_end` restores best weights) and for optimizers that
average. So the loop is ours; `train_step`, `evaluate`, metrics and callbacks are the model's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import EmptyDataError
from blase_lab.train.build import arrange
from blase_lab.train.checkpoint import Progressed, pack, restore
from blase_lab.train.events import Recorder, scalars
from blase_lab.train.one_batch import compiled_batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.core.records import RunState
    from blase_lab.store import Store
    from blase_lab.train.control import Requests
    from blase_lab.train.job import TrainingJob
    from blase_lab.train.ledger import LossLedger
    from blase_lab.train.one_batch import OneBatch


@dataclass(kw_only=True)
class Session:
    """Everything that one stretch of training holds in its hands."""

    job: TrainingJob
    store: Store
    model: Any
    callbacks: Any
    """A keras CallbackList."""
    recorder: Recorder
    requests: Requests
    progressed: Progressed
    ledger: LossLedger
    checkpoint: Mapping[str, bytes] | None = None
    """What to go on from."""

    @property
    def own_callbacks(self) -> list[Any]:
        """The callbacks of the callback steps."""
        return list(self.callbacks.callbacks)


class Loop:
    """Trains a session to its end, or until somebody asks it to stop."""

    def __init__(self, session: Session) -> None:
        """Stand before the first batch."""
        self._session = session
        self._at = session.progressed
        hyperparameters = session.job.training.hyperparameters
        self._epochs, self._batch = hyperparameters.epochs, hyperparameters.batch
        self._checkpoint_batches = hyperparameters.checkpoint_batches
        self._per_epoch = session.job.feed.batches("train", self._batch)
        self._rows = session.job.feed.rows("train")
        self._since_checkpoint = 0
        self._saved: tuple[int, int] | None = None
        self._clock = time.perf_counter()
        self._epoch_seconds = 0.0

    def run(self) -> RunState:
        """Return `finished`, or `stopped` with a checkpoint at the last batch done."""
        session, at = self._session, self._at
        session.model.stop_training = False
        session.callbacks.on_train_begin()
        if session.checkpoint is not None:
            self._enter()
        self._clock = time.perf_counter()
        validation = self._validation()
        with compiled_batch(session.model, self._iterator()) as one_batch:
            while at.epoch < self._epochs and not at.is_stopped_early:
                if not self._epoch(one_batch):
                    return "stopped"
                self._end_epoch(validation)
        if session.model.optimizer is not None:
            session.model.optimizer.finalize_variable_values(session.model.trainable_weights)
        session.callbacks.on_train_end(at.logs)
        return "finished"

    def save(self, *, is_best: bool = False) -> None:
        """Keep a checkpoint of this moment, unless there is one."""
        at, session = self._at, self._session
        cursor = (at.epoch, at.batch)
        if self._saved == cursor:
            return
        start = time.perf_counter()
        self._count_time()
        at.peak_bytes = max(at.peak_bytes, session.recorder.peak_bytes)
        at.logs = scalars(at.logs)
        ledger = session.ledger.content()
        files = pack(session.model, session.own_callbacks, progressed=at, ledger=ledger)
        session.store.checkpoints.save(
            session.job.training.id, at.epoch, at.batch, files, keep_best=is_best
        )
        self._saved, self._since_checkpoint = cursor, 0
        session.recorder.checkpointed(*cursor, seconds=time.perf_counter() - start)

    def _enter(self) -> None:
        """Restore the checkpoint after the callbacks' beginnings, which reset them."""
        session, at = self._session, self._at
        if at.batch > 0:
            session.callbacks.on_epoch_begin(at.epoch)
        assert session.checkpoint is not None
        restore(session.checkpoint, session.model, session.own_callbacks)
        session.model.stop_training = at.is_stopped_early
        self._saved = (at.epoch, at.batch)

    def _epoch(self, one_batch: OneBatch) -> bool:
        """Train the rest of an epoch; False when somebody wants to stop."""
        session, at = self._session, self._at
        if at.batch == 0:
            session.model.reset_metrics()
            session.callbacks.on_epoch_begin(at.epoch)
        while at.batch < self._per_epoch and not session.model.stop_training:
            self._one(one_batch)
            if not self._obey():
                return False
            self._since_checkpoint += 1
            if self._since_checkpoint >= self._checkpoint_batches:
                self.save()
        return True

    def _one(self, one_batch: OneBatch) -> None:
        session, at = self._session, self._at
        if self._session.own_callbacks:
            session.callbacks.on_train_batch_begin(at.batch)
        try:
            logs, loss, wait = one_batch()
        except StopIteration as error:
            raise self._too_few(at.batch) from error
        rows = min(self._batch, self._rows - at.batch * self._batch)
        at.batch += 1
        at.batches += 1
        session.ledger.add(loss)
        at.logs = logs
        if self._session.own_callbacks:
            at.logs = scalars(logs)
            session.callbacks.on_train_batch_end(at.batch - 1, at.logs)
        session.recorder.batch(at.epoch, at.batch, rows=rows, wait=wait, logs=logs)

    def _obey(self) -> bool:
        session, at = self._session, self._at
        wanted = session.requests.wanted()
        if wanted == "pause":
            self.save()
            session.recorder.paused(at.epoch, at.batch)
            goes_on = session.requests.wait_while_paused(session.recorder.meter)
            self._clock = time.perf_counter()
            if goes_on:
                session.recorder.continued(at.epoch, at.batch)
            return goes_on
        return wanted != "stop"

    def _end_epoch(self, validation: Any) -> None:
        session, at = self._session, self._at
        session.ledger.settle()
        logs = scalars(at.logs) | scalars(session.model.get_metrics_result())
        if validation is not None:
            told = session.model.evaluate(
                validation, return_dict=True, verbose=0, callbacks=session.callbacks
            )
            logs |= {f"val_{name}": value for name, value in scalars(told).items()}
        session.callbacks.on_epoch_end(at.epoch, logs)
        for name, value in logs.items():
            at.history.setdefault(name, []).append(value)
        self._count_time()
        session.recorder.epoch(at.epoch, logs, seconds=self._epoch_seconds)
        self._epoch_seconds = 0.0
        at.epoch, at.batch, at.logs = at.epoch + 1, 0, logs
        at.is_stopped_early = bool(session.model.stop_training)
        self.save(is_best=self._is_best(logs))

    def _is_best(self, logs: Mapping[str, float]) -> bool:
        value = logs.get("val_loss", logs.get("loss"))
        if value is None or (self._at.best is not None and value >= self._at.best):
            return False
        self._at.best = value
        return True

    def _count_time(self) -> None:
        now = time.perf_counter()
        self._at.seconds += now - self._clock
        self._epoch_seconds += now - self._clock
        self._clock = now

    def _iterator(self) -> Any:
        epoch, skipped = divmod(self._at.epoch * self._per_epoch + self._at.batch, self._per_epoch)
        if epoch >= self._epochs:
            return None
        dataset = self._session.job.feed.dataset(
            "train",
            batch=self._batch,
            epoch=epoch,
            skip_batches=skipped,
            epochs=self._epochs - epoch,
        )
        return iter(self._arranged(dataset))

    def _validation(self) -> Any:
        feed = self._session.job.feed
        if feed.rows("validation") == 0:
            return None
        return self._arranged(feed.dataset("validation", batch=self._batch, shuffle=False))

    def _arranged(self, dataset: Any) -> Any:
        import tensorflow as tf

        model = self._session.model
        arranged = dataset.map(lambda features, target: (arrange(model, features), target))
        return arranged.prefetch(tf.data.AUTOTUNE)

    def _too_few(self, batch: int) -> EmptyDataError:
        return EmptyDataError(
            f"The data ended after batch {batch} of {self._per_epoch} in an epoch.",
            way_out="Run `blase verify`, then build the training data again.",
            batch=batch,
            batches=self._per_epoch,
        )
