"""Steps as ordinary Python modules, and as records that can be read back."""

from __future__ import annotations

import ast

import msgspec

from blase_lab.core.records import Definition, Step
from blase_lab.core.syntax import parsed
from blase_lab.store import redact

PACKAGE = '''"""The captured steps as plain modules; the author's own modules lie in ../modules."""

import sys
from pathlib import Path

_MODULES = str(Path(__file__).resolve().parent.parent / "modules")
if _MODULES not in sys.path:
    sys.path.insert(0, _MODULES)
'''


def step_module(step: Step) -> str:
    """Return the step's closure as the text of a module that defines the step when imported."""
    first = [item for item in step.closure.definitions if _is_future(item)]
    rest = [item for item in step.closure.definitions if not _is_future(item)]
    head = f'"""Step `{step.name}`, version {step.version} ({step.kind}), as captured."""\n'
    text = head
    before = "statement"
    for item in (*first, *rest):
        apart = "\n\n" if {item.origin, before} & {"function", "class"} else ""
        if before == "statement" and text == head:
            apart = "\n" if item.origin not in ("function", "class") else "\n\n"
        text += apart + item.source.strip("\n") + "\n"
        before = item.origin
    return text


def _is_future(item: Definition) -> bool:
    return item.source.lstrip().startswith("from __future__ import")


def step_json(step: Step) -> bytes:
    """Return the step's record as JSON that `step_from_json` reads back to an equal record."""
    return msgspec.json.format(msgspec.json.encode(step), indent=2) + b"\n"


def step_from_json(data: bytes) -> Step:
    """Return the record; msgspec.ValidationError names the path of what is wrong."""
    return msgspec.json.decode(data, type=Step)


def holds_secret(source: str) -> bool:
    """Say whether a text literal of the source is, or is given to, a password, key or token.

    Names alone (`token = next_token()`) are no secrets, so only literals are looked at.
    """
    hidden = redact(source)
    if hidden == source:
        return False
    try:
        before, after = literals(source), literals(hidden)
    except SyntaxError:
        return True
    return any(text not in before for text in after) or any(redact(text) != text for text in before)


def literals(source: str) -> set[str]:
    """Return every text literal of the source; SyntaxError where it is no Python."""
    nodes = ast.walk(parsed(source))
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
