"""However a live namespace is edited, the quick judgement is the full walk's."""

from __future__ import annotations

import importlib
import itertools
import linecache
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blase_lab.capture import CellText, Judged, capture_cell, look_at, still_same
from blase_lab.core.records import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_numbers = itertools.count(1)
MODULES = {
    "glanced_deep": "BASE = 1\nSHARED = [1]\n",
    "glanced": "import glanced_deep\nfrom glanced_deep import BASE\nLIMIT = 3\n"
    "TABLE = {'a': 1}\n\nclass Kind:\n    size = 1\n    def of(self, x):\n        return x\n\n"
    "def near(x, by=2):\n    return x + glanced_deep.BASE + LIMIT\n",
}
BEGIN = """\
import functools, math, statistics
import numpy as np
import glanced
from glanced import near, Kind

LOW, HIGH, NAME = 1, 2.5, 'x'
ITEMS = [1, 2, 3]
NESTED = {'a': [1, {2}], 'b': (1, [2])}
TABLE = np.arange(6.0)
TEXTS = np.array(['a', None], dtype=object)

def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper

def helper(x, scale=ITEMS):
    return x * LOW + HIGH

@counted
def dressed(x):
    return helper(x)

class Base:
    rate = 2
    def apply(self, x):
        return x * self.rate

class Own(Base):
    parts = [1]
    def __init__(self, by):
        self.by = by
    def apply(self, x):
        return super().apply(x) + self.by

own = Own([1])
half = functools.partial(helper, scale=[2])
bound = own.apply
first = lambda x: x[0]
"""
STEPS = {
    "one": "def one(x):\n    return dressed(x) + own.apply(x) + len(ITEMS)\n",
    "two": "def two(x):\n    return half(bound(x)) + TABLE.sum() + statistics.mean(NESTED)\n",
    "three": "def three(x):\n    import glanced_deep\n    return near(x) + glanced.LIMIT\n",
    "four": "def four(x, k=[1]):\n    return Kind().of(first(TEXTS)) + max(x) + math.pi\n",
}
EDITS = """\
LOW = 1
LOW = 7
LOW = True
HIGH = 2
HIGH = float('nan')
ITEMS = [1, 2, 3]
ITEMS.append(4)
ITEMS.pop() if ITEMS else None
NESTED['a'][1].add(5)
NESTED['b'][1].append(np.float32(1))
NESTED = dict(reversed(NESTED.items()))
TABLE[1] = 9
TABLE = TABLE.astype('float32')
TABLE = TABLE.reshape(2, -1)
TEXTS[0] = 'b'
TEXTS[0] = ['c']
def helper(x, scale=ITEMS): return x
def helper(x, scale=ITEMS): return x * LOW + HIGH
helper.__defaults__ = ([3],)
helper.__kwdefaults__ = {'scale': 1}
helper.note = 1
helper.__code__ = (lambda x, scale: scale).__code__
helper = len
del helper
dressed = counted(helper) if 'helper' in globals() else None
dressed.__wrapped__ = math.sqrt
Base.rate = 3
Base.rate = [1]
Own.parts.append(2)
Own.apply = Base.apply
Own.apply = lambda self, x: x
own.by.append(1)
own.extra = ITEMS
own = Own([1])
own.__class__ = Base
own.me = own
half = functools.partial(half, 1)
half.keywords['scale'] = 4
bound = own.apply
first = lambda x: x[0]
first = lambda x: x[1]
a_first = first
def max(x): return 0
globals().pop('max', None)
def len(x): return 0
globals().pop('len', None)
del ITEMS
glanced.LIMIT = 3
glanced.LIMIT = 30
glanced.TABLE['b'] = 2
glanced.near = helper
glanced.Kind.size = 5
glanced.Kind.of = Base.apply
glanced.glanced_deep = math
near.__defaults__ = (3,)
statistics.mean = statistics.median
statistics.mean = bound
math.pi = 3
write glanced_deep BASE = 2
write glanced_deep BASE = 1
write glanced LIMIT = 3
write glanced def near(x): return x
reload glanced_deep
reload glanced
four.__defaults__ = ([2],)
two = one
def one(x): return x
del three
In.append('ITEMS.append(0)')""".splitlines()


