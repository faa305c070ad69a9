"""Digests are for ever: equal in every process and on every supported Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from digests_now import GOLDEN, Digests, all_digests

ROOT = Path(__file__).parents[2]
OTHERS = ("python3.11", "python3.12", "python3.13")
NEEDED = "import sys, numpy, msgspec; print(sys.version_info[:2] >= (3, 11))"


def golden() -> Digests:
    """Return the committed digests."""
    found: Digests = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


def differences(found: Digests) -> list[str]:
    """Return the entries that have another digest than the golden file says."""
    return [
        f"{section}: {text}"
        for section, entries in golden().items()
        for text, digest in entries.items()
        if found[section][text] not in (None, digest)
    ]


def digests_of(python: str, **environment: str) -> Digests:
    """Return what another process says."""
    done = subprocess.run(
        [python, str(Path(__file__).with_name("digests_now.py"))],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    found: Digests = json.loads(done.stdout)
    return found


def other_pythons() -> list[str]:
    """Return other interpreters: BLASE_OTHER_PYTHONS, and those on the PATH by their name."""
    said = os.environ.get("BLASE_OTHER_PYTHONS", "").split(os.pathsep)
    found = [*filter(None, said), *(path for each in OTHERS if (path := shutil.which(each)))]
    return [each for each in dict.fromkeys(found) if each != sys.executable]


def test_this_process_gives_the_digests_of_the_golden_file() -> None:
    """Every construct and every kind of value, none left out."""
    found = all_digests(golden())
    assert differences(found) == []
    assert all(None not in entries.values() for entries in found.values())


@pytest.mark.parametrize("seed", ["random", "0"])
def test_a_new_process_gives_the_same_digests(seed: str) -> None:
    """With any hash seed."""
    assert differences(digests_of(sys.executable, PYTHONHASHSEED=seed)) == []


def test_other_pythons_give_the_same_digests() -> None:
    """Where an interpreter with numpy and msgspec is at hand."""
    ready = []
    for python in other_pythons():
        done = subprocess.run([python, "-c", NEEDED], capture_output=True, text=True, check=False)
        ready += [python] if done.stdout.strip() == "True" else []
    if not ready:
        pytest.skip("no other Python with numpy and msgspec (name some in BLASE_OTHER_PYTHONS)")
    assert {python: differences(digests_of(python)) for python in ready} == {
        python: [] for python in ready
    }
