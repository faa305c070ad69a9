"""Publishes into the store named on the command line, killed by SIGKILL at every operation.

Each publish happens in a forked child that kills itself at its n-th operation on the disk, half
a write included; the children that live print what they were told is saved.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import zarr

from blase_lab.store import Store
from blase_lab.store.atomic import Disk, using_disk

assert zarr  # loaded before the forks, so that each costs milliseconds


class DyingDisk(Disk):
    """Kills the process at the n-th operation."""

    def __init__(self, at: int) -> None:
        """Die at operation `at`, counted from 1."""
        self.at = at
        self.count = 0

    def before(self, verb: str, path: Path) -> None:
        """Die when it is time."""
        del verb, path
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, descriptor: int, data: bytes | bytearray | memoryview, path: Path) -> None:
        """Die with half of the bytes written, when it is time."""
        if self.count + 1 == self.at:
            os.write(descriptor, memoryview(data).cast("B")[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(descriptor, data, path)


def publish(store: Store, turn: int) -> str:
    """Publish data of this turn, then a ref to them; return the digest."""
    with store.arrays.stage(f"turn {turn}") as staging:
        staging.create_array("x", shape=(150,), dtype="int64", chunk_rows=50, shard_rows=100)
        for start in (0, 100):
            if f"shard {start}" not in staging.done:
                rows = np.arange(start, min(start + 100, 150), dtype="int64") + turn
                staging.write_rows("x", start, rows)
                staging.mark(f"shard {start}", {"start": start})
        digest = staging.publish()
    store.refs.publish("snapshot", f"turn{turn}", digest, expected=0)
    return digest


def main(folder: Path) -> None:
    """Die at operation 1, then 2, and so on, until a child lives."""
    store = Store.create(folder)
    for turn in range(1, 1000):
        child = os.fork()
        if child == 0:
            with using_disk(DyingDisk(turn)):
                digest = publish(store, turn)
            os.write(1, f"saved {turn} {digest}\n".encode())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
