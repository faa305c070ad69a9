"""Observe: what a step touches while it runs, beside its arguments."""

from __future__ import annotations

from blase_lab.capture.observe.watched import Observer, Watched, digest_now, observing

__all__ = ["Observer", "Watched", "digest_now", "observing"]
