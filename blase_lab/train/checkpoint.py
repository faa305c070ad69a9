"""Exact resume: all that a training depends on, as `.npz` and JSON bytes, and back.

A training that goes on from a checkpoint equals an uninterrupted one to the last bit: model
variables with their SeedGenerators, optimizer, metrics of the epoch under way, callbacks by an
allow-list, global generators, the cursor, the ledger and the history. Nothing is pickled.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import ResumeError
from blase_lab.train.determinism import generators, set_generators
from blase_lab.train.variables import assign_arrays, named_arrays, pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FORMAT = 1
_KEPT = ("best", "wait", "cooldown_counter", "best_weights", "best_epoch", "stopped_epoch")
"""What is kept of a callback: a copied `__dict__` would flip the sign of `min_delta`."""


@dataclass
class Progressed:
    """How far a training is, and what it has told so far."""

    seed: int
    epoch: int = 0
    """Epochs done."""
    batch: int = 0
    """Batches done in the epoch under way."""
    batches: int = 0
    """Batches done in all."""
    seconds: float = 0.0
    resumed: int = 0
    best: float | None = None
    """The lowest validation loss (train loss without validation) of an epoch."""
    peak_bytes: int = 0
    is_stopped_early: bool = False
    initial_weights_digest: str = ""
    history: dict[str, list[float]] = field(default_factory=dict)
    logs: dict[str, float] = field(default_factory=dict)
    """What the last batch told."""


def pack(
    model: Any, callbacks: Sequence[Any], *, progressed: Progressed, ledger: bytes
) -> dict[str, bytes]:
    """Return the files of a checkpoint."""
    arrays, described = _callback_state(callbacks)
    state = {
        "format": _FORMAT,
        "progressed": asdict(progressed),
        "generators": generators(),
        "callbacks": described,
    }
    for part, variables in _variables(model).items():
        arrays |= {f"{part}/{name}": array for name, array in named_arrays(variables).items()}
    arrays["ledger/"] = np.frombuffer(ledger, dtype="<f4")
    return {
        "arrays.npz": pack_arrays(arrays),
        "state.json": json.dumps(state, sort_keys=True).encode(),
    }


def read_progressed(files: Mapping[str, bytes], seed: int) -> Progressed:
    """Return how far the checkpoint is.

    Raises:
        ResumeError: it is of another format or of another seed.
    """
    state = json.loads(files["state.json"])
    if state["format"] != _FORMAT:
        raise ResumeError(
            f"The checkpoint has the format {state['format']} and this version knows {_FORMAT}.",
            way_out="Resume with the version that began the training, or train again.",
            format=state["format"],
        )
    progressed = Progressed(**state["progressed"])
    if progressed.seed != seed:
        raise ResumeError(
            f"The checkpoint was made with the seed {progressed.seed}, not {seed}.",
            way_out="Resume the training that this checkpoint belongs to.",
            seed=progressed.seed,
        )
    return progressed


def restore(files: Mapping[str, bytes], model: Any, callbacks: Sequence[Any]) -> None:
    """Put model, optimizer, metrics, callbacks and generators into the checkpoint's state.

    Call it after `on_train_begin` and `on_epoch_begin`, which reset callbacks.

    Raises:
        ResumeError: model or callbacks are not those of the checkpoint.
    """
    arrays = unpack_arrays(files["arrays.npz"])
    for part, variables in _variables(model).items():
        assign_arrays(variables, _parts(arrays, f"{part}/"))
    state = json.loads(files["state.json"])
    _restore_callbacks(callbacks, state["callbacks"], arrays)
    set_generators(state["generators"])


def read_ledger(files: Mapping[str, bytes]) -> bytes:
    """Return the ledger up to the checkpoint: little-endian float32, one a batch."""
    return unpack_arrays(files["arrays.npz"])["ledger/"].tobytes()


def _variables(model: Any) -> dict[str, list[Any]]:
    return {
        "weights": list(model.variables),
        "optimizer": optimizer_variables(model),
        "metrics": list(model.metrics_variables),
    }


def optimizer_variables(model: Any) -> list[Any]:
    """Return the optimizer's variables; none for a model that trains itself."""
    return [] if model.optimizer is None else list(model.optimizer.variables)


def _callback_state(
    callbacks: Sequence[Any],
) -> tuple[dict[str, np.ndarray[Any, Any]], list[dict[str, Any]]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    described = []
    for place, callback in enumerate(callbacks):
        forms: dict[str, Any] = {}
        for name in _kept_names(callback):
            forms[name], values = _flatten(getattr(callback, name))
            arrays |= {
                f"callback/{place}/{name}/{part}": value for part, value in enumerate(values)
            }
        described.append({"name": type(callback).__name__, "forms": forms})
    return arrays, described


def _kept_names(callback: Any) -> list[str]:
    own = getattr(type(callback), "resume_state", ())
    return [name for name in (*_KEPT, *own) if name in vars(callback)]


def _flatten(value: Any) -> tuple[str, list[np.ndarray[Any, Any]]]:
    """Return the form of a value and its arrays: forms are none, python, scalar, array, list."""
    if value is None:
        return "none", []
    if isinstance(value, bool | int | float):
        return "python", [np.asarray(value)]
    if isinstance(value, list | tuple):
        return "list", [np.asarray(each) for each in value]
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise ResumeError(
            f"A callback keeps a {type(value).__name__}, which a checkpoint cannot hold.",
            way_out="Name only numbers, arrays and lists of them in `resume_state`.",
        )
    return ("scalar" if array.ndim == 0 else "array"), [array]


def _restore_callbacks(
    callbacks: Sequence[Any],
    described: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    names = [type(callback).__name__ for callback in callbacks]
    before = [each["name"] for each in described]
    if names != before:
        raise ResumeError(
            f"The checkpoint has the callbacks {before} and this training {names}.",
            way_out="Capture the callback steps as they were, or train again from the start.",
            before=before,
            now=names,
        )
    for place, (callback, each) in enumerate(zip(callbacks, described, strict=True)):
        for name, form in each["forms"].items():
            parts = _parts(arrays, f"callback/{place}/{name}/")
            setattr(callback, name, _unflatten(form, list(parts.values())))


def _parts(
    arrays: Mapping[str, np.ndarray[Any, Any]], prefix: str
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays whose names start so, without that start."""
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def _unflatten(form: str, parts: list[np.ndarray[Any, Any]]) -> Any:
    if form == "none":
        return None
    if form == "list":
        return parts
    first = parts[0]
    if form == "python":
        return first.item()
    return first[()] if form == "scalar" else first
