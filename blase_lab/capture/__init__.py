"""Capture: from a cell's text and the live namespace to a step that can be made again."""

from __future__ import annotations

from blase_lab.capture.cell import (
    Captured,
    CellText,
    capture_cell,
    environment_changes,
    recapture_from_disk,
    still_same,
)
from blase_lab.capture.environment import environment
from blase_lab.capture.glance import Judged, Judgement, Look, look_at
from blase_lab.capture.inspection import Inspection
from blase_lab.capture.parse import check_cell, defined_names
from blase_lab.capture.public import digest, inspect, why
from blase_lab.capture.rebuild import Rebuilt, rebuild

__all__ = [
    "Captured",
    "CellText",
    "Inspection",
    "Judged",
    "Judgement",
    "Look",
    "Rebuilt",
    "capture_cell",
    "check_cell",
    "defined_names",
    "digest",
    "environment",
    "environment_changes",
    "inspect",
    "look_at",
    "rebuild",
    "recapture_from_disk",
    "still_same",
    "why",
]
