"""Pairs of functions: bodies, helpers, closures, defaults, decorators, kinds of functions."""

from __future__ import annotations

from capture_pairs import Group, Pair, using

_body = Group("bodies")
_helper = Group("helpers")
_default = Group("defaults")
_decorator = Group("decorators")
_kind = Group("kinds of functions")
_DECO = (
    "from functools import wraps\ndef deco(f):\n    n = §\n    @wraps(f)\n"
    "    def w(x): return f(x) + n\n    return w"
)
_DECORATED = "@deco\ndef step(x):\n    return x\n"

BODIES: tuple[Pair, ...] = (
    _body.of("a constant", using("x + §"), ("1", "2")),
    _body.of("an operator", using("x § 1"), ("+", "-")),
    _body.of("an integer becomes a float", using("x + §"), ("1", "1.0")),
    _body.of("one becomes True", using("f'{x} {§}'"), ("1", "True")),
    _body.of("the order of operands", using("§"), ("x - 1", "1 - x")),
    _body.of("the format of a number in text", using("f'{x:.§f}'"), ("1", "2")),
    _body.of("the conversion in an f-string", using("f'{x!§}'"), ("r", "s")),
    _body.of("a nested format", using("f'{x:{x}§}'"), ("", ".3")),
    _body.of("a walrus", using("[y for v in x if (y := v § 1)]"), ("+", "-")),
    _body.of(
        "a pattern of match",
        "def step(x):\n    match x:\n        case [1, *rest] if §: return rest\n"
        "        case {'a': n}: return n\n        case _: return 0\n",
        ("len(rest)", "not rest"),
    ),
    _body.of(
        "a literal in a pattern",
        "def step(x):\n    match x:\n        case §: return 1\n    return 0\n",
        ("'a' | 'b'", "'a' | 'c'"),
    ),
    _body.of(
        "the kind of a pattern",
        "def step(x):\n    match x:\n        case §(): return 1\n    return 0\n",
        ("int", "float"),
    ),
    _body.of("a condition of a comprehension", using("[v for v in x if v § 0]"), (">", ">=")),
    _body.of(
        "what an exception is caught as",
        "def step(x):\n    try:\n        return 1 / x\n    except §:\n        return 0\n",
        ("ZeroDivisionError", "TypeError"),
    ),
    _body.of(
        "a constant three functions deep",
        "def step(x):\n    def a(y):\n        def b(z):\n            def c(w):\n"
        "                return w + §\n            return c(z)\n        return b(y)\n"
        "    return a(x)\n",
        ("1", "2"),
    ),
    _body.of(
        "a global read three functions deep",
        "N = §\ndef step(x):\n    def a(y):\n        def b(z):\n            def c(w):\n"
        "                return w + N\n            return c(z)\n        return b(y)\n"
        "    return a(x)\n",
        ("1", "2"),
    ),
    _body.of("an element of a set literal", using("x in {'a', '§'}"), ("b", "c")),
    _body.of("a name's scope", using("n()", "def n(): return 1\n§"), ("", "n = float")),
    _body.of("a star in a call", using("max(§x)"), ("", "*")),
    _body.of("how an iteration ends", using("[*x]§"), ("", "[:-1]")),
)

