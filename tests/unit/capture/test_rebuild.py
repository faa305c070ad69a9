"""A closure is executed in an empty namespace and gives the step's function back."""

from __future__ import annotations

import pickle
import sys
import traceback
from typing import TYPE_CHECKING

import numpy as np
import pytest

from blase_lab.capture import rebuild
from blase_lab.core.errors import StepFailedError
from blase_lab.core.records import Closure, Definition

if TYPE_CHECKING:
    from cells import Notebook

CELLS = {
    "a scalar, a container and an array": (
        "import numpy as np\nA = 2\nT = {k: k * 2 for k in range(3)}\nW = np.arange(3)",
        "def step(x):\n    return x + A + T[1] + W.sum()\n",
    ),
    "helpers in a circle": (
        "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)",
        "def step(x):\n    return even(x)\n",
    ),
    "a decorator with a table of its own": (
        (
            "TABLE = {}\ndef keep(f):\n    TABLE[f.__name__] = f\n    return f\n"
            "@keep\ndef one(x): return x + 1"
        ),
        "def step(x):\n    return one(x)\n",
    ),
    "a class whose base needs it": (
        "class A:\n    def other(self): return B()\n    n = 1\nclass B(A):\n    n = 2",
        "def step(x):\n    return A().other().n + x\n",
    ),
    "a dataclass with hints as text": (
        (
            "from __future__ import annotations\nfrom dataclasses import dataclass\n"
            "@dataclass\nclass P:\n    n: int = 3\n    m: 'str' = ''"
        ),
        "def step(x):\n    return P(x).n\n",
    ),
    "lambdas, partials and methods": (
        (
            "from functools import partial\ntwice = lambda x: x * 2\nhalf = partial(pow, 2)\n"
            "get = {1: 5}.get"
        ),
        "def step(x):\n    return twice(x) + half(x) + get(1)\n",
    ),
    "a value changed by later cells": (
        "import numpy as np\nW = np.zeros(3)\nW[1] = 7\nW.sort()\nW = W + 1",
        "def step(x):\n    return W.sum() + x\n",
    ),
    "an import under another name": (
        "import math as m\nfrom os import path as p\nimport xml.dom.minidom",
        "def step(x):\n    return m.sqrt(x), p.join('a', 'b'), xml.dom.minidom.__name__\n",
    ),
    "hints of names": (
        "import numpy as np\nfrom typing import Any",
        "def step(x: np.ndarray) -> Any:\n    return x\n",
    ),
    "a set, an infinity and bytes": (
        "S = {'b', 'a'}\nI = float('inf')\nB = b'x'\nF = frozenset({1})",
        "def step(x):\n    return (sorted(S), I, B, F, x)\n",
    ),
    "a cached helper and a closure": (
        (
            "from functools import lru_cache\n@lru_cache\ndef c(x): return x\n"
            "def make(n):\n    def inner(x): return x * n\n    return inner\nh = make(3)"
        ),
        "def step(x):\n    return c(x) + h(x)\n",
    ),
    "a text of several lines": (
        'T = """a\n    b\n"""\nif True:\n    def h():\n        return """c\n    d"""',
        "def step(x):\n    return T + h()\n",
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_rebuilt_step_returns_what_the_live_one_returns(name: str, notebook: Notebook) -> None:
    """The closure alone gives the function back."""
    before, body = CELLS[name]
    notebook.run(before)
    captured = notebook.capture(body)
    assert not [flag for flag in captured.flags if "hidden" in flag]
    assert rebuild(captured.closure)(4) == notebook.namespace["step"](4)
    assert captured.closure.definitions[-1].name == "step"


def test_an_old_step_runs_with_its_old_module(notebook: Notebook) -> None:
    """Recorded modules win over those on disk, relative imports and packages too."""
    package = notebook.folder / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "a.py").write_text("from . import b\ndef f(x): return b.N + x\n", encoding="utf-8")
    (package / "b.py").write_text("N = 1\n", encoding="utf-8")
    captured = notebook.capture("import pack.a\ndef step(x):\n    return pack.a.f(x)\n")
    (package / "b.py").write_text("N = 100\n", encoding="utf-8")
    sys.modules["pack.b"].N = 100  # type: ignore[attr-defined]
    assert notebook.namespace["step"](1) == 101
    assert rebuild(captured.closure)(1) == 2
    assert [each.path for each in captured.closure.modules] == [
        "pack/__init__.py",
        "pack/a.py",
        "pack/b.py",
    ]


def test_a_rebuilt_step_crosses_a_process_border(notebook: Notebook) -> None:
    """Standard pickle carries the record, and the function is made again."""
    captured = notebook.capture("N = 2\ndef step(x):\n    '''Add.'''\n    return x + N\n")
    again = pickle.loads(pickle.dumps(rebuild(captured.closure)))
    assert (again(1), again.__name__, again.__doc__) == (3, "step", "Add.")
    assert repr(again) == "Rebuilt(step)"


def test_a_traceback_shows_the_step_s_own_line(notebook: Notebook) -> None:
    """The source of a rebuilt function stands in the line cache."""
    captured = notebook.capture("def step(x):\n    return 1 / x\n")
    with pytest.raises(ZeroDivisionError) as caught:
        rebuild(captured.closure)(0)
    assert "return 1 / x" in "".join(traceback.format_exception(caught.value))


def test_a_value_that_no_cell_makes_is_a_flag(notebook: Notebook) -> None:
    """What cannot be rebuilt is named, with the reason."""
    notebook.namespace["big"] = np.random.default_rng(0).random((100, 100))
    captured = notebook.capture("def step(x):\n    return x + big[0, 0]\n")
    assert "needs hidden big: no cell says how this ndarray was made" in captured.flags


def test_a_small_array_is_written_as_it_is(notebook: Notebook) -> None:
    """A small array without a cell becomes a literal."""
    notebook.namespace["small"] = np.array([1, 2], dtype="int16")
    captured = notebook.capture("def step(x):\n    return small * x\n")
    result = rebuild(captured.closure)(2)
    assert (result.tolist(), str(result.dtype)) == ([2, 4], "int16")


def test_a_definition_that_fails_is_named() -> None:
    """The error names the definition and the step."""
    broken = Closure(
        function="step",
        definitions=(Definition(name="A", origin="statement", source="A = 1 / 0\n"),),
    )
    with pytest.raises(StepFailedError, match="The definition `A` of the captured step `step`"):
        rebuild(broken)
    with pytest.raises(StepFailedError, match="no definition of that name"):
        rebuild(Closure(function="step", definitions=()))
