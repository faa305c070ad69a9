"""Report: what must be documented, the model info sheet, and its figures."""

from __future__ import annotations

from blase_lab.report.card import model_card
from blase_lab.report.figures import calibration_svg, training_svg
from blase_lab.report.gate import check_documentation, is_documented, only_repeats, question
from blase_lab.report.html import render_html
from blase_lab.report.markdown import render_markdown
from blase_lab.report.sheet import Answer, Card, CardFacts, Figure, Section, Table

__all__ = [
    "check_documentation",
    "is_documented",
    "only_repeats",
    "question",
    "CardFacts",
    "Card",
    "Section",
    "Answer",
    "Table",
    "Figure",
    "model_card",
    "render_html",
    "render_markdown",
    "training_svg",
    "calibration_svg",
]
