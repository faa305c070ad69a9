"""Scrubs copies of the store named on the command line, killed by SIGKILL at every operation.

Copy `n` is scrubbed by a forked child that kills itself at its n-th operation on the disk, half a
write included; each copy stays as the kill left it. The last child lives.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from dying_publisher import DyingDisk
from scrub_samples import SECRET

from blase_lab.store import Store
from blase_lab.store.atomic import using_disk


def main(folder: Path, stride: int) -> None:
    """Die at operation 1, then 1 + stride, and so on, until a child lives."""
    for turn in range(1, 2000, stride):
        copy = folder / str(turn)
        shutil.copytree(folder / "whole", copy)
        child = os.fork()
        if child == 0:
            with using_disk(DyingDisk(turn)):
                Store.open(copy).scrub(SECRET, dry_run=False)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            print(turn, flush=True)  # noqa: T201 what the test reads
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
