"""The words that several verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[STEP]...", help="Steps; all if none is named.")
]
RunName = Annotated[
    str | None, typer.Argument(metavar="RUN", help="A run's number or id; the latest if left out.")
]
OneRun = Annotated[str, typer.Argument(metavar="RUN", help="A run's number or id.")]
StepName = Annotated[str, typer.Argument(metavar="STEP", help="A step, as NAME or NAME@VERSION.")]
Into = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to write.")]
