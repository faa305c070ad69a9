"""A small project: parcels that arrive late or not, and the notebook that learns it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 20_000
NOTEBOOK = "parcels.ipynb"
SETTINGS = """\
name = "parcels"
seed = 7
memory = "512MiB"
documentation = "required"

[split]
by = "hash"
"""

LOAD = "%load_ext blase_lab\n%blase init"
HELPER = "SCALE = 2.0\n\ndef stretched(values):\n    return values * SCALE"
SOURCE = '''%%blase_source parcels --known-after arrived
def parcels():
    """One row a parcel, made up for this notebook."""
    return "parcels.csv"'''
CLEAN = '''%%blase_clean weighed
def weighed(chunk):
    """Keep the parcels whose weight is known."""
    return chunk["weight"].notna()'''
DISTANCE = '''%%blase_feature distance
def distance(chunk):
    """Distance in half kilometres."""
    return stretched(chunk["km"])'''
WEIGHT = '''%%blase_feature weight_log
import numpy as np

def weight_log(chunk):
    """Logarithm of the weight in kilograms."""
    return np.log(chunk["weight"])'''
HIDING = '''%%blase_feature weight_log
def weight_log(chunk):
    """Weight, stretched by a name that nobody can see."""
    return chunk["weight"] * globals()["SCALE"]'''
TARGET = '''%%blase_target late
def late(chunk):
    """1 where the parcel came later than promised."""
    return (chunk["arrived"] > chunk["promised"]).astype("int32")'''
MODEL = '''%%blase_model lateness
def lateness(inputs):
    """One small hidden layer; compared with a logistic regression."""
    import keras

    tensors = inputs.tensors()
    hidden = keras.layers.Concatenate()(list(tensors.values()))
    for _ in range(2):
        hidden = keras.layers.Dense(64, activation="relu")(hidden)
    chance = keras.layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model(tensors, chance)
    auc = keras.metrics.AUC(name="auc")
    model.compile(keras.optimizers.Adam(3e-4), "binary_crossentropy", metrics=[auc])
    return model'''
TRAIN = "%blase train --epochs 60 --batch 256"
AFTER = "%blase evaluate"
AGAIN = "%blase train --epochs 30 --batch 256 --seed 8"
RESUME = "%blase train --resume 2"

CELLS = {
    "load": LOAD,
    "helper": HELPER,
    "source": SOURCE,
    "clean": CLEAN,
    "distance": DISTANCE,
    "weight": WEIGHT,
    "target": TARGET,
    "model": MODEL,
    "train": TRAIN,
    "evaluate": AFTER,
    "again": AGAIN,
    "resume": RESUME,
}
STEPS = ("source", "clean", "distance", "weight", "target", "model")


def write_project(folder: Path) -> None:
    """Write the settings, the rows and the notebook of the project, and no store."""
    folder.mkdir(parents=True)
    (folder / "blase.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "parcels.csv").write_text(_rows(), encoding="utf-8")
    (folder / NOTEBOOK).write_text(json.dumps(_notebook()), encoding="utf-8")


def _rows() -> str:
    rng = np.random.default_rng(7)
    km = rng.gamma(2.0, 150.0, ROWS)
    weight = rng.lognormal(1.0, 0.8, ROWS)
    promised = np.ceil(1 + km / 300)
    noise = rng.normal(0.0, 0.7, ROWS)
    arrived = 0.6 + km / 260 + 0.25 * np.log(weight) * (km > 250) + noise
    lost = rng.random(ROWS) < 0.02
    lines = [
        f"{far:.1f},{'' if is_lost else f'{heavy:.2f}'},{due:.0f},{came:.2f}"
        for far, heavy, is_lost, due, came in zip(km, weight, lost, promised, arrived, strict=True)
    ]
    return "\n".join(["km,weight,promised,arrived", *lines]) + "\n"


def _notebook() -> dict[str, object]:
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
        for name, source in CELLS.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
