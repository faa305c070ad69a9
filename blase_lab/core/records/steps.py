"""What a step is: its closure, the leaves of its identity, what was observed and proven."""

from __future__ import annotations

from typing import Literal

from blase_lab.core.records.base import Aspect, OptionValue, ProofState, Record, StepKind


class Leaf(Record, frozen=True, kw_only=True):
    """One named thing that a step's identity rests on, e.g. `function normalize`."""

    name: str
    aspect: Aspect
    digest: str
    text: str = ""
    """What a person reads: source text, a short value, or a version. Redacted."""


class Change(Record, frozen=True, kw_only=True):
    """One leaf that differs between two identities; None where one side lacks it."""

    name: str
    aspect: Aspect
    before: str | None
    after: str | None


class Sameness(Record, frozen=True, kw_only=True):
    """A thing beside what it is compared with: which leaves are equal, and which are not."""

    name: str
    like: str
    """What it is compared with, e.g. `age@3` or `run 12`."""
    is_same: bool
    equal: tuple[str, ...]
    """The names of the leaves that are equal."""
    leaves: int
    """How many leaves `like` has."""
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    """What differs and does not count, e.g. a package's version."""
    sentence: str


class Definition(Record, frozen=True, kw_only=True):
    """A piece of Python that the step's closure needs, executable in the order given."""

    name: str
    origin: Literal["import", "value", "function", "class", "statement"]
    source: str


class LocalModule(Record, frozen=True, kw_only=True):
    """A module of the user's own beside the notebook, as it was when captured."""

    name: str
    path: str
    """Relative to the project's folder, with forward slashes."""
    source: str


class Closure(Record, frozen=True, kw_only=True):
    """All that is needed to make the step's function again in an empty namespace."""

    function: str
    definitions: tuple[Definition, ...]
    """The step's own definition is the last one."""
    modules: tuple[LocalModule, ...] = ()
    packages: dict[str, str] = {}
    """Installed distributions that the closure imports, and their versions."""


class Digests(Record, frozen=True, kw_only=True):
    """One digest an aspect, and `root` over code, parameters and data: the step's identity."""

    code: str
    documentation: str
    parameters: str
    environment: str
    data: str
    seed: str
    root: str


class Step(Record, frozen=True, kw_only=True, tag="step"):
    """A captured cell with its closure; `name@version` names it."""

    name: str
    version: int
    kind: StepKind
    cell: str
    """The raw cell with its magic line, redacted."""
    options: dict[str, OptionValue]
    documentation: str
    closure: Closure
    leaves: tuple[Leaf, ...]
    digests: Digests
    flags: tuple[str, ...] = ()
    """What cannot be known, e.g. `opaque: holds a socket`."""
    notebook: str | None = None
    created: str


# --- what is known of a step beyond its code ------------------------------------------------------


class Observation(Record, frozen=True, kw_only=True):
    """One thing outside its arguments that a step touched while it ran."""

    kind: Literal["file", "folder", "variable", "socket", "program", "module", "random"]
    name: str
    """A path (relative to the project's folder where it lies inside), a variable's name, a host and
    port, a program, a module, or the library of a global random generator."""
    mode: Literal["read", "write"] = "read"
    digest: str | None = None
    """Of what was read: a file's bytes, a folder's names, a variable's salted value."""


class Observed(Record, frozen=True, kw_only=True, tag="observed"):
    """All that one version of a step touched while it ran over data."""

    step: str
    version: int
    root: str
    """The root digest of that version."""
    observations: tuple[Observation, ...]
    created: str


class Proof(Record, frozen=True, kw_only=True, tag="proof"):
    """Whether a step's closure alone, in a clean process, does what the step does."""

    step: str
    version: int
    root: str
    state: ProofState
    hidden: tuple[str, ...] = ()
    """Names that the step needs and its closure lacks."""
    sentence: str
    """What was compared, or why nothing could be."""
    rows: int = 0
    seconds: float = 0.0
    created: str
