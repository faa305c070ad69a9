"""Loading TensorFlow says nothing in the cell that trains."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
import sys
from blase_lab.train.backend import load_backend
load_backend()
import tensorflow as tf
tf.constant(1)
print("tensorflow" in sys.modules, file=sys.stderr)
"""


pytestmark = pytest.mark.keras


def test_loading_tensorflow_writes_nothing_and_standard_error_works_after_it() -> None:
    """Not that there is no GPU, and not that sums are rounded."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        capture_output=True,
        text=True,
        check=True,
        env=kept,
    )

    assert done.stderr.strip() == "True"


def test_whoever_watches_is_told_before_tensorflow_is_loaded() -> None:
    """So that the seconds it takes are not counted under the work before."""
    code = (
        "import sys\n"
        "from blase_lab.train.fit import _load\n"
        "_load(lambda told: print(told.stage, told.sentence, 'tensorflow' in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [
        "train loading TensorFlow False",
        "train building the model True",
    ]
