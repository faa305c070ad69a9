"""Pairs of classes: methods, bases, dataclasses, enumerations, properties, instances."""

from __future__ import annotations

from capture_pairs import Group, Pair

_class = Group("classes")
_DATA = "from dataclasses import dataclass, field\n"

ALL: tuple[Pair, ...] = (
    _class.of(
        "a method", "class C:\n    def run(self, x): return §", ("x", "-x"), use="C().run(x)"
    ),
    _class.of(
        "a base class",
        "class B:\n    def run(self, x): return §\nclass C(B): pass",
        ("x", "-x"),
        use="C().run(x)",
    ),
    _class.of(
        "the order of bases",
        "class A:\n    def run(self): return 1\nclass B:\n    def run(self): return 2\n"
        "class C(§): pass",
        ("A, B", "B, A"),
        use="C().run()",
    ),
    _class.of(
        "a method called through super",
        "class B:\n    def run(self, x): return §\n"
        "class C(B):\n    def run(self, x): return super().run(x) + 1",
        ("x", "-x"),
        use="C().run(x)",
    ),
    _class.of(
        "a global that a method reads",
        "N = §\nclass C:\n    def run(self, x): return x + N",
        ("1", "2"),
        use="C().run(x)",
    ),
    _class.of(
        "a method put in later",
        "class C:\n    def run(self, x): return x\ndef o(self, x): return 0\n§",
        ("pass", "C.run = o"),
        use="C().run(x)",
    ),
    _class.of(
        "a class attribute set later", "class C:\n    n = 1\n§", ("pass", "C.n = 2"), use="C.n"
    ),
    _class.of(
        "a class attribute that is mutated",
        "class C:\n    seen = []\n§",
        ("pass", "C.seen.append(1)"),
        use="len(C.seen)",
    ),
    _class.of(
        "a class method",
        "class C:\n    @classmethod\n    def run(cls, x): return §",
        ("x", "-x"),
        use="C.run(x)",
    ),
    _class.of(
        "a class method that was bound",
        "class C:\n    n = §\n    @classmethod\n    def run(cls, x): return cls.n\nh = C.run",
        ("1", "2"),
        use="h(x)",
    ),
    _class.of(
        "a static method",
        "class C:\n    @staticmethod\n    def run(x): return §",
        ("x", "-x"),
        use="C.run(x)",
    ),
    _class.of(
        "a bound method's code",
        "class C:\n    def run(self, x): return §\nh = C().run",
        ("x", "-x"),
        use="h(x)",
    ),
    _class.of(
        "a bound method's owner",
        "class C:\n    def __init__(self, n): self.n = n\n    def run(self, x): return self.n\n"
        "h = C(§).run",
        ("1", "2"),
        use="h(x)",
    ),
    _class.of(
        "a property",
        "class C:\n    @property\n    def n(self): return §\nc = C()",
        ("1", "2"),
        use="c.n",
    ),
    _class.of(
        "a property's setter",
        "class C:\n    @property\n    def n(self): return self.m\n    @n.setter\n"
        "    def n(self, v): self.m = v § 1",
        ("+", "-"),
        use="setattr(C(), 'n', x)",
    ),
    _class.of(
        "a cached property",
        "from functools import cached_property\nclass C:\n    @cached_property\n"
        "    def n(self): return §",
        ("1", "2"),
        use="C().n",
    ),
    _class.of(
        "a partial method",
        "from functools import partialmethod\nclass C:\n    def a(self, n): return n\n"
        "    b = partialmethod(a, §)",
        ("1", "2"),
        use="C().b()",
    ),
    _class.of("an instance's state", "class C: pass\nc = C()\nc.n = §", ("1", "2"), use="c.n"),
    _class.of(
        "an instance's state, deep",
        "class C: pass\nc = C()\nc.d = C()\nc.d.t = [§]",
        ("1", "2"),
        use="c.d.t[0]",
    ),
    _class.of(
        "an instance that is called",
        "class C:\n    def __call__(self, x): return §\nc = C()",
        ("x", "-x"),
        use="c(x)",
    ),
    _class.of(
        "the state of an instance that is called",
        "class C:\n    def __init__(self, n): self.n = n\n"
        "    def __call__(self, x): return self.n\n"
        "c = C(§)",
        ("1", "2"),
        use="c(x)",
    ),
    _class.of(
        "a context manager's class",
        "class C:\n    def __enter__(self): return §\n    def __exit__(self, *a): pass",
        ("1", "2"),
        use="C().__enter__()",
    ),
    _class.of(
        "a descriptor",
        "class D:\n    def __get__(self, o, k): return §\nclass C:\n    n = D()",
        ("1", "2"),
        use="C().n",
    ),
    _class.of(
        "a descriptor's state",
        "class D:\n    def __init__(self, n): self.n = n\n"
        "    def __get__(self, o, k): return self.n\n"
        "class C:\n    n = D(0)\nC.__dict__['n'].n = §",
        ("1", "2"),
        use="C().n",
    ),
    _class.of(
        "a slot",
        "class C:\n    __slots__ = ('n',)\nc = C()\nc.n = §",
        ("1", "2"),
        use="c.n",
    ),
    _class.of(
        "a metaclass",
        "class M(type):\n    def n(cls): return §\nclass C(metaclass=M): pass",
        ("1", "2"),
        use="C.n()",
    ),
    _class.of(
        "what a subclass hook does",
        "class B:\n    def __init_subclass__(cls): cls.n = §\nclass C(B): pass",
        ("1", "2"),
        use="C.n",
    ),
    _class.of(
        "an operator of a class",
        "class C:\n    def __add__(self, o): return §",
        ("o", "-o"),
        use="C() + x",
    ),
    _class.of(
        "a class made inside a function",
        "def make(n):\n    class C:\n        def run(self): return n\n    return C\nK = make(§)",
        ("1", "2"),
        use="K().run()",
    ),
    _class.of(
        "a class made with type()",
        "K = type('K', (), {'n': §})",
        ("1", "2"),
        use="K.n",
    ),
    _class.of(
        "a dataclass field's default",
        _DATA + "@dataclass\nclass C:\n    n: int = §",
        ("1", "2"),
        use="C().n",
    ),
    _class.of(
        "a dataclass field's hint",
        "from typing import ClassVar\n" + _DATA + "@dataclass\nclass C:\n    n: § = 1",
        ("int", "ClassVar[int]"),
        use="C(2)",
    ),
    _class.of(
        "a dataclass field's factory",
        _DATA + "def make(): return [§]\n@dataclass\nclass C:\n"
        "    n: list = field(default_factory=make)",
        ("1", "2"),
        use="C().n",
    ),
    _class.of(
        "an argument of dataclass",
        _DATA + "@dataclass(§)\nclass C:\n    n: int = 1",
        ("order=True", "order=False"),
        use="C(1) < C(2)",
    ),
    _class.of(
        "the method after a dataclass is made",
        _DATA + "@dataclass\nclass C:\n    n: int\n    def __post_init__(self): self.n += §",
        ("1", "2"),
        use="C(x).n",
    ),
    _class.of(
        "a dataclass's instance",
        _DATA + "@dataclass\nclass C:\n    n: int\nc = C(§)",
        ("1", "2"),
        use="c.n",
    ),
    _class.of(
        "an enumeration's value",
        "from enum import Enum\nclass C(Enum):\n    A = §",
        ("1", "2"),
        use="C.A.value",
    ),
    _class.of(
        "the order of an enumeration",
        "from enum import Enum, auto\nclass C(Enum):\n    § = auto()",
        ("A = auto()\n    B", "B = auto()\n    A"),
        use="C.A.value",
    ),
    _class.of(
        "a member of an enumeration in a table",
        "from enum import Enum\nclass C(Enum):\n    A = 1\n    B = 2\nT = [C.§]",
        ("A", "B"),
        use="T[0].value",
    ),
    _class.of(
        "a method of an enumeration",
        "from enum import Enum\nclass C(Enum):\n    A = 1\n    def f(self): return §",
        ("1", "2"),
        use="C.A.f()",
    ),
    _class.of(
        "a named tuple's default",
        "from typing import NamedTuple\nclass N(NamedTuple):\n    a: int = §",
        ("1", "2"),
        use="N().a",
    ),
    _class.of(
        "the fields of a named tuple",
        "from collections import namedtuple\nN = namedtuple('N', '§')",
        ("a b", "b a"),
        use="N(1, 2).a",
    ),
    _class.of(
        "a list of one's own",
        "class L(list):\n    def total(self): return sum(self)\nT = L([§])",
        ("1", "2"),
        use="T.total()",
    ),
    _class.of(
        "a method of an abstract class",
        "from abc import ABC, abstractmethod\nclass B(ABC):\n    @abstractmethod\n"
        "    def a(self): ...\n    def b(self): return §\nclass C(B):\n    def a(self): return 1",
        ("1", "2"),
        use="C().b()",
    ),
    _class.of(
        "a sequence in the class's own dictionary",
        "class C:\n    table = {'a': [§]}\n    def f(self): return self.table",
        ("1", "2"),
        use="C().f()",
    ),
    _class.of(
        "a dictionary that an instance holds",
        "class C:\n    def __init__(self): self.t = {}\nc = C()\n---\n§",
        ("pass", "c.t['a'] = 1"),
        use="len(c.t)",
    ),
    _class.of(
        "an array of one's own",
        "import numpy as np\nclass A(np.ndarray): pass\nT = np.array([1, §]).view(A)",
        ("2", "3"),
        use="T.sum()",
    ),
    _class.of(
        "a queue of one's own",
        "from collections import deque\nclass Q(deque): pass\nT = Q([§])",
        ("2", "3"),
        use="T[0]",
    ),
    _class.of(
        "what an exception holds",
        "class E(Exception): pass\ne = E(§)",
        ("1", "2"),
        use="e.args[0]",
    ),
    _class.of(
        "a date of one's own",
        "import datetime as dt\nclass D(dt.date): pass\nT = D(2024, 1, §)",
        ("1", "2"),
        use="T.day",
    ),
    _class.of(
        "a method chosen by type",
        "from functools import singledispatchmethod\nclass C:\n    @singledispatchmethod\n"
        "    def f(self, a): return 0\n    @f.register\n    def _(self, a: int): return §",
        ("1", "2"),
        use="C().f(x)",
    ),
    Group("classes", differs=False).of(
        "a cached property that was read",
        "from functools import cached_property\nclass C:\n    @cached_property\n"
        "    def n(self): return 1\nc = C()\n---\n§",
        ("pass", "c.n"),
        use="c.n + x",
    ),
)
