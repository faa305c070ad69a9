"""The model: made by the model step, checked against features and target, compiled, built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import BlaseError, ModelError
from blase_lab.train.inputs import Inputs
from blase_lab.train.target import Target, check_outputs, target_of
from blase_lab.train.variables import assign_arrays, named_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from blase_lab.core.records import InputSpec
    from blase_lab.train.job import TrainingJob

_PROBE_ROWS = 32


def build_model(job: TrainingJob) -> Any:
    """Return the model, compiled, with every variable made: ready for the first batch.

    Raises:
        ModelError: the step fails, gives no model, asks for unknown inputs, or the outputs do
            not fit the target.
    """
    model = make_model(job.model_function, job.training.inputs)
    target = target_of(job.feed)
    ours = not getattr(model, "compiled", False)
    if ours:
        _compile(model, job, target)
    _build(model, job, target, ours=ours and not job.losses)
    return model


def make_model(function: Callable[..., Any], specs: Sequence[InputSpec]) -> Any:
    """Return what the model step makes of the inputs, checked to be a model of these inputs."""
    import keras

    try:
        model = function(Inputs(specs))
    except BlaseError:
        raise
    except Exception as error:
        raise ModelError(
            f"The model step failed: {type(error).__name__}: {error}",
            way_out="Mend the cell, run it, and train again.",
        ) from error
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"The model step returned {_a(model)} and not a keras.Model.",
            way_out="End the function with `return keras.Model(inputs=tensors, outputs=...)`.",
            returned=type(model).__name__,
        )
    arrange(model, {spec.name: spec.name for spec in specs})
    return model


def arrange(model: Any, features: Mapping[str, Any]) -> Any:
    """Return the features in the structure that the model takes; unknown inputs raise."""
    import keras
    from keras.src.models.functional import Functional

    if isinstance(model, keras.Sequential):
        return _only(features)
    if not isinstance(model, Functional):
        return dict(features)
    return keras.tree.map_structure(
        lambda tensor: _feature(features, tensor.name),
        model._inputs_struct,  # noqa: SLF001
    )


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return the function of (y_true, y_pred) under the name of its step."""

    def measured(y_true: Any, y_pred: Any) -> Any:
        return function(y_true, y_pred)

    measured.__name__ = name
    return measured


def make_callbacks(job: TrainingJob) -> list[Any]:
    """Return the callbacks of the callback steps, in the order of their names."""
    import keras

    made = []
    for name, function in sorted(job.callbacks.items()):
        callback = function()
        if not isinstance(callback, keras.callbacks.Callback):
            raise ModelError(
                f"The callback step `{name}` returned {_a(callback)}.",
                way_out="Return a keras.callbacks.Callback.",
                step=name,
            )
        made.append(callback)
    return made


def _a(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _only(features: Mapping[str, Any]) -> Any:
    if len(features) == 1:
        return next(iter(features.values()))
    raise ModelError(
        f"The model step returned a Sequential model, which takes one input; there are "
        f"{len(features)} features: {', '.join(features)}.",
        way_out="Use `inputs.tensors()` and return keras.Model(inputs=tensors, outputs=...).",
        known=list(features),
    )


def _feature(features: Mapping[str, Any], name: str) -> Any:
    if name in features:
        return features[name]
    raise ModelError(
        f"The model has an input `{name}`, which no feature step makes.",
        way_out=f"Take the inputs from `inputs.tensors()`; there are: {', '.join(features)}.",
        name=name,
        known=list(features),
    )


def _compile(model: Any, job: TrainingJob, target: Target) -> None:
    import keras

    if len(job.losses) > 1:
        raise ModelError(
            f"There are {len(job.losses)} loss steps ({', '.join(job.losses)}) and the model "
            "step does not say which one it means.",
            way_out="Call model.compile(optimizer=..., loss=FUNCTION) in the model step.",
            losses=list(job.losses),
        )
    own = [named(function, name) for name, function in job.losses.items()]
    metrics: list[Any] = _default_metrics(target)
    metrics += [
        keras.metrics.MeanMetricWrapper(named(function, name), name=name)
        for name, function in job.metrics.items()
    ]
    model.compile(optimizer="adam", loss=own[0] if own else _LOSSES[target.kind], metrics=metrics)


_LOSSES = {
    "binary": "binary_crossentropy",
    "classes": "sparse_categorical_crossentropy",
    "number": "mean_squared_error",
}


def _default_metrics(target: Target) -> list[Any]:
    import keras

    if target.kind == "binary":
        return [keras.metrics.AUC(name="auc"), keras.metrics.BinaryAccuracy(name="accuracy")]
    if target.kind == "classes":
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
    return [keras.metrics.MeanAbsoluteError(name="mae")]


def _build(model: Any, job: TrainingJob, target: Target, *, ours: bool) -> None:
    """Make all variables by a trial on a few rows, which leaves no trace."""
    rows = min(job.feed.rows("train"), _PROBE_ROWS)
    features, truth, _ = job.feed.arrays("train", 0, rows)
    features = {name: np.asarray(value) for name, value in features.items()}
    try:
        prediction = model(arrange(model, features), training=False)
        before = named_arrays(model.variables)
        check_outputs(target, _one_array(prediction), ours=ours)
        model.compute_loss(x=features, y=truth, y_pred=prediction)
        model.compute_metrics(features, truth, prediction)
    except BlaseError:
        raise
    except Exception as error:
        raise ModelError(
            f"The model fails on its first {rows} rows: {type(error).__name__}: {error}",
            way_out="Look at the layers' shapes, and at the loss and metrics that are compiled.",
            rows=rows,
        ) from error
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    model.reset_metrics()
    assign_arrays(model.variables, before)


def _one_array(prediction: Any) -> np.ndarray[Any, Any]:
    if hasattr(prediction, "numpy"):
        return np.asarray(prediction.numpy())
    raise ModelError(
        f"The model gives {_a(prediction)} of outputs; one target needs one output.",
        way_out="Return a model with a single output tensor.",
    )
