"""Glance: whether anything a step rests on has changed, without walking it again."""

from __future__ import annotations

from blase_lab.capture.glance.judged import Judged, Judgement, look_at
from blase_lab.capture.glance.look import Look

__all__ = ["Judged", "Judgement", "Look", "look_at"]
