"""Modules of the user's own and of others: whose they are, and what was changed in them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from blase_lab.capture import modules

if TYPE_CHECKING:
    from pathlib import Path

    from cells import Notebook

USE = "def step(x):\n    return utils.f(x)\n"


def _install(site: Path, name: str, record: str) -> None:
    there = site / f"{name}-1.0.dist-info"
    there.mkdir(parents=True)
    (there / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (there / "top_level.txt").write_text(f"{name}\n")
    (there / "RECORD").write_text(record)


@pytest.fixture
def _fresh_metadata() -> None:
    """Forget which distributions there were."""
    for cached in (modules.version_of, modules._distributions, modules._is_own, modules._origin):
        cached.cache_clear()


@pytest.mark.usefixtures("_fresh_metadata")
def test_a_package_beside_its_list_of_files_is_installed_wherever_that_is(
    notebook: Notebook, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `pip install --target` leaves it: known by its version, not copied."""
    site = tmp_path_factory.mktemp("libraries")
    _install(site, "blase_probe_e", "blase_probe_e.py,,\n")
    (site / "blase_probe_e.py").write_text("def f(x): return x\n")
    monkeypatch.syspath_prepend(str(site))
    captured = notebook.capture("import blase_probe_e\ndef step(x): return blase_probe_e.f(x)\n")
    assert captured.closure.packages == {"blase_probe_e": "1.0"}
    assert captured.closure.modules == ()
    del sys.modules["blase_probe_e"]


@pytest.mark.usefixtures("_fresh_metadata")
def test_an_editable_package_is_the_user_s_own_and_goes_into_the_record(
    notebook: Notebook, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its list of files stands elsewhere; it is said that it lies outside the project."""
    site, source = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("source")
    _install(site, "blase_probe_f", "blase_probe_f.pth,,\n")
    (source / "blase_probe_f").mkdir()
    (source / "blase_probe_f" / "__init__.py").write_text("from .inner import f\n")
    (source / "blase_probe_f" / "inner.py").write_text("def f(x): return x + 1\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.syspath_prepend(str(source))
    captured = notebook.capture("def step(x):\n    import blase_probe_f as p\n    return p.f(x)\n")
    assert [each.name for each in captured.closure.modules] == [
        "blase_probe_f",
        "blase_probe_f.inner",
    ]
    assert captured.closure.packages == {}


@pytest.mark.parametrize(
    ("source", "change", "name"),
    [
        ("N = 1\ndef f(x): return x + N\n", "utils.N = 5", "utils.N"),
        ("N = 1\ndef f(x): return N\ndef put():\n    global N\n    N = 2\n", "utils.put()", "N"),
        ("T = {'a': 1}\ndef f(x): return T\n", "utils.T['a'] = 2", "utils.T"),
        ("def g(): return 1\ndef f(x): return g()\n", "utils.g = lambda: 2", "utils.g"),
        ("class C:\n    n = 1\ndef f(x): return C.n\n", "utils.C.n = 2", "utils.C"),
        ("def f(x): return x\n", "utils.extra = 3", ""),
        ("T = []\ndef f(x):\n    T.append(x)\n    return x\n", "utils.f(1)", ""),
        ("T = None\ndef f(x):\n    global T\n    T = T or x\n    return x\n", "utils.f(1)", ""),
        ("import time\nT = time.time()\ndef f(x): return x\n", "import utils", ""),
    ],
)
def test_what_stands_in_a_loaded_module_otherwise_than_on_disk_is_named(
    notebook: Notebook, *, source: str, change: str, name: str
) -> None:
    """A leaf and a flag; what the module keeps for itself, or nobody reads, is passed over."""
    (notebook.folder / "utils.py").write_text(source, encoding="utf-8")
    notebook.run("import utils")
    one = notebook.capture(USE)
    notebook.run(change)
    two = notebook.capture(USE)
    assert one.flags == ()
    assert (one.digests.root != two.digests.root) == bool(name)
    said = "module on disk differs from the loaded one: utils."
    assert [flag for flag in two.flags if flag.startswith(said)] == list(two.flags)
    assert bool(two.flags) == bool(name)
    assert not name or two.flags[0].endswith(name)


def test_a_module_s_own_draws_and_patches_are_said(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a local module as in the notebook itself."""
    source = "import random, statistics\ndef f(x): return random.random() + statistics.mean([x])\n"
    (notebook.folder / "utils.py").write_text(source, encoding="utf-8")
    notebook.run("import utils, statistics\ndef fake(x): return 0\n")
    monkeypatch.setattr("statistics.mean", notebook.namespace["fake"])
    captured = notebook.capture(USE)
    assert set(captured.flags) == {
        "draws unseeded randomness: random",
        "monkeypatched: statistics.mean",
    }


def test_libraries_as_they_are_raise_no_flag(notebook: Notebook) -> None:
    """Frozen modules, generated functions, aliases and names that only look like functions."""
    captured = notebook.capture(
        "import os, types, statistics, dataclasses, typing\nimport numpy as np, pandas as pd\n"
        "def step(x):\n"
        "    return (os.getenv, os.path.join, types.FunctionType, types.LambdaType, np.mean,\n"
        "            np.abs, statistics.mean, dataclasses.field, typing.cast, pd.concat,\n"
        "            pd.DataFrame.mean)\n"
    )
    assert captured.flags == ()
