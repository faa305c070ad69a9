"""Run the demo notebook from start to verdict in a clean process, and report what came of it.

    python notebooks/run_demo.py --into build/demo

leaves the executed notebook, the model info sheet, the bundle and `report.json` in that folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = ("flight_delays.ipynb", "flight_calendar.py", "blase.toml")


def main() -> int:
    """Run the demo; the exit status is 0 when the verdict is IDENTICAL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("build/demo"))
    into = parser.parse_args().into.resolve()
    started = time.monotonic()
    work = _fresh_folder(into)
    print(f"Running {FILES[0]} in {into} …", flush=True)
    _execute(work, into)
    report = _report(work, into, seconds=time.monotonic() - started)
    _print(report, into)
    return 0 if report["verdict"] == "IDENTICAL" else 1


def _fresh_folder(into: Path) -> Path:
    if into.exists() and any(into.iterdir()) and not (into / "project" / FILES[0]).exists():
        sys.exit(f"{into} holds something else; name an empty folder with --into.")
    shutil.rmtree(into, ignore_errors=True)
    work = into / "project"
    work.mkdir(parents=True)
    for name in FILES:
        shutil.copy2(HERE / name, work / name)
    return work


def _execute(work: Path, into: Path) -> None:
    import papermill  # noqa: TID253 - a script, no part of the package

    os.environ["BLASE_PROVE"] = "off"  # nobody looks at the badges

    papermill.execute_notebook(
        str(work / FILES[0]),
        str(into / FILES[0]),
        cwd=str(work),
        kernel_name="python3",
        progress_bar=sys.stderr.isatty(),
    )


def _report(work: Path, into: Path, *, seconds: float) -> dict[str, object]:
    from blase_lab import Project

    project = Project.open(work)
    run = project.runs()[0]
    stages = list(project.snapshots(run.id).values())
    evaluation = project.evaluation(run.id)
    project.card(run.id, into=into)
    bundle = project.bundles(run.id)[-1]
    shutil.move(bundle.path, into / "bundle")
    report = {
        "verdict": run.verdict,
        "rows": stages[0].rows,
        "test_auc": evaluation.metrics["auc"],
        "test_auc_interval": evaluation.intervals["auc"],
        "baseline_auc": evaluation.baseline["auc"],
        "baseline": evaluation.baseline_name,
        "seconds": round(seconds, 1),
        "peak_bytes": max(stage.measured_peak_bytes for stage in stages),
        "budget_bytes": project.settings.memory_bytes,
        "weights_digest": run.weights_digest,
        "bundle": str(into / "bundle"),
    }
    (into / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _print(report: dict[str, object], into: Path) -> None:
    print(
        f"{report['verdict']}: {report['rows']:,} flights, AUC in December "
        f"{report['test_auc']:.3f} (baseline {report['baseline_auc']:.3f}), "
        f"peak {report['peak_bytes'] / 2**20:.0f} of {report['budget_bytes'] / 2**20:.0f} MiB, "
        f"{report['seconds']:.0f} s."
    )
    print(f"Report: {into / 'report.json'}")
    for name in (FILES[0], "model_card.html", "bundle"):
        print(f"        {into / name}")


if __name__ == "__main__":
    sys.exit(main())
