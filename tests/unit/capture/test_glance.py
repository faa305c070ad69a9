"""What was judged once stands for as long as nothing that was asked has another answer."""

from __future__ import annotations

import importlib
import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from cells import step_of

from blase_lab.capture import Judged, look_at, still_same
from blase_lab.capture.glance.values import Unseen

if TYPE_CHECKING:
    from pathlib import Path

    from cells import Notebook

    from blase_lab.core.records import Change, Step

HELPED = "LIMIT = 3\nWEIGHTS = [1, 2]\n\ndef helper(x):\n    return x + LIMIT\n"
STEP = "def step(chunk):\n    return helper(chunk) * sum(WEIGHTS)\n"


class Judge:
    """One step, judged again and again in its notebook."""

    def __init__(self, notebook: Notebook, step: Step) -> None:
        """Judge it once, so that there is something to remember."""
        self.notebook, self.step = notebook, step
        self.judged = Judged()
        assert self.changes() == ()

    def changes(self) -> tuple[Change, ...]:
        """Judge at a glance, and check that a full walk finds the same."""
        look = look_at(self.notebook.namespace, self.notebook.folder)
        found = self.judged.judge(self.step, look).changes
        folder = self.notebook.folder
        assert found == still_same(self.step, self.notebook.namespace, project_folder=folder)
        return found

    def walks(self) -> int:
        """Return how many full walks the next judgement takes."""
        before = self.judged.walks
        self.changes()
        return self.judged.walks - before


def judge_of(notebook: Notebook, *cells: str) -> Judge:
    """Run cells, capture the last one, and judge it."""
    for cell in cells[:-1]:
        notebook.run(cell)
    judge = Judge(notebook, step_of(notebook.capture(cells[-1])))
    judge.walks()  # what was found in cells once is remembered by its code
    return judge


def test_nothing_changed_and_nothing_is_walked(notebook: Notebook) -> None:
    """Other cells, other names and other steps' helpers change no answer."""
    judge = judge_of(notebook, HELPED, STEP)

    notebook.run("UNRELATED = 1\n\ndef other():\n    return UNRELATED\n")

    assert judge.walks() == 0
    assert judge.changes() == ()


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        ("LIMIT = 4", "value LIMIT"),
        ("LIMIT = 3.0", "value LIMIT"),
        ("LIMIT = True", "value LIMIT"),
        ("WEIGHTS.append(3)", "value WEIGHTS"),
        ("WEIGHTS[0] = 1.0", "value WEIGHTS"),
        ("WEIGHTS[0] = True", "value WEIGHTS"),
        ("WEIGHTS[0] = [1]", "value WEIGHTS"),
        ("def helper(x):\n    return x - LIMIT\n", "function helper"),
        ("helper.__defaults__ = (2,)", "value helper(x=)"),
        ("helper.factor = 2", "value helper.factor"),
        ("helper.__code__ = (lambda x: x).__code__", "function"),
        ("del helper", "value helper"),
        ("del LIMIT", "value LIMIT"),
        ("def sum(x):\n    return 0\n", "function sum"),
    ],
)
def test_a_change_of_what_a_step_reads_is_seen(notebook: Notebook, edit: str, name: str) -> None:
    """In place or bound anew, by value or by type: the leaf is named."""
    judge = judge_of(notebook, HELPED, STEP)

    notebook.run(edit)

    assert any(change.name.startswith(name) for change in judge.changes())


def test_a_change_that_is_taken_back_is_fresh_again(notebook: Notebook) -> None:
    """The judgement follows the names both ways."""
    judge = judge_of(notebook, HELPED, STEP)
    notebook.run("WEIGHTS.append(9)")
    assert judge.changes()
    notebook.run("WEIGHTS.pop()")
    assert judge.changes() == ()


def test_a_deleted_helper_is_undefined_while_its_function_lives(notebook: Notebook) -> None:
    """The name is gone, so the step would fail: that is said, not left to the files."""
    judge = judge_of(notebook, HELPED, STEP)
    notebook.run("del helper")
    texts = {change.name: change.after for change in judge.changes()}
    assert texts["value helper"] == "undefined"
    assert texts["function helper"] is None


