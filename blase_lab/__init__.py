"""blase-lab: train Keras models on data larger than memory, so that anybody can run it again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# TensorFlow's C++ code writes its notes past Python, into the cell that runs: errors only, unless
# the variable is set. What it says before it reads the variable, train/backend.py keeps out.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

if TYPE_CHECKING:
    from blase_lab.capture import Inspection, digest, inspect, why
    from blase_lab.core.errors import BlaseError
    from blase_lab.core.records import Run, Snapshot, Step, Verdict
    from blase_lab.project import Project
    from blase_lab.ui.magics import load_ipython_extension, unload_ipython_extension
    from blase_lab.ui.server import (
        _jupyter_labextension_paths,
        _jupyter_server_extension_points,
        _load_jupyter_server_extension,
    )

    __version__: str

__all__ = [
    "Project",
    "Step",
    "Snapshot",
    "Run",
    "Verdict",
    "BlaseError",
    "Inspection",
    "digest",
    "inspect",
    "why",
    "load_ipython_extension",
    "unload_ipython_extension",
    "_jupyter_labextension_paths",
    "_jupyter_server_extension_points",
    "_load_jupyter_server_extension",
    "__version__",
]

_ROOMS = {
    "Project": "blase_lab.project",
    "Step": "blase_lab.core.records",
    "Snapshot": "blase_lab.core.records",
    "Run": "blase_lab.core.records",
    "Verdict": "blase_lab.core.records",
    "BlaseError": "blase_lab.core.errors",
    "digest": "blase_lab.capture",
    "inspect": "blase_lab.capture",
    "Inspection": "blase_lab.capture",
    "why": "blase_lab.capture",
    "load_ipython_extension": "blase_lab.ui.magics",
    "unload_ipython_extension": "blase_lab.ui.magics",
    "_jupyter_labextension_paths": "blase_lab.ui.server",
    "_jupyter_server_extension_points": "blase_lab.ui.server",
    "_load_jupyter_server_extension": "blase_lab.ui.server",
}


def __getattr__(name: str) -> Any:
    """Fetch a public name from its room when it is first asked for, and keep it."""
    if name == "__version__":
        value: Any = _version()
    elif name in _ROOMS:
        value = getattr(__import__(_ROOMS[name], fromlist=[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names without fetching them."""
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("blase-lab")
    except PackageNotFoundError:
        return "0+source"
