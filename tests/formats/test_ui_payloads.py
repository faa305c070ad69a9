"""What the server and the kernel send to the screen, as the JSON files that jest reads too.

`BLASE_WRITE_GOLDEN=1 pytest tests/formats/test_ui_payloads.py` writes the files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from blase_lab.core.records import (
    Curve,
    Observation,
    ProjectView,
    Record,
    RunSummary,
    StepState,
    TrainingView,
)

FOLDER = Path(__file__).parent / "ui"

TRAINING = TrainingView(
    run="7c1f0e",
    number=3,
    project="flights",
    model="delay_net@2",
    state="running",
    epoch=2,
    epochs=5,
    batch=420,
    batches_per_epoch=1000,
    curves=(
        Curve(name="loss", split="train", x=(0.5, 1.0, 1.42), y=(0.61, 0.52, 0.49)),
        Curve(name="loss", split="validation", x=(1.0,), y=(0.55,)),
        Curve(name="auc", split="train", x=(0.5, 1.0, 1.42), y=(0.66, float("nan"), 0.74)),
        Curve(name="auc", split="validation", x=(1.0,), y=(0.71,)),
    ),
    metrics={"loss": 0.49, "auc": 0.74, "val_loss": 0.55, "val_auc": 0.71},
    baseline={"auc": 0.68},
    rows_per_second=184_250.0,
    wait_share=0.03,
    cpu_percent=87.5,
    memory_bytes=1_288_490_188,
    memory_budget_bytes=4_294_967_296,
    seconds=75.2,
    seconds_left=190.0,
    sentence="Training: epoch 2 of 5, batch 420 of 1,000.",
)

PROJECT = ProjectView(
    name="flights",
    root="work/flights",
    steps=(
        StepState(
            name="flights",
            version=1,
            kind="source",
            state="fresh",
            documented=True,
            documentation="All departures of 2013.",
            reasons=(),
            cell='%%blase_source\ndef flights():\n    """All departures of 2013."""\n',
            proof="self-contained",
            proven="self-contained",
            observed=(
                Observation(kind="file", name="thresholds.json", digest="aa"),
                Observation(kind="file", name="cache/hours.parquet", mode="write"),
                Observation(kind="variable", name="FLIGHTS_HOME", digest="bb"),
                Observation(kind="socket", name="localhost:5432"),
                Observation(kind="program", name="gzip"),
            ),
        ),
        StepState(
            name="dep_hour",
            version=3,
            kind="feature",
            state="stale",
            documented=False,
            documentation="",
            reasons=("function `normalize` changed 2 lines",),
            cell="%%blase_feature\ndef dep_hour(chunk):\n    return normalize(chunk['hour'])\n",
            proof="needs hidden",
            proven="needs hidden `df`",
            flags=("opaque: holds a socket", "dynamic: globals()"),
            observed=(Observation(kind="random", name="numpy.random"),),
        ),
        StepState(
            name="arr_late",
            version=1,
            kind="target",
            state="fresh",
            documented=True,
            documentation="1 where it came late.",
            reasons=(),
            cell="%%blase_target\ndef arr_late(chunk):\n    ...\n",
            proof="not deterministic",
            proven="not deterministic",
            flags=("draws unseeded randomness: numpy.random",),
        ),
    ),
    runs=(
        RunSummary(
            id="7c1f0e",
            number=3,
            state="finished",
            created="2030-01-02T03:04:05Z",
            seconds=412.5,
            metrics={"accuracy": 0.81, "auc": 0.7312, "log_loss": 0.44},
            baseline={"accuracy": 0.79, "auc": 0.7011, "log_loss": 0.47},
            verdict="IDENTICAL",
            weights_digest="aa",
            optimizer_digest="bb",
            predictions_digest="cc",
            ledger_digest="dd",
            measured_on="test",
        ),
        RunSummary(
            id="19d2aa",
            number=2,
            state="failed",
            created="2030-01-01T03:04:05Z",
            seconds=3.5,
            metrics={},
            baseline={},
            verdict=None,
            weights_digest=None,
            optimizer_digest=None,
            predictions_digest=None,
            ledger_digest=None,
        ),
    ),
    training=TRAINING,
)

PAYLOADS: dict[str, Record] = {"training": TRAINING, "project": PROJECT}


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_screen_receives_what_the_golden_file_holds(name: str) -> None:
    """A change of what is sent shows as a change of a file that jest reads."""
    sent = msgspec.json.format(msgspec.json.encode(PAYLOADS[name]), indent=2).decode() + "\n"
    file = FOLDER / f"{name}.json"
    if os.environ.get("BLASE_WRITE_GOLDEN"):
        file.write_text(sent, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == sent
