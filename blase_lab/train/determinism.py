"""Randomness of a training: set from one seed, kept exactly, given back afterwards."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_GLOBALS = ("global_seed_generator", "global_random_seed")
_SEEDS = 2**32


@contextlib.contextmanager
def seeded(seed: int, *, deterministic: bool) -> Iterator[None]:
    """Run the block with all generators set from `seed`; afterwards they are as they were.

    Set are Python's, NumPy's, TensorFlow's and Keras' global generators, and TensorFlow's op
    determinism where `deterministic` is true.
    """
    import keras
    import tensorflow as tf
    from keras.src.backend.common import global_state
    from tensorflow.python.eager import context

    if not 0 <= seed < _SEEDS:
        raise ModelError(
            f"The seed is {seed}.", way_out="Give a seed from 0 to 4,294,967,295.", seed=seed
        )
    python, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 the global one
    tensorflow_seed = context.global_seed()
    keras_state = {name: global_state.get_global_attribute(name) for name in _GLOBALS}
    try:
        with _op_determinism(wanted=deterministic):
            keras.utils.set_random_seed(seed)
            _global_generator()
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_state)  # noqa: NPY002 the global one
        tf.random.set_seed(tensorflow_seed)
        for name, value in keras_state.items():
            global_state.set_global_attribute(name, value)


@contextlib.contextmanager
def _op_determinism(*, wanted: bool) -> Iterator[None]:
    import tensorflow as tf
    from tensorflow.python.framework import config

    was = config.is_op_determinism_enabled()
    if wanted and not was:
        tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        if wanted and not was:
            config.disable_op_determinism()


def generators() -> dict[str, Any]:
    """Return the state of the global generators as JSON knows it.

    Keras' own is made first, since making it draws from Python's.
    """
    keras_state = _global_generator().state.numpy().tolist()
    version, numbers, gauss = random.getstate()
    algorithm, keys, place, has_gauss, cached = np.random.get_state()  # noqa: NPY002 the global one
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [str(algorithm), np.asarray(keys).tolist(), place, has_gauss, cached],
        "keras": keras_state,
    }


def set_generators(state: dict[str, Any]) -> None:
    """Put the global generators into a state that `generators` gave."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    algorithm, keys, place, has_gauss, cached = state["numpy"]
    known = (algorithm, np.asarray(keys, dtype=np.uint32), place, has_gauss, cached)
    np.random.set_state(known)  # noqa: NPY002 the global one
    generator = _global_generator().state
    generator.assign(np.asarray(state["keras"], dtype=generator.dtype))


def _global_generator() -> Any:
    from keras.src.random.seed_generator import global_seed_generator

    return global_seed_generator()
