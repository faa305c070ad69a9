"""Cells as nobody would write them, and some as everybody does: drawn from a seed."""

from __future__ import annotations

import random
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = (
    *("age", "income", "ratio", "delay", "größe", "温度", "_private", "ﬁ", "a" * 150, "b" * 181),
    *("len", "list", "print", "str", "sorted", "con", "In", "_", "__doc__", "x1", "x2", "x3"),
)
_VALUES = (
    *("0", "1e308 * 10", "-0.0", "None", "'text'", "b'\\x00'", "'\\ud800'", "'\\x00'", "1_000"),
    *("{1, 'a', (2, 3)}", "{'k': [1, {2: 3}]}", "frozenset({1})", "range(5)", "...", "3j"),
    *("10 ** 5000", "'x' * 100_000", "[0] * 20_000", "slice(1, 2)", "object()", "type"),
    *("open(__import__('os').devnull)", "__import__('threading').Lock()", "iter([1])"),
    *("__import__('re').compile('a+')", "__import__('decimal').Decimal('1.10')", "globals"),
    *("__import__('numpy').arange(6)", "__import__('numpy').array([1, 'a', None], object)"),
    *("__import__('numpy').random.default_rng(1)", "__import__('random').Random(1)"),
    *("(i for i in [1])", "memoryview(b'a')", "bytearray(b'a')", "lambda v: v", "NotImplemented"),
    *("__import__('collections').ChainMap({})", "__import__('functools').partial(int, base=2)"),
    *("__import__('pathlib').Path('/tmp')", "__import__('datetime').datetime(2020, 1, 1)"),
    *("__import__('types').SimpleNamespace(a=1)", "__import__('weakref').WeakValueDictionary()"),
    *("__import__('array').array('d', [1.0])", "Exception('x')", "type('Made', (), {'a': 1})"),
)
_LINES = (
    *("%matplotlib inline", "%time 1 + 1", "!ls", "x = !ls", "?len", "len??", "%run a.py", "%pip"),
    *("%%time", "%unknown 1", "%config Completer.use_jedi = False", "%%blase_feature", "%", "!!"),
)
_ERRORS = (
    *("1 / 0", "raise ValueError('no')", "raise KeyboardInterrupt", "undefined_name", "[][1]"),
    *(
        "raise BaseException('base')",
        "assert False, {'a': 1}",
        "raise ExceptionGroup('g', [OSError()])",
    ),
    *("raise SystemExit(3)", "int('a')", "import no_such_module", "raise GeneratorExit"),
    *(
        "def again(): again()\nagain()",
        "raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})()",
    ),
    *("raise StopIteration", "raise Exception('\\ud800')", "from math import nothing_such"),
    *("class Slots(Exception): __slots__ = ()\nraise Slots", "raise 5", "await_ = 1; del nothing"),
)
_NO_PYTHON = (
    *("def (x):", "x = = 1", "  def f(x): return 1", "return 1", "yield 1", "def f(x):\nreturn 1"),
    *("'open", "(((", ")", "def f(x): return '\\", "\x00", "def f(x):\x00 return 1", "…", "x = 1₂"),
    *("def f(x):\n\treturn 1\n        return 2", "f(**a, *b)", "lambda: (yield", "class", "\\"),
    *("nonlocal x", "def f(x, x): return 1", "break", "x: int: 3", "f'{'", "f'{x!z}'", "0777"),
    *(
        "",
        "\n\n",
        "# only a comment",
        "'''only text'''",
        "pass",
        "x = 1",
        "\ufeffx = 1",
        "\r\r",
        "\f",
    ),
)
_ODD_CLASSES = (
    "class Odd:\n    def __repr__(self): raise ValueError\n",
    "class Odd:\n    def __getattr__(self, name): raise OSError(name)\n",
    "class Odd:\n    def __len__(self): raise RuntimeError\n",
    "class Odd:\n    def __eq__(self, other): raise RuntimeError\n",
    "class Odd:\n    __class__ = property(lambda self: 1 / 0)\n",
    "class Odd:\n    __slots__ = ('a', 'b')\n",
    "class Odd(dict):\n    def __iter__(self): raise KeyError\n    def items(self): return 5\n",
    "class Odd:\n    def __bool__(self): raise RuntimeError\n    __hash__ = None\n",
    "class Odd:\n    shape = property(lambda self: 1 / 0)\n    dtype = 3\n",
    "class Odd:\n    def __getattribute__(self, name): raise RuntimeError(name)\n",
    "class Meta(type):\n    def __len__(self): return 1 / 0\nclass Odd(metaclass=Meta): pass\n",
    "class Odd:\n    def __init__(self): self.me = self; self.more = [self]\n",
    "import enum\nclass Kinds(enum.Enum):\n    A = 1\n    B = 'b'\nOdd = lambda: Kinds.A\n",
    "import dataclasses as d\n@d.dataclass\nclass Odd:\n    a: int = 1\n    b: 'list' = None\n",
    "from typing import NamedTuple\nclass Odd(NamedTuple):\n    a: int = 1\n",
    "class Odd(int):\n    def __new__(cls): return super().__new__(cls, 5)\n",
    "class Odd:\n    __wrapped__ = None\n    def __init__(self): self.__wrapped__ = self\n",
)
_ENDINGS = (
    "{name} = property({name})", "{name}.__wrapped__ = {name}", "{name}.__name__ = 'a/../b'",
    "{name}.__doc__ = 5", "{name}.__module__ = None", "{name}.__qualname__ = '<x>.<y>'",
    "del {name}",
    "{name} = 5", "{name}.more = {name}", "{name}.__defaults__ = (object(),)",
    "{name}.__code__ = (lambda x: x).__code__", "{name} = staticmethod({name})",
    "import functools; {name} = functools.cache({name})", "{name}.__annotations__ = {{1: 2}}",
    "{name} = __import__('functools').partial({name}, 1)", "{name}.__kwdefaults__ = {{'z': []}}",
    "linecache_gone = __import__('linecache').clearcache()", "{name}.__dict__[1] = 2",
    "exec('def {name}(x): return 7')", "globals()['{name}'] = lambda x: x", "{name}: int = {name}",
)  # fmt: skip


