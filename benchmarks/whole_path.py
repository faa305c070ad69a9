"""From a CSV file to an evaluated model: through a project, and in memory on the same rows.

python benchmarks/whole_path.py --rows 300000

In memory means pandas, scikit-learn and Keras. Both ways make the same six features, the same
shares of train, validation and test rows, the same network, and compare it with a logistic
regression. Each runs in a process of its own whose resident memory is sampled, so that the
figures hold all that it loads; `TensorFlow alone` is a process that trains the same network on one
batch. The project does more: every stage is stored with its digests and can be made again.
Nothing is asserted here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

BATCH, EPOCHS, SEED = 1024, 2, 7
CHUNK_ROWS = 100_000
SAMPLE_SECONDS = 0.02
CATEGORIES = ("north", "south", "east", "west")

CELLS = {
    "source": '''\
def trips():
    """Invented trips, one row each."""
    return "trips.csv"
''',
    "clean": '''\
def weighed(chunk):
    """Trips without a weight are left out."""
    return chunk["weight"].notna()
''',
    "feature": '''\
def distance(chunk):
    """Logarithm of the kilometres."""
    return np.log1p(chunk["km"])
---
def load(chunk):
    """Weight in kilograms."""
    return chunk["weight"]
---
def per_km(chunk):
    """Weight for each kilometre."""
    return chunk["weight"] / (chunk["km"] + 1)
---
def hour(chunk):
    """Hour of departure."""
    return pd.to_datetime(chunk["left"]).dt.hour.astype("float64")
---
def driver_age(chunk):
    """Years."""
    return chunk["age"]
---
def region(chunk):
    """Where the trip goes."""
    return chunk["region"]
''',
    "target": '''\
def late(chunk):
    """1 where the trip was late."""
    return chunk["late"]
''',
    "model": '''\
def net(inputs):
    """Two dense layers and an embedding."""
    import keras

    tensors = inputs.tensors()
    parts = []
    for name, tensor in tensors.items():
        known = inputs[name].categories
        if known:
            tensor = keras.layers.Flatten()(keras.layers.Embedding(known, 2)(tensor))
        parts.append(tensor)
    hidden = keras.layers.Dense(64, activation="relu")(keras.layers.Concatenate()(parts))
    hidden = keras.layers.Dense(32, activation="relu")(hidden)
    model = keras.Model(tensors, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy")
    return model
''',
}


def write_trips(path: Path, rows: int) -> None:
    """Write the CSV file in parts, so that this process stays small."""
    import pandas as pd

    rng = np.random.default_rng(SEED)
    for start in range(0, rows, CHUNK_ROWS):
        count = min(CHUNK_ROWS, rows - start)
        km, age = rng.lognormal(3, 1, count).round(2), rng.integers(18, 70, count)
        weight = rng.normal(500, 150, count).round(1)
        region = rng.choice(CATEGORIES, count)
        minutes = pd.to_timedelta(rng.integers(0, 525_600, count), "min")
        left = pd.Timestamp("2024-01-01") + minutes
        drive = 0.6 * np.log1p(km) + 0.004 * weight + 0.05 * (left.hour - 12) - 4
        late = (drive + (region == "north") + rng.logistic(0, 1, count) > 0).astype(int)
        weight[rng.random(count) < 0.03] = np.nan
        frame = pd.DataFrame(
            {"km": km, "weight": weight, "age": age, "region": region, "left": left, "late": late}
        )
        frame.to_csv(path, mode="a", header=start == 0, index=False)


def through_project(folder: Path, memory: str) -> float:
    """Build, train and evaluate a project in the folder; return the area under the curve."""
    import pandas as pd

    from blase_lab.project import CellText, Project

    settings = f'name = "trips"\nseed = {SEED}\nmemory = "{memory}"\n[split]\nby = "hash"\n'
    (folder / "blase.toml").write_text(settings, encoding="utf-8")
    project = Project.init(folder)
    names: dict[str, object] = {"__name__": "__main__", "np": np, "pd": pd}
    for kind, bodies in CELLS.items():
        for body in bodies.split("---\n"):
            exec(compile(body, kind, "exec"), names)
            options: dict[str, Any] = {"scale": "category"} if "def region" in body else {}
            cell: dict[str, Any] = {"kind": kind, "options": options, "body": body}
            raw = f"%%blase_{kind}\n{body}"
            project.capture(CellText(name=None, raw=raw, notebook=None, **cell), names)
    project.train(epochs=EPOCHS, batch=BATCH, seed=SEED)
    made = project.snapshots()
    for snapshot in made.values():
        told = f"{snapshot.measured_peak_bytes / 2**20:,.0f} MiB"
        print(f"stage {snapshot.name:12} {snapshot.seconds:7.1f} s {told:>10}", file=sys.stderr)
    return project.evaluate().metrics["auc"]


def in_memory(folder: Path, memory: str) -> float:  # noqa: ARG001 the same shape as the other way
    """Do the same with everything in memory; return the area under the curve."""
    import keras
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    keras.utils.set_random_seed(SEED)
    frame = pd.read_csv(folder / "trips.csv", parse_dates=["left"])
    frame = frame[frame["weight"].notna()]
    numbers = pd.DataFrame(
        {
            "distance": np.log1p(frame["km"]),
            "load": frame["weight"],
            "per_km": frame["weight"] / (frame["km"] + 1),
            "hour": frame["left"].dt.hour.astype("float64"),
            "driver_age": frame["age"],
        }
    ).to_numpy()
    part = np.random.default_rng(SEED).random(len(frame))
    train, test = part < 0.7, part >= 0.85
    held = ~train & ~test
    scaled = StandardScaler().fit(numbers[train]).transform(numbers).astype("float32")
    codes = frame["region"].map({name: k for k, name in enumerate(CATEGORIES, 1)}).to_numpy()
    target = frame["late"].to_numpy()
    model = dense_network(keras, scaled.shape[1])

    def given(rows: Any) -> list[Any]:
        return [scaled[rows], codes[rows]]

    model.fit(
        given(train),
        target[train],
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(given(held), target[held]),
        verbose=0,
    )
    shown = OneHotEncoder(sparse_output=False).fit_transform(codes[:, None])
    flat = np.hstack([scaled, shown])
    LogisticRegression(max_iter=200).fit(flat[train], target[train]).predict_proba(flat[test])
    chances = model.predict(given(test), batch_size=8192, verbose=0)
    return float(roc_auc_score(target[test], chances[:, 0]))


def dense_network(keras: Any, numbers: int) -> Any:
    """Make the network of the model cell by hand."""
    inputs = [keras.Input((numbers,)), keras.Input((), dtype="int32")]
    embedded = keras.layers.Embedding(len(CATEGORIES) + 1, 2)(inputs[1])
    hidden = keras.layers.Concatenate()([inputs[0], embedded])
    for units in (64, 32):
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy")
    return model


def tensorflow_alone(folder: Path, memory: str) -> float:  # noqa: ARG001 the same shape
    """Train on one batch: what both ways have to load."""
    import keras

    numbers = np.zeros((BATCH, 5), dtype="float32")
    codes = np.ones(BATCH, dtype="int32")
    dense_network(keras, 5).fit([numbers, codes], codes, batch_size=BATCH, verbose=0)
    return 0.5


WAYS = {
    "TensorFlow alone": tensorflow_alone,
    "in memory": in_memory,
    "project": through_project,
}


def measured(way: str, folder: Path, memory: str) -> tuple[float, float, float]:
    """Run one way in a process of its own; return its seconds, peak bytes and result."""
    import psutil

    words = [sys.executable, __file__, "--way", way, "--folder", str(folder), "--memory", memory]
    started, peak = time.perf_counter(), 0
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        process = psutil.Process(child.pid)
        while child.poll() is None:
            try:
                every = [process, *process.children(recursive=True)]
                peak = max(peak, sum(each.memory_info().rss for each in every))
            except psutil.NoSuchProcess:
                continue
            time.sleep(SAMPLE_SECONDS)
        seconds = time.perf_counter() - started
        assert child.stdout is not None
        said = child.stdout.read().split()
    if child.returncode:
        sys.exit(f"{way} ended with {child.returncode}.")
    return seconds, peak, float(said[-1])


def show(found: dict[str, tuple[float, float, float]]) -> None:
    """Print seconds, peak memory and result of every way, and the ratios to the one in memory."""
    heads = ("seconds", "/ in memory", "peak MiB", "/ in memory", "test AUC")
    print(f"{'':18}" + "".join(f"{head:>13}" for head in heads))
    base = found["in memory"]
    for way, (seconds, peak, auc) in found.items():
        figures = (seconds, seconds / base[0], peak / 2**20, peak / base[1], auc)
        shapes = ("13.1f", "13.2f", "13,.0f", "13.2f", "13.4f")
        print(f"{way:18}" + "".join(map(format, figures, shapes)))


def main() -> None:
    """Write the rows once, measure every way, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--memory", default="256MiB", help="the budget of the project")
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if asked.way is not None:
        print(WAYS[asked.way](asked.folder, asked.memory))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_trips(folder / "trips.csv", asked.rows)
        size = (folder / "trips.csv").stat().st_size / 2**20
        print(f"{asked.rows:,} rows, {size:,.1f} MiB of CSV, budget {asked.memory}")
        show({way: measured(way, folder, asked.memory) for way in WAYS})


if __name__ == "__main__":
    main()