@pytest.mark.parametrize(
    ("made", "edit"),
    [
        ("import numpy as np\nT = np.arange(5.0)", "T[2] = -1"),
        ("import numpy as np\nT = np.arange(5.0)", "T = T.astype('float32')"),
        ("import numpy as np\nT = np.arange(4.0)", "T = T.reshape(2, 2)"),
        ("import numpy as np\nT = np.array(['a', 'b'], dtype=object)", "T[0] = 'c'"),
        ("import numpy as np\nT = np.arange(10.0)[::2]", "T[1] = 7"),
        ("import numpy as np\nT = np.array(0.5)", "T[...] = 0.25"),
        ("import numpy as np\nT = np.ma.array([1, 2], mask=[0, 1])", "T.mask[0] = True"),
        ("import pandas as pd\nT = pd.DataFrame({'a': [1, 2]})", "T.loc[0, 'a'] = 5"),
        ("import pandas as pd\nT = pd.DataFrame({'a': [1, 2]})", "T.columns = ['b']"),
        ("import pandas as pd\nT = pd.Series(['x', 'y'])", "T.iloc[1] = 'z'"),
        ("import pandas as pd\nT = pd.Series([1, 2], index=['x', 'y'])", "T.index = ['x', 'z']"),
        ("import pandas as pd\nT = pd.Series(['x', 'y']).astype('category')", "T = T[::-1]"),
        ("T = {'a': [1, {'b': 2}]}", "T['a'][1]['b'] = 3"),
        ("T = {1: 'a', 2: 'b'}", "T = {2: 'b', 1: 'a'}"),
        ("T = {1, 2}", "T.add(3)"),
        ("from collections import deque\nT = deque([1, 2], 3)", "T.append(5)"),
        ("from collections import defaultdict\nT = defaultdict(int, a=1)", "T['b']"),
        ("import numpy as np\nT = np.random.default_rng(1)", "T.random()"),
        ("T = [0.0]", "T[0] = -0.0"),
        ("T = 0.0", "T = -0.0"),
        ("T = float('nan')", "T = float('inf')"),
        ("T = ([1],)", "T[0].append(2)"),
        ("T = bytearray(b'a')", "T[0] = 66"),
        ("T = slice(1, 2)", "T = slice(1, 3)"),
    ],
)
def test_content_counts_whatever_the_kind(notebook: Notebook, made: str, edit: str) -> None:
    """Arrays, frames, containers and generators are told apart by what they hold."""
    judge = judge_of(notebook, made, "def step(x):\n    return T\n")
    assert judge.walks() == 0
    notebook.run(edit)
    assert judge.changes() != ()


CLASS = """\
class Scale:
    factor = 2
    parts = [1]

    def __init__(self, by):
        self.by = by

    def apply(self, x):
        return x * self.by * self.factor

scale = Scale(3)
"""


@pytest.mark.parametrize(
    "edit",
    [
        "Scale.factor = 5",
        "Scale.parts.append(2)",
        "scale.by = 4",
        "Scale.apply = lambda self, x: x",
        "Scale.apply.__defaults__ = (1,)",
        "scale = Scale(8)",
        "scale.extra = [1]",
        CLASS.replace("x * self.by", "x / self.by"),
    ],
)
def test_classes_and_instances_count_with_all_they_carry(notebook: Notebook, edit: str) -> None:
    """An attribute set on a class or an instance is another step."""
    judge = judge_of(notebook, CLASS, "def step(x):\n    return scale.apply(x)\n")
    assert judge.walks() == 0
    notebook.run(edit)
    assert judge.changes() != ()


MAKER = """\
def make(n):
    box = [n]
    def inner(x):
        return x + box[0]
    return inner
h = make(1)
"""
PART = "from functools import partial\ndef g(x, y):\n    return x\nh = partial(g, y=[1])"
BOUND = "class A:\n    n = 1\n    def m(self, x):\n        return self.n\na = A()\nh = a.m"
CACHED = "from functools import lru_cache\nK = [1]\n@lru_cache\ndef h(x):\n    return K\n"