def cells(seed: int, count: int) -> Iterator[str]:
    """Yield marked cells; the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        name = rng.choice(_NAMES)
        body = rng.choices(_FORMS, _WEIGHTS)[0](rng, name)
        said = rng.choice(("",) * 9 + (f" {name}", f" {name}", " other", " --nothing", " 'a"))
        kind = rng.choice(("feature",) * 8 + ("clean", "target", "source"))
        yield f"%%blase_{kind}{said}\n{body}"


def _plain(rng: random.Random, name: str) -> str:
    """A step as people write it, with some helper of another cell's name."""
    documentation = rng.choice(('    """What it is."""\n', "", "    # no word\n"))
    sign, number = rng.choice("+-*"), rng.randrange(40)
    helper = rng.choice(("", f"def part(v):\n    return v {sign} {number}\n\n"))
    call = rng.choice(("x", "part(x)", "x1(x)", "age(x)", "len([x])", f"{name}(x)"))
    return f"{helper}def {name}(x):\n{documentation}    return {call} {sign} {number}\n"


def _with_value(rng: random.Random, name: str) -> str:
    kept = rng.choice(("KEPT", "KEPT", "Limit", "größe_2"))
    value = rng.choice(_VALUES)
    return f"{kept} = {value}\ndef {name}(x):\n    return x, {kept}, {rng.randrange(9)}\n"


def _with_class(rng: random.Random, name: str) -> str:
    head = rng.choice(_ODD_CLASSES)
    made = rng.choice(("ODD = Odd()", "ODD = [Odd(), Odd()]", "ODD = {1: Odd()}", "ODD = Odd"))
    return f"{head}{made}\ndef {name}(x):\n    return ODD, {rng.randrange(9)}\n"


def _with_ending(rng: random.Random, name: str) -> str:
    ending = rng.choice(_ENDINGS).format(name=name)
    return f"def {name}(x, y=[{rng.randrange(5)}]):\n    return x, y\n{ending}\n"


def _with_error(rng: random.Random, name: str) -> str:
    parts = [f"def {name}(x):\n    return {rng.randrange(99)}\n", rng.choice(_ERRORS) + "\n"]
    rng.shuffle(parts)
    return "".join(parts)


def _with_line(rng: random.Random, name: str) -> str:
    lines = [f"def {name}(x):\n    return x * {rng.randrange(99)}", rng.choice(_LINES)]
    inside = f"def {name}(x):\n    {rng.choice(_LINES)}\n    return 1"
    rng.shuffle(lines)
    return rng.choice((inside, "\n".join(lines))) + "\n"


def _no_python(rng: random.Random, name: str) -> str:
    text = rng.choice(_NO_PYTHON)
    return rng.choice((text, f"def {name}(x):\n    return 1\n{text}\n"))


def _cut(rng: random.Random, name: str) -> str:
    """A good cell with some characters changed or lost."""
    text = list(_plain(rng, name) + _with_value(rng, name))
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(text))
        text[place] = rng.choice(
            ("", "\t", "\x00", "\x0c", "\u2028", "\xa0", "(", "'", "\\", "é", "\r")
        )
    return "".join(text)


