"""How a loaded module stands to its file: what was put in its place since, and what it computed."""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, NamedTuple

from blase_lab.capture.modules import absolute
from blase_lab.capture.names import code_key, same_code
from blase_lab.capture.sources import changed_in_place
from blase_lab.core.digest import Opaque, digest_value, joined
from blase_lab.core.syntax import compiled, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blase_lab.capture.modules import LocalFile

_MISSING = object()
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)


class Written(NamedTuple):
    """What a module's file says of its names."""

    codes: dict[str, list[CodeType]]
    literals: dict[str, object]
    """Names bound once, to a literal; `C.n` for those of a class."""
    functions: frozenset[str]
    """Names bound once, by a def without decorators."""
    imports: dict[str, tuple[str, str]]
    """Names bound once, by `from MODULE import ATTRIBUTE`."""
    bound: frozenset[str]
    """All names that the file binds at its top."""
    kept: frozenset[str]
    """Names whose content the module's own functions change while they run: caches."""


def differing(module: ModuleType, local: LocalFile) -> list[str]:
    """Return names that a loaded module holds otherwise than its file would make them."""
    written = written_in(local)
    found = {
        name
        for name, value in _live_functions(module)
        if not any(same_code(value.__code__, code) for code in written.codes.get(name, ()))
    }
    found |= {name for name in written.functions if _is_replaced(module, name, written)}
    found |= {name for name, value in written.literals.items() if _is_set(module, name, value)}
    found |= {name for name, source in written.imports.items() if _is_other(module, name, source)}
    return sorted({name.partition(".")[0] for name in found})


def is_as_written(function: FunctionType, local: LocalFile) -> bool:
    """Tell whether a function is one that the module's file would make."""
    codes = written_in(local).codes.get(function.__code__.co_qualname, ())
    return any(same_code(function.__code__, code) for code in codes)


def outline(thing: object) -> str:
    """Return a digest of a function's or class's bytecode; it holds on this Python only."""
    if isinstance(thing, FunctionType):
        return joined("bytecode", repr(code_key(thing.__code__)))
    if isinstance(thing, type):
        members = sorted(vars(thing).items())
        shown = [(name, each) for name, each in members if not name.startswith("__")]
        return joined("class", *(part for name, each in shown for part in (name, outline(each))))
    inner = getattr(thing, "__func__", None) or getattr(thing, "__wrapped__", None)
    if inner is not None:
        return outline(inner)
    try:
        return digest_value(thing)
    except Opaque:
        return joined("opaque", type(thing).__qualname__)


def written_in(local: LocalFile) -> Written:
    """Return what a module's file says; nothing where it is no Python."""
    return _written(local.source, local.name, local.file.name == "__init__.py")


@lru_cache(maxsize=256)
def _written(source: str, name: str, is_package: bool) -> Written:  # noqa: FBT001
    try:
        tree, code = parsed(source), compiled(source)
    except (SyntaxError, ValueError):
        return Written({}, {}, frozenset(), {}, frozenset(), frozenset())
    package = name if is_package else name.rpartition(".")[0]
    binders = list(_binders(tree.body))
    names = [each for each, _ in binders]
    once = {each: node for each, node in binders if names.count(each) == 1}
    kept = frozenset(_kept(tree, once))
    return Written(
        _codes_of(code),
        {each: value for each, value in _literals(once) if each.partition(".")[0] not in kept},
        frozenset(n for n, node in once.items() if _is_plain(node, _FUNCTIONS)),
        dict(_imports(once, package)),
        frozenset(names),
        kept,
    )


def _codes_of(code: CodeType) -> dict[str, list[CodeType]]:
    codes: dict[str, list[CodeType]] = {}
    todo = [code]
    while todo:
        one = todo.pop()
        codes.setdefault(one.co_qualname, []).append(one)
        todo.extend(each for each in one.co_consts if isinstance(each, CodeType))
    return codes


def _binders(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """Yield every name that a module's or class's body binds, each time it does, and by what."""
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            yield statement.name, statement
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0], statement
        else:
            yield from _bound_inside(statement)


