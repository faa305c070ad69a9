"""From a Closure back to a function: in an empty namespace, with the modules of its own time."""

from __future__ import annotations

import builtins
import functools
import linecache
import sys
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

from blase_lab.capture.modules import absolute
from blase_lab.capture.observe.notes import unobserved
from blase_lab.capture.resolve import is_cut
from blase_lab.capture.sources import FUTURE_FLAGS, REBUILT
from blase_lab.core.digest import canonical_json, sha256_hex
from blase_lab.core.errors import StepFailedError
from blase_lab.core.records import Closure, LocalModule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DIGEST_CHARACTERS = 16


class Rebuilt:
    """A step's function, made from its closure alone; it crosses process borders as its record."""

    def __init__(self, closure: Closure) -> None:
        """Execute the closure's definitions, or take them over if that was done before."""
        self.closure = closure
        self.function = _function(canonical_json(closure))
        functools.update_wrapper(self, self.function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the step's function."""
        return self.function(*args, **kwargs)

    def __reduce__(self) -> tuple[Callable[[bytes], Rebuilt], tuple[bytes]]:
        """Cross a process border as the closure's JSON."""
        return (_from_json, (canonical_json(self.closure),))

    def __repr__(self) -> str:
        """Name the function, without an address."""
        return f"Rebuilt({self.closure.function})"


def rebuild(closure: Closure) -> Rebuilt:
    """Return the closure's function, ready to be called.

    Raises:
        StepFailedError: a definition of the closure failed, or is recorded without its secret.
    """
    return Rebuilt(closure)


def forget() -> None:
    """Execute every closure anew when it is asked for next: what one read has changed."""
    _function.cache_clear()


def _from_json(data: bytes) -> Rebuilt:
    return Rebuilt(msgspec.json.decode(data, type=Closure))


@lru_cache(maxsize=256)
def _function(data: bytes) -> Callable[..., Any]:
    closure = msgspec.json.decode(data, type=Closure)
    with unobserved():
        _check_whole(closure)
    name = f"_blase_{sha256_hex(data)[:_DIGEST_CHARACTERS]}"
    namespace = _Loader(name, closure.modules).namespace(name, name)
    flags = 0
    for place, definition in enumerate(closure.definitions):
        file = f"{REBUILT}{closure.function} {name[7:15]} {place} {definition.name}>"
        code = _compiled(definition.source, file, flags)
        flags |= code.co_flags & FUTURE_FLAGS
        try:
            exec(code, namespace)  # noqa: S102 - the user's own code, as it was captured
        except Exception as error:
            raise StepFailedError(
                f"The definition `{definition.name}` of the captured step `{closure.function}` "
                f"failed: {type(error).__name__}: {error}.",
                way_out="Run the cells that it needs, then capture the step again.",
                definition=definition.name,
            ) from error
    if not callable(namespace.get(closure.function)):
        raise StepFailedError(
            f"The captured step `{closure.function}` has no definition of that name.",
            way_out="Run its cell again.",
        )
    found: Callable[..., Any] = namespace[closure.function]
    return found


def _check_whole(closure: Closure) -> None:
    """Refuse to execute a source out of which a secret was cut: it would compute otherwise."""
    pieces = [("definition", each.name, each.source) for each in closure.definitions]
    pieces += [("local module", each.name, each.source) for each in closure.modules]
    for kind, name, source in pieces:
        if is_cut(source):
            raise StepFailedError(
                f"The {kind} `{name}` of the captured step `{closure.function}` cannot be executed "
                "again: what looks like a secret in its source is left out of the record.",
                way_out="Rename the variable if it holds no secret, or read the secret from the "
                "environment (`os.environ`); then run the cell again.",
                definition=name,
            )


def _compiled(source: str, file: str, flags: int) -> Any:
    """Compile a piece of source so that tracebacks can show its lines."""
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    return compile(source, file, "exec", flags=flags, dont_inherit=True)


class _Loader:
    """Serves the recorded local modules to one closure, and everything else as Python does."""

    def __init__(self, prefix: str, modules: Sequence[LocalModule]) -> None:
        self._prefix = prefix
        self._sources = {each.name: each for each in modules}
        self._packages = {name.rpartition(".")[0] for name in self._sources if "." in name} | {
            each.name for each in modules if each.path.endswith("__init__.py")
        }
        self._loaded: dict[str, ModuleType] = {}

    def namespace(self, name: str, package: str) -> dict[str, Any]:
        """Return the namespace of a new module that imports through this loader."""
        module = ModuleType(name)
        own = {**vars(builtins), "__import__": self._import}
        module.__dict__.update({"__builtins__": own, "__package__": package})
        sys.modules[name] = module  # dataclasses and typing look their classes' modules up there
        return module.__dict__

    def _import(  # noqa: PLR0917 - Python calls it so
        self,
        name: str,
        scope: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        names: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Stand for `__import__`, whose signature this is."""
        full = name
        if level:
            package = str((scope or {}).get("__package__", ""))
            full = absolute(name, level, package.removeprefix(self._prefix).lstrip("."))
        if not self._has(full):
            return __import__(name, scope, local, names or (), level)
        module = self._load(full)
        for each in names or ():
            if self._has(f"{full}.{each}") and not hasattr(module, each):
                self._load(f"{full}.{each}")
        if names or level:
            return module
        return self._load(full.partition(".")[0])

    def _has(self, name: str) -> bool:
        return name in self._sources or name in self._packages

    def _load(self, name: str) -> ModuleType:
        if name in self._loaded:
            return self._loaded[name]
        parent, _, last = name.rpartition(".")
        owner = self._load(parent) if parent else None
        if name in self._loaded:  # the parent may have imported it
            return self._loaded[name]
        is_package = name in self._packages
        full = f"{self._prefix}.{name}"
        namespace = self.namespace(full, full if is_package else f"{self._prefix}.{parent}")
        module = sys.modules[full]
        if is_package:
            namespace["__path__"] = []
        self._loaded[name] = module
        source = self._sources.get(name)
        if source is not None:
            namespace["__file__"] = source.path
            file = f"{REBUILT}{source.path} {self._prefix[7:15]}>"
            exec(_compiled(source.source, file, 0), namespace)  # noqa: S102 - as captured
        if owner is not None:
            setattr(owner, last, module)
        return module
