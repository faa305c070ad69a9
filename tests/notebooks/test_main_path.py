"""One thread through the house: captured and trained in a notebook, made again in the shell."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from shell_command import blase, blase_json

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Notebook

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.keras,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DIGESTS = ("weights_digest", "optimizer_digest", "predictions_digest", "ledger_digest")


def test_every_verb_of_the_notebook_says_what_it_did(notebook: Notebook) -> None:
    """From capture to export, in one kernel."""
    shown = notebook.shown

    for name in ("people", "aged", "age", "region", "income", "previous", "part_of_year", "net"):
        assert f" {name}@1 captured: documented; first version" in shown["capture"]
    assert shown["status"].count("fresh") == 10
    assert "6,000" in shown["build"]
    assert "finished" in shown["train"]
    assert "auc" in shown["evaluate"]
    assert "EUR" in shown["impact"]
    assert "model_card.html" in shown["card"]
    assert "IDENTICAL" in shown["rerun"]
    assert "bundles" in shown["export"]
    assert "IDENTICAL" in shown["runs"]
    assert " 0 damaged" in shown["verify"]


def test_the_shell_sees_what_the_notebook_left(notebook: Notebook) -> None:
    """Steps, runs and the store, each as a table and as JSON."""
    states = blase_json(notebook.folder, "status")
    (run,) = blase_json(notebook.folder, "runs")

    assert {state["state"] for state in states} == {"fresh"}
    assert len(states) == 10
    assert (run["number"], run["state"], run["verdict"]) == (1, "finished", "IDENTICAL")
    assert all(len(run[name]) == 64 for name in DIGESTS)
    assert "part_of_year" in blase(notebook.folder, "show", "part_of_year").out
    assert blase(notebook.folder, "history", "age").code == 0
    assert blase(notebook.folder, "why", "age").code == 0
    assert blase_json(notebook.folder, "verify")["damaged"] == []
    assert blase(notebook.folder, "gc").code == 0


def test_the_shell_makes_the_same_run_from_the_captured_source(copied: Path) -> None:
    """Equal seeds give equal digests in the notebook and in the shell, and the rerun agrees."""
    shutil.rmtree(copied / "bundles")
    built = blase_json(copied, "build")
    assert {each["name"] for each in built} >= {"people", "aged", "age", "part_of_year", "bought"}
    assert blase(copied, "train").code == 0
    assert blase(copied, "evaluate").code == 0

    second, first = blase_json(copied, "runs")
    for name in DIGESTS:
        assert second[name] == first[name], name
    assert second["metrics"] == first["metrics"]
    assert second["baseline"] == first["baseline"]
    rerun = blase(copied, "rerun")
    assert rerun.code == 0, rerun.err
    assert "IDENTICAL" in rerun.out
    assert blase_json(copied, "gc", "--delete")["objects"] >= 0
    assert " 0 damaged" in blase(copied, "verify").out


def test_the_bundle_holds_what_a_stranger_needs(notebook: Notebook) -> None:
    """Plain modules, the local module, digests, pins, notebook and sheet."""
    (bundle,) = (notebook.folder / "bundles").iterdir()

    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert names >= {
        *("pipeline.py", "requirements.txt", "data.json", "expected.json", "notebook.ipynb"),
        *("model_card.html", "model_card.md", "Dockerfile", "README.md", "blase.toml"),
        *("steps/age.py", "steps/part_of_year.py", "modules/season.py", "model.keras"),
    }
    expected = json.loads((bundle / "expected.json").read_text(encoding="utf-8"))
    (run,) = blase_json(notebook.folder, "runs")
    assert expected["weights"] == run["weights_digest"]
    assert "://" not in (bundle / "requirements.txt").read_text(encoding="utf-8")


def test_exit_codes_tell_a_program_what_happened(notebook: Notebook, tmp_path: Path) -> None:
    """2 wrong words, 3 no project, 4 refused; 1 for damage that a person must look at."""
    assert blase(notebook.folder, "trian").code == 2
    assert blase(notebook.folder, "show", "nothing").code == 2
    assert blase(notebook.folder, "evaluate", "99").code == 2
    assert blase(tmp_path, "status").code == 3
    copy = tmp_path / "damaged"
    shutil.copytree(notebook.folder, copy, symlinks=True)
    text = (copy / "blase.toml").read_text(encoding="utf-8")
    (copy / "people.csv").write_text("age,region,income,spent,seen\n", encoding="utf-8")
    empty = blase(copy, "build")
    assert (empty.code, "no rows" in empty.err) == (1, True)
    shutil.copy(notebook.folder / "people.csv", copy / "people.csv")
    (copy / "blase.toml").write_text(text.replace("256MiB", "1KiB"), encoding="utf-8")
    with (copy / "people.csv").open("a", encoding="utf-8") as more:
        more.write("41.0,north,20000.0,30.0,2023-12-31 00:00:00\n")
    refused = blase(copy, "build")
    assert (refused.code, "[plan-over-budget]" in refused.err) == (4, True)
    assert len(refused.err.strip().splitlines()) <= 3
    victim = next(path for path in (copy / ".blase" / "blobs").rglob("*") if path.is_file())
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x00\x01")
    assert blase(copy, "verify").code == 1
