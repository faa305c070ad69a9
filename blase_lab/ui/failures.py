"""How a failure is told: two or three lines in a notebook, one exit code in a shell."""

from __future__ import annotations

from typing import Final

from blase_lab.core.errors import (
    BadNameError,
    BlaseError,
    CellOptionError,
    ConfigError,
    NoProjectError,
    NotFoundError,
    PlanError,
    UndocumentedError,
)

FINE: Final = 0
LOOK: Final = 1
WRONG_WORDS: Final = 2
NO_PROJECT: Final = 3
REFUSED: Final = 4
OUR_FAULT: Final = 70
INTERRUPTED: Final = 130

EXIT_CODES: Final = {
    FINE: "fine",
    LOOK: "a person must look: a verdict of DIFFERENT, damaged files, a leak, a failed step",
    WRONG_WORDS: "wrong words: no such verb, option, step, run or setting",
    NO_PROJECT: "no project here or above",
    REFUSED: "refused before work: over the memory budget, disk too full, undocumented steps",
    OUR_FAULT: "our own fault: please report it",
    INTERRUPTED: "interrupted by the user",
}

_BY_KIND: Final[tuple[tuple[type[BlaseError], int], ...]] = (
    (NoProjectError, NO_PROJECT),
    (UndocumentedError, REFUSED),
    (PlanError, REFUSED),
    (CellOptionError, WRONG_WORDS),
    (NotFoundError, WRONG_WORDS),
    (BadNameError, WRONG_WORDS),
    (ConfigError, WRONG_WORDS),
)


def exit_code_of(error: BlaseError) -> int:
    """Return the exit code that stands for this kind of failure."""
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), LOOK)


def lines_of(error: BlaseError, where: str) -> list[str]:
    """Return the lines a person reads: where and what happened, the way out with the kind code."""
    return [f"{where}: {error.happened}", f"→ {error.way_out}  [{error.code}]"]


def tell_briefly(error: BlaseError, where: str) -> BlaseError:
    """Make IPython show `error` as its lines, without a traceback; returns the same error."""
    lines = lines_of(error, where)
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error
