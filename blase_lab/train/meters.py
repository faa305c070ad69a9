"""How much of the machine this process takes."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Reading:
    """One look: the share of all cores that we use, and our resident memory."""

    cpu_percent: float
    memory_bytes: int


class Meter:
    """Reads this process and remembers the highest memory it saw."""

    def __init__(self) -> None:
        """Start the CPU clock: the first reading covers the time since now."""
        self._process = psutil.Process()
        self._cores = psutil.cpu_count() or 1
        self._process.cpu_percent(None)
        self.peak_bytes = 0

    def read(self) -> Reading:
        """Return the CPU share since the last reading (0 to 100) and the memory now."""
        memory = int(self._process.memory_info().rss)
        self.peak_bytes = max(self.peak_bytes, memory)
        share = float(self._process.cpu_percent(None)) / self._cores
        return Reading(cpu_percent=min(100.0, share), memory_bytes=memory)
