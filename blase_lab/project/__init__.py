"""The one room where the others meet: a project and its verbs."""

from __future__ import annotations

from blase_lab.capture import CellText, check_cell
from blase_lab.project.door import Project
from blase_lab.project.settings import Settings
from blase_lab.report import training_svg

__all__ = ["Project", "Settings", "CellText", "check_cell", "training_svg"]
