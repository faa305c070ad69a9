"""What the identity of a thing rests on, for a person to read: leaves, flags and observed reads."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.core.records import Leaf, Observation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

_SHOWN_CHARACTERS = 60
_DIGEST_CHARACTERS = 12
_READ_KINDS: tuple[Literal["file", "folder", "variable"], ...] = ("file", "folder", "variable")


class Inspection(NamedTuple):
    """What `inspect` found; a notebook shows it as a table."""

    digest: str
    """The identity: 64 hex digits."""
    leaves: tuple[Leaf, ...]
    """The named parts that the identity is made of, sorted."""
    flags: tuple[str, ...]
    """What cannot be known, or is not what it seems, e.g. `dynamic: globals()`."""
    reads: tuple[Observation, ...] = ()
    """What a call with the sample touched: files, folders, variables, sockets, programs."""

    def __repr__(self) -> str:
        """Show the table as plain text."""
        rows = [*(_leaf_row(leaf) for leaf in self.leaves), *map(_read_row, self.reads)]
        widths = [max((len(row[place]) for row in rows), default=0) for place in (0, 1)]
        lines = [
            f"  {kind:<{widths[0]}}  {name:<{widths[1]}}  {text}".rstrip()
            for kind, name, text in rows
        ]
        return "\n".join([f"digest {self.digest}", *lines, *(f"  ! {flag}" for flag in self.flags)])

    def _repr_html_(self) -> str:
        """Show a table in the notebook's own colours."""
        rows = [*(_leaf_row(leaf) for leaf in self.leaves), *map(_read_row, self.reads)]
        rows += [("flag", flag, "") for flag in self.flags]
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in row)
            + "</tr>"
            for row in rows
        )
        head = "".join(
            f'<th scope="col" style="text-align: left">{each}</th>'
            for each in ("part", "name", "content")
        )
        caption = f"<caption>digest <code>{escape(self.digest)}</code></caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def read_leaves(reads: Iterable[Observation]) -> tuple[Leaf, ...]:
    """Return the leaves of what was read: a file's content, a folder's names, a variable."""
    return tuple(
        Leaf(
            name=f"{each.kind} {each.name}",
            aspect="parameters" if each.kind == "variable" else "data",
            digest=each.digest,
            text=each.digest[:_DIGEST_CHARACTERS],
        )
        for each in reads
        if each.kind in _READ_KINDS and each.mode == "read" and each.digest
    )


def reads_in(leaves: Iterable[Leaf]) -> tuple[Observation, ...]:
    """Return the reads that are recorded among a step's leaves."""
    found = []
    for leaf in leaves:
        for kind in _READ_KINDS:
            if leaf.name.startswith(f"{kind} "):
                name = leaf.name.removeprefix(f"{kind} ")
                found.append(Observation(kind=kind, name=name, digest=leaf.digest))
    return tuple(found)


def _leaf_row(leaf: Leaf) -> tuple[str, str, str]:
    first, _, rest = leaf.text.strip().partition("\n")
    text = first if len(first) <= _SHOWN_CHARACTERS else f"{first[: _SHOWN_CHARACTERS - 1]}…"
    more = rest.count("\n") + 1 if rest else 0
    return leaf.aspect, leaf.name, f"{text} (+{more} lines)" if more else text


def _read_row(each: Observation) -> tuple[str, str, str]:
    kind = "reads" if each.mode == "read" else "writes"
    return kind, f"{each.kind} {each.name}", (each.digest or "")[:_DIGEST_CHARACTERS]
