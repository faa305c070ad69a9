"""From a cell to a capture, and when it is stale."""

from __future__ import annotations

import ast
import linecache
import sys
import time
from typing import TYPE_CHECKING

import pytest
from cells import step_of

from blase_lab.capture import (
    CellText,
    capture_cell,
    digest,
    environment,
    recapture_from_disk,
    still_same,
    why,
)
from blase_lab.core.errors import NoStepError
from blase_lab.core.lineage import sentence

if TYPE_CHECKING:
    from pathlib import Path

    from cells import Notebook


def _stale(captured: object, notebook: Notebook) -> list[str]:
    step = step_of(captured)  # type: ignore[arg-type]
    return [
        sentence(each)
        for each in still_same(step, notebook.namespace, project_folder=notebook.folder)
    ]


def test_a_step_is_fresh_after_capture(notebook: Notebook) -> None:
    """Nothing changed, nothing is said."""
    notebook.run("import numpy as np\nN = 1\nW = np.arange(3)")
    captured = notebook.capture("def step(x):\n    return x + N + W.sum()\n")
    assert _stale(captured, notebook) == []


def test_a_helper_redefined_later_is_named_with_both_lines(notebook: Notebook) -> None:
    """Staleness says which name, what it was and what it is."""
    notebook.run("def h(x):\n    return x / 2\n")
    captured = notebook.capture("def step(x):\n    return h(x)\n")
    notebook.run("def h(x):\n    return x / 3\n")
    assert _stale(captured, notebook) == [
        "function `h` changed 1 line: return x / 2 → return x / 3"
    ]


def test_a_value_changed_later_is_named(notebook: Notebook) -> None:
    """Scalars show both values, containers too."""
    notebook.run("LIMIT = 3\nT = [1]")
    captured = notebook.capture("def step(x):\n    return x + LIMIT + T[0]\n")
    notebook.run("LIMIT = 4\nT.append(2)")
    assert _stale(captured, notebook) == ["value `LIMIT` 3 → 4", "value `T` [1] → [1, 2]"]


def test_an_edit_of_a_local_module_makes_the_step_stale(notebook: Notebook) -> None:
    """The file on disk counts, and a loaded module that differs from it is flagged."""
    module = notebook.folder / "utils.py"
    module.write_text("def f(x):\n    return x\n", encoding="utf-8")
    captured = notebook.capture("from utils import f\ndef step(x):\n    return f(x)\n")
    assert _stale(captured, notebook) == []
    module.write_text("def f(x):\n    return -x\n", encoding="utf-8")
    assert _stale(captured, notebook)[0] == ("module `utils` changed 1 line: return x → return -x")
    again = notebook.capture("def step(x):\n    return f(x)\n")
    assert "module on disk differs from the loaded one: utils.f" in again.flags


def test_a_fresh_kernel_compares_the_disk_only(notebook: Notebook) -> None:
    """Without the live function the cells count as captured; modules are read again."""
    module = notebook.folder / "utils.py"
    module.write_text("N = 1\n", encoding="utf-8")
    captured = notebook.capture("import utils\ndef step(x):\n    return utils.N\n")
    step = step_of(captured)
    assert still_same(step, {}, project_folder=notebook.folder) == ()
    module.write_text("N = 2\n", encoding="utf-8")
    changes = still_same(step, {}, project_folder=notebook.folder)
    assert [change.name for change in changes] == ["module utils"]
    again = recapture_from_disk(step, project_folder=notebook.folder)
    assert again.closure.modules[0].source == "N = 2\n"
    assert again.digests.root != step.digests.root
    assert again.digests.environment == step.digests.environment


def test_asking_again_is_fast(notebook: Notebook) -> None:
    """A fresh step is checked within a few milliseconds."""
    notebook.run("\n".join(f"def h{n}(x): return x + {n}" for n in range(20)))
    calls = " + ".join(f"h{n}(x)" for n in range(20))
    captured = notebook.capture(f"def step(x):\n    return {calls}\n")
    step = step_of(captured)
    still_same(step, notebook.namespace, project_folder=notebook.folder)
    began = time.perf_counter()
    for _ in range(10):
        still_same(step, notebook.namespace, project_folder=notebook.folder)
    assert (time.perf_counter() - began) / 10 < 0.05


def test_documentation_and_environment_stay_out_of_the_identity(notebook: Notebook) -> None:
    """A docstring has its own digest; packages are listed with their versions."""
    one = notebook.capture("import numpy as np\ndef step(x):\n    return np.sqrt(x)\n")
    two = notebook.capture(
        'def step(x):\n    """Root.\n\n    Unit: m\n    """\n    return np.sqrt(x)\n'
    )
    assert one.digests.root == two.digests.root
    assert one.digests.documentation != two.digests.documentation
    assert two.documentation == "Root.\n\nUnit: m"
    assert list(one.closure.packages) == ["numpy"]
    assert [leaf.name for leaf in one.leaves if leaf.aspect == "environment"] == ["package numpy"]


def test_options_and_the_kind_are_parameters(notebook: Notebook) -> None:
    """Another option gives another identity, with the code's digest unchanged."""
    body = "def step(x):\n    return x\n"
    one = notebook.capture(body, options={"lookback": 3})
    two = notebook.capture(body, options={"lookback": 4})
    three = notebook.capture(body, options={"lookback": 3}, kind="target")
    assert len({one.digests.root, two.digests.root, three.digests.root}) == 3
    assert one.digests.code == two.digests.code == three.digests.code


