"""An earlier version back in hands: its whole source as one text, and its cell to run again."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.errors import BadNameError, BlaseError
from blase_lab.core.records import LocalModule, Record, Step
from blase_lab.core.syntax import parsed
from blase_lab.project.steps import stale_changes
from blase_lab.store import make_folder, write_text
from blase_lab.store.redact import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from blase_lab.core.records import Definition
    from blase_lab.project.workspace import Workspace

_OPTION = re.compile(r"""--[\w-]+(?:=|\s+)(?:"[^"]*"|'[^']*'|\S+)""")
_MAGIC = re.compile(r"(?m)^[ \t]*[%!].*$")
_MODULES = '''\
import importlib.abc
import importlib.util
import sys


class _Recorded(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the local modules below as they were recorded, whatever lies on the disk."""

    sources = {}

    def find_spec(self, name, path=None, target=None):
        is_package = any(each.startswith(name + ".") for each in self.sources)
        if not is_package and name not in self.sources:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=is_package)

    def exec_module(self, module):
        exec(self.sources.get(module.__name__, ""), module.__dict__)


def _local_module(name, source):
    sys.modules.pop(name, None)
    _Recorded.sources[name] = source


sys.meta_path.insert(0, _Recorded())
'''


class Source(Record, frozen=True, kw_only=True):
    """All the Python of one version of a step, in parts that are executed one after the other."""

    name: str
    version: int
    function: str
    parts: tuple[str, ...]
    """Joined they are one text of Python that defines `function` when executed."""
    secrets_left_out: bool
    """Whether something that looked like a secret was never stored: then the text is not whole."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self.parts)


class Restored(Record, frozen=True, kw_only=True):
    """The cell of one version of a step, ready to be run again."""

    name: str
    version: int
    cell: str
    """With its magic line, and a comment on what else is another now."""
    different: tuple[str, ...]
    """What it rests on that is not in the cell and is another now, e.g. `function centred`."""
    modules: tuple[LocalModule, ...] = ()
    """The local modules that are to be written beside it."""
    secrets_left_out: bool = False
    files: tuple[str, ...] = ()
    """Where it was written; nothing where it was only read."""


def source(space: Workspace, name: str) -> Source:
    """Return a version's function with its helpers, values and local modules, executable again."""
    step = space.step(name)
    said = f'"""Step `{step.name}`, version {step.version} ({step.kind}), as captured."""\n'
    first = [each for each in step.closure.definitions if _is_future(each.source)]
    rest = [each for each in step.closure.definitions if each not in first]
    parts = [said, *(f"{each.source.strip()}\n" for each in first)]
    if step.closure.modules:
        parts.append(_MODULES)
        parts += [_module_part(each) for each in step.closure.modules]
    parts.append(_joined(rest))
    return Source(
        name=step.name,
        version=step.version,
        function=step.closure.function,
        parts=tuple(parts),
        secrets_left_out=any(HIDDEN in part for part in parts),
    )


def restore(space: Workspace, name: str, *, with_helpers: bool = False) -> Restored:
    """Return the cell of a version so that running it makes that version's identity again.

    What the cell rests on beyond itself is put into it `with_helpers`, else named in a comment
    where it is another now. Nothing is written.
    """
    step = space.step(name)
    magic, body = _taken_apart(step)
    different = _different_now(space, step, _bound(body))
    modules = step.closure.modules if with_helpers else ()
    kept = {f"module {each.name}" for each in step.closure.modules}
    lines = _note(step, [each for each in different if not with_helpers or each in kept])
    pieces = [_named(magic, step.name) if with_helpers else magic, *lines]
    if with_helpers:
        helpers = _joined(_helpers(step, _bound(body))).strip("\n")
        pieces += [helpers, "", ""] if helpers else []
    pieces.append(body.strip("\n"))
    cell = "\n".join(pieces) + "\n"
    return Restored(
        name=step.name,
        version=step.version,
        cell=cell,
        different=tuple(each for each in different if not with_helpers or each in kept),
        modules=modules,
        secrets_left_out=HIDDEN in cell or any(HIDDEN in each.source for each in modules),
    )


def write(restored: Restored, into: Path) -> Restored:
    """Write a restored cell to a new file and its local modules to a new folder beside it.

    Raises:
        BadNameError: one of them exists already; nothing was written.
    """
    beside = into.with_name(f"{into.stem}-modules")
    files = {into: restored.cell}
    files |= {beside / _file_of(each): each.source for each in restored.modules}
    for place in files:
        if place.exists() or place.is_symlink():
            raise BadNameError(
                f"`{place}` exists already; nothing was written.",
                way_out="Name another file with --into FILE.",
            )
    for place, text in files.items():
        make_folder(place.parent)
        write_text(place, text, mode=0o644)
    return msgspec.structs.replace(restored, files=tuple(str(place) for place in files))