HELPERS: tuple[Pair, ...] = (
    _helper.of("a helper", "def h(x): return x / §", ("2", "3"), use="h(x)"),
    _helper.of(
        "a helper of a helper",
        "def g(x): return §\ndef h(x): return g(x)",
        ("1", "2"),
        use="h(x)",
    ),
    _helper.of(
        "a helper redefined by a later cell",
        "def h(x): return 1\n---\n§",
        ("pass", "def h(x): return 2"),
        use="h(x)",
    ),
    _helper.of("a lambda", "h = lambda x: §", ("x", "-x"), use="h(x)"),
    _helper.of(
        "which lambda of one line",
        "h = [§]",
        ("lambda x: x, lambda x: -x", "lambda x: -x, lambda x: x"),
        use="h[0](x)",
    ),
    _helper.of(
        "a function in a table", "def f(x): return §\nT = {'f': f}", ("x", "-x"), use="T['f'](x)"
    ),
    _helper.of(
        "a helper that calls itself",
        "def h(x): return h(x - 1) if x > § else 0",
        ("0", "1"),
        use="h(x)",
    ),
    _helper.of(
        "functions that call each other",
        "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != § and even(n - 1)",
        ("0", "1"),
        use="even(x)",
    ),
    _helper.of(
        "a helper that was deleted",
        "def h(x): return x\n---\ndef step(x):\n    return h(x)\n---\n§",
        ("pass", "del h"),
    ),
    _helper.of("a built-in name shadowed", "§", ("pass", "def sum(x): return 0"), use="sum(x)"),
    _helper.of(
        "a built-in replaced for all",
        "import builtins\n§",
        ("pass", "def n(x, y): return 0\nbuiltins.divmod = n"),
        use="divmod(x, 2)",
        kernel_only=True,
    ),
    _helper.of("code from exec", "exec('def h(x): return §')", ("1", "2"), use="h(x)"),
    _helper.of("the key of a sort", "k = lambda v: §\nT = sorted", ("v", "-v"), use="T(x, key=k)"),
    _helper.of(
        "a global that a helper writes",
        "N = 0\ndef bump():\n    global N\n    N += §\nbump()",
        ("1", "2"),
        use="x + N",
    ),
    _helper.of(
        "a closure over a value",
        "def make(n):\n    def inner(x): return x * n\n    return inner\nh = make(§)",
        ("2", "3"),
        use="h(x)",
    ),
    _helper.of(
        "a closure over a function",
        "def make(f):\n    def inner(x): return f(x)\n    return inner\n"
        "def f(x): return §\nh = make(f)",
        ("x", "-x"),
        use="h(x)",
    ),
    _helper.of(
        "a counter in a closure",
        "def make():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n"
        "        return n\n    return inner\nh = make()\n§",
        ("h()", "h(); h()"),
        use="h() + x",
    ),
    _helper.of(
        "what a name meant in the second notebook",
        "def rate(x): return §",
        ("x * 2", "x * 3"),
        use="rate(x)",
    ),
)

DEFAULTS: tuple[Pair, ...] = (
    _default.of("a default", "def step(x, n=§):\n    return x + n\n", ("1", "2")),
    _default.of("a keyword-only default", "def step(x, *, n=§):\n    return x + n\n", ("1", "2")),
    _default.of(
        "a default made of a global",
        "LIMIT = §\ndef step(x, limit=LIMIT):\n    return x + limit\nLIMIT = 0\n",
        ("3", "4"),
    ),
    _default.of(
        "a mutable default that was filled",
        "def step(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n---\n§",
        ("pass", "step(1)"),
    ),
    _default.of(
        "a default replaced later",
        "def step(x, n=1):\n    return x + n\n---\n§",
        ("pass", "step.__defaults__ = (2,)"),
    ),
    _default.of("a default of a helper", "def h(x, n=§): return x + n", ("1", "2"), use="h(x)"),
    _default.of(
        "which argument is keyword-only", "def h(x, §n=1): return n", ("", "*, "), use="h(x)"
    ),
)

DECORATORS: tuple[Pair, ...] = (
    _decorator.of("a decorator's body", f"{_DECO}\n---\n{_DECORATED}", ("1", "2")),
    _decorator.of(
        "a decorator's wrapper, hidden by wraps",
        "from functools import wraps\ndef deco(f):\n    @wraps(f)\n"
        f"    def w(x): return f(x) + §\n    return w\n---\n{_DECORATED}",
        ("1", "2"),
    ),
    _decorator.of(
        "what a decorator wraps",
        "def deco(f):\n    def w(x): return f(x)\n    return w\n---\n"
        "@deco\ndef step(x):\n    return §\n",
        ("x", "-x"),
    ),
    _decorator.of(
        "a decorator's argument",
        "def times(n):\n    def deco(f):\n        def w(x): return f(x) * n\n        return w\n"
        "    return deco\n---\n@times(§)\ndef step(x):\n    return x\n",
        ("2", "3"),
    ),
    _decorator.of(
        "the order of decorators",
        "def a(f): return lambda x: f(x) + 1\ndef b(f): return lambda x: f(x) * 2\n---\n"
        "§\ndef h(x):\n    return x",
        ("@a\n@b", "@b\n@a"),
        use="h(x)",
    ),
    _decorator.of(
        "a decorator that is a class",
        "class deco:\n    def __init__(self, f): self.f = f\n"
        "    def __call__(self, x): return self.f(x) + §\n@deco\ndef h(x): return x",
        ("1", "2"),
        use="h(x)",
    ),
    _decorator.of(
        "a decorator that registers",
        "T = {}\ndef register(name):\n    def deco(f):\n        T[name] = f\n        return f\n"
        "    return deco\n@register('a')\ndef f(x): return §",
        ("x", "-x"),
        use="T['a'](x)",
    ),
    _decorator.of(
        "a helper behind functools.cache",
        "from functools import cache\n@cache\ndef h(x): return §",
        ("x", "-x"),
        use="h(x)",
    ),
    _decorator.of(
        "a global behind functools.lru_cache",
        "from functools import lru_cache\nN = §\n@lru_cache(maxsize=3)\ndef h(x): return x + N",
        ("1", "2"),
        use="h(x)",
    ),
    _decorator.of(
        "an implementation of singledispatch",
        "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n"
        "@f.register\ndef _(x: int): return §",
        ("1", "2"),
        use="f(x)",
    ),
    _decorator.of(
        "the type of an implementation of singledispatch",
        "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n"
        "@f.register\ndef _(x: §): return 1",
        ("int", "float"),
        use="f(x)",
    ),
)

