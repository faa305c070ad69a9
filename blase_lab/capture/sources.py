"""Where the source of a live object stands: in a cell's body, an earlier cell, or a file."""

from __future__ import annotations
import __future__

import ast
import linecache
import weakref
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.capture.canonical import digest_of_code
from blase_lab.capture.names import code_key, reads_of_source
from blase_lab.capture.parse import python_of
from blase_lab.core.errors import CellSyntaxError
from blase_lab.core.syntax import compiled, lines_of, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REBUILT = "<blase:"
"""How the file names of rebuilt definitions begin."""
FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# fmt: off
_MUTATORS = frozenset(
    {
        "append", "appendleft", "extend", "insert", "add", "update", "sort", "pop", "popitem",
        "remove", "discard", "clear", "reverse", "setdefault", "fill", "put", "itemset",
        "resize", "partition", "rename_categories", "fit", "fit_transform", "fit_predict",
        "partial_fit", "set_params", "adapt", "set_weights", "load_weights",
    }
)
# fmt: on


class Source(NamedTuple):
    """The source of a function or class, and its canonical digest."""

    text: str
    digest: str


class Statement(NamedTuple):
    """One top-level statement of a cell."""

    text: str
    node: ast.stmt


class Cells:
    """The cells that ran so far, oldest first, the captured one last."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take the texts; each is read only when it is asked for."""
        self.texts = list(dict.fromkeys(reversed([text for text in texts if text.strip()])))

    def statements(self) -> Iterator[Statement]:
        """Yield top-level statements, the latest first."""
        for text in self.texts:
            yield from reversed(statements_of(text))

    def binding(self, name: str) -> tuple[Statement, ...]:
        """Return the latest statement that binds the name, and those after it that change it."""
        changed: list[Statement] = []
        for statement in self.statements():
            if name in bound_by(statement):
                changed.append(statement)
                if name not in reads_of_source(statement.text).at_once:
                    return tuple(reversed(changed))
            elif name in _changed_by(statement.node):
                changed.append(statement)
        return ()


def cells_of(namespace: Mapping[str, object], *bodies: str, earlier: Sequence[str] = ()) -> Cells:
    """Return the earlier texts, the cells that a notebook and the line cache know, the bodies."""
    history = namespace.get("In")
    ran = [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
    known = [text for name in list(linecache.cache) if (text := _cached_cell(name))]
    return Cells([*earlier, *(text for text in known if text not in ran), *ran, *bodies])


def _cached_cell(name: str) -> str:
    is_cell = (name.startswith("<") and not name.startswith((REBUILT, "<frozen", "<string"))) or (
        "ipykernel_" in name
    )
    return "".join(linecache.getlines(name)) if is_cell else ""


@lru_cache(maxsize=1024)
def statements_of(text: str) -> tuple[Statement, ...]:
    """Return a cell's top-level statements; none where it is no Python."""
    try:
        python = python_of(text)
        tree = parsed(python)
    except (CellSyntaxError, SyntaxError):
        return ()
    found: list[Statement] = []
    for node in tree.body:
        inner = _magic_body(node)
        if inner is None:
            found.append(Statement(segment(python, node).rstrip("\n") + "\n", node))
        else:
            found.extend(statements_of(inner))
    return tuple(found)


def _magic_body(node: ast.stmt) -> str | None:
    """Return the body of `get_ipython().run_cell_magic("blase_…", line, body)`."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return None
    call = node.value
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic"):
        return None
    words = [part.value for part in call.args if isinstance(part, ast.Constant)]
    body = words[-1] if words else None
    return body if isinstance(body, str) else None


def segment(text: str, node: ast.stmt | ast.expr) -> str:
    """Return the node's own lines, decorators included, without common indentation."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    if isinstance(node, ast.expr) or first == node.end_lineno:
        return _cut(text, node)
    lines = lines_of(text)[first - 1 : node.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    inside = _lines_in_strings(node) if indent else set[int]()
    cut = [
        line if first + place in inside else line[indent:] if line[:indent].isspace() else line
        for place, line in enumerate(lines)
    ]
    end = node.end_col_offset or 0
    tail = lines[-1].encode()[end:].decode()
    if tail.lstrip().startswith(";"):
        cut[-1] = cut[-1][: len(cut[-1]) - len(tail)]
    return "\n".join(cut) + "\n"


def _cut(text: str, node: ast.stmt | ast.expr) -> str:
    """Return the node's text, to the character."""
    lines = lines_of(text)[node.lineno - 1 : node.end_lineno]
    lines[-1] = lines[-1].encode()[: node.end_col_offset].decode()
    lines[0] = lines[0].encode()[node.col_offset :].decode()
    return "\n".join(lines)


def _lines_in_strings(node: ast.AST) -> set[int]:
    """Return the lines that begin inside a string of several lines."""
    found: set[int] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.JoinedStr) or (
            isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)
        ):
            found.update(range(part.lineno + 1, (part.end_lineno or part.lineno) + 1))
    return found


