"""What a step reads while it runs, in a real kernel, in worker processes, and in a rerun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import warnings
from typing import TYPE_CHECKING

import pytest
from live_kernel import kernel_in
from project_samples import (
    CELLS,
    HELPERS,
    SETTINGS,
    SOURCE,
    Cell,
    capture,
    lay_out,
    new_project,
)
from shell_command import blase, blase_json, environment
from two_workers import two_workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blase_lab.core.records import Observation

pytestmark = [
    pytest.mark.kernel,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

LIMITED = Cell(
    "feature",
    textwrap.dedent('''\
        import json, os

        def limited(chunk):
            """Above the limit of the shop, in the units of its region."""
            with open("thresholds.json") as file:
                limit = json.load(file)["limit"]
            return (chunk["age"] > limit) * float(os.environ.get("SHOP_FACTOR", "1"))
        '''),
)
CALLING = Cell(
    "feature",
    textwrap.dedent('''\
        import socket

        def fetched(chunk):
            """Asked for from afar."""
            with socket.create_connection(("192.0.2.1", 80), timeout=0.1):
                return chunk["age"]
        '''),
)


def set_limit(folder: Path, limit: int) -> None:
    """Write the file that the feature reads."""
    (folder / "thresholds.json").write_text(json.dumps({"limit": limit}), encoding="utf-8")


def test_an_edited_file_makes_a_step_stale_and_its_build_another_version(tmp_path: Path) -> None:
    """The status says which file; the build computes again; put back, the first values return."""
    folder = lay_out(tmp_path / "visits", rows=600)
    set_limit(folder, 30)
    with kernel_in(folder) as kernel:
        kernel.must(SOURCE.text)
        kernel.must(LIMITED.text)
        assert "has not run yet" in kernel.must("%blase observed limited")
        kernel.must("%blase build")
        seen = kernel.must("%blase observed limited")
        fresh = kernel.must("%blase status limited")

        set_limit(folder, 45)
        stale = kernel.must("%blase status limited")
        why = kernel.must("%blase why limited")
        kernel.must("%blase build")
        again = kernel.must("%blase status limited")
        kernel.must("import os; os.environ['SHOP_FACTOR'] = '3'")
        changed = kernel.must("%blase why limited")

    assert "thresholds.json" in seen
    assert "SHOP_FACTOR" in seen
    assert ("fresh" in fresh, "limited@1" in fresh) == (True, True)
    assert "stale" in stale
    assert "file `thresholds.json`" in why
    assert ("fresh" in again, "limited@2" in again) == (True, True)
    assert "variable `SHOP_FACTOR` not set →" in changed


def test_the_shell_knows_what_a_kernel_saw(tmp_path: Path) -> None:
    """Also which file has changed since; and it builds the new version."""
    folder = lay_out(tmp_path / "visits", rows=600)
    set_limit(folder, 30)
    with kernel_in(folder) as kernel:
        kernel.must(SOURCE.text)
        told = kernel.must(LIMITED.text)
        kernel.must("%blase build")

    assert "needs hidden" not in told, (
        "`open` is IPython's in a notebook, and Python's own elsewhere"
    )
    report = blase_json(folder, "observed")
    set_limit(folder, 45)
    (state,) = blase_json(folder, "status", "limited")
    assert blase(folder, "build").code == 0
    (after,) = blase_json(folder, "status", "limited")

    names = [each["name"] for each in report["limited"]["observations"]]
    assert names == ["thresholds.json", "SHOP_FACTOR"]
    assert [each["name"] for each in report["people"]["observations"]] == ["people.csv"]
    assert state["state"] == "stale"
    assert state["reasons"][0].startswith("file `thresholds.json` ")
    assert (after["state"], after["version"]) == ("fresh", 2)


def test_an_offline_project_refuses_a_connection_in_words(tmp_path: Path) -> None:
    """In a build, with the step, the address and the setting."""
    settings = SETTINGS.replace("seed = 7", "seed = 7\noffline = true")
    folder = lay_out(tmp_path / "visits", settings=settings, rows=600)
    with kernel_in(folder) as kernel:
        kernel.must(SOURCE.text)
        kernel.must(CALLING.text)
        shown = kernel.run("%blase build")

    told = shown.told + shown.text
    assert "fetched" in told
    assert "192.0.2.1:80" in told
    assert "offline = true" in told


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of two real worker processes in which the variable is set."""
    os.environ["SHOP_FACTOR"] = "7"
    with two_workers() as found:
        yield found
    del os.environ["SHOP_FACTOR"]


def test_worker_processes_observe_what_threads_do(tmp_path: Path, address: str) -> None:
    """The same things with the same digests; and what they read makes the step stale."""
    found: list[tuple[Observation, ...]] = []
    cell = Cell("feature", LIMITED.body.replace('"thresholds.json"', 'PLACE + "/thresholds.json"'))
    for scheduler in (None, address):
        folder = tmp_path / ("threads" if scheduler is None else "workers")
        project, names = new_project(folder, [SOURCE], rows=600)
        project.store.salt("5" * 32)
        set_limit(folder, 30)
        names["PLACE"] = str(folder)
        capture(project, cell, names)
        project.build(cluster=scheduler)
        observed = project.observed("limited")["limited"]
        assert observed is not None
        found.append(observed.observations)
        set_limit(folder, 45)
        assert project.status(names=["limited"])[0].reasons[0].startswith("file `thresholds.json`")

    assert [each.name for each in found[0]] == ["thresholds.json", "SHOP_FACTOR"]
    assert found[0] == found[1]


@pytest.mark.keras
def test_a_rerun_a_sheet_and_a_bundle_know_what_was_read(tmp_path: Path) -> None:
    """The rerun finds the file, and names it when it has changed; the bundle brings it along."""
    folder = lay_out(tmp_path / "visits", rows=1_500)
    set_limit(folder, 30)
    with kernel_in(folder) as kernel:
        kernel.must(HELPERS)
        kernel.must("import os; os.environ['SHOP_FACTOR'] = '2'")
        for cell in (*CELLS, LIMITED):
            kernel.must(cell.text)
        for verb in ("train --epochs 1", "evaluate", "card"):
            kernel.must(f"%blase {verb}")
        same = kernel.must("%blase rerun")
        kernel.must("%blase export")
        set_limit(folder, 45)
        different = kernel.must("%blase rerun")

    sheet = (folder / "cards" / "run-1" / "model_card.md").read_text(encoding="utf-8")
    (bundle,) = (folder / "bundles").iterdir()
    data = json.loads((bundle / "data.json").read_text(encoding="utf-8"))
    copies = {each["path"]: each["copy"] for each in data["reads"]}
    assert "IDENTICAL" in same
    assert "DIFFERENT" in different
    assert "file `thresholds.json`" in different
    assert "thresholds.json" in sheet
    assert copies == {"thresholds.json": "reads/thresholds.json", "SHOP_FACTOR": None}
    assert json.loads((bundle / "reads" / "thresholds.json").read_text()) == {"limit": 30}
    assert "`SHOP_FACTOR`" in (bundle / "README.md").read_text(encoding="utf-8")
    assert verified(bundle, folder, tmp_path / "work").splitlines()[-1] == "IDENTICAL"


def verified(bundle: Path, data: Path, work: Path) -> str:
    """Return what `pipeline.py verify` prints to a stranger who sets the variable."""
    words = ["pipeline.py", "verify", "--work", str(work), "--data", str(data)]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=bundle,
        env={**environment(), "SHOP_FACTOR": "2"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
