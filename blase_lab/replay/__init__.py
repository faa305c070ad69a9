"""Replay: the captured notebook, its rerun in a clean process, the verdict, and the bundle."""

from __future__ import annotations

from blase_lab.core.compare import Comparison, compare_metrics, compare_predictions
from blase_lab.replay.bundle import BundleParts, export_bundle
from blase_lab.replay.facts import Facts, Noise
from blase_lab.replay.modules import step_from_json, step_json, step_module
from blase_lab.replay.notebook import captured_notebook, notebook_text
from blase_lab.replay.requirements import installed_requirements, lock_requirements
from blase_lab.replay.rerun import ExecutedNotebook, execute, write_rerun_folder
from blase_lab.replay.verdict import judge

__all__ = [
    "captured_notebook",
    "notebook_text",
    "write_rerun_folder",
    "execute",
    "ExecutedNotebook",
    "Facts",
    "Noise",
    "judge",
    "Comparison",
    "compare_metrics",
    "compare_predictions",
    "BundleParts",
    "export_bundle",
    "step_module",
    "step_json",
    "step_from_json",
    "installed_requirements",
    "lock_requirements",
]
