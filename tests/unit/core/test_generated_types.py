"""The screen's types are those of the records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_screen_has_the_types_of_the_records_as_they_are_now() -> None:
    """A changed record without `python .ci/generate_types.py` fails here, without Node."""
    checked = subprocess.run(
        [sys.executable, ROOT / ".ci" / "generate_types.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
