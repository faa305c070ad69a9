"""Reading Python as a tree, and compiling it, of code that the user has seen compiled before."""

from __future__ import annotations

import ast
import re
import warnings
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

READ = "<blase source>"
"""The file name of all that is read here."""
_ATTEMPTS = 50
_LINE_END = re.compile(r"\r\n|\r|\n")

# What the compiler has to say of the user's code it said when the cell ran.
for _category in (SyntaxWarning, DeprecationWarning):
    warnings.filterwarnings("ignore", category=_category, module=READ)


@lru_cache(maxsize=512)
def parsed(source: str) -> ast.Module:
    """Return the tree of a module's source, only to be read: who asks again gets the same one.

    Python counts the depth of a tree that is being built once for all threads until 3.11.7 and
    3.12.1; where two build at once it may say SystemError (CPython issue 106905). Then: again.

    Raises:
        SyntaxError: it is no Python, holds a null byte, or is nested too deeply for Python.
    """
    for _ in range(_ATTEMPTS):
        with _refusing(), suppress(SystemError):
            return ast.parse(source, READ)
    with _refusing():
        return ast.parse(source, READ)


def compiled(source: str | ast.Module, *, flags: int = 0) -> CodeType:
    """Return the code of a module, under no rules but its own and the `flags`.

    Raises:
        SyntaxError: as `parsed`.
    """
    with _refusing():
        code: CodeType = compile(source, READ, "exec", flags=flags, dont_inherit=True)
        return code


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn every way in which Python refuses a source into a SyntaxError."""
    try:
        yield
    except (RecursionError, MemoryError) as error:
        raise SyntaxError("it is nested too deeply") from error
    except ValueError as error:
        raise SyntaxError(str(error)) from error


def lines_of(source: str) -> list[str]:
    """Return the lines as Python counts them, without their ends: no form feed ends one."""
    lines = _LINE_END.split(source)
    return lines if lines[-1] else lines[:-1]
