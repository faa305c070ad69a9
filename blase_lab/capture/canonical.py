"""Our own canonical form of Python code: what the code does, not how it is written.

Without positions, comments, docstrings, formatting and type hints, and equal on every supported
Python. `VERSION` stands in front of each digest, so that a later form is never mistaken for this.
Hints stay where they act: in class bodies (dataclasses read them) and under decorators.
"""

from __future__ import annotations

import ast
import struct
from functools import lru_cache

from blase_lab.core.digest import sha256_hex

VERSION = "blase-ast-1"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NO_MEANING = frozenset({"ctx", "type_comment", "type_ignores", "kind", "returns", "annotation"})


def digest_of_code(node: ast.AST) -> str:
    """Return the digest of a statement, an expression or a module in canonical form."""
    parts: list[str] = [VERSION]
    _Writer(parts).node(node)
    return sha256_hex("\0".join(parts).encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=512)
def digest_of_source(source: str) -> str:
    """Return the digest of a whole module's source."""
    return digest_of_code(ast.parse(source))


class _Writer:
    """Writes a node as a flat list of words, each container with its length."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._in_class = False
        self._keeps_hints = False

    def node(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant):
            self._constant(node.value)
        elif isinstance(node, ast.JoinedStr):
            self._formatted(node)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            self._definition(node)
        elif isinstance(node, ast.AnnAssign) and not self._in_class:
            self._fields("Assign", [("targets", [node.target]), ("value", node.value)])
        else:
            self._fields(type(node).__name__, list(ast.iter_fields(node)))

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        outer = self._in_class, self._keeps_hints
        is_class = isinstance(node, ast.ClassDef)
        self._in_class = is_class
        self._keeps_hints = not is_class and bool(node.decorator_list)
        self._fields(type(node).__name__, list(ast.iter_fields(node)))
        self._in_class, self._keeps_hints = outer

    def _fields(self, name: str, fields: list[tuple[str, object]]) -> None:
        self._parts.append(f"({name}")
        for field, value in fields:
            meant = _meant(value)
            if meant is None or meant == [] or self._is_meaningless(name, field, meant):
                continue
            self._parts.append(f".{field}")
            self._value(meant)
        self._parts.append(")")

    def _is_meaningless(self, name: str, field: str, value: object) -> bool:
        if field in {"returns", "annotation"}:
            return not (self._keeps_hints or (name == "AnnAssign" and self._in_class))
        if name == "ImportFrom" and field == "level":
            return value == 0
        return field in _NO_MEANING or (name == "AnnAssign" and field == "simple")

    def _value(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.node(value)
        elif isinstance(value, list):
            self._parts.append(f"[{len(value)}")
            for item in value:
                self._value(item)
        else:
            self._constant(value)

    def _constant(self, value: object) -> None:
        self._parts.append(f"{type(value).__name__}:{_constant_text(value)}")

    def _formatted(self, node: ast.JoinedStr) -> None:
        pieces = _pieces(node)
        if all(isinstance(piece, str) for piece in pieces):
            self._constant("".join(piece for piece in pieces if isinstance(piece, str)))
            return
        self._parts.append(f"(JoinedStr[{len(pieces)}")
        for piece in pieces:
            if isinstance(piece, str):
                self._constant(piece)
                continue
            spec = piece.format_spec
            is_plain = not isinstance(spec, ast.JoinedStr) or not _pieces(spec)
            fields: list[tuple[str, object]] = [("value", piece.value)]
            fields += [("conversion", piece.conversion), ("spec", None if is_plain else spec)]
            self._fields("FormattedValue", fields)
        self._parts.append(")")


def _meant(value: object) -> object:
    """Leave out the statements of a block that do nothing: pass, docstrings, bare hints."""
    if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
        return [statement for statement in value if not _does_nothing(statement)]
    return value


def _does_nothing(statement: ast.stmt) -> bool:
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
