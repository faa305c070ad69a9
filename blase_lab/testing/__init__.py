"""For authors of stores and tests: a disk that fails on demand, and what every store must keep.

`blase_lab.testing.contract` holds the contract suite; it needs pytest and is imported apart.
"""

from __future__ import annotations

from blase_lab.testing.disk import FailingDisk, failing_disk

__all__ = ["FailingDisk", "failing_disk"]
