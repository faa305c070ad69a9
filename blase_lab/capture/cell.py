"""From a cell that ran to all that its Step must hold, and the same again later."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import TYPE_CHECKING

import msgspec

from blase_lab.capture import modules
from blase_lab.capture.closure import closure_of
from blase_lab.capture.parse import python_of, step_name
from blase_lab.capture.resolve import Resolver, leaves_of, redacted, resolve
from blase_lab.capture.sources import cells_of
from blase_lab.capture.values import short
from blase_lab.core.digest import digest_value, merkle, sha256_hex
from blase_lab.core.errors import NoStepError
from blase_lab.core.lineage import changes
from blase_lab.core.records import (
    Change,
    Closure,
    Digests,
    Leaf,
    LocalModule,
    OptionValue,
    Record,
    Step,
    StepKind,
)
from blase_lab.store.redact import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from blase_lab.core.records import Aspect

IDENTITY: tuple[Aspect, ...] = ("code", "parameters", "data", "seed")
WALKED: tuple[Aspect, ...] = ("code", "data", "seed")
"""The aspects that a walk through the live names finds; options are not among them."""
_ASPECTS: tuple[Aspect, ...] = (*IDENTITY, "documentation", "environment")


class CellText(Record, frozen=True, kw_only=True):
    """A cell with a magic, taken apart."""

    kind: StepKind
    name: str | None
    raw: str
    body: str
    options: dict[str, OptionValue] = msgspec.field(default_factory=dict)
    notebook: str | None = None


class Captured(Record, frozen=True, kw_only=True):
    """All of a Step but its version and its time."""

    name: str
    kind: StepKind
    cell: str
    options: dict[str, OptionValue]
    documentation: str
    closure: Closure
    leaves: tuple[Leaf, ...]
    digests: Digests
    flags: tuple[str, ...] = ()
    notebook: str | None = None


def capture_cell(
    cell: CellText, namespace: Mapping[str, object], *, project_folder: Path
) -> Captured:
    """Return what the cell's step rests on; the cell has already run in the namespace.

    Raises:
        NoStepError: the cell defines no function that could be the step.
        CellSyntaxError: the cell is no Python.
    """
    name = step_name(cell.body, cell.name, cell.kind)
    function = step_function(namespace.get(name), name)
    cells = cells_of(namespace, python_of(cell.body))
    walk = resolve(function, namespace, folder=project_folder, cells=cells)
    closure = closure_of(name, walk)
    documentation = redacted(_documentation(namespace.get(name)))
    leaves = (
        *leaves_of(walk, (*WALKED, "environment")),
        *option_leaves(cell.kind, cell.options),
        documentation_leaf(name, documentation),
    )
    return Captured(
        name=name,
        kind=cell.kind,
        cell=redacted(cell.raw),
        options={key: _option_without_secrets(each) for key, each in cell.options.items()},
        documentation=documentation,
        closure=closure,
        leaves=leaves,
        digests=digests_of(leaves),
        flags=(*walk.flags, *_flags_of_options(cell.options)),
        notebook=cell.notebook,
    )


def step_function(value: object, name: str) -> FunctionType:
    """Return the function behind a step's name.

    Raises:
        NoStepError: the name holds no function, or a lambda.
    """
    function = value if isinstance(value, FunctionType) else getattr(value, "__wrapped__", None)
    if not isinstance(function, FunctionType):
        raise NoStepError(
            f"`{name}` is a {type(value).__name__}, not a function.",
            way_out="Run the cell again, or let its decorators return a function.",
        )
    if function.__name__ == "<lambda>":
        raise NoStepError(
            f"The step `{name}` is a lambda.", way_out=f"Give it a name with def: `def {name}(…)`."
        )
    return function


def still_same(
    step: Step, namespace: Mapping[str, object], *, project_folder: Path
) -> tuple[Change, ...]:
    """Return why the step is stale: how its identity differs in the live namespace, () if not.

    A namespace without the step's function (a kernel that was just started) says nothing about
    cells; then only the local modules on disk are compared.
    """
    live = namespace.get(step.closure.function)
    function = live if isinstance(live, FunctionType) else getattr(live, "__wrapped__", None)
    before = [leaf for leaf in step.leaves if leaf.aspect in WALKED]
    if not isinstance(function, FunctionType):
        again = recapture_from_disk(step, project_folder=project_folder).leaves
        return changes(before, [leaf for leaf in again if leaf.aspect in WALKED])
    bodies = [each.source for each in step.closure.definitions]
    cells = cells_of(namespace, earlier=bodies)
    walk = Resolver(namespace, folder=project_folder, cells=cells)
    walk.code(function.__name__, function)
    walk.finish()
    return changes(before, leaves_of(walk, WALKED))


def recapture_from_disk(step: Step, *, project_folder: Path) -> Captured:
    """Return the step with its local modules and packages as they are on disk now."""
    names = [each.name for each in step.closure.modules]
    files = modules.local_closure(names, project_folder)
    recorded = tuple(
        LocalModule(
            name=name, path=modules.shown_path(file, project_folder), source=redacted(file.source)
        )
        for name, file in files.items()
    )
    is_module = {f"module {name}" for name in names}
    named = [name for name in names if any(leaf.name == f"module {name}" for leaf in step.leaves)]
    followed = modules.local_closure(named, project_folder)
    kept = [
        leaf for leaf in step.leaves if leaf.name not in is_module and leaf.aspect != "environment"
    ]
    leaves = (
        *kept,
        *(_environment_again(leaf) for leaf in step.leaves if leaf.aspect == "environment"),
        *(_module_leaf(name, file) for name, file in followed.items()),
    )
    closure = Closure(
        function=step.closure.function,
        definitions=step.closure.definitions,
        modules=recorded,
        packages=step.closure.packages,
    )
    return Captured(
        name=step.name,
        kind=step.kind,
        cell=step.cell,
        options=step.options,
        documentation=step.documentation,
        closure=closure,
        leaves=leaves,
        digests=digests_of(leaves),
        flags=step.flags,
        notebook=step.notebook,
    )


def environment_changes(step: Step) -> tuple[Change, ...]:
    """Return which packages, and whether Python, have another version than when it was captured.

    They are no part of the code's version: a step is not stale by them.
    """
    before = [leaf for leaf in step.leaves if leaf.aspect == "environment"]
    return changes(before, [_environment_again(leaf) for leaf in before])


def digests_of(leaves: Iterable[Leaf]) -> Digests:
    """Return one digest an aspect, and the root over those that make the identity."""
    listed = list(leaves)
    found: dict[Aspect, str] = {
        aspect: merkle((leaf.name, leaf.digest) for leaf in listed if leaf.aspect == aspect)
        for aspect in _ASPECTS
    }
    root = merkle((aspect, found[aspect]) for aspect in IDENTITY)
    return Digests(**found, root=root)


def option_leaves(kind: StepKind, options: Mapping[str, OptionValue]) -> tuple[Leaf, ...]:
    """Return the leaves of the magic line: the kind of step, and each option."""
    given: dict[str, OptionValue] = {f"option {name}": value for name, value in options.items()}
    return tuple(
        Leaf(
            name=name, aspect="parameters", digest=digest_value(value), text=redacted(short(value))
        )
        for name, value in sorted({"kind": kind, **given}.items())
    )


def _option_without_secrets(value: OptionValue) -> OptionValue:
    if isinstance(value, list):
        return [redacted(each) for each in value]
    return redacted(value) if isinstance(value, str) else value


def _flags_of_options(options: Mapping[str, OptionValue]) -> tuple[str, ...]:
    """Return that an option lost its secret: built again, the step would do otherwise."""
    cut = [name for name, each in options.items() if HIDDEN in str(_option_without_secrets(each))]
    return tuple(
        f"needs hidden option {name}: it holds what looks like a secret, which is left out of the"
        " record"
        for name in cut
    )


def documentation_leaf(name: str, documentation: str) -> Leaf:
    """Return the leaf of a step's docstring."""
    return Leaf(
        name=f"documentation {name}",
        aspect="documentation",
        digest=sha256_hex(documentation.encode()),
        text=documentation,
    )


def _documentation(value: object) -> str:
    text = getattr(value, "__doc__", None)
    said = inspect.cleandoc(text) if isinstance(text, str) else ""
    return said.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no text


def _environment_again(leaf: Leaf) -> Leaf:
    """Read a package's version again."""
    kind, _, name = leaf.name.partition(" ")
    if kind == "import":
        version = modules.python_version()
        return environment_leaf(leaf.name, version, f"Python {version}")
    found = modules.version_of(name) if kind == "package" else None
    return leaf if found is None else environment_leaf(leaf.name, found[1], found[1])


def environment_leaf(name: str, version: str, text: str) -> Leaf:
    """Return the leaf of a package or of the standard library."""
    return Leaf(name=name, aspect="environment", digest=sha256_hex(version.encode()), text=text)


def _module_leaf(name: str, file: modules.LocalFile) -> Leaf:
    text = redacted(file.source)
    return Leaf(name=f"module {name}", aspect="code", digest=file.digest, text=text)
