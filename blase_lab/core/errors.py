"""Everything that can go wrong, drawn once: grouped by what a handler would do.

    BlaseError
    ├── CellError                  the user edits the cell
    │   ├── CellSyntaxError        cell-syntax
    │   ├── CellOptionError        cell-option
    │   ├── NoStepError            cell-no-step
    │   ├── UndocumentedError      cell-undocumented
    │   ├── UnknownInputError      cell-unknown-input
    │   ├── WrongShapeError        cell-wrong-shape
    │   ├── StepFailedError        cell-failed
    │   └── OfflineError           cell-offline
    ├── ConfigError                config               the user edits blase.toml
    ├── PlanError                                       the user gives more room or asks for less
    │   ├── OverBudgetError        plan-over-budget
    │   └── DiskFullError          plan-disk-full
    ├── DataError                                       the user looks at the data
    │   ├── UnreadableSourceError  data-unreadable
    │   ├── EmptyDataError         data-empty
    │   ├── SplitError             data-split
    │   └── LeakageError           data-leakage
    ├── TrainingError                                   the user edits the model or the run
    │   ├── ModelError             train-model
    │   └── ResumeError            train-resume
    ├── StoreError                                      the store protects itself
    │   ├── NoProjectError         store-no-project
    │   ├── NotFoundError          store-not-found
    │   ├── VersionTakenError      store-version-taken
    │   ├── DamagedError           store-damaged
    │   ├── FormatError            store-format
    │   └── BadNameError           store-bad-name
    └── ReplayError                                     the notebook or the bundle is at fault
        ├── RerunFailedError       replay-rerun
        └── NotExportableError     replay-export

Codes are append-only: a code never changes its meaning and is never used again.
"""

from __future__ import annotations

from typing import ClassVar


class BlaseError(Exception):
    """Something went wrong that a person can mend: what happened, the numbers, the way out."""

    code: ClassVar[str] = "blase"

    def __init__(self, happened: str, *, way_out: str, **facts: object) -> None:
        """Remember what happened (with its numbers), the way out, and the facts for programs."""
        super().__init__(happened)
        self.happened = happened
        self.way_out = way_out
        self.facts = facts

    def __str__(self) -> str:
        """Read as two sentences: what happened, then what to do."""
        return f"{self.happened} {self.way_out}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border whole."""
        return (_again, (type(self), self.happened, self.way_out, self.facts))


def _again(  # noqa: PLR0917 - called by pickle, with the parts in order
    kind: type[BlaseError], happened: str, way_out: str, facts: dict[str, object]
) -> BlaseError:
    return kind(happened, way_out=way_out, **facts)


class CellError(BlaseError):
    """A cell cannot become a step, or its step cannot run."""

    code = "cell"


class CellSyntaxError(CellError):
    """The body of the cell is no Python, or holds a line that a step may not hold."""

    code = "cell-syntax"


class CellOptionError(CellError):
    """The magic line has an unknown or impossible option."""

    code = "cell-option"


class NoStepError(CellError):
    """The cell defines no function that could be the step."""

    code = "cell-no-step"


class UndocumentedError(CellError):
    """A step that is about to be trained on has no documentation."""

    code = "cell-undocumented"


class UnknownInputError(CellError):
    """A step asks for a column or another step that does not exist."""

    code = "cell-unknown-input"


class WrongShapeError(CellError):
    """A step returned another number of rows, or another type, than its kind must."""

    code = "cell-wrong-shape"


class StepFailedError(CellError):
    """The step's own code raised while it ran."""

    code = "cell-failed"


class OfflineError(CellError):
    """A step opened a connection, and the project is offline."""

    code = "cell-offline"


class ConfigError(BlaseError):
    """`blase.toml` holds something that cannot be understood."""

    code = "config"


class PlanError(BlaseError):
    """The work cannot fit, and this was known before it started."""

    code = "plan"


class OverBudgetError(PlanError):
    """The smallest possible plan needs more memory than the budget."""

    code = "plan-over-budget"


class DiskFullError(PlanError):
    """The disk has, or would have, too little room."""

    code = "plan-disk-full"


class DataError(BlaseError):
    """The data are not what the work needs."""

    code = "data"


class UnreadableSourceError(DataError):
    """A source cannot be opened or understood."""

    code = "data-unreadable"


class EmptyDataError(DataError):
    """There are no rows where rows are needed."""

    code = "data-empty"


class SplitError(DataError):
    """The data cannot be split as asked."""

    code = "data-split"


class LeakageError(DataError):
    """Something of the target or of the test rows reaches the training."""

    code = "data-leakage"


class TrainingError(BlaseError):
    """Training cannot start or go on."""

    code = "train"


class ModelError(TrainingError):
    """The model step did not give a model that fits the features and the target."""

    code = "train-model"


class ResumeError(TrainingError):
    """A run cannot be resumed exactly."""

    code = "train-resume"


class StoreError(BlaseError):
    """The store refuses, so that nothing is lost."""

    code = "store"


class NoProjectError(StoreError):
    """There is no project in this folder or above it."""

    code = "store-no-project"


class NotFoundError(StoreError):
    """Nothing of this name or digest is in the store."""

    code = "store-not-found"


class VersionTakenError(StoreError):
    """Somebody else published this version first."""

    code = "store-version-taken"


class DamagedError(StoreError):
    """Bytes on the disk are not the bytes that were written."""

    code = "store-damaged"


class FormatError(StoreError):
    """The store was written in a format that this version does not know."""

    code = "store-format"


class BadNameError(StoreError):
    """A name or id that could be mistaken for a path or a device."""

    code = "store-bad-name"


class ReplayError(BlaseError):
    """A captured notebook or bundle does not run."""

    code = "replay"


class RerunFailedError(ReplayError):
    """The captured notebook stopped with an error."""

    code = "replay-rerun"


class NotExportableError(ReplayError):
    """Something the bundle would need cannot be put into it."""

    code = "replay-export"
