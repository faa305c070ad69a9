"""Rare shapes of code and values: each is in the identity, or is named as unknown."""

from __future__ import annotations

import sys
from functools import partial, partialmethod
from typing import TYPE_CHECKING

import pytest
from cells import Notebook, step_of

from blase_lab.capture import digest, rebuild, recapture_from_disk, still_same

if TYPE_CHECKING:
    from blase_lab.capture import Captured

KINDS = {
    "property": "class C:\n    @property\n    def n(self): return {0}\nC().n",
    "static method": "class C:\n    @staticmethod\n    def n(): return {0}\nC.n()",
    "class method": "class C:\n    @classmethod\n    def n(cls): return {0}\nC.n()",
    "bound method": "class C:\n    def n(self): return {0}\nm = C().n\nm()",
    "slots": "class C:\n    __slots__ = ('n',)\nc = C()\nc.n = {0}\nc.n",
    "one slot": "class C:\n    __slots__ = 'n'\nc = C()\nc.n = {0}\nc.n",
    "own list": "class L(list): pass\nc = L([{0}])\nc[0]",
    "own dictionary": "class D(dict): pass\nc = D(a={0})\nc['a']",
    "metaclass": "class M(type):\n    def n(cls): return {0}\nclass C(metaclass=M): pass\nC.n()",
    "named tuple": (
        "from typing import NamedTuple\nclass N(NamedTuple):\n    a: int\nc = N({0})\nc.a"
    ),
    "function attribute": "def h(x): return x\nh.n = {0}\nh.n",
    "generator with a seed": (
        "import numpy as np\nr = np.random.default_rng({0})\nr.bit_generator is not None"
    ),
    "context manager": (
        "from contextlib import contextmanager\n@contextmanager\ndef c():\n    yield {0}\n"
        "c().__enter__()"
    ),
    "singledispatch": (
        "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n"
        "@f.register\ndef g(x: int): return {0}\nf(3)"
    ),
    "enumeration in a table": (
        "from enum import Enum\nclass E(Enum):\n    A = {0}\nT = [E.A]\nT[0].value"
    ),
    "default factory": "from collections import defaultdict\nT = defaultdict(lambda: {0})\nT[3]",
    "vectorised": "import numpy as np\ndef f(x): return x + {0}\nv = np.vectorize(f)\nint(v(1))",
    "nested lambda": "h = lambda x: (lambda y: y + {0})(x)\nh(1)",
    "table of modules": "import math\nT = [math]\nT[0].floor({0})",
    "library enumeration": "from http import HTTPStatus\nT = {{1: HTTPStatus({0}00)}}\nT[1].name",
}


@pytest.mark.parametrize("name", KINDS)
def test_every_shape_of_code_is_in_the_identity(name: str, notebook: Notebook) -> None:
    """Another number gives another identity, and the step is fresh right after capture."""
    found = []
    for number in (1, 2):
        fresh = Notebook(notebook.folder)
        before, _, code = KINDS[name].format(number).rpartition("\n")
        fresh.run(before)
        captured = fresh.capture(f"def step(x):\n    return {code}\n")
        found.append(captured.digests.root)
        assert still_same(step_of(captured), fresh.namespace, project_folder=fresh.folder) == ()
        again = Notebook(notebook.folder)
        again.run(before)
        twin = again.capture(f"def step(x):\n    return {code}\n")
        assert twin.digests.root == captured.digests.root
    assert found[0] != found[1]


def _flags(notebook: Notebook, before: str, code: str) -> Captured:
    notebook.run(before)
    return notebook.capture(f"def step(x):\n    return {code}\n")


def test_a_lambda_under_the_step_s_name_is_refused(notebook: Notebook) -> None:
    """The captured root has a def."""
    with pytest.raises(Exception, match="lambda"):
        notebook.capture("def step(x): return x\nstep = lambda x: x\n")


