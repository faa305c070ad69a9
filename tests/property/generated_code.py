"""Python as people write it, generated: functions, and the ways to write or to change them.

`functions` draws the source of a cell with a step. `rewritten` writes the same program in other
ways; `edits` lists every single change of a constant, an operator or a name that can be made.
"""

from __future__ import annotations

import ast
import copy
import io
import itertools
import linecache
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    _Changes: TypeAlias = Iterator[tuple[str, Callable[[], None]]]

_numbers = itertools.count(1)

FRAME = '''\
import functools
import math

LIMIT = 3
WORDS = {"a", "b"}

def helper(value, *rest, scale=1, **more):
    """A helper."""
    return value * scale + LIMIT

def other(value, *rest, scale=1, **more):
    return value - scale

def twice(factor=2):
    def outer(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs)
        return inner
    return outer

class Base:
    kind = "base"

    def at(self, place):
        return self.kind, place
'''
"""The rest of the notebook: what generated functions call, inherit from and wear."""

_NAMES = ("x", "y", "LIMIT", "WORDS", "total")
_CALLED = ("helper", "other", "len", "sorted", "Base")
_ATTRIBUTES = ("kind", "at", "size", "T")
_KEYWORDS = ("scale", "axis", "key")
_ERRORS = ("ValueError", "KeyError", "TypeError")
_SIGNS = ("+", "-", "*", "/", "//", "%", "@", "<<", ">>", "|", "&", "^")
_COMPARED = ("<", ">", "<=", ">=", "==", "!=", "in", "not in")
# fmt: off
_CONSTANTS = (
    "0", "1", "7", "16", "1000", "255", "2.5", "1000.0", "0.1", "3j", "'a'", "'two words'",
    "'it\\'s'", "b'raw'", "True", "False", "None", "'é'", "''",
)
# fmt: on

names = st.sampled_from(_NAMES)
constants = st.sampled_from(_CONSTANTS)


def _joined(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Fill a pattern with drawn parts."""
    return st.tuples(*parts).map(lambda drawn: pattern.format(*drawn))


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    called, words = st.sampled_from(_CALLED), st.sampled_from(_KEYWORDS)
    signs, compared = st.sampled_from(_SIGNS), st.sampled_from(_COMPARED)
    return st.one_of(
        _joined("({} {} {})", inner, signs, inner),
        _joined("({} {} {})", names, compared, inner),
        _joined("({} {} {})", inner, st.sampled_from(("and", "or")), inner),
        _joined("({}{})", st.sampled_from(("not ", "-", "~", "+")), names),
        _joined("({} is not None)", names),
        _joined("({} if {} else {})", inner, inner, inner),
        _joined("{}({}, {}={})", called, inner, words, inner),
        _joined("{}({}, {}, *[{}])", called, inner, constants, inner),
        _joined("{}.{}", names, st.sampled_from(_ATTRIBUTES)),
        _joined("{}[{}:{}, {}]", names, inner, constants, inner),
        _joined("[{} for item in {} if {}]", inner, names, inner),
        _joined("{{{}: {}, **{{}}}}", constants, inner),
        _joined("{{{}, {}}}", inner, inner),
        _joined("sum(item * {} for item in ({}, {}))", inner, inner, constants),
        _joined("(lambda item, much={}: {})", constants, inner),
        _joined("f'{{{}!r:>{{{}}}}} and {{{}:.2f}} {}'", names, names, names, names),
        _joined("(drawn := {})", inner),
    )


expressions = st.recursive(st.one_of(names, constants), _larger, max_leaves=6)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _method(body: list[str], value: str) -> list[str]:
    return ["def at(self, place):", *body, f"    return super().at({value})"]


_simple = st.one_of(
    _joined("total = {}", expressions),
    _joined("total, *rest = {}, {}", expressions, expressions),
    _joined("total {}= {}", st.sampled_from(_SIGNS), expressions),
    _joined("assert x, {}", expressions),
    _joined("return {}", expressions),
    _joined("import math as {}", st.sampled_from(("math", "sums"))),
    _joined("del WORDS[{}]", constants),
    _joined("raise {}({})", st.sampled_from(_ERRORS), expressions),
    _joined("yield {}", expressions),
).map(lambda line: [line])


@st.composite
def _blocks(draw: st.DrawFn, inner: st.SearchStrategy[list[str]]) -> list[str]:
    """Draw a statement that holds others."""
    body, more = _indented(draw(inner)), _indented(draw(inner))
    value, other = draw(expressions), draw(constants)
    error = draw(st.sampled_from(_ERRORS))
    forms = (
        [f"if {value}:", *body, "elif y:", *more, "else:", *body],
        [f"for item in ({value}, {other}):", *body, "else:", *more],
        [f"while not {value}:", *body, "    break"],
        ["try:", *body, f"except {error} as error:", *more, "finally:", *body],
        [f"with helper({value}) as total:", *body],
        [
            "match x:",
            "    case [1, *_] | None:",
            *_indented(body),
            f"    case {{'a': 2, **rest}} if {value}:",
            *_indented(more),
            "    case Base(kind='b') | True | -1:",
            *_indented(body),
        ],
        [f"def inner(a, b={other}, *, c={other}, **more):", *body],
        [f"@twice({other})", f"def inner(a, b={other}):", *body],
        ["class Inner(Base):", f"    kind = {other}", *_indented(_method(body, other))],
    )
    return list(draw(st.sampled_from(forms)))


statements = st.recursive(_simple, _blocks, max_leaves=4)


@st.composite
def functions(draw: st.DrawFn) -> str:
    """Draw the source of a step: some statements of every kind, or none."""
    decorator = draw(st.sampled_from(("", "", "@twice()\n", "@twice(factor=5)\n")))
    lines = [line for part in draw(st.lists(statements, max_size=4)) for line in part]
    default, wish = draw(constants), draw(constants)
    head = f"{decorator}def step(x, y={default}, *args, wish={wish}, **kwargs):"
    return "\n".join([head, *_indented(["total = 0", *lines, "return total"])]) + "\n"


def function_of(*cells: str) -> Any:
    """Run the cells of a notebook, after the frame where there is but one; return the step."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    for text in cells if len(cells) > 1 else (FRAME, *cells):
        name = f"<cell generated {next(_numbers)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec", dont_inherit=True), scope)
    return scope["step"]


