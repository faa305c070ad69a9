"""Where a module comes from: the standard library, an installed package, or the user's folder."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import platform
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from blase_lab.capture.canonical import digest_of_source
from blase_lab.core.digest import sha256_hex
from blase_lab.core.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    stems = [root.joinpath(*name.split(".")) for root in _roots(folder)]
    for stem in (*stems, *_elsewhere(name, folder)):
        for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if file.is_file() and _is_own(str(file), name, folder):
                return file
    return None


def _elsewhere(name: str, folder: Path) -> Iterator[Path]:
    """Yield where a module may stand that is neither loaded nor in the project: beside its parent.

    Of a top-level one Python's own finders are asked, so that an editable install is found.
    """
    parent, _, last = name.rpartition(".")
    if parent:
        door = find_file(parent, folder)
        if door is not None and door.name == "__init__.py":
            yield door.parent / last
        return
    origin = _origin(name, (*sys.path, str(len(sys.meta_path))))
    if origin.endswith(".py"):
        place = Path(origin)
        yield place.parent if place.name == "__init__.py" else place.with_suffix("")


@lru_cache(maxsize=1024)
def _origin(name: str, _searched: tuple[str, ...]) -> str:
    """Return the file that an import of a top-level module would execute."""
    if name in sys.stdlib_module_names:
        return ""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return ""
    return "" if found is None else found.origin or ""


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
    return name.partition(".")[0] != "blase_lab" and not _is_brought(path, name)


def _is_brought(path: Path, name: str) -> bool:
    """Tell whether a distribution brought the file to where it is: not so with an editable one.

    An editable install lists its files elsewhere, or, in the old manner, has no list.
    """
    version = version_of(name)
    if version is None:
        return False
    found = importlib.metadata.distribution(version[0])
    home = Path(str(found.locate_file("")))
    return found.read_text("RECORD") is not None and _is_below(path, home)


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
    for node in ast.walk(parsed(source)):
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
