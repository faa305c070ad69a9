"""The one engine: a Dask graph with one task a shard, on threads or on a named cluster."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from blase_lab.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Work = TypeVar("Work")
Result = TypeVar("Result")


def cpu_count() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(
    function: Callable[[Work], Result],
    works: Sequence[Work],
    *,
    tasks_in_flight: int,
    scheduler: str | None,
    finished: Callable[[Result], None],
) -> None:
    """Run one task for each work; `finished` sees each result here, in the order of finishing."""
    import dask

    if not works:
        return
    tasks = [
        dask.delayed(function, pure=False)(dask.delayed(work, traverse=False)) for work in works
    ]
    if scheduler is None:
        _on_threads(tasks, tasks_in_flight, finished)
    else:
        _on_cluster(tasks, scheduler, finished)


def _on_threads(tasks: list[Any], workers: int, finished: Callable[[Any], None]) -> None:
    import dask
    from dask.callbacks import Callback

    ends = {task.key for task in tasks}

    def after(key: object, value: Any, *_: object) -> None:
        if key in ends:
            finished(value)

    # The pool is left only when its threads are idle: a task never outlives a failed build.
    with ThreadPoolExecutor(workers) as pool, Callback(posttask=after):
        dask.compute(*tasks, scheduler="threads", pool=pool, optimize_graph=True)


def _on_cluster(tasks: list[Any], address: str, finished: Callable[[Any], None]) -> None:
    from distributed import Client, as_completed

    try:
        client = Client(address, set_as_default=False)
    except OSError as error:
        raise ConfigError(
            f"No Dask scheduler answers at {address}.",
            way_out="Start one with `dask scheduler`, or leave the cluster out.",
            address=address,
        ) from error
    with client:
        futures = client.compute(tasks)
        for _, value in as_completed(futures, loop=client.loop, with_results=True):
            finished(value)
