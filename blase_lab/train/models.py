"""A trained model as a file, and a file as a model again."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import ModelError
from blase_lab.store import write_bytes
from blase_lab.train.backend import load_backend
from blase_lab.train.build import arrange, make_model
from blase_lab.train.determinism import seeded
from blase_lab.train.job import TrainingJob
from blase_lab.train.variables import assign_arrays, unpack_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.core.records import Run, Training
    from blase_lab.store import Store

_NAME = "model.keras"


def keras_file(model: Any) -> bytes | None:
    """Return the bytes of the `.keras` file; None for a model that Keras cannot describe.

    Its bytes differ from one saving to the next (dates): the weights' digest is the identity.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / _NAME
        with contextlib.suppress(TypeError, ValueError, NotImplementedError):
            model.save(path)
            return path.read_bytes()
    return None


def open_model(run: Run, training: Training | TrainingJob, *, store: Store) -> Any:
    """Return the trained model of a run.

    From a TrainingJob it is made by the model step again and given the kept weights, which
    works for layers of the user's own too; from a Training, out of the `.keras` file in Keras'
    safe mode, which runs no code of the file.

    Raises:
        ModelError: the run has no model, or Keras cannot read it without its own classes.
    """
    load_backend()
    if isinstance(training, TrainingJob):
        return _rebuilt(run, training, store)
    if run.model is None:
        raise ModelError(
            f"Run {run.number} has no model file; its state is {run.state}.",
            way_out="Evaluate with the project's model step, or train again.",
            run=run.id,
        )
    return _loaded(store.blobs.get(run.model), run)


def _rebuilt(run: Run, job: TrainingJob, store: Store) -> Any:
    hyperparameters = job.training.hyperparameters
    with seeded(hyperparameters.seed, deterministic=hyperparameters.deterministic):
        model = make_model(job.model_function, job.training.inputs)
        model(arrange(model, _first_rows(job)), training=False)
        assign_arrays(model.variables, unpack_arrays(store.blobs.get(run.weights)))
    return model


def _first_rows(job: TrainingJob) -> Mapping[str, Any]:
    features, _, _ = job.feed.arrays("train", 0, 1)
    return features


def _loaded(data: bytes, run: Run) -> Any:
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        write_bytes(path, data)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"The model file of run {run.number} cannot be opened: {error}",
                way_out="Layers of one's own need the model step: evaluate inside the project.",
                run=run.id,
            ) from error
