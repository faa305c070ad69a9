"""Pairs in which every piece of code is the same, but a name stands for another piece."""

from __future__ import annotations

from capture_pairs import Group, Pair

_name = Group("names")
_same = Group("names", differs=False)
_TWO = "def f(x): return 1\ndef g(x): return 2\n"
_METHODS = "class A:\n    def a(self): return 1\n    def b(self): return 2\no = A()\n"

ALL: tuple[Pair, ...] = (
    _name.of("two names exchanged", f"{_TWO}h, k = §", ("f, g", "g, f"), use="h(x) - k(x)"),
    _name.of(
        "two classes exchanged",
        "class A: n = 1\nclass B: n = 2\nK, L = §",
        ("A, B", "B, A"),
        use="K.n - L.n",
    ),
    _name.of(
        "two bound methods exchanged",
        f"{_METHODS}h, k = §",
        ("o.a, o.b", "o.b, o.a"),
        use="h() - k()",
    ),
    _name.of(
        "two modules exchanged",
        "import utils, other\nu, v = §",
        ("utils, other", "other, utils"),
        use="u.f(x) - v.f(x)",
        files={"utils.py": "def f(x): return 1\n", "other.py": "def f(x): return 2\n"},
    ),
    _name.of("which built-in", "f = §", ("max", "min"), use="f(x)"),
    _name.of("which function of C", "from math import § as f", ("floor", "ceil"), use="f(x)"),
    _name.of(
        "which function of a library",
        "from statistics import § as f",
        ("mean", "median"),
        use="f(x)",
    ),
    _name.of("which function of NumPy", "from numpy import § as f", ("mean", "median"), use="f(x)"),
    _name.of("which library", "from § import floor", ("math", "numpy"), use="floor(x)"),
    _name.of("which module", "import § as m", ("math", "cmath"), use="m.sqrt(x)"),
    _name.of(
        "which class of a library",
        "from collections import § as C",
        ("Counter", "OrderedDict"),
        use="C(x)",
    ),
    _name.of(
        "which built-in is closed over",
        "def make(f):\n    def inner(x): return f(x)\n    return inner\nh = make(§)",
        ("max", "min"),
        use="h(x)",
    ),
    _name.of("which method of a text", "h = 'a,b'.§", ("split", "partition"), use="h(',')"),
    _name.of("which default function", "def h(x, f=§): return f(x)", ("max", "min"), use="h(x)"),
    _name.of("which function stands in a table", "T = {'a': §}", ("max", "min"), use="T['a'](x)"),
    _name.of(
        "which method was put into a class",
        f"{_TWO}class C: pass\nC.a, C.b = §",
        ("f, g", "g, f"),
        use="C().a()",
    ),
    _same.two(
        "a function fetched in two ways",
        ("from math import floor", "import math\nfloor = math.floor"),
        use="floor(x)",
    ),
    _same.two(
        "a module fetched in two ways",
        ("import os.path", "from os import path as p\nimport os"),
        use="os.path.basename(x)",
    ),
    _same.two(
        "a second name that nobody reads",
        ("def h(x): return 1", "def h(x): return 1\nk = h"),
        use="h(x)",
    ),
)
