"""kill -9 during build, training and export of a real project: the store verifies, work resumes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "project"))

from project_samples import CELLS, MODEL, Cell, capture, new_names, new_project

from blase_lab.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.keras

BLASE = Path(sys.executable).with_name("blase")
DIGESTS = ("weights_digest", "optimizer_digest", "ledger_digest")

SLOW = Cell(
    "feature",
    "import time\n\n"
    'def slow(chunk):\n    """Age, taken at leisure."""\n    time.sleep(0.4)\n'
    '    return chunk["age"] * 2\n',
    {"columns": ["age"]},
)
LONG = Cell("model", MODEL.body, {"epochs": 3, "batch": 8})
"""About 500 batches an epoch, so that there are checkpoints inside it."""


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Begin the command in a process group of its own."""
    return subprocess.Popen(
        [str(BLASE), *words],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill_when(process: subprocess.Popen[str], is_time: Callable[[], bool]) -> None:
    """Wait for the moment and kill the process and its children without a warning."""
    end = time.monotonic() + 120
    while not is_time():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "the moment never came"
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def blase(folder: Path, *words: str) -> str:
    """Run the command to its good end and return what it printed."""
    with started(folder, *words) as process:
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def assert_clean(folder: Path) -> None:
    """Every byte of the store is as it was written."""
    assert json.loads(blase(folder, "verify", "--json"))["damaged"] == []


def test_a_build_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    """Nothing half-written is listed; the second build equals one that was left in peace."""
    settings = 'name = "visits"\nmemory = "4MiB"\n'
    project, _ = new_project(tmp_path / "killed", (*CELLS, SLOW), settings=settings, rows=60_000)
    shutil.copytree(project.folder, tmp_path / "whole")
    journal = project.folder / ".blase" / "tmp"

    def is_time() -> bool:
        if project.store.index.snapshots("previous"):
            shards = [path for path in journal.rglob("c/*") if "slow" in path.as_posix()]
            return len(shards) >= 2
        return False

    kill_when(started(project.folder, "build"), is_time)

    assert project.store.index.snapshots("slow") == []
    assert_clean(project.folder)
    again = {each["name"]: each for each in json.loads(blase(project.folder, "build", "--json"))}
    whole = {
        each["name"]: each for each in json.loads(blase(tmp_path / "whole", "build", "--json"))
    }
    assert {name: each["digest"] for name, each in again.items()} == {
        name: each["digest"] for name, each in whole.items()
    }
    assert again["slow"]["computed_shards"] < whole["slow"]["computed_shards"]
    assert list(journal.iterdir()) == []
    assert_clean(project.folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a built project whose training takes a while."""
    cells = [LONG if cell is MODEL else cell for cell in CELLS]
    project, _ = new_project(tmp_path_factory.mktemp("built") / "visits", cells)
    project.build()
    return project.folder


@pytest.fixture(scope="module")
def whole(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the training was left in peace and evaluated."""
    folder = tmp_path_factory.mktemp("whole") / "visits"
    shutil.copytree(built, folder)
    blase(folder, "train")
    blase(folder, "evaluate")
    return folder


def run_of(folder: Path) -> dict[str, Any]:
    """Return the newest run as the listing has it."""
    found: list[dict[str, Any]] = json.loads(blase(folder, "runs", "--json"))
    return found[0]


def test_a_training_killed_in_the_middle_is_resumed_to_the_same_bits(
    built: Path, whole: Path, tmp_path: Path
) -> None:
    """Weights, optimizer and ledger equal those of a training that nobody killed."""
    shutil.copytree(built, tmp_path / "killed")
    project = Project.open(tmp_path / "killed")
    checkpoints = project.store.root / "checkpoints"

    def is_time() -> bool:
        return len([path for path in checkpoints.glob("*/*") if path.is_dir()]) >= 2

    kill_when(started(project.folder, "train"), is_time)

    cut = run_of(project.folder)
    assert (cut["number"], cut["state"], cut["weights_digest"]) == (1, "stopped", None)
    assert_clean(project.folder)
    blase(project.folder, "train", "--resume", "1")
    resumed, expected = run_of(project.folder), run_of(whole)
    assert (resumed["number"], resumed["state"]) == (1, "finished")
    for name in DIGESTS:
        assert resumed[name] == expected[name], name
    assert resumed["metrics"].keys() <= {*expected["metrics"], "loss", "val_loss", "val_auc"}
    assert_clean(project.folder)


def test_an_export_killed_in_the_middle_leaves_no_bundle(whole: Path, tmp_path: Path) -> None:
    """There is no half bundle under the final name, and the next export is whole."""
    folder = tmp_path / "visits"
    shutil.copytree(whole, folder)
    bundle = folder / "bundles" / "visits-run-1"

    def is_time() -> bool:
        return any(path.is_file() for path in (folder / "bundles").glob(".visits*/**/*"))

    kill_when(started(folder, "export"), is_time)

    assert not bundle.exists()
    assert_clean(folder)
    blase(folder, "export")
    manifest = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    assert all((bundle / name).is_file() for name in manifest["files"])
    assert list((folder / "bundles").glob(".*")) == []


def test_a_capture_killed_at_any_moment_leaves_a_version_or_none(tmp_path: Path) -> None:
    """What was acknowledged is there; what was not does not stand in the way."""
    project, names = new_project(tmp_path, [SLOW], rows=10)
    script = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from project_samples import Cell, capture, new_names\n"
        "from blase_lab.project import Project\n"
        "project = Project.open(Path(sys.argv[1]))\n"
        "for number in range(10_000):\n"
        "    body = f'def f(chunk):\\n    return chunk[\"age\"] * {number}\\n'\n"
        "    print(capture(project, Cell('feature', body), new_names()).version, flush=True)\n"
    )
    for wait in (0.02, 0.05):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=Path(__file__).parent.parent / "unit" / "project",
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(wait)
        process.kill()
        said = [line for line in process.stdout.read().split() if line]
        process.communicate()
        versions = [step.version for step in project.history("f")]
        assert versions == list(range(1, len(versions) + 1))
        assert not said or versions[-1] >= int(said[-1])
    assert project.verify().damaged == ()
    assert capture(project, SLOW, new_names()).version == 1
    assert names