def _deep(rng: random.Random, name: str) -> str:
    depth = rng.choice((5, 50, 150, 900, 3000))
    branches = (f"    {'el' * (each > 0)}if x == {each}: x = 2" for each in range(depth // 9))
    forms = (
        f"    return {'(' * depth}x{')' * depth}",
        f"    return {'[' * depth}x{']' * depth}",
        f"    return {' + '.join(['x'] * depth)}",
        f"    return {'-' * depth}x",
        f"    return x{'.real' * depth}",
        f"    return {'not ' * depth}x",
        f"    return {'lambda: ' * (depth // 10)}x",
        f"    return '{'w' * depth * 20}'",
        "    " + "; ".join(f"v{each} = {each}" for each in range(depth)),
        "\n".join("    " * (each + 1) + "if x:" for each in range(min(depth, 40)))
        + "\n" + "    " * (min(depth, 40) + 1) + "return 1",
        f"    return {'9' * depth}",
        "    " + "x = x.y" + "(1)" * depth,
        _nested_functions(min(depth, 30)),
        "\n".join(branches) or "    pass",
    )  # fmt: skip
    return f"def {name}(x):\n{rng.choice(forms)}\n"


def _nested_functions(depth: int) -> str:
    lines = ["    " * (each + 1) + f"def inner{each}(v=x):" for each in range(depth)]
    return "\n".join([*lines, "    " * (depth + 1) + "return v, x"])


def _odd_function(rng: random.Random, name: str) -> str:
    number = rng.randrange(50)
    forms = (
        f"async def {name}(x):\n    return {number}",
        f"def {name}(x):\n    yield {number}\n    return (yield from x)",
        f"from math import *\ndef {name}(x):\n    return sin(x) + {number}",
        f"def {name}(x):\n    global written\n    written = {number}\n    return exec('x = 1')",
        f"def {name}(x):\n    return two(x)\ndef two(x):\n    return {name}(x) + {number}",
        f"def {name}(x):\n    '''doc \\ud800'''\n    return {number}",
        f"def {name}(x):\n    '''two\u2028lines\x0c'''\n    return '\u2028b\x1c' '''\x0bd''', 5",
        f"@staticmethod\n@property\n@classmethod\ndef {name}(x):\n    return {number}",
        f"def wear(f):\n    return {number}\n@wear\ndef {name}(x): return 1",
        f"def wear(f):\n    f.__wrapped__ = f\n    return f\n@wear\ndef {name}(x): return {number}",
        f"class {name}:\n    pass\ndef part_{number}(x):\n    return {name}",
        f"if True:\n    def {name}(x): return {number}\nelse:\n    def {name}(x): return 0",
        f"for place in range(3):\n    def {name}(x, p=place): return p + {number}",
        f"{name} = lambda x: {number}",
        f"def first(x): return 1\ndef {name}(x): return first(x) + {number}",
        f"from __future__ import annotations\ndef {name}(x: int) -> y: return {number}",
        f"del {name}\ndef {name}(x): return {number}",
        f"import this_is_not_there as t\ndef {name}(x): return t",
        f"import os.path as p, json\ndef {name}(x): return p.join('a', json.dumps({number}))",
        f"def {name}(x):\n    import os\n    return os.environ.get('HOME'), eval('x'), {number}",
        f"def {name}(x):\r\n    return {number}\r\n",
        f"password = 'hunter2-{number}-Sup3rS3cret'\ndef {name}(x): return password",
        f"LOOP = []\nLOOP.append(LOOP)\ndef {name}(x): return LOOP, {number}",
        f"DEEP = []\nfor _ in range(3000): DEEP = [DEEP]\ndef {name}(x): return DEEP, {number}",
        f"match {number}:\n    case {{}}: pass\n    case _:\n        def {name}(x): return 7",
        f"def {name}(x, /, *y, z: 'w' = {number}, **k) -> 'a': return f'{{x!r:>{{z}}}}{{k=}}'",
        f"def {name}(self): return super().x, __class__, {number}",
        f"import sys\ndef {name}(x): return sys._getframe(), sys.modules[__name__], {number}",
        f"it = [{name}_ for {name}_ in range(3)]\ndef {name}(x): return it, [it for it in it]",
    )
    return rng.choice(forms) + "\n"


def _messy(rng: random.Random, name: str) -> str:
    """Two of the others in one cell."""
    chosen = rng.choices(_FORMS[:-1], k=2)
    text = "\n".join(form(rng, name) for form in chosen)
    return rng.choice(
        (text, textwrap.indent(text, "    "), f"try:\n{textwrap.indent(text, ' ')}\nfinally: pass")
    )


_FORMS = (
    _plain, _with_value, _with_class, _with_ending, _with_error, _with_line, _no_python, _cut,
    _deep, _odd_function, _messy,
)  # fmt: skip
_WEIGHTS = (20, 14, 12, 10, 8, 6, 8, 8, 8, 16, 6)