# --- what a version rests on, and what of it is another now -------------------------------------


def _different_now(space: Workspace, step: Step, in_cell: set[str]) -> tuple[str, ...]:
    """Return the code and values outside its cell that a version rests on and that changed since.

    What changed between that version and the newest counts, and what is stale of the newest.
    """
    newest = space.step(step.name)
    try:
        stale = {each.name: each.after for each in stale_changes(space, newest)}
    except BlaseError:
        stale = {}
    now = {leaf.name: leaf.digest for leaf in newest.leaves}
    own = {step.closure.function, *in_cell}
    found = []
    for leaf in step.leaves:
        what, _, thing = leaf.name.partition(" ")
        if leaf.aspect not in ("code", "data") or what in ("option", "kind", "file", "folder"):
            continue
        if _is_of(thing, own):
            continue
        if leaf.name in stale:
            is_same = leaf.text == stale[leaf.name]
        else:
            is_same = leaf.digest == now.get(leaf.name)
        if not is_same:
            found.append(leaf.name)
    return tuple(found)


def _file_of(module: LocalModule) -> str:
    """Return where a module's file lies in its folder: by its name, never by a recorded path."""
    parts = module.name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise BadNameError(
            f"`{module.name[:80]}` is no name of a module.",
            way_out="Restore without --with-helpers.",
        )
    is_package = module.path.endswith("__init__.py")
    return "/".join([*parts, "__init__.py"] if is_package else parts) + (
        "" if is_package else ".py"
    )


def _is_of(thing: str, names: set[str]) -> bool:
    return any(thing == name or thing.startswith((f"{name}.", f"{name}(")) for name in names)


def _note(step: Step, names: Sequence[str]) -> list[str]:
    """Return comment lines that say what must be as it was besides the cell."""
    if not names:
        return []
    return [
        f"# {step.name}@{step.version} also rests on what is another now: {', '.join(names)}.",
        f"# `blase show {step.name}@{step.version} --source` shows it as it was.",
    ]


def _helpers(step: Step, in_cell: set[str]) -> list[Definition]:
    """Return the definitions of a closure that its cell does not hold, in order."""
    own = {step.closure.function, *in_cell}
    return [each for each in step.closure.definitions if each.name not in own]


def _taken_apart(step: Step) -> tuple[str, str]:
    """Return the magic line, which names the step, and the body of its cell."""
    head, _, body = step.cell.lstrip().partition("\n")
    if not head.startswith("%%"):
        return f"%%blase_{step.kind} {step.name}", step.cell
    return head.rstrip(), body


def _named(magic: str, name: str) -> str:
    """Return a magic line that names its step, so that other functions may stand in its cell."""
    word, _, rest = magic.partition(" ")
    is_named = re.match(r"\s*[A-Za-z_]", _OPTION.sub("", rest)) is not None
    return magic if is_named else f"{word} {name} {rest}".rstrip()


def _bound(body: str) -> set[str]:
    """Return the names that the top level of a body binds; none where it is no plain Python."""
    try:
        tree = parsed(_MAGIC.sub("", body))
    except SyntaxError:
        return set()
    found: set[str] = set()
    for node in tree.body:
        found.update(_bound_by(node))
    return found


def _bound_by(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    return [each.id for each in names if isinstance(each.ctx, ast.Store)]


# --- text ---------------------------------------------------------------------------------------


def _joined(definitions: Sequence[Definition]) -> str:
    """Return definitions as text, two empty lines around functions and classes."""
    text, before = "", "import"
    for each in definitions:
        is_apart = {each.origin, before} & {"function", "class"}
        text += ("\n\n" if is_apart and text else "") + each.source.strip("\n") + "\n"
        before = each.origin
    return text


def _module_part(module: LocalModule) -> str:
    """Return a local module as the statement that makes it importable, verbatim where it can be."""
    title = f"# --- {module.path} ---"
    source = module.source if module.source.endswith("\n") else module.source + "\n"
    for quotes in ("'''", '"""'):
        if quotes not in source and not source.endswith("\\\n"):
            return f"{title}\n_local_module({module.name!r}, r{quotes}\n{source}{quotes})\n"
    return f"{title}\n_local_module({module.name!r}, {source!r})\n"


def _is_future(text: str) -> bool:
    return text.lstrip().startswith("from __future__ import")