def forget_cells() -> None:
    """Take generated cells out of the line cache."""
    for name in [name for name in linecache.cache if name.startswith("<cell generated")]:
        del linecache.cache[name]


# --- the same program, written otherwise ---------------------------------------------------------


def rewritten(source: str) -> dict[str, str]:
    """Return the same program in other ways, by what was done to it."""
    tree = ast.parse(source)
    return {
        "layout": ast.unparse(tree),
        "comments": _with_comments(source),
        "blank lines": source.replace("\n", "\n\n"),
        "tabs": source.replace("    ", "\t"),
        "broken lines": _broken(source),
        "numbers and quotes": _respelled(source),
        "docstrings": ast.unparse(_each_function(tree, _with_docstring)),
        "no docstrings but pass": ast.unparse(_each_function(tree, _with_pass)),
        "hints": ast.unparse(_each_function(tree, _with_hints)),
        "neighbours": f"LATER = 1\n\ndef before():\n    return LATER\n\n{source}\nLAST = 2\n",
    }


def _with_comments(source: str) -> str:
    lines = [f"{line}  # why: 'so' {place}" for place, line in enumerate(source.splitlines())]
    return "# a comment\n\n" + "\n".join(lines) + "\n"


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(source).readline))


def _broken(source: str) -> str:
    """Break the line after every comma in brackets, outside f-strings."""
    places = []
    depth = inside = 0
    for token in _tokens(source):
        inside += token.type == getattr(tokenize, "FSTRING_START", None)
        inside -= token.type == getattr(tokenize, "FSTRING_END", None)
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == "," and depth and not inside:
                places.append(token.end)
    lines = source.splitlines(keepends=True)
    for row, column in reversed(places):
        line = lines[row - 1]
        lines[row - 1] = f"{line[:column]}  # one\n{' ' * 17}{line[column:].lstrip(' ')}"
    return "".join(lines)


_SPELLED = {"16": "0x10", "1000": "1_000", "255": "0b1111_1111", "1000.0": "1e3", "0.1": "1e-1"}


def _respelled(source: str) -> str:
    """Write numbers and strings in another spelling."""
    lines = source.splitlines(keepends=True)
    for token in reversed(_tokens(source)):
        text = token.string
        if token.type == tokenize.NUMBER:
            text = _SPELLED.get(text, text)
        elif token.type == tokenize.STRING and text.startswith("'") and "\\" not in text:
            text = f'"""{text[1:-1]}"""' if len(text) > len("''") else "('' \"\")"
        if text != token.string:
            row = token.start[0] - 1
            line = lines[row]
            lines[row] = line[: token.start[1]] + text + line[token.end[1] :]
    return "".join(lines)


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _each_function(tree: ast.Module, change: Callable[[_Function], None]) -> ast.Module:
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, _Function):
            change(node)
    return ast.fix_missing_locations(tree)


def _with_docstring(node: _Function) -> None:
    node.body.insert(0, ast.Expr(ast.Constant(f"What {node.name} does.\n\nAnd why.")))


def _with_pass(node: _Function) -> None:
    node.body = [each for part in node.body for each in (ast.Pass(), part)]


def _with_hints(node: _Function) -> None:
    """Hint a function's parameters, results and variables; under a decorator hints may act."""
    if node.decorator_list:
        return
    node.returns = ast.Name("object")
    for argument in (*node.args.args, *node.args.kwonlyargs):
        argument.annotation = ast.Constant("some type")
    for place, part in enumerate(node.body):
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
            target, hint = part.targets[0], ast.Name("float")
            node.body[place] = ast.AnnAssign(target, hint, part.value, simple=1)


# --- another program -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """One change of a program: what, where, and the program afterwards."""

    what: str
    line: int
    source: str


