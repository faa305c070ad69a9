"""From the text of a cell to Python: harmless magics drop out, the others are refused."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from blase_lab.core.errors import CellSyntaxError, NoStepError
from blase_lab.core.syntax import compiled, lines_of, parsed

if TYPE_CHECKING:
    from blase_lab.core.records import StepKind

# fmt: off
_HARMLESS = frozenset(
    {
        "matplotlib", "config", "time", "timeit", "load_ext", "reload_ext", "autoreload",
        "precision", "pylab", "who", "whos", "pdef", "pdoc", "psource", "pinfo", "history",
        "xmode", "colors", "blase",
    }
)
# fmt: on
_SHOWN_CHARACTERS = 80
_KEEPS_STATEMENT = frozenset({"time"})
_WAYS_OUT = {
    "!": "Put it into a cell of its own, without a %%blase magic.",
    "%pip": "Put it into a cell of its own, without a %%blase magic.",
    "%conda": "Put it into a cell of its own, without a %%blase magic.",
    "%run": "Save it as a .py file beside the notebook and import what the step needs.",
    "%load": "Load it into the cell first, then run the cell.",
    "%env": "Set it in a cell of its own; better, make it an option of the step.",
}
_ANY_WAY_OUT = "Write plain Python here, or move the line into a cell of its own."
_MAGIC_LINE = re.compile(r"^(?P<indent>\s*)(?P<sign>%%|%|!!|!|\?)(?P<word>\w*)\s*(?P<rest>.*)$")
_MAGIC_VALUE = re.compile(r"^\s*[\w, ]+=\s*(?P<sign>[%!])(?P<word>\w*)")
_HELP_LINE = re.compile(r"^\s*%{0,2}[\w.*]+\?\??\s*$")


def check_cell(body: str, kind: StepKind | None = None) -> str:
    """Return the cell's body as plain Python, line numbers unchanged, before it runs.

    Raises:
        CellSyntaxError: a line is no Python, or is a magic that a step may not hold.
        NoStepError: the body defines no function, or the captured root is a lambda.
    """
    python = python_of(body)
    try:
        compiled(python)
    except SyntaxError as error:
        line = lines_of(python)[max(error.lineno or 1, 1) - 1 :][:1]
        _refuse_line(error, "".join(line))
    if kind is not None:
        refuse_without_function(python)
    return python


@lru_cache(maxsize=512)
def python_of(body: str) -> str:
    """Return the body without its harmless magic lines.

    Raises:
        CellSyntaxError: as `check_cell`.
    """
    lines = lines_of(body)
    for _ in range(len(lines) + 1):
        try:
            parsed("\n".join(lines))
        except SyntaxError as error:
            _mend(lines, error)
        else:
            break
    return "\n".join(lines) + "\n"


def defined_names(body: str) -> list[str]:
    """Return the functions that the body defines at its top level, in order, each once."""
    tree = parsed(python_of(body))
    names = [node.name for node in tree.body if isinstance(node, _FUNCTIONS)]
    return list(dict.fromkeys(names))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def step_name(body: str, name: str | None, kind: StepKind) -> str:
    """Return the name of the function that is the step.

    Raises:
        NoStepError: there is none, or it cannot be told which of several.
    """
    refuse_without_function(python_of(body), name)
    names = defined_names(body)
    chosen = names[0] if name is None and len(names) == 1 else name
    if chosen in names:
        _refuse_own_name(chosen)
        return chosen
    listed = ", ".join(f"`{each}`" for each in names)
    if name is None:
        raise NoStepError(
            f"The cell defines {len(names)} functions: {listed}.",
            way_out=f"Say which is the step: `%%blase_{kind} {names[-1]}`.",
            names=names,
        )
    raise NoStepError(
        f"The cell defines {listed}, but no function `{name}`.",
        way_out=f"Name the function `{name}`, or name another one on the magic line.",
        names=names,
    )


def _refuse_own_name(name: str) -> None:
    """Refuse a name that every module has a meaning for: a closure could not carry it."""
    if name.startswith("__") and name.endswith("__"):
        raise NoStepError(
            f"The step is called `{name}`, a name that Python itself uses.",
            way_out="Give the function another name.",
        )


def refuse_without_function(python: str, name: str | None = None) -> None:
    """Raise NoStepError where no function with a name is defined."""
    tree = parsed(python)
    lambdas = [found for node in tree.body if (found := _lambda_name(node))]
    has_function = any(isinstance(node, _FUNCTIONS) for node in tree.body)
    if name in lambdas or (lambdas and not has_function):
        first = name or lambdas[0]
        raise NoStepError(
            f"The step `{first}` is a lambda.",
            way_out=f"Give it a name with def: `def {first}(chunk): return …`.",
        )
    if not has_function:
        raise NoStepError(
            "The cell defines no function.",
            way_out="Write the step as a function: `def my_feature(chunk): return …`.",
        )


def _lambda_name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        target = node.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    return None


def _mend(lines: list[str], error: SyntaxError) -> None:
    """Blank the magic line that the parser stopped at, or refuse."""
    number = min(max(error.lineno or 1, 1), max(len(lines), 1))
    line = lines[number - 1] if lines else ""
    magic = _MAGIC_LINE.match(line)
    value = _MAGIC_VALUE.match(line)
    if _HELP_LINE.match(line):
        lines[number - 1] = ""
    elif magic:
        lines[number - 1] = _without_magic(magic, number)
    elif value:
        _refuse_magic(value["sign"], value["word"], number)
    else:
        _refuse_line(error, line)


def _refuse_line(error: SyntaxError, line: str) -> NoReturn:
    shown = line.strip()
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    way_out = f"Mend `{shown}`." if shown else "Mend the cell."
    _refuse(max(error.lineno or 1, 1), error.msg or "not Python", line=line, way_out=way_out)


def _without_magic(magic: re.Match[str], number: int) -> str:
    sign, word, indent = magic["sign"], magic["word"], magic["indent"]
    if sign != "%" or word not in _HARMLESS:
        _refuse_magic(sign, word, number)
    if word in _KEEPS_STATEMENT and magic["rest"]:
        return f"{indent}{magic['rest']}"
    return f"{indent}pass" if indent else ""


def _refuse_magic(sign: str, word: str, number: int) -> NoReturn:
    said = f"{sign}{word}"
    way_out = _WAYS_OUT.get("!" if sign.startswith("!") else said, _ANY_WAY_OUT)
    _refuse(number, f"`{said}` has no place in a captured step", line=said, way_out=way_out)


def _refuse(number: int, cause: str, *, line: str, way_out: str) -> NoReturn:
    raise CellSyntaxError(
        f"Line {number} of the cell: {cause}.",
        way_out=way_out,
        line=number,
        cause=cause,
        text=line,
    ) from None
