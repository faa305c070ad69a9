"""The verbs, written once: `blase VERB …` in a shell and `%blase VERB …` in a notebook.

Each verb asks the project and returns an Outcome; the door shows it. The options that all verbs
share (`--project`, `--json`, `-h`) are added by `verb`. The help lists them in this order.
"""

from __future__ import annotations

# isort: off
from blase_lab.ui.verbs import project
from blase_lab.ui.verbs import steps
from blase_lab.ui.verbs import data
from blase_lab.ui.verbs import training
from blase_lab.ui.verbs import again

# isort: on
from blase_lab.ui.vocabulary import app

__all__ = ["again", "app", "data", "project", "steps", "training"]
