"""Run the body of a captured cell as any cell is run, and keep names as they were on failure."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import BlaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from types import TracebackType


def run_body(shell: Any, body: str, *, raw: str) -> None:
    """Run `body` in the user's namespace; its last expression is shown, as in any cell.

    The code is compiled under the name of the cell with the cell's own line numbers, so that
    tracebacks, the debugger and `inspect` see what the user sees. An exception of the body is
    raised again and shows the user's own frames only.
    """
    python = shell.transform_cell(body)
    head = raw.partition("\n")[0]
    # Leading empty lines are cut by the transformation: they come back to keep the line numbers.
    gap = "\n" * (len(body) - len(body.lstrip("\n")))
    text = f"# {head}\n{gap}{python}"
    name = shell.compile.cache(text, shell.execution_count, raw_code=raw)
    tree = shell.transform_ast(shell.compile.ast_parse(text, filename=name))
    try:
        for code in _compiled(shell, tree, name):
            exec(code, shell.user_global_ns, shell.user_ns)  # noqa: S102 - it is the user's cell
    except BaseException as error:
        show_frames_from(shell, error, name)
        raise


def show_frames_from(shell: Any, error: BaseException, place: str) -> None:
    """Make IPython show the traceback of `error` from the first frame in a file or folder on."""
    frames = _cut(error.__traceback__, place)
    lines = shell.InteractiveTB.structured_traceback(type(error), error, frames, tb_offset=0)
    try:
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    except AttributeError:
        # An exception with slots keeps IPython's own way of showing it.
        return


@contextmanager
def names_kept(namespace: MutableMapping[str, Any], before: dict[str, Any]) -> Iterator[None]:
    """Give every name its value of `before` back if a failure of ours leaves this block."""
    try:
        yield
    except BlaseError:
        for name in [each for each in namespace if not each.startswith("_")]:
            if name not in before:
                del namespace[name]
            elif namespace[name] is not before[name]:
                namespace[name] = before[name]
        raise


def _compiled(shell: Any, tree: ast.Module, name: str) -> Iterator[Any]:
    *most, last = tree.body or [ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)]
    if isinstance(last, ast.Expr):
        yield shell.compile(ast.Module(most, []), name, "exec")
        yield shell.compile(ast.Interactive([last]), name, "single")
    else:
        yield shell.compile(ast.Module([*most, last], []), name, "exec")


def _cut(trace: TracebackType | None, place: str) -> TracebackType | None:
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(place):
        trace = trace.tb_next
    return trace
