"""Memory: eight times the rows take no more of it, and never more than the budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOISE_BYTES = 4 << 20
"""What the allocator keeps for itself, whatever the work."""


def peaks(folder: Path, times: int) -> list[int]:
    """Return the peaks of ingest and step, and the budget, of a fresh process."""
    folder.mkdir()
    command = [sys.executable, str(HERE / "measured_build.py"), str(folder), str(times)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return [int(each) for each in done.stdout.split()]


def test_peaks_do_not_grow_with_the_rows_and_stay_in_the_budget(tmp_path: Path) -> None:
    """Ingest and a step with a halo: at most 1.15 times at eight times the rows."""
    one, eight = peaks(tmp_path / "one", 1), peaks(tmp_path / "eight", 8)
    for small, large in zip(one[:2], eight[:2], strict=True):
        assert large <= max(small, 32 << 20) * 1.15 + NOISE_BYTES
        assert large <= eight[2]