class World:
    """A notebook and its modules, edited line by line."""

    def __init__(self, folder: Path) -> None:
        """Run the cells and capture the steps."""
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "__main__", "In": [""]}
        for name, text in MODULES.items():
            self.write(name, text)
            sys.modules.pop(name, None)
        self.run(BEGIN)
        self.steps = [self.capture(name, body) for name, body in STEPS.items()]
        self.judged = Judged()

    def write(self, name: str, text: str) -> None:
        """Write a module; its time moves on, as between two edits of a person."""
        file = self.folder / f"{name}.py"
        file.write_text(text, encoding="utf-8")
        os.utime(file, ns=(next(_numbers) * 10**10, next(_numbers) * 10**10))
        importlib.invalidate_caches()

    def run(self, body: str) -> None:
        """Run a cell as a kernel does."""
        place = f"<cell {next(_numbers)} of a world>"
        self.names["In"].append(body)
        linecache.cache[place] = (len(body), None, body.splitlines(keepends=True), place)
        exec(compile(body, place, "exec", dont_inherit=True), self.names)

    def capture(self, name: str, body: str) -> Step:
        """Run a cell and return its step."""
        self.run(body)
        cell = CellText(kind="feature", name=name, raw=body, body=body)
        found = capture_cell(cell, self.names, project_folder=self.folder)
        return Step(
            name=name,
            version=1,
            kind="feature",
            cell=found.cell,
            options={},
            documentation="",
            closure=found.closure,
            leaves=found.leaves,
            digests=found.digests,
            created="2024-01-01T00:00:00Z",
        )

    def edit(self, line: str) -> None:
        """Apply one edit; one that cannot be made now changes nothing."""
        verb, _, rest = line.partition(" ")
        try:
            if verb == "write":
                name, _, text = rest.partition(" ")
                self.write(name, f"{text}\n{MODULES[name]}" if "def" in text else text + "\n")
            elif verb == "reload":
                importlib.reload(sys.modules[rest])
            else:
                self.run(line)
        except (NameError, AttributeError, TypeError, KeyError, ImportError, ValueError):
            pass

    def check(self) -> None:
        """Compare the quick judgement of each step with a walk in full."""
        look = look_at(self.names, self.folder)
        for step in self.steps:
            quick = self.judged.judge(step, look).changes
            assert quick == still_same(step, self.names, project_folder=self.folder), step.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the path; libraries are as they were afterwards."""
    import math
    import statistics

    place = tmp_path_factory.mktemp("world").resolve()
    sys.path.insert(0, str(place))
    kept = (math.pi, statistics.mean)
    yield place
    sys.path.remove(str(place))
    math.pi, statistics.mean = kept  # type: ignore[misc]
    for name in MODULES:
        sys.modules.pop(name, None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=12))
@example(edits=["statistics.mean = bound", "bound = own.apply"])
def test_no_edit_is_missed_and_none_is_made_up(folder: Path, edits: list[str]) -> None:
    """After each edit the glance and the walk say the same of every step."""
    import math
    import statistics

    kept = (math.pi, statistics.mean)
    world = World(folder)
    try:
        world.check()
        for edit in edits:
            world.edit(edit)
            world.check()
        walks = world.judged.walks
        world.check()
        world.check()
        assert world.judged.walks - walks <= 2 * len(STEPS)
    finally:
        math.pi, statistics.mean = kept  # type: ignore[misc]


@pytest.mark.parametrize("edit", EDITS)
def test_each_edit_alone_is_judged_as_a_walk_would(folder: Path, edit: str) -> None:
    """Every edit of the list, from the same beginning, once and taken over."""
    import math
    import statistics

    kept = (math.pi, statistics.mean)
    world = World(folder)
    try:
        world.check()
        world.check()
        world.edit(edit)
        world.check()
    finally:
        math.pi, statistics.mean = kept  # type: ignore[misc]