def edits(source: str) -> list[Edit]:
    """Return the program after each single change that can be made to it."""
    found = []
    whole = ast.parse(source)
    said = [node.value for node in ast.walk(whole) if isinstance(node, ast.Expr)]
    for place, node in enumerate(ast.walk(whole)):
        if isinstance(node, ast.Constant) and node in said:
            continue  # a docstring
        for number, (what, _) in enumerate(_changes(node)):
            tree = ast.parse(source)
            same = next(itertools.islice(ast.walk(tree), place, None))
            list(_changes(same))[number][1]()
            text = ast.unparse(ast.fix_missing_locations(tree))
            found.append(Edit(what, _line_of(node), text + "\n"))
    return found


def _line_of(node: ast.AST) -> int:
    return min((each.lineno for each in ast.walk(node) if hasattr(each, "lineno")), default=1)


_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.And: ast.Or, ast.Or: ast.And, ast.Not: ast.UAdd, ast.USub: ast.Invert,
    ast.Invert: ast.UAdd, ast.UAdd: ast.Not, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Lt: ast.LtE, ast.LtE: ast.Gt, ast.Gt: ast.GtE,
    ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Mod, ast.Mod: ast.Mult,
    ast.MatMult: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitXor, ast.BitXor: ast.BitOr,
}  # fmt: skip
_IN_PATTERN = "-1"
"""A number below zero in a pattern: no other sign may stand there."""


def _changes(node: ast.AST) -> _Changes:
    """Yield every change of one node, with how to make it."""
    table: dict[type[ast.AST], Callable[[Any], _Changes]] = {
        ast.Constant: _of_constant,
        ast.MatchSingleton: _of_constant,
        ast.Call: _of_call,
        ast.Name: _of_name,
        ast.FormattedValue: _of_formatted,
        ast.Compare: _of_comparison,
        ast.arguments: _of_arguments,
    }
    if type(node) in table:
        yield from table[type(node)](node)
    operator = getattr(node, "op", None)
    if operator is not None and ast.unparse(node) != _IN_PATTERN:
        yield f"operator {type(operator).__name__}", _set(node, "op", _OTHER[type(operator)]())
    if isinstance(node, ast.Attribute):
        yield "attribute", _set(node, "attr", f"{node.attr}_")
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "negation", _set(node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Try):
        yield "handler", _set(node.handlers[0], "type", ast.Name("OSError"))
    if isinstance(node, ast.BinOp | ast.comprehension) and ast.unparse(_ends(node)[0]) != (
        ast.unparse(_ends(node)[1])
    ):
        yield "order", _exchange(node)


def _ends(node: ast.BinOp | ast.comprehension) -> tuple[ast.expr, ast.expr]:
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    return node.iter, node.ifs[0] if node.ifs else node.iter


def _exchange(node: ast.BinOp | ast.comprehension) -> Callable[[], None]:
    def change() -> None:
        if isinstance(node, ast.BinOp):
            node.left, node.right = node.right, node.left
        else:
            node.iter, node.ifs[0] = node.ifs[0], node.iter

    return change


def _set(node: ast.AST, field: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, field, value)


def _of_constant(node: ast.Constant | ast.MatchSingleton) -> _Changes:
    value = node.value
    if isinstance(value, bool) or value is None:
        another: object = not value
    elif isinstance(value, str):
        another = f"{value}x"
    elif isinstance(value, bytes):
        another = value + b"x"
    else:
        assert isinstance(value, int | float | complex)
        another = value + 1
    yield f"constant {value!r}", _set(node, "value", another)
    if type(value) is int:
        yield f"type of {value!r}", _set(node, "value", float(value))


def _of_call(node: ast.Call) -> _Changes:
    if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        name = "other" if node.func.id != "other" else "helper"
        yield "called function", _set(node.func, "id", name)
    for word in node.keywords:
        if word.arg in _KEYWORDS:
            yield "keyword", _set(word, "arg", f"{word.arg}_")
    if len(node.args) > 1 and ast.unparse(node.args[0]) != ast.unparse(node.args[1]):
        yield "order of arguments", _set(node, "args", [node.args[1], node.args[0], *node.args[2:]])
    if node.args:
        yield "fewer arguments", _set(node, "args", node.args[1:])


def _of_name(node: ast.Name) -> _Changes:
    if isinstance(node.ctx, ast.Load) and node.id in _NAMES:
        name = _NAMES[(_NAMES.index(node.id) + 1) % len(_NAMES)]
        yield f"name {node.id}", _set(node, "id", name)
    elif node.id in _ERRORS:
        yield "error", _set(node, "id", "OSError")


def _of_formatted(node: ast.FormattedValue) -> _Changes:
    yield "conversion", _set(node, "conversion", ord("a"))
    if node.format_spec is not None:
        yield "format", _set(node, "format_spec", None)


def _of_comparison(node: ast.Compare) -> _Changes:
    yield "comparison", _set(node, "ops", [_OTHER[type(node.ops[0])](), *node.ops[1:]])


def _of_arguments(node: ast.arguments) -> _Changes:
    if node.vararg is not None:
        yield "no star", _set(node, "vararg", None)
    if len(node.args) > 1:
        yield "parameter", _set(node.args[1], "arg", f"{node.args[1].arg}_")
