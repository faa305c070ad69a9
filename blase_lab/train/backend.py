"""Load TensorFlow once, without the notes that its C++ code writes past Python."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ERRORS_ONLY = "2"


def is_loaded() -> bool:
    """Say whether this process has TensorFlow already."""
    return "tensorflow" in sys.modules


def load_backend() -> None:
    """Import TensorFlow and look for devices; what its C++ code says of that stays unsaid.

    It would say on standard error, in the cell that trains, that a machine without a GPU has
    none; TF_CPP_MIN_LOG_LEVEL is not heeded that early. Whoever sets it below 2 reads it all.
    A failure to import is raised as ever.
    """
    if is_loaded():
        return
    wants_notes = os.environ.get("TF_CPP_MIN_LOG_LEVEL", _ERRORS_ONLY) < _ERRORS_ONLY
    with contextlib.nullcontext() if wants_notes else _without_standard_error():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextlib.contextmanager
def _without_standard_error() -> Iterator[None]:
    """Lead file descriptor 2 nowhere; Python's own stream is not touched."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
