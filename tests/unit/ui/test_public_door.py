"""The public door is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import blase_lab

HEAVY = "('tensorflow', 'keras', 'pandas', 'dask', 'zarr', 'distributed')"


def loaded_after(code: str) -> str:
    """Return the heavy libraries that a fresh process holds after `code`."""
    question = f"import sys\n{code}\nprint([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", question], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import blase_lab",
        "import blase_lab; dir(blase_lab); blase_lab.__version__; blase_lab.BlaseError",
        "import blase_lab; blase_lab.Project",
        "import blase_lab.ui.cli",
        (
            "from IPython.core.interactiveshell import InteractiveShell as S\n"
            "from traitlets.config import Config\n"
            "c = Config(); c.HistoryManager.enabled = False\n"
            "s = S.instance(config=c); s.run_line_magic('load_ext', 'blase_lab')\n"
            "assert 'blase_feature' in s.magics_manager.magics['cell']"
        ),
    ],
)
def test_importing_or_loading_loads_no_heavy_library(code: str) -> None:
    """`import blase_lab` and `%load_ext blase_lab` cost a moment only."""
    assert loaded_after(code) == "[]"


def test_every_public_name_can_be_fetched() -> None:
    """What stands in the list is there."""
    assert all(getattr(blase_lab, name) is not None for name in blase_lab.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = blase_lab.nothing
