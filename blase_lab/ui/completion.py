"""What the Tab key offers on a `%blase` or `%%blase_…` line."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from blase_lab.ui import options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blase_lab.core.records import StepKind
    from blase_lab.ui.notebook import Notebook

_BY_STEP = (
    *("show", "diff", "why", "history", "build", "status"),
    *("restore", "drop", "prove", "observed"),
)
_BY_RUN = ("evaluate", "impact", "card", "rerun", "export", "pause", "continue", "stop", "show")


def complete(line: str, until_cursor: str, notebook: Notebook) -> list[str]:
    """Return everything that may stand where the cursor is.

    Raises:
        BlaseError: the project cannot be read.
    """
    words = until_cursor.split()
    is_new = until_cursor[-1:].isspace()
    before = words if is_new else words[:-1]
    if not before:
        return []
    magic = line.split(None, 1)[0]
    if magic == "%blase":
        return _of_verb(before, notebook)
    return _of_cell(cast("StepKind", magic.removeprefix("%%blase_")), before[-1], notebook)


def _of_cell(kind: StepKind, last: str, notebook: Notebook) -> list[str]:
    option = next((each for each in options.OPTIONS[kind] if each.flag == last), None)
    if option is None:
        return list(options.flags_of(kind))
    if option.choices:
        return list(option.choices)
    wanted = {"--inputs": ("feature", "target"), "--join": ("source",)}.get(option.flag)
    return _steps(notebook, wanted) if wanted else []


def _of_verb(before: list[str], notebook: Notebook) -> list[str]:
    from blase_lab.ui.cli import flags_of, verb_names

    if len(before) == 1:
        return [*verb_names(), "--help"]
    verb = before[1]
    steps = _steps(notebook) if verb in _BY_STEP else []
    runs = [str(run.number) for run in notebook.project().runs()] if verb in _BY_RUN else []
    return [*flags_of(verb), *steps, *runs]


def _steps(notebook: Notebook, kinds: Iterable[str] = ()) -> list[str]:
    wanted = set(kinds)
    states = notebook.project().status()
    return [state.name for state in states if not wanted or state.kind in wanted]
