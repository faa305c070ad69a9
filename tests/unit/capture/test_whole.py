"""A closure does what its step does, or says that it cannot: cut, opaque and sourceless parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cells import Notebook, step_of

from blase_lab.capture import rebuild, still_same
from blase_lab.core.errors import StepFailedError

if TYPE_CHECKING:
    from blase_lab.capture import Captured

LATE = "def step(x):\n    token = 'late-77'\n    return x == token\n"
MADE = "import zlib\nBITS = {0}\nOBJ = zlib.compressobj({1}, wbits=BITS)\n"


def _hidden(captured: Captured) -> list[str]:
    return [flag for flag in captured.flags if flag.startswith("needs hidden")]


def _refuses(captured: Captured, name: str) -> None:
    with pytest.raises(StepFailedError, match=f"`{name}`") as caught:
        rebuild(captured.closure)
    assert "Rename the variable" in caught.value.way_out
    assert "environment" in caught.value.way_out


def test_a_step_out_of_which_a_secret_was_cut_is_flagged_and_never_executed(
    notebook: Notebook,
) -> None:
    """Compared with "[redacted]", the step would compute something else without a word."""
    captured = notebook.capture(LATE)
    assert "late-77" not in captured.closure.definitions[-1].source
    assert [flag.partition(":")[0] for flag in _hidden(captured)] == ["needs hidden step"]
    _refuses(captured, "step")


def test_a_local_module_with_a_secret_is_flagged_and_never_executed(notebook: Notebook) -> None:
    """What a step imports is recorded as text too, and cut as the step is."""
    file = notebook.folder / "words_of_mine.py"
    file.write_text("token = 'late-77'\ndef same(x): return x == token\n", encoding="utf-8")
    captured = notebook.capture("import words_of_mine as w\ndef step(x):\n    return w.same(x)\n")
    assert _hidden(captured)[0].startswith("needs hidden module words_of_mine:")
    _refuses(captured, "words_of_mine")


def test_a_secret_read_from_the_environment_is_read_again(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way out leads out: the statement is recorded, never the value."""
    monkeypatch.setenv("MY_TOKEN", "correct-horse")
    notebook.run("import os\nTOKEN = os.environ['MY_TOKEN']")
    captured = notebook.capture("def step(x):\n    return x == TOKEN\n")
    assert _hidden(captured) == []
    assert rebuild(captured.closure)("correct-horse")


@pytest.mark.parametrize("other", [(13, 1), (12, 2)])
def test_an_opaque_value_made_otherwise_is_another_version(
    other: tuple[object, ...], notebook: Notebook
) -> None:
    """The statement that made it, and what that reads, stand for its content."""
    body = "def step(x):\n    return OBJ.compress(x)\n"
    roots = []
    for given in ((12, 1), (12, 1), other):
        fresh = Notebook(notebook.folder)
        fresh.run(MADE.format(*given))
        captured = fresh.capture(body)
        step = step_of(captured)
        assert still_same(step, fresh.namespace, project_folder=fresh.folder) == ()
        begins = "opaque: holds a Compress (`OBJ`)"
        assert any(flag.startswith(begins) for flag in captured.flags)
        texts = {leaf.name: leaf.text for leaf in captured.leaves}
        assert texts["value OBJ"].startswith("OBJ = zlib.compressobj(")
        roots.append(captured.digests.root)
    assert roots[0] == roots[1] != roots[2]
    fresh.run("OBJ = zlib.compressobj(9)")
    assert still_same(step, fresh.namespace, project_folder=fresh.folder)


@pytest.mark.parametrize(
    "made",
    [
        "preprocessing.StandardScaler()",
        "ensemble.RandomForestClassifier(n_estimators=3, random_state=0)",
        "pipeline.make_pipeline(preprocessing.MinMaxScaler(), linear_model.LogisticRegression())",
    ],
)
def test_an_estimator_is_what_it_has_learned(made: str, notebook: Notebook) -> None:
    """Fitted alike it is equal; fitted again in place, in another cell, the step is stale."""
    pytest.importorskip("sklearn")
    body = "def step(x):\n    return getattr(OBJ, 'n_features_in_')\n"
    roots = []
    for last in (4, 4, 9):
        fresh = Notebook(notebook.folder)
        fresh.run("from sklearn import ensemble, linear_model, pipeline, preprocessing")
        fresh.run(f"OBJ = {made}")
        fresh.run(f"ROWS = [[1.0], [2.0], [3.0], [{last}]]\n_ = OBJ.fit(ROWS, [0, 1, 0, 1])")
        captured = fresh.capture(body)
        assert not [flag for flag in captured.flags if flag.startswith("opaque")]
        assert rebuild(captured.closure)(0) == 1, "it is fitted in the closure, too"
        roots.append(captured.digests.root)
    assert roots[0] == roots[1] != roots[2]
    fresh.run("_ = OBJ.fit([[7.0], [8.0], [1.0]], [0, 1, 1])")
    assert still_same(step_of(captured), fresh.namespace, project_folder=fresh.folder)


def test_an_opaque_value_that_no_cell_made_stays_known_by_its_type(notebook: Notebook) -> None:
    """Put in from outside, it is only flagged."""
    notebook.namespace["OBJ"] = iter([1])
    captured = notebook.capture("def step(x):\n    return OBJ\n")
    assert {leaf.name: leaf.text for leaf in captured.leaves}["value OBJ"] == "list_iterator"


@pytest.mark.parametrize(
    "body", ["x in ({0}, 5)", "x in {{{0}, 5}}", "(lambda y: y + {0})(x)", "x + {0}"]
)
def test_bytecode_without_source_holds_every_constant(body: str, notebook: Notebook) -> None:
    """Tuples, frozen sets and nested functions are constants too."""
    roots = []
    for number in (1000, 1000, 2000):
        exec(f"def made(x): return {body.format(number)}", notebook.namespace)
        captured = notebook.capture("def step(x):\n    return made(x)\n")
        roots.append(captured.digests.root)
    assert roots[0] == roots[1] != roots[2]
