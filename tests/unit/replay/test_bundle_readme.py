"""The bundle of a real project: its README's own command line is what a stranger types."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from blase_lab.project import CellText, Project

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import StepKind

pytestmark = pytest.mark.keras

SETTINGS = 'name = "prices"\nseed = 7\nmemory = "256MiB"\ntolerance = 1e-5\n'
CELLS: dict[StepKind, str] = {
    "source": 'def main():\n    """Prices of houses."""\n    return "main.csv"\n',
    "feature": 'def price(chunk):\n    """Asked for."""\n    return chunk["price"] / 100\n',
    "target": 'def sold(chunk):\n    """Within a month."""\n    return chunk["sold"]\n',
    "model": (
        "def net(inputs):\n"
        '    """Logistic."""\n'
        "    import keras\n\n"
        "    tensors = inputs.tensors()\n"
        "    chance = keras.layers.Dense(1, activation='sigmoid')(tensors['price'])\n"
        "    return keras.Model(tensors, chance)\n"
    ),
}


def write_prices(folder: Path, *, dearest: int = 99) -> None:
    """Write 600 prices; which of them were sold follows from a rule with exceptions."""
    rows = [(k * 37 % 100, (k * 37 % 100 < 50) ^ (k % 7 == 0)) for k in range(600)]
    lines = [f"{price},{int(sold)},{k}" for k, (price, sold) in enumerate(rows)]
    lines[-1] = f"{dearest},1,599"
    (folder / "main.csv").write_text("\n".join(["price,sold,house", *lines]) + "\n")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a trained and evaluated run."""
    folder = tmp_path_factory.mktemp("prices")
    (folder / "blase.toml").write_text(SETTINGS)
    write_prices(folder)
    project = Project.init(folder)
    names: dict[str, object] = {"__name__": "__main__"}
    for kind, body in CELLS.items():
        exec(compile(body, kind, "exec"), names)
        raw = f"%%blase_{kind}\n{body}"
        options = {"epochs": 1, "batch": 64} if kind == "model" else {}
        cell = CellText(
            kind=kind, name=None, raw=raw, body=body, options=dict(options), notebook=None
        )
        project.capture(cell, names)
    project.train()
    project.evaluate()
    return folder.parent / project.export(into=folder.parent / "bundle").path


def verify(bundle: Path, data: Path, work: Path) -> subprocess.CompletedProcess[str]:
    """Run the README's `verify` line, with its Python and its folders filled in."""
    lines = (bundle / "README.md").read_text(encoding="utf-8").splitlines()
    (line,) = (each for each in lines if each.startswith("env/bin/python pipeline.py verify"))
    filled = line.replace("env/bin/python", sys.executable).replace("/path/to/data", str(data))
    return subprocess.run(
        [*shlex.split(filled), "--work", str(work)],
        cwd=bundle,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_readme_s_own_line_verifies_the_bundle(bundle: Path, tmp_path: Path) -> None:
    """As written, with the folder of the data filled in: IDENTICAL; other data are named."""
    write_prices(tmp_path)
    same = verify(bundle, tmp_path, tmp_path / "work")
    assert same.returncode == 0, same.stdout + same.stderr
    assert same.stdout.splitlines()[-1] == "IDENTICAL"

    write_prices(tmp_path, dearest=5_000)
    other = verify(bundle, tmp_path, tmp_path / "work")
    assert other.returncode == 1, other.stdout + other.stderr
    assert other.stdout.splitlines()[-1] == "DIFFERENT: column `price` of `main` differs first"