def _bound_inside(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Yield what one statement binds; a plain assignment is named as what binds."""
    is_plain = isinstance(statement, ast.Assign | ast.AnnAssign)
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id, statement if is_plain else node
        elif node is not statement and isinstance(
            node, (*_DEFINITIONS, ast.Import, ast.ImportFrom)
        ):
            yield from ((name, statement) for name, _ in _binders([node]))
        elif not isinstance(node, ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))


def _is_plain(node: ast.AST, kinds: tuple[type[ast.AST], ...]) -> bool:
    return isinstance(node, kinds) and not getattr(node, "decorator_list", None)


def _literals(once: dict[str, ast.AST]) -> Iterator[tuple[str, object]]:
    for name, node in once.items():
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(targets[0], ast.Name) and node.value is not None:
                yield from _literal(name, node.value)
        elif isinstance(node, ast.ClassDef) and _is_plain(node, (ast.ClassDef,)):
            inner = dict(_binders(node.body))
            for attribute, value in _literals(inner):
                yield f"{name}.{attribute}", value


def _literal(name: str, node: ast.expr) -> Iterator[tuple[str, object]]:
    try:
        yield name, ast.literal_eval(node)
    except (ValueError, TypeError):
        return


def _imports(once: dict[str, ast.AST], package: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, node in once.items():
        if not isinstance(node, ast.ImportFrom):
            continue
        base = absolute(node.module or "", node.level, package)
        named = [alias for alias in node.names if name == (alias.asname or alias.name)]
        yield from ((name, (base, alias.name)) for alias in named)


def _kept(tree: ast.Module, once: dict[str, ast.AST]) -> Iterator[str]:
    """Yield the names that the module's functions fill: in place, or once where there was None."""
    for node in ast.walk(tree):
        if not isinstance(node, _FUNCTIONS):
            continue
        shared = {
            name for each in ast.walk(node) if isinstance(each, ast.Global) for name in each.names
        }
        own = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
        own |= {name for name, _ in _binders(node.body)} - shared
        yield from changed_in_place(node) - own - shared
        read = {
            each.id
            for each in ast.walk(node)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
        }
        yield from (name for name in shared & read if _is_none(once.get(name)))


def _is_none(node: ast.AST | None) -> bool:
    value = getattr(node, "value", None)
    return isinstance(value, ast.Constant) and value.value is None


# --- what stands in memory -----------------------------------------------------------------------


def _live_functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions and methods that stand under names the file must have made."""
    for name, value in list(vars(module).items()):
        function = _innermost(value)
        if function is not None and function.__globals__ is vars(module):
            if "<" not in function.__qualname__:
                yield (name if function is value else function.__qualname__), function
        elif isinstance(value, type) and value.__module__ == module.__name__:
            yield from (
                (f"{value.__qualname__}.{key}", each)
                for key, each in vars(value).items()
                if isinstance(each, FunctionType) and each.__code__.co_filename != "<string>"
            )


def _innermost(value: object) -> FunctionType | None:
    """Return the function that decorators with `wraps` stand around."""
    for _ in range(50):
        inner = getattr(value, "__dict__", {}).get("__wrapped__")
        if inner is None:
            break
        value = inner
    return value if isinstance(value, FunctionType) else None


def _is_replaced(module: ModuleType, name: str, written: Written) -> bool:
    """Tell whether something else stands where the file puts a function."""
    value = vars(module).get(name, _MISSING)
    if not isinstance(value, FunctionType):
        return True
    return not any(same_code(value.__code__, code) for code in written.codes.get(name, ()))


def _is_set(module: ModuleType, name: str, written: object) -> bool:
    owner, _, attribute = name.rpartition(".")
    holder: object = vars(module).get(owner) if owner else module
    if owner and not _is_plain_class(holder):
        return False
    return not _is_same(vars(holder).get(attribute, _MISSING), written)


def _is_plain_class(kind: object) -> bool:
    """Tell whether a class keeps what its body says: no enumeration, no named tuple."""
    return type(kind).__name__ in {"type", "ABCMeta"} and not issubclass(kind, tuple)  # type: ignore[arg-type]


def _is_other(module: ModuleType, name: str, source: tuple[str, str]) -> bool:
    """Tell whether something else stands where the file imports from another module."""
    home, attribute = source
    there = getattr(sys.modules.get(home), attribute, _MISSING)
    here = vars(module).get(name, _MISSING)
    if here is there or there is _MISSING:
        return False
    return isinstance(here, ModuleType) or outline(here) != outline(there)


def _is_same(value: object, written: object) -> bool:
    try:
        return digest_value(value) == digest_value(written)
    except Opaque:
        return False
