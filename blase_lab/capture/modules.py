"""Where a module comes from: the standard library, an installed package, or the user's folder."""

from __future__ import annotations

import ast
import importlib.metadata
import platform
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Literal, NamedTuple

from blase_lab.capture.canonical import digest_of_source
from blase_lab.capture.names import same_code
from blase_lab.core.digest import Opaque, digest_value, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

Home = Literal["standard", "installed", "local"]
_INSTALLED_FOLDERS = frozenset({"site-packages", "dist-packages"})


class LocalFile(NamedTuple):
    """A module file of the user's own, as it is on disk."""

    name: str
    file: Path
    source: str
    digest: str
    imports: frozenset[str]
    """Absolute names of all that it imports, at the top or inside functions."""


def home_of(name: str, folder: Path) -> Home:
    """Tell where a module of this dotted name lives; unknown ones count as installed."""
    top = name.partition(".")[0]
    if top in sys.builtin_module_names:
        return "standard"
    if find_file(name, folder) is not None:
        return "local"
    return "standard" if top in sys.stdlib_module_names else "installed"


def find_file(name: str, folder: Path) -> Path | None:
    """Return the user's own file of a module, or None where it is not the user's own."""
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if isinstance(loaded, str):
        is_there = Path(loaded).is_file() and _is_own(loaded, name, folder)
        return Path(loaded) if is_there else None
    for root in _roots(folder):
        stem = root.joinpath(*name.split("."))
        for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if file.is_file() and _is_own(str(file), name, folder):
                return file
    return None


def _roots(folder: Path) -> list[Path]:
    inside = [Path(entry) for entry in sys.path if entry and _is_below(Path(entry), folder)]
    return [folder, *inside]


@lru_cache(maxsize=4096)
def _is_own(file: str, name: str, folder: Path) -> bool:
    path = Path(file)
    if path.suffix != ".py" or _INSTALLED_FOLDERS & set(path.parts):
        return False
    if _is_below(path, folder):
        return True
    if any(_is_below(path, root) for root in _standard_folders()):
        return False
    return version_of(name) is None


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


@lru_cache(maxsize=1)
def _standard_folders() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(key)) for key in ("stdlib", "platstdlib"))


@lru_cache(maxsize=1024)
def version_of(name: str) -> tuple[str, str] | None:
    """Return the distribution that brings a module, and its version; None if there is none."""
    top = name.partition(".")[0]
    for distribution in (top, *_distributions().get(top, ())):
        try:
            found = importlib.metadata.distribution(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
        return (found.metadata["Name"] or distribution).lower(), found.version
    return None


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def python_version() -> str:
    """Return the running Python's version."""
    return platform.python_version()


def read_local(name: str, file: Path) -> LocalFile:
    """Read a module file as it is on disk now."""
    facts = file.stat()
    return _read(name, file, (facts.st_mtime_ns, facts.st_size, facts.st_ino))


@lru_cache(maxsize=512)
def _read(name: str, file: Path, _stamp: tuple[int, int, int]) -> LocalFile:
    source = file.read_text(encoding="utf-8")
    try:
        imports = imports_of(source, name, is_package=file.name == "__init__.py")
        digest = digest_of_source(source)
    except SyntaxError:
        imports, digest = frozenset[str](), sha256_hex(source.encode())
    return LocalFile(name, file, source, digest, imports)


def imports_of(source: str, name: str, *, is_package: bool) -> frozenset[str]:
    """Return absolute names of the modules that a module's source may import."""
    package = name if is_package else name.rpartition(".")[0]
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node.module or "", node.level, package)
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
    return frozenset(found - {""})


def absolute(module: str, level: int, package: str) -> str:
    """Return the absolute name of a relative import."""
    if level == 0:
        return module
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{module}" if module and base else module or base


def local_closure(names: Iterable[str], folder: Path) -> dict[str, LocalFile]:
    """Return the named local modules and all local ones that they import, by name."""
    found: dict[str, LocalFile] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        file = find_file(name, folder)
        if file is None or name in found:
            continue
        found[name] = read_local(name, file)
        todo.extend(found[name].imports)
        parent = name.rpartition(".")[0]
        todo.extend([parent] if parent else [])
    return dict(sorted(found.items()))


def packages_of(files: Iterable[LocalFile]) -> set[str]:
    """Return top-level names of what local modules import and what is not local."""
    tops = {name.partition(".")[0] for each in files for name in each.imports}
    own = {each.name.partition(".")[0] for each in files}
    return tops - own - sys.stdlib_module_names


def shown_path(local: LocalFile, folder: Path) -> str:
    """Return the file's path relative to the project, with forward slashes."""
    path = local.file.resolve()
    if _is_below(path, folder):
        return path.relative_to(folder.resolve()).as_posix()
    tail = "/__init__.py" if local.file.name == "__init__.py" else ".py"
    return local.name.replace(".", "/") + tail


def is_below(path: Path, folder: Path) -> bool:
    """Tell whether a path lies in a folder."""
    return _is_below(path, folder)


def differing(module: ModuleType, local: LocalFile) -> list[str]:
    """Return names that a loaded module holds otherwise than its file would make them."""
    written = _written(local.source, str(local.file))
    found = [
        name
        for name, value in _live_functions(module)
        if not any(same_code(value.__code__, code) for code in written.codes.get(name, ()))
    ]
    constants = {
        name
        for name, value in written.constants
        if not _is_same(vars(module).get(name, _MISSING), value)
    }
    return sorted({name.partition(".")[0] for name in found} | constants)


class _Written(NamedTuple):
    """What a module's file says."""

    codes: dict[str, list[CodeType]]
    constants: list[tuple[str, object]]


_MISSING = object()


@lru_cache(maxsize=256)
def _written(source: str, file: str) -> _Written:
    codes: dict[str, list[CodeType]] = {}
    try:
        todo = [compile(source, file, "exec", dont_inherit=True)]
    except SyntaxError:
        return _Written({}, [])
    while todo:
        code = todo.pop()
        codes.setdefault(code.co_qualname, []).append(code)
        todo.extend(each for each in code.co_consts if isinstance(each, CodeType))
    return _Written(codes, _constants(ast.parse(source)))


def _constants(tree: ast.Module) -> list[tuple[str, object]]:
    """Return the names that are bound once, to a literal."""
    bound = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    found: list[tuple[str, object]] = []
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(target, ast.Name) or bound.count(target.id) > 1:
            continue
        try:
            found.append((target.id, ast.literal_eval(node.value)))  # type: ignore[attr-defined]
        except (ValueError, TypeError):
            continue
    return found


def _live_functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions and methods that stand under names the file must have made."""
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType) and value.__globals__ is vars(module):
            if not hasattr(value, "__wrapped__") and "<" not in value.__qualname__:
                yield name, value
        elif isinstance(value, type) and value.__module__ == module.__name__:
            yield from (
                (f"{value.__qualname__}.{key}", each)
                for key, each in vars(value).items()
                if isinstance(each, FunctionType) and each.__code__.co_filename != "<string>"
            )


def _is_same(value: object, written: object) -> bool:
    try:
        return digest_value(value) == digest_value(written)
    except Opaque:
        return False