def test_a_cell_says_which_function_is_the_step(notebook: Notebook) -> None:
    """One function is the step; of several, the one named; else they are listed."""
    assert notebook.capture("def only(x): return x\n", name=None).name == "only"
    both = "def a(x): return x\ndef b(x): return a(x)\n"
    assert notebook.capture(both, name="a").name == "a"
    with pytest.raises(NoStepError, match="defines 2 functions: `a`, `b`"):
        notebook.capture(both, name=None)
    with pytest.raises(NoStepError, match="no function `c`"):
        notebook.capture(both, name="c")


def test_a_step_replaced_by_a_value_is_refused(notebook: Notebook) -> None:
    """A name that holds no function when it is captured is no step."""
    with pytest.raises(NoStepError, match="`step` is a int"):
        notebook.capture("def step(x): return x\nstep = 3\n")


def test_a_secret_stays_out_of_the_record(notebook: Notebook) -> None:
    """Keys are cut from leaves, definitions and the raw cell, and the cut is flagged."""
    key = "sk-" + "a1B2c3D4" * 6
    notebook.run(f"API_KEY = '{key}'")
    captured = notebook.capture(f"def step(x):\n    '''{key}'''\n    return API_KEY\n")
    assert key not in repr(captured)
    assert any(flag.startswith("secret:") for flag in captured.flags)


FLAGS = {
    "import socket\nS = socket.socket()\n|S": "opaque: holds a socket (`S`)",
    "|globals()['x']": "dynamic: globals()",
    "|missing + x": "undefined: `missing` does not exist",
    "import numpy as np\n|np.random.rand()": "draws unseeded randomness: numpy.random",
    "import random\nR = random.Random(3)\n|R.random()": "shared generator: every draw changes `R`",
    "import math\nmath.tau = lambda x: 1\n|math.tau(x)": "monkeypatched: math.tau",
}


@pytest.mark.parametrize("case", FLAGS)
def test_what_cannot_be_known_is_said(case: str, notebook: Notebook) -> None:
    """Each blind spot becomes a flag with its name."""
    import math

    tau = math.tau
    before, code = case.split("|")
    try:
        captured = notebook.capture(f"{before}def step(x):\n    return {code}\n")
    finally:
        math.tau = tau  # type: ignore[misc]
        if "S" in notebook.namespace:
            notebook.namespace["S"].close()
    assert any(flag.startswith(FLAGS[case]) for flag in captured.flags), captured.flags


def test_public_digests_agree_with_why(notebook: Notebook) -> None:
    """`why` is empty exactly when the digests are equal."""
    notebook.run("N = 1\ndef a(x):\n    return x + N\ndef b(x):\n    return x + 1\n")
    space = notebook.namespace
    assert digest(space["a"]) == digest(space["a"])
    assert why(space["a"], space["a"]) == []
    assert digest(space["a"]) != digest(space["b"])
    assert {change.name for change in why(space["a"], space["b"])} == {
        "function a",
        "function b",
        "value N",
    }
    assert [sentence(each) for each in why(3, 4)] == ["value `value` 3 → 4"]
    notebook.run("class C:\n    n = 1\nc = C()\n")
    assert digest(space["C"]) != digest(space["a"])
    assert digest(space["c"]) == digest(space["c"])
    assert digest([1, 2]) == digest([1, 2])
    step = step_of(notebook.capture("def step(x):\n    return x\n"))
    assert digest(step) == step.digests.root
    assert why(step, step) == []


def test_an_installed_function_is_known_by_its_package() -> None:
    """Library code is not walked: the name and the package stand for it."""
    import json

    assert digest(json.dumps) != digest(json.loads)


def test_environment_facts_are_text_without_heavy_imports() -> None:
    """Facts are strings, and TensorFlow stays unloaded."""
    before = "tensorflow" in sys.modules
    facts = environment()
    assert {"python", "processor", "package numpy", "PYTHONHASHSEED", "time zone"} <= facts.keys()
    assert all(isinstance(value, str) for value in facts.values())
    assert ("tensorflow" in sys.modules) == before


def test_a_helper_whose_cell_imports_what_it_calls_keeps_its_source(tmp_path: Path) -> None:
    """IPython compiles a cell statement by statement, so an import is not seen by the compiler."""
    cell = "import math\n\ndef h(x):\n    return math.floor(x)\n"
    name = "<cell by statements>"
    linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
    namespace: dict[str, object] = {"__name__": "__main__", "In": ["", cell]}
    for node in ast.parse(cell).body:
        exec(compile(ast.Module([node], []), name, "exec", dont_inherit=True), namespace)
    body = "def step(x):\n    return h(x)\n"
    exec(compile(body, "<cell of the step>", "exec", dont_inherit=True), namespace)
    text = CellText(kind="feature", name="step", raw=body, body=body, options={}, notebook=None)
    captured = capture_cell(text, namespace, project_folder=tmp_path)
    assert captured.flags == ()
    assert "math.floor" in "".join(each.source for each in captured.closure.definitions)


def test_a_package_named_only_as_text_is_a_package_of_the_closure(notebook: Notebook) -> None:
    """`find_spec("numpy")` needs numpy as an import does; other texts are no packages."""
    captured = notebook.capture(
        "import importlib.util\n"
        "def step(x):\n"
        "    return importlib.util.find_spec('numpy') is not None, 'pandas' if x else 'nothing'\n"
    )
    assert "numpy" in captured.closure.packages
    plain = notebook.capture("def step(x):\n    return 'numpy'\n")
    assert plain.closure.packages == {}
