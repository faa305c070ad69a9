"""Pairs of cells: which two differ in behaviour, and which two only in how they are written.

The data of the matrix. Each side runs in a kernel of its own, in a folder of its own; its last cell
defines `step`. `capture_pairs_*.py` hold the pairs by subject.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "§"
"""Stands in a template for what the two sides have otherwise."""
STEP = "def step(x):\n    return x + 1\n"


@dataclass(frozen=True)
class Side:
    """One notebook: module files, environment variables, and its cells, the step's the last."""

    cells: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    sample: str = ""
    """An expression: the step is called with it once, and what it reads is observed."""


@dataclass(frozen=True)
class Pair:
    """Two sides, and whether the step behaves otherwise in the second."""

    name: str
    group: str
    before: Side
    after: Side
    differs: bool
    flag: str = ""
    """How a flag of both sides begins where the difference cannot be known."""
    kernel_only: bool = False
    """Whether the pair changes the process itself, or needs one of its own."""
    keras: bool = False


class Facts(TypedDict, total=False):
    """What may be said of a pair besides."""

    flag: str
    kernel_only: bool
    keras: bool


def using(code: str, setup: str = "") -> str:
    """Write a step that returns an expression, after its setup."""
    return f"{setup}\ndef step(x):\n    return {code}\n"


@dataclass(frozen=True)
class Group:
    """Makes the pairs of one subject."""

    name: str
    differs: bool = True

    def of(
        self,
        name: str,
        template: str,
        parts: tuple[str, str],
        *,
        use: str = "",
        files: Mapping[str, str] | None = None,
        **facts: Unpack[Facts],
    ) -> Pair:
        """Make a pair from a template of cells and files, in which one part is written two ways.

        Cells are parted by a line of `---`; with `use` a last cell has a step that returns it.
        """
        last = f"\n---\n{using(use)}" if use else ""
        sides = [_side(template + last, part, files or {}) for part in parts]
        return self.pair(name, *sides, **facts)

    def two(
        self, name: str, cells: tuple[str, str], *, use: str = "", **facts: Unpack[Facts]
    ) -> Pair:
        """Make a pair from two texts of cells."""
        return self.of(name, MARK, cells, use=use, **facts)

    def pair(self, name: str, before: Side, after: Side, **facts: Unpack[Facts]) -> Pair:
        """Make a pair from two sides."""
        return Pair(name, self.name, before, after, self.differs, **facts)


def _side(template: str, part: str, files: Mapping[str, str]) -> Side:
    cells = tuple(template.replace(MARK, part).split("\n---\n"))
    return Side(cells, {name: text.replace(MARK, part) for name, text in files.items()})
