"""The versions of a step: what each one changed, and how two of them differ."""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING, Literal

from blase_lab.core.lineage import changes, sentence
from blase_lab.core.records import ProofState, Record, Step, Training
from blase_lab.core.syntax import parsed
from blase_lab.project.proofs import proofs_of, words_of
from blase_lab.report import is_documented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.core.records import Change, Definition
    from blase_lab.project.workspace import Workspace

_CONTEXT_LINES = 3
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_HEADINGS = {"function": "helper", "class": "class", "value": "value", "import": "import"}


class Version(Record, frozen=True, kw_only=True):
    """One version of a step, beside the one before it."""

    name: str
    version: int
    root: str
    """The digest of its identity."""
    created: str
    notebook: str | None
    changes: tuple[str, ...]
    """What differs from the version before, a sentence each; the first one has none."""
    documented: bool
    documentation: str
    flags: tuple[str, ...]
    proof: ProofState
    proven: str
    """The proof in the words of a badge, e.g. ``needs hidden `df` ``."""
    runs: tuple[int, ...]
    """The numbers of the runs that used it."""
    is_newest: bool


class Piece(Record, frozen=True, kw_only=True):
    """One part of two versions that differs: both texts whole, the one that lacks it empty."""

    heading: str
    subject: Literal["code", "documentation", "options", "rests on", "module"]
    before: str
    after: str


class Comparison(Record, frozen=True, kw_only=True):
    """Two versions beside one another: only what differs."""

    before: str
    """The one, as NAME@VERSION."""
    after: str
    pieces: tuple[Piece, ...]
    also: tuple[str, ...]
    """What differs and has no text of its own: packages, arrays, what was read; a sentence each."""


def versions(space: Workspace, name: str) -> tuple[Version, ...]:
    """Return every version of a step, oldest first, each with what it changed."""
    steps = space.history(name)
    proofs = proofs_of(space, steps[-1].name)
    trainings = space.store.ledger.list(Training)
    before: Step | None = None
    found = []
    for step in steps:
        proof = proofs.get(step.digests.root)
        label = _title(step)
        runs = [each.number for each in trainings if each.steps.get(label) == step.digests.root]
        found.append(
            Version(
                name=step.name,
                version=step.version,
                root=step.digests.root,
                created=step.created,
                notebook=step.notebook,
                changes=() if before is None else _sentences(before, step),
                documented=is_documented(step),
                documentation=step.documentation,
                flags=step.flags,
                proof="not proven" if proof is None else proof.state,
                proven=words_of(proof),
                runs=tuple(runs),
                is_newest=step is steps[-1],
            )
        )
        before = step
    return tuple(found)


def compare(space: Workspace, before: str, after: str | None = None) -> Comparison:
    """Return what differs between two versions; of a name alone, between its last two."""
    if after is not None:
        return comparison(space.step(before), space.step(after))
    every = space.history(before)
    if "@" in before:
        return comparison(space.step(before), every[-1])
    return comparison(every[max(0, len(every) - 2)], every[-1])


def comparison(before: Step, after: Step) -> Comparison:
    """Return what differs: code, documentation, options, then each thing that the steps rest on."""
    pairs = [
        *_own_pieces(before, after),
        *_definition_pieces(before, after),
        *_module_pieces(before, after),
    ]
    pieces = tuple(piece for piece in pairs if piece.before != piece.after)
    return Comparison(
        before=_title(before),
        after=_title(after),
        pieces=pieces,
        also=_without_text(before, after, pieces),
    )


def unified(found: Comparison) -> str:
    """Return a comparison as a unified diff of plain text, each piece under its heading."""
    parts = [
        "\n".join(
            difflib.unified_diff(
                piece.before.splitlines(),
                piece.after.splitlines(),
                f"{found.before} {piece.heading}",
                f"{found.after} {piece.heading}",
                n=_CONTEXT_LINES,
                lineterm="",
            )
        )
        for piece in found.pieces
    ]
    return "\n\n".join([*parts, "\n".join(found.also)] if found.also else parts)


def _title(step: Step) -> str:
    return f"{step.name}@{step.version}"