def bound_by(statement: Statement) -> frozenset[str]:
    """Return the names that a top-level statement binds."""
    try:
        return reads_of_source(statement.text).bound
    except SyntaxError:
        return frozenset()


@lru_cache(maxsize=4096)
def _changed_by(node: ast.stmt) -> frozenset[str]:
    """Return the names whose values a statement changes in place."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset()
    return changed_in_place(node)


def changed_in_place(node: ast.AST) -> frozenset[str]:
    """Return the names whose values are changed in place anywhere in a node."""
    found = set[str]()
    for part in ast.walk(node):
        if isinstance(part, ast.AugAssign):
            found.add(_base(part.target))
        elif isinstance(part, ast.Subscript | ast.Attribute):
            found.add("" if isinstance(part.ctx, ast.Load) else _base(part))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            in_place = any(word.arg == "inplace" for word in part.keywords)
            found.add(_base(part.func) if in_place or part.func.attr in _MUTATORS else "")
    return frozenset(found - {""})


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


# --- the source of a live function or class ------------------------------------------------------

_known: dict[int, tuple[weakref.ref[object], Source]] = {}


def function_source(code: CodeType, cells: Cells) -> Source | None:
    """Return the source that a function's code was compiled from, verified by its bytecode."""
    found = _remembered(code)
    if found is None:
        texts = ["".join(linecache.getlines(code.co_filename)), *cells.texts]
        found = next((source for text in texts if (source := _matching(text, code))), None)
    return _remember(code, found)


def class_source(kind: type, cells: Cells) -> Source | None:
    """Return the source of a class: by its methods' place, else the latest of its name."""
    found = _remembered(kind)
    if found is None:
        texts = ["".join(linecache.getlines(name)) for name in _files_of(kind)]
        for text in [*texts, *cells.texts]:
            found = _class_in(text, kind)
            if found is not None:
                break
    return _remember(kind, found)


def _remembered(thing: object) -> Source | None:
    reference, source = _known.get(id(thing), (None, None))
    return source if reference is not None and reference() is thing else None


def _remember(thing: object, source: Source | None) -> Source | None:
    if source is not None and id(thing) not in _known:
        key = id(thing)
        _known[key] = (weakref.ref(thing, lambda _: _known.pop(key, None)), source)
    return source


def _matching(text: str, code: CodeType) -> Source | None:
    nodes = _functions_in(text).get(code.co_name, ())
    if not nodes:
        return None
    for each in _same_in(text, code):
        here = [node for node in nodes if _first_line(node) == each.co_firstlineno]
        here = [node for node in here if _holds(node, each)]
        if here:
            node = here[0] if len(here) == 1 else min(here, key=lambda node: len(_cut(text, node)))
            return Source(segment(text, node), digest_of_code(node))
    return None


def _same_in(text: str, code: CodeType) -> Iterator[CodeType]:
    """Yield the functions of a text that do the same as the code."""
    key, flags = code_key(code), code.co_flags & FUTURE_FLAGS
    for compiling in (_codes_of_whole, _codes_of_parts):
        for each in compiling(text, flags).get(code.co_name, ()):
            if code_key(each) == key:
                yield each


