"""An export that is killed leaves no half bundle under its final name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_SAMPLES = Path(__file__).parent.parent / "unit" / "replay"
_EXPORT = """
import sys, time
from pathlib import Path
from replay_samples import sample_facts, sample_parts, stored
from blase_lab.replay import export_bundle

folder, stop_after = Path(sys.argv[1]), int(sys.argv[2])
facts, store = stored(sample_facts(), folder / "project")

def watch(progress):
    if progress.done == stop_after:
        print("here", flush=True)
        time.sleep(60)

export_bundle(facts, sample_parts(facts), folder=folder / "bundle", store=store, watch=watch)
print("done", flush=True)
"""


def _start(folder: Path, stop_after: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _EXPORT, str(folder), str(stop_after)],
        env={**os.environ, "PYTHONPATH": str(_SAMPLES)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("stop_after", [1, 9, 21])
def test_an_export_killed_after_some_files_leaves_nothing_under_its_name(
    tmp_path: Path, stop_after: int
) -> None:
    """Kill -9 leaves a hidden folder at most; the next export removes it and is whole."""
    with _start(tmp_path, stop_after) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "here\n"
        killed.send_signal(signal.SIGKILL)
    assert not (tmp_path / "bundle").exists()
    with _start(tmp_path, -1) as again:
        assert again.wait(60) == 0
        assert again.stdout is not None
        assert again.stdout.read() == "done\n"
    manifest = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    assert all((tmp_path / "bundle" / name).is_file() for name in manifest["files"])
    assert list(tmp_path.glob(".bundle.*")) == []


def test_the_staging_of_a_living_export_is_left_alone(tmp_path: Path) -> None:
    """Two exports of one name at once: neither removes the other's files."""
    with _start(tmp_path, 3) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == "here\n"
        with _start(tmp_path, -1) as second:
            assert second.wait(60) == 0
        time.sleep(0.1)
        assert len(list(tmp_path.glob(".bundle.partial-*"))) == 1
        living.kill()