def _sentences(before: Step, after: Step) -> tuple[str, ...]:
    found = changes(before.leaves, after.leaves)
    told = [sentence(each) for each in found if each.aspect != "documentation"]
    if before.documentation != after.documentation:
        told.append("new documentation" if after.documentation else "documentation removed")
    if before.kind != after.kind:
        told.append(f"was a {before.kind}, is a {after.kind}")
    return tuple(dict.fromkeys(told))


def _own_pieces(before: Step, after: Step) -> Iterator[Piece]:
    heading = f"function {after.closure.function}"
    yield Piece(heading=heading, subject="code", before=_own_code(before), after=_own_code(after))
    yield Piece(
        heading="documentation",
        subject="documentation",
        before=before.documentation,
        after=after.documentation,
    )
    yield Piece(
        heading="options", subject="options", before=_options(before), after=_options(after)
    )


def _definition_pieces(before: Step, after: Step) -> Iterator[Piece]:
    """Yield the helpers, values and imports of both, in the order in which they are executed."""
    old, new = _definitions(before), _definitions(after)
    for name in dict.fromkeys([*new, *old]):
        one = (new.get(name) or old[name])[0]
        yield Piece(
            heading=f"{_HEADINGS.get(one.origin, one.origin)} {name}",
            subject="rests on",
            before=_text(old.get(name, [])),
            after=_text(new.get(name, [])),
        )


def _module_pieces(before: Step, after: Step) -> Iterator[Piece]:
    old = {each.path: each.source for each in before.closure.modules}
    new = {each.path: each.source for each in after.closure.modules}
    for path in sorted({*old, *new}):
        yield Piece(
            heading=f"local module {path}",
            subject="module",
            before=old.get(path, ""),
            after=new.get(path, ""),
        )


def _definitions(step: Step) -> dict[str, list[Definition]]:
    """Return the definitions that a step needs besides its own, by name."""
    found: dict[str, list[Definition]] = {}
    for each in step.closure.definitions:
        if each.name != step.closure.function:
            found.setdefault(each.name, []).append(each)
    return found


def _text(definitions: list[Definition]) -> str:
    return "\n".join(each.source.strip("\n") for each in definitions)


def _own_code(step: Step) -> str:
    """Return the step's own definition without its docstring, which is shown apart."""
    name = step.closure.function
    own = [each.source for each in step.closure.definitions if each.name == name]
    return "\n".join(_undocumented(each.strip("\n")) for each in own)


def _undocumented(source: str) -> str:
    """Return a definition without the lines of its docstring, where nothing else stands there."""
    try:
        tree = parsed(source)
    except SyntaxError:
        return source
    lines = source.splitlines()
    for node in tree.body:
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            said = node.body[0]
            first, last = said.lineno - 1, said.end_lineno or said.lineno
            head = lines[first].encode()[: said.col_offset]
            tail = lines[last - 1].encode()[said.end_col_offset :]
            if not head.strip() and not tail.strip():
                del lines[first:last]
    return "\n".join(lines)


def _options(step: Step) -> str:
    words = {"kind": step.kind, **step.options}
    shown = (
        f"{name} = {', '.join(value) if isinstance(value, list) else value}"
        for name, value in words.items()
    )
    return "\n".join(shown)


def _without_text(before: Step, after: Step, pieces: tuple[Piece, ...]) -> tuple[str, ...]:
    """Say each changed leaf that no piece shows; the texts of the pieces say the others."""
    names = {piece.heading.partition(" ")[2] for piece in pieces}
    if any(piece.subject == "code" for piece in pieces):
        names.add(before.closure.function)
    modules = [*before.closure.modules, *after.closure.modules]
    names |= {each.name for each in modules if f"module {each.path}" in names}
    found = changes(before.leaves, after.leaves)
    return tuple(sentence(each) for each in found if not _is_shown(each, names))


def _is_shown(change: Change, names: set[str]) -> bool:
    what, _, thing = change.name.partition(" ")
    if what in ("documentation", "option", "kind"):
        return True
    return any(thing == name or thing.startswith((f"{name}.", f"{name}(")) for name in names)
