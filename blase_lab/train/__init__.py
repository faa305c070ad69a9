"""The train room: a model step becomes a run that anybody can resume and repeat to the last bit.

`train_model` trains and keeps the run, `evaluate_run` says what it is worth beside a baseline,
`impact_of` what that earns or costs, `view` what the screen shows, `request` pauses and stops.
"""

from __future__ import annotations

from blase_lab.train.control import request
from blase_lab.train.evaluate import evaluate_run
from blase_lab.train.fit import run_of, train_model
from blase_lab.train.impact import impact_of
from blase_lab.train.inputs import Inputs
from blase_lab.train.job import Batches, TrainingJob
from blase_lab.train.models import open_model
from blase_lab.train.view import view

__all__ = [
    "Batches",
    "Inputs",
    "TrainingJob",
    "evaluate_run",
    "impact_of",
    "open_model",
    "request",
    "run_of",
    "train_model",
    "view",
]
