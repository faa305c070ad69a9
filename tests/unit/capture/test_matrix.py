"""Pairs of cells: which differ in behaviour, and which only in how they are written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cells import Notebook

if TYPE_CHECKING:
    from blase_lab.capture import Captured

STEP = "def step(x):\n    return x + 1\n"


class Pair(NamedTuple):
    """Two notebooks: cells before the step, the step, cells after it, and module files."""

    name: str
    before: str = ""
    after: str = ""
    cells: tuple[str, str] | None = None
    files: tuple[dict[str, str], dict[str, str]] = ({}, {})


def step(code: str, setup: str = "") -> str:
    """Write the setup and a step that returns an expression."""
    return f"{setup}\ndef step(x):\n    return {code}\n"


DIFFERENT = [
    Pair("the order of a dictionary", step("T[x]"), cells=("T = {1: 1, 2: 2}", "T = {2: 2, 1: 1}")),
    Pair("a constant in the body", step("x + 1"), step("x + 2")),
    Pair("an operator", step("x + 1"), step("x - 1")),
    Pair("an integer becomes a float", step("x + 1"), step("x + 1.0")),
    Pair("one becomes True", step("x == 1"), step("x == True")),
    Pair("a global", step("x + LIMIT"), cells=("LIMIT = 3", "LIMIT = 4")),
    Pair("a global's type", step("x * LIMIT"), cells=("LIMIT = 1", "LIMIT = True")),
    Pair("a list mutated in place", step("x in T"), cells=("T = [1]", "T = [1]\nT.append(2)")),
    Pair("a dictionary's value", step("T[x]"), cells=("T = {1: 2}", "T = {1: 3}")),
    Pair("a set's element", step("x in T"), cells=("T = {'a', 'b'}", "T = {'a', 'c'}")),
    Pair(
        "an array's element",
        step("x + W.sum()"),
        cells=("import numpy as np\nW = np.arange(3)", "import numpy as np\nW = np.arange(4)"),
    ),
    Pair(
        "an array's dtype",
        step("x + W.sum()"),
        cells=(
            "import numpy as np\nW = np.zeros(3)",
            "import numpy as np\nW = np.zeros(3, 'f4')",
        ),
    ),
    Pair(
        "a helper",
        step("h(x)"),
        cells=("def h(x): return x / 2", "def h(x): return x / 3"),
    ),
    Pair(
        "a helper of a helper",
        step("h(x)"),
        cells=(
            "def g(x): return 1\ndef h(x): return g(x)",
            "def g(x): return 2\ndef h(x): return g(x)",
        ),
    ),
    Pair("a lambda", step("h(x)"), cells=("h = lambda x: x", "h = lambda x: -x")),
    Pair(
        "which lambda of one line",
        step("h[0](x)"),
        cells=("h = [lambda x: x, lambda x: -x]", "h = [lambda x: -x, lambda x: x]"),
    ),
    Pair(
        "a closure over a value",
        step("h(x)"),
        cells=(
            "def make(n):\n    def inner(x): return x * n\n    return inner\nh = make(2)",
            "def make(n):\n    def inner(x): return x * n\n    return inner\nh = make(3)",
        ),
    ),
    Pair(
        "a default made of a global",
        "LIMIT = 3\ndef step(x, limit=LIMIT):\n    return x + limit\nLIMIT = 0\n",
        "LIMIT = 4\ndef step(x, limit=LIMIT):\n    return x + limit\nLIMIT = 0\n",
    ),
    Pair(
        "a mutable default that was filled",
        "def step(x, seen=[]):\n    return len(seen)\n",
        "def step(x, seen=[]):\n    return len(seen)\nstep.__defaults__[0].append(1)\n",
    ),
    Pair(
        "a keyword-only default",
        "def step(x, *, n=1):\n    return x + n\n",
        "def step(x, *, n=2):\n    return x + n\n",
    ),
    Pair(
        "a decorator's body outside its wrapper",
        "@deco\ndef step(x):\n    return x\n",
        cells=(
            "def deco(f):\n    n = 1\n    def w(x): return f(x)\n    return w",
            "def deco(f):\n    n = 2\n    def w(x): return f(x)\n    return w",
        ),
    ),
    Pair(
        "a decorator's wrapper, hidden by wraps",
        "@deco\ndef step(x):\n    return x\n",
        cells=(
            (
                "from functools import wraps\ndef deco(f):\n    @wraps(f)\n"
                "    def w(x): return f(x) + 1\n    return w"
            ),
            (
                "from functools import wraps\ndef deco(f):\n    @wraps(f)\n"
                "    def w(x): return f(x) + 2\n    return w"
            ),
        ),
    ),
    Pair(
        "what a decorator wraps",
        "@deco\ndef step(x):\n    return x\n",
        "@deco\ndef step(x):\n    return -x\n",
        cells=("def deco(f):\n    def w(x): return f(x)\n    return w",) * 2,
    ),
    Pair(
        "a method",
        step("C().run(x)"),
        cells=(
            "class C:\n    def run(self, x): return x",
            "class C:\n    def run(self, x): return -x",
        ),
    ),
    Pair(
        "a base class",
        step("C().run(x)"),
        cells=(
            "class B:\n    def run(self, x): return x\nclass C(B): pass",
            "class B:\n    def run(self, x): return -x\nclass C(B): pass",
        ),
    ),
    Pair(
        "a global that a method reads",
        step("C().run(x)"),
        cells=(
            "N = 1\nclass C:\n    def run(self, x): return x + N",
            "N = 2\nclass C:\n    def run(self, x): return x + N",
        ),
    ),
    Pair(
        "a method put in later",
        step("C().run(x)"),
        cells=(
            "class C:\n    def run(self, x): return x",
            "class C:\n    def run(self, x): return x\ndef o(self, x): return 0\nC.run = o",
        ),
    ),
    Pair(
        "a class attribute set later",
        step("C.n"),
        cells=("class C:\n    n = 1", "class C:\n    n = 1\nC.n = 2"),
    ),
    Pair(
        "an instance's state",
        step("c.n"),
        cells=("class C: pass\nc = C()\nc.n = 1", "class C: pass\nc = C()\nc.n = 2"),
    ),
    Pair(
        "a dataclass field's hint",
        step("C"),
        cells=(
            "from dataclasses import dataclass\n@dataclass\nclass C:\n    n: int = 1",
            (
                "from dataclasses import dataclass\nfrom typing import ClassVar\n"
                "@dataclass\nclass C:\n    n: ClassVar[int] = 1"
            ),
        ),
    ),
    Pair(
        "an enumeration's member",
        step("C.A.value"),
        cells=(
            "from enum import Enum\nclass C(Enum):\n    A = 1",
            "from enum import Enum\nclass C(Enum):\n    A = 2",
        ),
    ),
    Pair(
        "a partial's argument",
        step("h(x)"),
        cells=(
            "from functools import partial\nh = partial(pow, 2)",
            "from functools import partial\nh = partial(pow, 3)",
        ),
    ),
    Pair(
        "a partial's function",
        step("h(x)"),
        cells=(
            "from functools import partial\ndef f(a, x): return x\nh = partial(f, 2)",
            "from functools import partial\ndef f(a, x): return a\nh = partial(f, 2)",
        ),
    ),
    Pair(
        "a bound method's owner",
        step("h(x)"),
        cells=("h = {1: 2}.get", "h = {1: 3}.get"),
    ),
    Pair(
        "a cached helper",
        step("h(x)"),
        cells=(
            "from functools import lru_cache\n@lru_cache\ndef h(x): return x",
            "from functools import lru_cache\n@lru_cache\ndef h(x): return -x",
        ),
    ),
    Pair(
        "a function in a table",
        step("T['f'](x)"),
        cells=("def f(x): return x\nT = {'f': f}", "def f(x): return -x\nT = {'f': f}"),
    ),
    Pair(
        "a helper that calls itself",
        step("h(x)"),
        cells=(
            "def h(x): return h(x - 1) if x > 0 else 0",
            "def h(x): return h(x - 1) if x > 1 else 0",
        ),
    ),
    Pair(
        "a function imported from a local module",
        step("f(x)", "from utils import f"),
        files=(
            {"utils": "def f(x): return x\n"},
            {"utils": "def f(x): return -x\n"},
        ),
    ),
    Pair(
        "a local module's constant",
        step("utils.N + x", "import utils"),
        files=({"utils": "N = 1\n"}, {"utils": "N = 2\n"}),
    ),
    Pair(
        "an import inside the body",
        "def step(x):\n    from utils import f\n    return f(x)\n",
        files=(
            {"utils": "def f(x): return x\n"},
            {"utils": "def f(x): return -x\n"},
        ),
    ),
    Pair(
        "an edit two imports deep",
        step("utils.f(x)", "import utils"),
        files=(
            {"utils": "from deep import g\ndef f(x): return g(x)\n", "deep": "def g(x): return x"},
            {"utils": "from deep import g\ndef f(x): return g(x)\n", "deep": "def g(x): return 0"},
        ),
    ),
    Pair(
        "a relative import of a package",
        step("f(x)", "from pack.a import f"),
        files=(
            {"pack/__init__": "", "pack/a": "from .b import g as f\n", "pack/b": "def g(x): ...\n"},
            {
                "pack/__init__": "",
                "pack/a": "from .b import g as f\n",
                "pack/b": "def g(x): return 1\n",
            },
        ),
    ),
    Pair(
        "a local module changed in memory",
        step("utils.f(x)", "import utils"),
        cells=("import utils", "import utils\nutils.N = 5"),
        files=({"utils": "N = 1\ndef f(x): return N\n"},) * 2,
    ),
    Pair(
        "a function of an installed module replaced",
        step("np.mean(x)"),
        cells=("import blase_probe as np", "import blase_probe as np\nnp.mean = lambda x: 0"),
        files=({"site-packages/blase_probe": "def mean(x): return x\n"},) * 2,
    ),
    Pair(
        "a built-in name shadowed",
        step("sum(x)"),
        cells=("", "def sum(x): return 0"),
    ),
    Pair(
        "a constant in a nested function",
        "def step(x):\n    def g(y):\n        return y + 1\n    return g(x)\n",
        "def step(x):\n    def g(y):\n        return y + 2\n    return g(x)\n",
    ),
    Pair("the format of a number in text", step("f'{x:.1f}'"), step("f'{x:.2f}'")),
]

SAME = [
    Pair("a comment", STEP, "# why\ndef step(x):\n    # because\n    return x + 1  # so\n"),
    Pair("a docstring", STEP, 'def step(x):\n    """One more."""\n    return x + 1\n'),
    Pair("blank lines", STEP, "\n\n\ndef step(x):\n\n\n    return x + 1\n\n\n"),
    Pair("formatting", STEP, "def step( x ) :\n  return (x\n    +1)\n"),
    Pair("quotes", step("'a' + \"b\""), step("\"a\" + 'b'")),
    Pair("how a number is written", step("1000 + 0xff"), step("1_000 + 255")),
    Pair(
        "hints",
        STEP,
        "def step(x: int) -> int:\n    return x + 1\n",
    ),
    Pair("an unrelated definition in the cell", STEP, f"def other(y): return y\n{STEP}A = 3\n"),
    Pair(
        "the order of definitions",
        "def a(x): return 1\ndef b(x): return 2\n" + step("a(x) + b(x)"),
        "def b(x): return 2\ndef a(x): return 1\n" + step("a(x) + b(x)"),
    ),
    Pair("a global nobody reads", STEP, cells=("N = 1", "N = 2")),
    Pair("the order of a set", step("x in T"), cells=("T = {'a', 'b'}", "T = {'b', 'a'}")),
    Pair(
        "equal arrays made otherwise",
        step("W"),
        cells=(
            "import numpy as np\nW = np.arange(3)",
            "import numpy as np\nW = np.array([0, 1, 2])",
        ),
    ),
    Pair(
        "a helper moved to another cell",
        step("h(x)"),
        cells=(
            "def h(x): return x",
            "import math\n\n\ndef h(x):\n    # moved\n    return x",
        ),
    ),
    Pair("a harmless magic", STEP, f"%matplotlib inline\n{STEP}"),
    Pair("pieces of a text", step("f'a{x}' 'b'"), step("f'a{x}b'")),
    Pair(
        "a local module's comment",
        step("f(x)", "from utils import f"),
        files=(
            {"utils": "def f(x): return x\n"},
            {"utils": '"""Doc."""\n# why\n\ndef f(x):\n    """Doc."""\n    return x\n'},
        ),
    ),
    Pair("an instance made twice", step("c.n"), cells=("class C: pass\nc = C()\nc.n = 1",) * 2),
]


def _captures(pair: Pair, notebook: Notebook) -> list[Captured]:
    """Capture both sides, each in a fresh notebook."""
    found = []
    for side in (0, 1):
        _write(pair.files[side], notebook)
        fresh = Notebook(notebook.folder)
        if pair.cells:
            fresh.run(pair.cells[side])
        body = pair.before if side == 0 or not pair.after else pair.after
        found.append(fresh.capture(body))
    return found


def _write(files: dict[str, str], notebook: Notebook) -> None:
    """Write module files, and forget those that were loaded."""
    for name, source in files.items():
        place = notebook.folder / f"{name}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(source, encoding="utf-8")
        if place.parent.name == "site-packages" and str(place.parent) not in sys.path:
            sys.path.insert(0, str(place.parent))
        dotted = name.removeprefix("site-packages/").replace("/", ".")
        for loaded in (dotted, dotted.removesuffix(".__init__")):
            sys.modules.pop(loaded, None)


@pytest.fixture(autouse=True)
def _no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load edited modules anew, also when they were edited within one second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.parametrize("pair", DIFFERENT, ids=lambda pair: pair.name)
def test_a_change_of_behaviour_changes_the_identity(pair: Pair, notebook: Notebook) -> None:
    """Whatever the step's result rests on is in its root digest."""
    one, two = _captures(pair, notebook)
    assert one.digests.root != two.digests.root


@pytest.mark.parametrize("pair", SAME, ids=lambda pair: pair.name)
def test_a_change_of_writing_keeps_the_identity(pair: Pair, notebook: Notebook) -> None:
    """What changes no behaviour changes no root digest, and nothing is reported."""
    one, two = _captures(pair, notebook)
    assert one.digests.root == two.digests.root
    assert not [flag for flag in one.flags if flag.startswith(("opaque", "source unknown"))]