def _first_line(node: _FunctionNode) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _holds(node: _FunctionNode, code: CodeType) -> bool:
    """Tell two lambdas on one line apart by the columns of their bytecode."""
    if not isinstance(node, ast.Lambda):
        return True
    body = node.body
    found = code.co_positions()
    spans = [(line, column) for line, _, column, _ in found if line and column is not None]
    inside = [span for span in spans if span >= (body.lineno, body.col_offset)]
    end = (body.end_lineno or 0, body.end_col_offset or 0)
    return any(span < end for span in inside)


@lru_cache(maxsize=512)
def _functions_in(text: str) -> dict[str, tuple[_FunctionNode, ...]]:
    found: dict[str, tuple[_FunctionNode, ...]] = {}
    every = ast.walk(_tree(text)) if "lambda" in text else _statements_below(_tree(text))
    for node in every:
        if isinstance(node, _FunctionNode):
            name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
            found[name] = (*found.get(name, ()), node)
    return found


def _statements_below(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every statement at any depth, and nothing of the expressions in it."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            todo.extend(getattr(node, field, ()))


@lru_cache(maxsize=512)
def _codes_of_whole(text: str, flags: int) -> dict[str, tuple[CodeType, ...]]:
    """Compile a text as a module is compiled; return every function's code in it, by name."""
    return _codes_in([text], flags)


@lru_cache(maxsize=512)
def _codes_of_parts(text: str, flags: int) -> dict[str, tuple[CodeType, ...]]:
    """Compile it statement by statement, as IPython does with a cell.

    The compiler calls the functions of a module otherwise where it sees the import.
    """
    return _codes_in([ast.Module([node], []) for node in _tree(text).body], flags)


def _codes_in(parts: Sequence[str | ast.Module], flags: int) -> dict[str, tuple[CodeType, ...]]:
    try:
        todo = [compiled(part, flags=flags) for part in parts]
    except SyntaxError:
        return {}
    found: dict[str, tuple[CodeType, ...]] = {}
    while todo:
        code = todo.pop()
        found[code.co_name] = (*found.get(code.co_name, ()), code)
        todo.extend(each for each in code.co_consts if isinstance(each, CodeType))
    return found


@lru_cache(maxsize=512)
def _tree(text: str) -> ast.Module:
    try:
        return parsed(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _files_of(kind: type) -> list[str]:
    codes = (getattr(each, "__code__", None) for each in vars(kind).values())
    return list(dict.fromkeys(code.co_filename for code in codes if isinstance(code, CodeType)))


def _class_in(text: str, kind: type) -> Source | None:
    """Find the latest class of this name whose body could have made the live class."""
    nodes = [node for node in ast.walk(_tree(text)) if isinstance(node, ast.ClassDef)]
    for node in reversed(nodes):
        if node.name == kind.__name__ and _could_be(node, kind):
            return Source(segment(text, node), digest_of_code(node))
    return None


def _could_be(node: ast.ClassDef, kind: type) -> bool:
    if len(node.bases) == 0 and kind.__bases__ != (object,) and not node.keywords:
        return False
    defined = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    return defined <= vars(kind).keys()


def is_made_by(source: Source, function: FunctionType) -> bool:
    """Tell whether a method is as its class's source makes it, and not put in later."""
    return any(True for _ in _same_in(source.text, function.__code__))


class Signature(NamedTuple):
    """What stands at the head of a definition."""

    decorators: frozenset[str]
    constants: Mapping[str, object]
    """Parameters whose default is written as a constant."""


@lru_cache(maxsize=4096)
def signature_of(text: str) -> Signature:
    """Return the names in a definition's decorators, and its constant defaults."""
    body = _tree(text).body
    node: ast.AST | None = body[0] if body else None
    node = node.value if isinstance(node, ast.Expr) else node
    if not isinstance(node, _FunctionNode):
        return Signature(frozenset(), {})
    names = {
        part.id
        for decorator in getattr(node, "decorator_list", ())
        for part in ast.walk(decorator)
        if isinstance(part, ast.Name)
    }
    given = [*node.args.posonlyargs, *node.args.args]
    pairs = [
        *zip(reversed(given), reversed(node.args.defaults), strict=False),
        *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
    ]
    constants = {a.arg: d.value for a, d in pairs if isinstance(d, ast.Constant)}
    return Signature(frozenset(names), constants)
