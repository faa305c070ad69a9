"""The command `blase` as a person calls it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLASE = Path(sys.executable).with_name("blase")


@dataclass(frozen=True)
class Said:
    """What the command said, and how it ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """Return the environment of a child: ours, quiet."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


def blase(folder: Path, *words: str) -> Said:
    """Run the command in `folder` to its end."""
    done = subprocess.run(
        [str(BLASE), *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def blase_json(folder: Path, *words: str) -> Any:
    """Run the command with `--json`, which must end well, and return what it printed."""
    said = blase(folder, *words, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)
