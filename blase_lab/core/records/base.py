"""The parent of every record, and the words that several of them use."""

from __future__ import annotations

from typing import Literal

import msgspec

StepKind = Literal[
    "source",
    "clean",
    "feature",
    "target",
    "model",
    "loss",
    "metric",
    "callback",
    "loop",
    "impact",
]
Aspect = Literal["code", "documentation", "parameters", "environment", "data", "seed"]
SplitName = Literal["train", "validation", "test"]
StepStateName = Literal["fresh", "stale", "draft"]
ProofState = Literal["self-contained", "needs hidden", "not deterministic", "not proven"]
RunState = Literal["running", "paused", "stopped", "finished", "failed"]
Level = Literal["IDENTICAL", "EQUIVALENT", "WITHIN NOISE", "SAME CONCLUSION", "DIFFERENT", "RAN"]
Grade = Literal["proof", "evidence", "note"]
OptionValue = str | int | float | bool | list[str] | None


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The parent of every record."""
