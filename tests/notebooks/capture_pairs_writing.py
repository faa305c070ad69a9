"""Pairs that differ in how they are written only, and must be one version."""

from __future__ import annotations

from capture_pairs import STEP, Group, Pair, using

_same = Group("writing", differs=False)
_DATA = "from dataclasses import dataclass\n@dataclass\nclass C:\n    n: int = 1§"

ALL: tuple[Pair, ...] = (
    _same.two("a comment", (STEP, "# why\ndef step(x):\n    # because\n    return x + 1  # so\n")),
    _same.two("a docstring", (STEP, 'def step(x):\n    """One more."""\n    return x + 1\n')),
    _same.of("another docstring", 'def step(x):\n    """§"""\n    return x\n', ("One.", "Two.")),
    _same.two("blank lines", (STEP, "\n\n\ndef step(x):\n\n\n    return x + 1\n\n\n")),
    _same.two("formatting", (STEP, "def step( x ) :\n  return (x\n    +1)\n")),
    _same.two("quotes", (using("'a' + \"b\""), using("\"a\" + 'b'"))),
    _same.two("how a number is written", (using("1000 + 0xff"), using("1_000 + 255"))),
    _same.two("a trailing comma", (using("max(x, 1)"), using("max(x, 1,)"))),
    _same.two("pieces of a text", (using("f'a{x}' 'b'"), using("f'a{x}b'"))),
    _same.two("parentheses", (using("x + 1 * 2"), using("(x + (1 * 2))"))),
    _same.two("hints", (STEP, "def step(x: int) -> int:\n    return x + 1\n")),
    _same.two(
        "a hint of a local name",
        ("def step(x):\n    y = x\n    return y\n", "def step(x):\n    y: int = x\n    return y\n"),
    ),
    _same.of(
        "a hint of a method",
        "class C:\n    def f(self, x§): return x",
        ("", ": int"),
        use="C().f(x)",
    ),
    _same.of(
        "a hint of a plain class's attribute", "class C:\n    n§ = 1", ("", ": int"), use="C.n"
    ),
    _same.of(
        "a hint under functools.cache",
        "from functools import cache\n@cache\ndef h(x§): return x",
        ("", ": int"),
        use="h(x)",
    ),
    _same.of(
        "a hint's name that nobody defines", "def h(x: '§'): return x", ("A", "B"), use="h(x)"
    ),
    _same.two(
        "an unrelated definition in the cell", (STEP, f"def other(y): return y\n{STEP}A = 3")
    ),
    _same.two("an unrelated edit in the cell", (f"A = 3\n{STEP}", f"A = 4\n{STEP}print(A)")),
    _same.two(
        "the order of definitions",
        (
            "def a(x): return 1\ndef b(x): return 2\n" + using("a(x) + b(x)"),
            "def b(x): return 2\ndef a(x): return 1\n" + using("a(x) + b(x)"),
        ),
    ),
    _same.two(
        "a helper moved to another cell",
        (
            "def h(x): return x\n" + using("h(x)"),
            "import math\n\n\ndef h(x):\n    # moved\n    return x\n---\n" + using("h(x)"),
        ),
    ),
    _same.two(
        "another cell between",
        (f"A = 1\n---\n{STEP}", f"A = 1\n---\nB = 2\n---\nprint(B)\n---\n{STEP}"),
    ),
    _same.two("the cell run twice", (STEP, f"{STEP}\n---\n{STEP}")),
    _same.two(
        "a helper edited and put back",
        (
            "def h(x): return 1\n---\n" + using("h(x)"),
            "def h(x): return 1\n---\ndef h(x): return 2\n---\ndef h(x): return 1\n---\n"
            + using("h(x)"),
        ),
    ),
    _same.two(
        "a name deleted that nobody reads",
        (f"A = 1\n---\n{STEP}", f"A = 1\n---\ndel A\n---\n{STEP}"),
    ),
    _same.two("a harmless magic", (STEP, f"%config InlineBackend.rc = {{}}\n{STEP}")),
    _same.two("another unused import", (STEP, f"import math, json\n{STEP}")),
    _same.of(
        "a class defined twice",
        "class C:\n    def f(self, x): return x\n§",
        ("", "---\nclass C:\n    def f(self, x): return x"),
        use="C().f(x)",
    ),
    _same.of(
        "an instance made twice",
        "class C: pass\nc = C()\nc.n = 1\n§",
        ("", "c = C()\nc.n = 1"),
        use="c.n",
    ),
    _same.of("a class's comment", "class C:\n    §n = 1", ("", "# why\n    "), use="C.n"),
    _same.of(
        "a set in a class", "class C:\n    n = {'a', 'b', 'c'}§", ("", "  # three"), use="x in C.n"
    ),
    _same.of("a dataclass's docstring", _DATA, ("", '\n    """Doc."""'), use="C().n"),
    _same.of(
        "a set literal written in another order",
        using("x in {§}"),
        ("'a', 'b', 'c'", "'a',  'b',\n  'c'"),
    ),
    _same.of(
        "a comment in a match",
        "def step(x):\n    match x:\n        §case 1: return 1\n    return 0\n",
        ("", "# one\n        "),
    ),
    _same.of(
        "a docstring of a wrapper",
        "from functools import wraps\ndef deco(f):\n    @wraps(f)\n    def w(x):\n"
        "        §return f(x)\n    return w\n---\n@deco\ndef step(x):\n    return x\n",
        ("", "'''Doc.'''\n        "),
    ),
    _same.of("a comment beside a lambda", "h = lambda x: x + 1§", ("", "  # one more"), use="h(x)"),
    _same.of("a lambda spread over lines", "h = (lambda x:§ x + 1)", ("", "\n  "), use="h(x)"),
)
