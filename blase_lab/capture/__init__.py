"""Capture: from a cell's text and the live namespace to a step that can be made again."""

from __future__ import annotations

from blase_lab.capture.cell import (
    Captured,
    CellText,
    capture_cell,
    recapture_from_disk,
    still_same,
)
from blase_lab.capture.environment import environment
from blase_lab.capture.parse import check_cell, defined_names
from blase_lab.capture.public import digest, why
from blase_lab.capture.rebuild import Rebuilt, rebuild

__all__ = [
    "Captured",
    "CellText",
    "Rebuilt",
    "capture_cell",
    "check_cell",
    "defined_names",
    "digest",
    "environment",
    "rebuild",
    "recapture_from_disk",
    "still_same",
    "why",
]