def test_a_function_without_source_is_known_by_its_bytecode(notebook: Notebook) -> None:
    """Code from exec is in the identity, and is said to be without source."""
    exec("def made(x): return x", notebook.namespace)
    captured = notebook.capture("def step(x):\n    return made(x)\n")
    assert "source unknown: function `made` is known by its bytecode only" in captured.flags
    assert any(flag.startswith("needs hidden made") for flag in captured.flags)
    notebook.namespace["Made"] = type("Made", (), {"__module__": "__main__"})
    captured = notebook.capture("def step(x):\n    return Made()\n")
    assert "source unknown: class `Made`" in captured.flags


def test_a_closure_s_empty_cell_is_said(notebook: Notebook) -> None:
    """A variable that was never bound is named."""
    captured = _flags(
        notebook,
        "def make():\n    def inner(): return n\n    return inner\n    n = 1\nh = make()",
        "h()",
    )
    assert "undefined: `n` in function `inner`" in captured.flags


def test_a_built_in_that_was_replaced_is_said(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built-ins are looked at too."""
    notebook.run("def fake(x): return 0")
    monkeypatch.setattr("builtins.sum", notebook.namespace["fake"])
    captured = notebook.capture("def step(x):\n    return sum(x)\n")
    assert "monkeypatched: builtins.sum" in captured.flags


def test_a_global_that_the_step_writes_is_said(notebook: Notebook) -> None:
    """Writing makes the second call differ from the first."""
    notebook.run("N = 1")
    captured = notebook.capture("def step(x):\n    global N\n    N = 2\n    return N\n")
    assert "writes global: `N` is written by the step itself" in captured.flags


def test_imports_are_written_as_the_user_wrote_them(notebook: Notebook) -> None:
    """One import statement for each name, also for what a star brought."""
    captured = _flags(
        notebook,
        "import os.path, json as j\nfrom math import *\nfrom math import floor as down",
        "os.path, j, sqrt(x), down(x), pi",
    )
    sources = {each.source.strip() for each in captured.closure.definitions[:-1]}
    assert sources == {
        "import os.path",
        "import json as j",
        "from math import sqrt",
        "from math import floor as down",
        "pi = 3.141592653589793",
    }
    assert rebuild(captured.closure)(4)[2:] == (2.0, 4, 3.141592653589793)


def test_names_that_no_cell_imports_are_imported_all_the_same(notebook: Notebook) -> None:
    """Without a cell, the import is made from what the live object says."""
    import json.decoder
    import xml.dom

    notebook.namespace.update(
        decoder=json.decoder, js=json, xml=xml, dumps=json.dumps, D=json.JSONDecoder
    )
    captured = notebook.capture("def step(x):\n    return decoder, js, xml.dom.Node, dumps(x), D\n")
    assert {each.source.strip() for each in captured.closure.definitions[:-1]} == {
        "from json import decoder",
        "import json as js",
        "import xml",
        "import xml.dom",
        "from json import dumps",
        "from json.decoder import JSONDecoder as D",
    }
    assert rebuild(captured.closure)(1)[3] == "1"


def test_an_alias_of_a_helper_is_kept(notebook: Notebook) -> None:
    """A second name, and a name set from outside, both come back."""
    notebook.run("def h(x): return x + 1\ng = h")
    notebook.namespace["k"] = notebook.namespace["h"]
    notebook.namespace["m"] = eval("lambda x: 0")
    captured = notebook.capture("def step(x):\n    return g(x) + k(x)\n")
    assert rebuild(captured.closure)(1) == 4


def test_a_module_outside_the_project_is_said(
    notebook: Notebook, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is copied into the record all the same."""
    other = tmp_path_factory.mktemp("other")
    (other / "far_away.py").write_text("class K:\n    n = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(other))
    captured = notebook.capture("import far_away\ndef step(x):\n    return far_away.K.n\n")
    assert "outside: module `far_away` lies outside the project's folder" in captured.flags
    assert captured.closure.modules[0].path == "far_away.py"
    assert rebuild(captured.closure)(1) == 1
    del sys.modules["far_away"]


def test_a_module_that_is_broken_on_disk_is_stale_not_a_crash(notebook: Notebook) -> None:
    """A half-written file has a digest too."""
    file = notebook.folder / "half.py"
    file.write_text("class K:\n    def f(self): return 1\n\ndef g(): return K().f()\n")
    captured = notebook.capture("from half import g, K\ndef step(x):\n    return g(), K()\n")
    step = step_of(captured)
    file.write_text("def g(:\n", encoding="utf-8")
    assert still_same(step, notebook.namespace, project_folder=notebook.folder)
    assert recapture_from_disk(step, project_folder=notebook.folder).digests != step.digests
    file.unlink()
    changes = still_same(step, {}, project_folder=notebook.folder)
    assert [(each.name, each.after) for each in changes] == [("module half", None)]


def test_a_method_patched_into_a_local_module_is_said(notebook: Notebook) -> None:
    """Classes of local modules are compared with their file too."""
    file = notebook.folder / "kinds.py"
    file.write_text("class K:\n    def f(self): return 1\n", encoding="utf-8")
    body = "def step(x):\n    return kinds.K().f()\n"
    one = notebook.capture(f"import kinds\n{body}")
    notebook.run("def f(self): return 2\nkinds.K.f = f")
    two = notebook.capture(body)
    assert one.digests.root != two.digests.root
    assert "module on disk differs from the loaded one: kinds.K" in two.flags


def test_public_digests_of_partials_and_instances_of_libraries() -> None:
    """What a caller may hand over has a digest or a reason."""
    assert digest(partial(int, "3")) != digest(partial(int, "4"))
    assert digest(partialmethod(int, 3)) != digest(partialmethod(int, 4))
    with pytest.raises(TypeError, match="has no content"):
        digest(iter([3]))


@pytest.mark.parametrize(
    "body",
    [
        "def step(x):\n    return f'{x:{x}}' + f'{x!r}' + f'{{}}' + f''\n",
        "async def step(x):\n    return 3 + 2j\n",
        "def step(x):\n    for y in x:\n        pass\n    else:\n        ...\n",
    ],
)
def test_rare_syntax_has_a_stable_identity(body: str, notebook: Notebook) -> None:
    """Twice the same cell, twice the same identity."""
    assert notebook.capture(body).digests.root == notebook.capture(body).digests.root


def test_a_semicolon_line_gives_each_statement_alone(notebook: Notebook) -> None:
    """Statements of one line are taken apart."""
    notebook.run("import numpy as np; W = np.zeros((9, 99)); V = 2; del V")
    captured = notebook.capture("def step(x):\n    return W.sum() + x\n")
    assert [each.source for each in captured.closure.definitions[:2]] == [
        "import numpy as np\n",
        "W = np.zeros((9, 99))\n",
    ]
    assert rebuild(captured.closure)(1) == 1


def test_cells_with_magics_are_read_for_what_they_bind(notebook: Notebook) -> None:
    """A kernel keeps a cell magic as a call; its body counts. What is no Python is passed over."""
    body = "import numpy as np\nW = np.zeros((9, 99))\n"
    notebook.namespace["In"] += [
        f"get_ipython().run_cell_magic('time', '', {body!r})",
        "get_ipython().run_line_magic('x', 'y')",
        "print('W')",
        "not python at all",
    ]
    exec(body, notebook.namespace)
    captured = notebook.capture("def step(x):\n    return W.sum() + x\n")
    assert rebuild(captured.closure)(1) == 1


def test_values_that_only_look_like_literals_are_not_written_as_such(notebook: Notebook) -> None:
    """Very long values and values that hold themselves need their cell."""
    notebook.run("L = list(range(90000))\nS = [1]\nS.append(S)\nE = set()\nT = (1,)")
    captured = notebook.capture("def step(x):\n    return len(L), len(S), E, T\n")
    assert rebuild(captured.closure)(1) == (90000, 2, set(), (1,))
