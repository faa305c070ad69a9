"""The demo: real flights from the notebook to the verdict, in a clean process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shell_command import environment

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make demo` leaves."""
    into = tmp_path_factory.mktemp("demo") / "demo"
    script = ROOT / "notebooks" / "run_demo.py"
    done = subprocess.run(
        [sys.executable, str(script), "--into", str(into)],
        cwd=into.parent,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return into


@pytest.fixture(scope="module")
def report(demo: Path) -> dict[str, Any]:
    """What the demo says of itself."""
    read: dict[str, Any] = json.loads((demo / "report.json").read_text(encoding="utf-8"))
    return read


def test_the_rerun_gives_the_same_bits_from_all_the_flights(report: dict[str, Any]) -> None:
    """336,776 rows, IDENTICAL."""
    assert report["verdict"] == "IDENTICAL"
    assert report["rows"] == 336_776
    assert len(report["weights_digest"]) == 64


def test_the_model_is_better_than_the_honest_baseline(report: dict[str, Any]) -> None:
    """December's AUC is at least 0.70, and above the logistic regression on the same features."""
    low, high = report["test_auc_interval"]

    assert report["test_auc"] >= 0.70
    assert report["test_auc"] > report["baseline_auc"]
    assert low < report["test_auc"] < high


def test_the_data_stages_stay_within_the_budget(report: dict[str, Any]) -> None:
    """As measured, not as planned."""
    assert 0 < report["peak_bytes"] <= report["budget_bytes"]
    assert report["seconds"] > 0


def test_what_a_person_looks_at_is_there(demo: Path, report: dict[str, Any]) -> None:
    """The executed notebook, the sheet and the bundle; the leak was shown and refused."""
    notebook = json.loads((demo / "flight_delays.ipynb").read_text(encoding="utf-8"))
    shown = json.dumps([cell.get("outputs", []) for cell in notebook["cells"]])

    assert "minutes_over_schedule" in shown
    assert "Training refused" in shown
    assert "IDENTICAL" in shown
    for name in ("model_card.html", "model_card.md"):
        assert "delay_net" in (demo / name).read_text(encoding="utf-8")
    bundle = demo / Path(report["bundle"])
    assert {"pipeline.py", "requirements.txt", "Dockerfile", "expected.json", "modules"} <= {
        path.name for path in bundle.iterdir()
    }
