"""The captured notebook: the cells that were really used, in an order that runs from the top."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from blase_lab.core.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from blase_lab.core.records import Definition, Step

Cell = dict[str, Any]


def captured_notebook(
    steps: Sequence[Step],
    verbs: Sequence[str],
    *,
    parameters: Mapping[str, object],
    title: str,
) -> dict[str, Any]:
    """Return an nbformat 4.5 notebook that makes the run again when it is run from the top.

    Order: heading, the extension and a project, the `parameters` cell, for each step the
    definitions that it needs and that no earlier cell made from the same source, then its raw
    cell; the verbs last, each its own `%blase VERB` cell. Equal arguments give an equal notebook.
    """
    cells = [
        _markdown(f"# {title}\n\n{_introduction(steps)}"),
        _code("%load_ext blase_lab\n%blase init"),
        _code(_assignments(parameters), tags=("parameters",)),
    ]
    defined: dict[str, str] = {}
    for step in steps:
        cells.extend(_step_cells(step, defined))
    if verbs:
        cells.append(_markdown("## The run"))
    cells.extend(_code(f"%blase {verb}") for verb in verbs)
    return _notebook(cells)


def _introduction(steps: Sequence[Step]) -> str:
    names = ", ".join(f"`{step.name}@{step.version}`" for step in steps)
    return (
        "This notebook was written by blase-lab from what was captured: the steps "
        f"{names}, each with the definitions that it needs. Run from the top in a fresh kernel, "
        "it makes the run again."
    )


def _assignments(parameters: Mapping[str, object]) -> str:
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    return "\n".join(lines) if lines else "# no parameters"


def _step_cells(step: Step, defined: dict[str, str]) -> Iterable[Cell]:
    own = _definitions_of_cell(step.cell)
    needed = [
        definition
        for definition in step.closure.definitions[:-1]
        if own.get(definition.name) != canonical(definition.source)
        and defined.get(definition.name) != canonical(definition.source)
    ]
    yield _markdown(f"## {step.name}\n\n{_about(step)}")
    if needed:
        yield _code(_joined(needed))
    yield _code(step.cell)
    defined.update({item.name: canonical(item.source) for item in step.closure.definitions})
    defined.update(own)


def _about(step: Step) -> str:
    first = step.documentation.strip().split("\n\n", 1)[0].replace("\n", " ")
    kind = f"{step.kind.capitalize()}, version {step.version}."
    return f"{kind} {first}".strip()


def _joined(definitions: Sequence[Definition]) -> str:
    """Join definitions as a person would: one-line ones together, functions and classes apart."""
    text = ""
    block = False
    for definition in definitions:
        is_block = definition.origin in ("function", "class")
        if text:
            text += "\n\n\n" if is_block or block else "\n"
        text += definition.source.strip("\n")
        block = is_block
    return text


def _definitions_of_cell(cell: str) -> dict[str, str]:
    """Return the top-level names that the raw cell defines itself, with their canonical text."""
    body = "\n".join(line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        tree = parsed(body)
    except SyntaxError:
        return {}
    found = {}
    for node in tree.body:
        for name in _names(node):
            found[name] = ast.dump(node)
    return found


def _names(node: ast.stmt) -> tuple[str, ...]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return (node.name,)
        case ast.Import() | ast.ImportFrom():
            return tuple(alias.asname or alias.name.split(".")[0] for alias in node.names)
        case ast.Assign():
            return tuple(name.id for name in node.targets if isinstance(name, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            return (name,)
        case _:
            return ()


def canonical(source: str) -> str:
    """Return a text that is equal for sources that differ in formatting and comments only."""
    try:
        nodes = parsed(source).body
    except SyntaxError:
        return source
    return "\n".join(ast.dump(node) for node in nodes)


def _markdown(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str, *, tags: tuple[str, ...] = ()) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": [],
        "source": source.strip("\n"),
    }


def _notebook(cells: Sequence[Cell]) -> dict[str, Any]:
    return {
        "cells": [{"id": f"cell-{place:04d}", **cell} for place, cell in enumerate(cells, 1)],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def notebook_text(notebook: Mapping[str, Any]) -> str:
    """Return the notebook as the text of an `.ipynb` file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
