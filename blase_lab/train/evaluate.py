"""What a run is worth: predictions chunk by chunk, kept; metrics with intervals; a baseline."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.digest import RowsDigest, merkle
from blase_lab.core.errors import EmptyDataError, ModelError
from blase_lab.core.records import Column, Evaluation, Progress, Run, Snapshot, SplitName, Training
from blase_lab.store import utc_now
from blase_lab.train.baseline import fit_baseline
from blase_lab.train.build import arrange
from blase_lab.train.determinism import seeded
from blase_lab.train.job import TrainingJob
from blase_lab.train.metrics import measure
from blase_lab.train.models import open_model
from blase_lab.train.target import check_probabilities, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.store import Staging, Store
    from blase_lab.train.job import Batches, Watch
    from blase_lab.train.target import Target

    Array = np.ndarray[Any, Any]

CHUNK_ROWS = 8_192
_SHARD_ROWS = 65_536


def evaluate_run(
    run: Run,
    training: Training | TrainingJob,
    *,
    feed: Batches,
    split: SplitName,
    store: Store,
    watch: Watch | None = None,
) -> Evaluation:
    """Return what the run is worth on a split; predictions and record are in the store.

    The predictions are a Snapshot with the arrays `row`, `prediction`, `target` and `baseline`
    in the order of the split. Give the TrainingJob where the model has layers of the user's own.

    Raises:
        EmptyDataError: the split has no rows.
        ModelError: the model cannot be opened, or predicts NaN.
    """
    if feed.rows(split) == 0:
        raise EmptyDataError(
            f"The {split} split has 0 rows.",
            way_out="Give it a share in [split] of blase.toml.",
            split=split,
        )
    record = training.training if isinstance(training, TrainingJob) else training
    target = target_of(feed)
    model = open_model(run, training, store=store)
    baseline = fit_baseline(feed, target)
    hyperparameters = record.hyperparameters
    with seeded(hyperparameters.seed, deterministic=hyperparameters.deterministic):
        told = _predict(_Predictors(model, baseline.predict, target), feed, split, watch=watch)
    snapshot = _keep(told, run, split, store=store)
    measures = measure(target.kind, told["target"], told["prediction"])
    digests = [(c.name, c.digest) for c in snapshot.columns if c.name in ("row", "prediction")]
    evaluation = Evaluation(
        id=f"{run.id}-{split}-{secrets.token_hex(4)}",
        run=run.id,
        split=split,
        rows=feed.rows(split),
        metrics=measures.metrics,
        intervals=measures.intervals,
        baseline=measure(target.kind, told["target"], told["baseline"]).metrics,
        baseline_name=baseline.name,
        confusion=measures.confusion,
        calibration=measures.calibration,
        predictions=snapshot.id,
        predictions_digest=merkle(digests),
        created=utc_now(),
    )
    store.ledger.put(evaluation, id=evaluation.id)
    return evaluation


class _Predictors:
    """The model and the baseline, side by side."""

    def __init__(self, model: Any, baseline: Any, target: Target) -> None:
        self._model = model
        self._baseline = baseline
        self._target = target

    def predict(self, features: Mapping[str, Array]) -> tuple[Array, Array]:
        """Return (model's, baseline's) predictions of one chunk."""
        told = np.asarray(self._model.predict_on_batch(arrange(self._model, features)))
        told = told.astype(np.float32, copy=False)
        if self._target.kind != "classes":
            told = told.reshape(-1)
        if not np.isfinite(told).all():
            raise ModelError(
                f"The model predicts {int((~np.isfinite(told)).sum())} values that are no number.",
                way_out="Train again with a lower learning rate, or fill what is missing.",
            )
        check_probabilities(self._target, told)
        return told, np.asarray(self._baseline(features), dtype=np.float32)


def _predict(
    predictors: _Predictors, feed: Batches, split: SplitName, *, watch: Watch | None
) -> dict[str, Array]:
    """Return row ids, predictions, target and baseline of every row of the split."""
    rows = feed.rows(split)
    parts: dict[str, list[Array]] = {"row": [], "prediction": [], "target": [], "baseline": []}
    for start in range(0, rows, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, rows)
        features, truth, ids = feed.arrays(split, start, stop)
        told, linear = predictors.predict(features)
        parts["row"].append(np.asarray(ids, dtype=np.int64))
        parts["prediction"].append(told)
        parts["target"].append(np.asarray(truth).reshape(-1))
        parts["baseline"].append(linear)
        if watch is not None:
            watch(Progress(stage="evaluate", done=stop, total=rows, unit="rows"))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _keep(told: Mapping[str, Array], run: Run, split: SplitName, *, store: Store) -> Snapshot:
    needed = sum(values.nbytes for values in told.values())
    with store.arrays.stage(f"predictions-{run.id}-{secrets.token_hex(4)}", needed) as staging:
        for name, values in told.items():
            _write(staging, name, values)
        data = staging.publish()
    columns = tuple(_column(name, values) for name, values in told.items())
    snapshot = Snapshot(
        id=f"predictions-{run.id}-{split}-{secrets.token_hex(4)}",
        stage="predictions",
        name=f"predictions of run {run.number}",
        step=None,
        rows=len(told["row"]),
        columns=columns,
        digest=merkle([(column.name, column.digest) for column in columns]),
        data=data,
        facts={"run": run.id, "split": split},
        created=utc_now(),
    )
    store.ledger.put(snapshot, id=snapshot.id)
    return snapshot


def _write(staging: Staging, name: str, values: Array) -> None:
    staging.create_array(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunk_rows=CHUNK_ROWS,
        shard_rows=_SHARD_ROWS,
    )
    for start in range(0, len(values), _SHARD_ROWS):
        staging.write_rows(name, start, values[start : start + _SHARD_ROWS])


def _column(name: str, values: Array) -> Column:
    digest = RowsDigest(values.dtype, values.shape[1:])
    digest.update(0, values)
    return Column(
        name=name,
        kind="number",
        dtype=values.dtype.name,
        shape=values.shape[1:],
        digest=digest.hexdigest(),
    )
