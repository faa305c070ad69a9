"""Measured memory: how far this process grew while some work ran."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

INTERVAL_SECONDS = 0.02


class PeakMeter:
    """Samples the resident memory above where it stood at the start."""

    def __init__(self) -> None:
        """Stand still until used with `with`."""
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._baseline = 0

    def __enter__(self) -> Self:
        """Begin to sample, after the libraries are loaded: they are no work of ours."""
        import dask
        import pandas as pd
        import pyarrow.csv
        import zarr

        assert all((dask, pd, pyarrow.csv, zarr))
        self._baseline = _resident()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Sample a last time."""
        self._stop.set()
        self._thread.join()
        self._sample()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            self._sample()

    def _sample(self) -> None:
        self.peak_bytes = max(self.peak_bytes, _resident() - self._baseline)


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)