KINDS: tuple[Pair, ...] = (
    _kind.of(
        "a partial's argument",
        "from functools import partial\nh = partial(pow, §)",
        ("2", "3"),
        use="h(x)",
    ),
    _kind.of(
        "a partial's function",
        "from functools import partial\ndef f(a, x): return §\nh = partial(f, 2)",
        ("x", "a"),
        use="h(x)",
    ),
    _kind.of(
        "a partial of a partial",
        "from functools import partial\ndef f(a, b, x): return a + b * x\n"
        "g = partial(f, 1)\nh = partial(g, b=§)",
        ("2", "3"),
        use="h(x)",
    ),
    _kind.of(
        "the function below two partials",
        "from functools import partial\ndef f(a, b, x): return §\nh = partial(partial(f, 1), 2)",
        ("a", "b"),
        use="h(x)",
    ),
    _kind.of(
        "a function below partial and cache",
        "from functools import partial, cache\n@cache\ndef f(a, x): return §\nh = partial(f, 1)",
        ("a", "x"),
        use="h(x)",
    ),
    _kind.of("a built-in's owner", "h = {1: §}.get", ("2", "3"), use="h(x)"),
    _kind.of(
        "a generator function",
        "def g(x):\n    for v in x:\n        yield v + §",
        ("1", "2"),
        use="list(g(x))",
    ),
    _kind.of(
        "a generator that delegates",
        "def a(x): yield from §\ndef g(x): yield from a(x)",
        ("x", "x[::-1]"),
        use="list(g(x))",
    ),
    _kind.of(
        "a coroutine",
        "import asyncio\nasync def c(x):\n    await asyncio.sleep(0)\n    return x + §",
        ("1", "2"),
        use="asyncio.run(c(x))",
    ),
    _kind.of(
        "an asynchronous generator",
        "async def a(x):\n    for v in x:\n        yield v + §\n"
        "async def c(x): return [v async for v in a(x)]",
        ("1", "2"),
        use="c(x)",
    ),
    _kind.of(
        "a context manager's function",
        "from contextlib import contextmanager\n@contextmanager\ndef c():\n    yield §",
        ("1", "2"),
        use="c().__enter__()",
    ),
    _kind.of(
        "what a context manager closes over",
        "from contextlib import contextmanager\nN = §\n@contextmanager\ndef c():\n    yield N",
        ("1", "2"),
        use="c().__enter__()",
    ),
    _kind.of(
        "a vectorised function",
        "import numpy as np\ndef f(x): return x + §\nv = np.vectorize(f)",
        ("1", "2"),
        use="v(x)",
    ),
    _kind.of("a function's attribute", "def h(x): return h.n\nh.n = §", ("1", "2"), use="h(x)"),
    _kind.of("a method of a string, bound", "h = 'a§'.join", ("", "b"), use="h(x)"),
    _kind.of(
        "a method caller",
        "from operator import methodcaller\nh = methodcaller('§')",
        ("lower", "upper"),
        use="h(x)",
    ),
)

ALL = (*BODIES, *HELPERS, *DEFAULTS, *DECORATORS, *KINDS)
