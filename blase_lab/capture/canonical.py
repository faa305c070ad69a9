"""Our own canonical form of Python code: what the code does, not how it is written.

Without positions, comments, docstrings, formatting and type hints, and equal on every supported
Python. `VERSION` stands in front of each digest, so that a later form is never mistaken for this.
Hints stay where something may read them: in the body of a class that is decorated or has bases
(dataclasses, named tuples), and under decorators other than Python's own.
"""

from __future__ import annotations

import ast
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.core.digest import sha256_hex
from blase_lab.core.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = "blase-ast-1"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# fmt: off
_BLIND = frozenset(
    {
        "staticmethod", "classmethod", "property", "setter", "cached_property", "cache",
        "lru_cache", "contextmanager", "asynccontextmanager", "abstractmethod", "override",
    }
)
# fmt: on
_NO_MEANING = frozenset({"ctx", "type_comment", "type_ignores", "kind"})
_SOMETIMES = frozenset({"returns", "annotation", "level", "simple"})


class _Place(NamedTuple):
    """What a node stands in, as far as that decides what of it acts."""

    in_class: bool = False
    keeps_hints: bool = False


_Item = str | tuple[ast.AST, _Place]
"""A word that is written, or a node whose words come next."""


def digest_of_code(node: ast.AST) -> str:
    """Return the digest of a statement, an expression or a module in canonical form.

    The tree is walked without recursion: however deep it is, it has a digest.
    """
    words: list[str] = [VERSION]
    todo: list[_Item] = [(node, _Place())]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            words.append(item)
        else:
            todo.extend(reversed(_of_node(*item)))
    return sha256_hex("\0".join(words).encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=512)
def digest_of_source(source: str) -> str:
    """Return the digest of a whole module's source."""
    return digest_of_code(parsed(source))


def _of_node(node: ast.AST, place: _Place) -> list[_Item]:
    if isinstance(node, ast.Constant):
        return [_constant(node.value)]
    if isinstance(node, ast.Name):  # the most of all nodes
        return ["(Name", ".id", _constant(node.id), ")"]
    if isinstance(node, ast.JoinedStr):
        return _formatted(node, place)
    if isinstance(node, ast.AnnAssign) and not place.in_class:
        return _fields("Assign", (("targets", [node.target]), ("value", node.value)), place)
    if isinstance(node, ast.ClassDef):
        place = _Place(in_class=bool(node.bases or node.keywords or node.decorator_list))
    elif isinstance(node, _FUNCTIONS):
        place = _Place(keeps_hints=not all(map(_is_blind, node.decorator_list)))
    fields = ((name, getattr(node, name, None)) for name in node._fields)
    return _fields(type(node).__name__, fields, place)


def _fields(name: str, fields: Iterable[tuple[str, object]], place: _Place) -> list[_Item]:
    """Write a node's fields, each container with its length."""
    found: list[_Item] = [f"({name}"]
    for field, value in fields:
        if value is None or field in _NO_MEANING:
            continue
        meant = _meant(value, place) if isinstance(value, list) else value
        if meant == [] or (field in _SOMETIMES and _is_silent(name, field, meant, place=place)):
            continue
        found.append(f".{field}")
        found += _of_value(meant, place)
    found.append(")")
    return found


def _is_silent(name: str, field: str, value: object, *, place: _Place) -> bool:
    if field in {"returns", "annotation"}:
        return not (place.keeps_hints or (name == "AnnAssign" and place.in_class))
    if name == "ImportFrom" and field == "level":
        return value == 0
    return name == "AnnAssign"


def _of_value(value: object, place: _Place) -> list[_Item]:
    if isinstance(value, ast.AST):
        return [(value, place)]
    if not isinstance(value, list):
        return [_constant(value)]
    each: list[_Item] = [
        (item, place) if isinstance(item, ast.AST) else _constant(item) for item in value
    ]
    return [f"[{len(value)}", *each]


def _constant(value: object) -> str:
    return f"{type(value).__name__}:{_constant_text(value)}"


def _formatted(node: ast.JoinedStr, place: _Place) -> list[_Item]:
    pieces = _pieces(node)
    if all(isinstance(piece, str) for piece in pieces):
        return [_constant("".join(piece for piece in pieces if isinstance(piece, str)))]
    found: list[_Item] = [f"(JoinedStr[{len(pieces)}"]
    for piece in pieces:
        if isinstance(piece, str):
            found.append(_constant(piece))
            continue
        spec = piece.format_spec
        is_plain = not isinstance(spec, ast.JoinedStr) or not _pieces(spec)
        fields: list[tuple[str, object]] = [("value", piece.value)]
        fields += [("conversion", piece.conversion), ("spec", None if is_plain else spec)]
        found += _fields("FormattedValue", fields, place)
    return [*found, ")"]


def _meant(values: list[object], place: _Place) -> list[object]:
    """Leave out the statements of a block that do nothing: pass, docstrings, bare hints."""
    if not values or not isinstance(values[0], ast.stmt):
        return values
    acting = [each for each in values if not _does_nothing(each)]
    hints = [each for each in acting if isinstance(each, ast.AnnAssign) and each.value is None]
    if not hints or place.in_class:
        return acting
    # A hint alone makes a name local: it says nothing new where the block assigns the name too.
    assigned = {
        target.id
        for each in acting
        for target in getattr(each, "targets", [getattr(each, "target", None)])
        if isinstance(target, ast.Name) and each not in hints
    }
    return [
        each
        for each in acting
        if each not in hints or getattr(each.target, "id", None) not in assigned
    ]


def _is_blind(decorator: ast.expr) -> bool:
    """Tell whether a decorator is one of Python's own that never looks at hints."""
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = made.id if isinstance(made, ast.Name) else getattr(made, "attr", "")
    return name in _BLIND


def _does_nothing(statement: object) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


def _constant_text(value: object) -> str:
    if isinstance(value, float):
        return struct.pack("<d", value).hex()
    if isinstance(value, complex):
        return struct.pack("<dd", value.real, value.imag).hex()
    if isinstance(value, str):
        return f"{len(value)}:{value}"
    return hex(value) if type(value) is int else repr(value)


def _pieces(node: ast.JoinedStr) -> list[str | ast.FormattedValue]:
    """Join neighbouring constants of an f-string, which Pythons cut differently."""
    pieces: list[str | ast.FormattedValue] = []
    for part in node.values:
        if isinstance(part, ast.JoinedStr):
            new = _pieces(part)
        else:
            new = [str(part.value)] if isinstance(part, ast.Constant) else [_formatted_value(part)]
        for piece in new:
            if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                pieces[-1] += piece
            elif piece != "":
                pieces.append(piece)
    return pieces


def _formatted_value(part: ast.expr) -> ast.FormattedValue:
    assert isinstance(part, ast.FormattedValue)
    return part
