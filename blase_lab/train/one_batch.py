"""One batch in one compiled function: data in, logs, exact loss and waiting time out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

OneBatch = Callable[[], tuple[dict[str, Any], Any, float]]


@contextlib.contextmanager
def compiled_batch(model: Any, iterator: Any) -> Iterator[OneBatch]:
    """Give a function that trains on the next batch of a dataset's iterator.

    It returns (logs, loss of this batch as float32, seconds waited for the data), and raises
    StopIteration at the end of the data. It runs the model's own `train_step` as `fit` does, and
    is traced once for every size of batch, so that where a training is entered changes no bit.
    The loss is what `compute_loss` gave: the logs only have the mean of the epoch so far, which
    hides the bits of single batches.
    """
    losses: list[Any] = []
    with _watched_loss(model, losses):
        compute = _compiled(model, losses, iterator)

        def next_batch() -> tuple[dict[str, Any], Any, float]:
            before = time.perf_counter()
            data = next(iterator)
            wait = time.perf_counter() - before
            logs, loss = compute(data)
            return logs, loss, wait

        yield next_batch


def _compiled(model: Any, losses: list[Any], iterator: Any) -> Callable[[Any], tuple[Any, Any]]:
    import tensorflow as tf

    def on_data(data: Any) -> tuple[dict[str, Any], Any]:
        losses.clear()
        logs = model.train_step(data)
        loss = losses[-1] if losses else next(iter(logs.values()))
        return logs, tf.cast(loss, tf.float32)

    if model.run_eagerly or iterator is None:
        return on_data
    compiled: Callable[[Any], tuple[Any, Any]] = tf.function(
        on_data,
        input_signature=[iterator.element_spec],
        jit_compile=True if model.jit_compile is True else None,
    )
    return compiled


@contextlib.contextmanager
def _watched_loss(model: Any, losses: list[Any]) -> Iterator[None]:
    compute_loss = model.compute_loss

    def watched(*arguments: Any, **named: Any) -> Any:
        loss = compute_loss(*arguments, **named)
        losses.append(loss)
        return loss

    model.compute_loss = watched
    try:
        yield
    finally:
        del model.compute_loss