@pytest.mark.parametrize(
    ("made", "edit"),
    [
        (MAKER, "h.__closure__[0].cell_contents.append(2)"),
        (MAKER, "h.__closure__[0].cell_contents[0] = 7"),
        (PART, "h.keywords['y'].append(2)"),
        (BOUND, "a.n = 2"),
        (CACHED, "K.append(2)"),
        ("d = {1: 2}\nh = d.get", "d[1] = 3"),
        ("h = lambda x: x + 1", "h = lambda x: x + 2"),
        ("fs = [lambda x: x, len]\nh = lambda x: fs[0](x)", "fs[0] = len"),
    ],
)
def test_what_a_callable_carries_counts(notebook: Notebook, made: str, edit: str) -> None:
    """Closures, partials, bound methods, caches and bound built-ins are looked into."""
    judge = judge_of(notebook, made, "def step(x):\n    return h(x)\n")
    notebook.run(edit)
    assert judge.changes() != ()


def write(notebook: Notebook, name: str, text: str) -> None:
    """Write a local module, its time moved on as an editor's would be."""
    file = notebook.folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    importlib.invalidate_caches()


def test_a_local_module_counts_on_disk_and_in_memory(notebook: Notebook) -> None:
    """Its file, a file that it imports, a value set in it, and a reload are all seen."""
    write(notebook, "deep", "BASE = 1\n")
    write(notebook, "near", "import deep\nLIMIT = 3\n\ndef f(x):\n    return x + deep.BASE\n")
    judge = judge_of(notebook, "import near", "def step(x):\n    return near.f(x)\n")
    assert judge.walks() == 0

    notebook.namespace["near"].LIMIT = 4
    assert [change.name for change in judge.changes()] == ["value near.LIMIT"]
    notebook.namespace["near"].LIMIT = 3
    assert judge.changes() == ()

    write(notebook, "deep", "BASE = 22\n")
    assert [change.name for change in judge.changes() if "module" in change.name] == ["module deep"]
    importlib.reload(sys.modules["deep"])
    assert [change.name for change in judge.changes()] == ["module deep"]

    write(notebook, "deep", "BASE = 1\n")
    importlib.reload(sys.modules["deep"])
    assert judge.changes() == ()


def test_a_module_that_a_body_imports_counts_when_its_file_appears(notebook: Notebook) -> None:
    """A file beside the notebook takes the place of what was not there."""
    judge = judge_of(notebook, "def step(x):\n    import latecomer\n    return latecomer.f(x)\n")
    write(notebook, "latecomer", "def f(x):\n    return x\n")
    assert any(change.name == "module latecomer" for change in judge.changes())


def test_a_patched_library_is_seen(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """`statistics.mean` is the library's until somebody puts another function there."""
    import statistics

    cell = "def step(x):\n    return statistics.mean(x)\n"
    judge = judge_of(notebook, "import statistics\ndef mine(x):\n    return 0\n", cell)
    assert judge.walks() == 0
    monkeypatch.setattr(statistics, "mean", notebook.namespace["mine"])
    assert judge.changes() != ()


def test_what_cannot_be_looked_into_is_walked_each_time(notebook: Notebook) -> None:
    """No cheap answer, no remembered judgement: a connection may be anything."""
    cell = "def step(x):\n    return base.total_changes\n"
    judge = judge_of(notebook, "import sqlite3\nbase = sqlite3.connect(':memory:')", cell)
    assert judge.walks() == 1
    assert judge.walks() == 1
    notebook.namespace["base"].close()


def test_values_of_each_kind_have_a_token_or_say_that_they_have_none(tmp_path: Path) -> None:
    """A circle is cut, a library's own object is refused."""
    ring: list[Any] = [1]
    ring.append(ring)
    look = look_at({}, tmp_path)
    assert look.of(ring) == look_at({}, tmp_path).of(ring)
    assert look.of(np.mean) == look_at({}, tmp_path).of(np.mean)
    assert look.of(pd.RangeIndex(3)) != look.of(pd.RangeIndex(4))
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, object(), iter([]), io.StringIO()):
        with pytest.raises(Unseen):
            look.of(value)
