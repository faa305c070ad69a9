"""The clean process of a model's proof: its step is called on the inputs of the prepared data."""

from __future__ import annotations

import os

from blase_lab.capture.prove import child
from blase_lab.train import Inputs


def arguments(question: child.Question) -> tuple[object, ...]:
    """Return the inputs that a model step is called on, new for every call."""
    return (Inputs(question.inputs or ()),)


def main() -> None:
    """Answer the question on standard input, and end the process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    child.main(arguments)
