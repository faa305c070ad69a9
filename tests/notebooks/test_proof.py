"""Steps are proven behind the user's back, and the badge changes by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from live_kernel import kernel_in
from project_samples import AGE, HELPERS, SETTINGS, SOURCE, lay_out
from shell_command import BLASE, blase, environment

from blase_lab import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from blase_lab.core.records import StepState

pytestmark = [
    pytest.mark.kernel,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ENDLESS = '%%blase_feature\ndef endless(chunk):\n    """Never."""\n    while True:\n        pass\n'
HIDDEN = (
    "%%blase_feature\n"
    'def hidden(chunk):\n    """Scaled."""\n    return chunk["age"] * globals()["T"]\n'
)
DRAWN = (
    '%%blase_feature\ndef drawn(chunk):\n    """Noise."""\n    return np.random.rand(len(chunk))\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose steps are proven in the background."""
    monkeypatch.setenv("BLASE_PROVE", "background")
    return lay_out(tmp_path / "visits", rows=300)


def badge(folder: Path, name: str) -> StepState | None:
    """Return what the badge of a step says, from what the kernel left for it."""
    states = Project.open(folder).view().steps
    return next((each for each in states if each.name == name), None)


def soon(what: Callable[[], bool], *, seconds: float = 90) -> bool:
    """Say whether something comes true within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return what()


def is_proven(folder: Path, name: str) -> bool:
    """Say whether the badge of a step tells of a proof."""
    state = badge(folder, name)
    return state is not None and state.proven != "not proven yet"


def clean_processes(folder: Path) -> list[int]:
    """Return the clean processes that stand in a project's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if "prove.child" in " ".join(process.cmdline()) and process.cwd() == str(folder):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_the_badge_says_what_a_clean_process_found(folder: Path) -> None:
    """Self-contained, needs hidden, not deterministic: without any verb; then asked again."""
    with kernel_in(folder) as kernel:
        kernel.must(HELPERS + "T = 2\n")
        kernel.must(SOURCE.text)
        for cell in (AGE.text, HIDDEN, DRAWN):
            kernel.must(cell)
        names = ("people", "age", "hidden", "drawn")
        assert soon(lambda: all(is_proven(folder, name) for name in names))
        recorded = {name: Project.open(folder).proof(name) for name in names}
        shown = kernel.must("%blase prove")
        kernel.must("%blase build age")  # a verb that builds does not undo what was found

    told = {name: badge(folder, name).proven for name in names}  # type: ignore[union-attr]
    assert told == {
        "people": "self-contained",
        "age": "self-contained",
        "hidden": "needs hidden `T`",
        "drawn": "not deterministic",
    }
    assert "as in the notebook" in recorded["age"].sentence  # type: ignore[union-attr]
    for name in names:
        fresh, before = Project.open(folder).proof(name), recorded[name]
        assert fresh is not None
        assert before is not None
        assert (fresh.root, fresh.state, fresh.hidden) == (before.root, before.state, before.hidden)
        assert before.state in shown
    assert clean_processes(folder) == []


def test_an_endless_step_is_cut_by_the_limit_and_by_its_next_capture(folder: Path) -> None:
    """The kernel answers meanwhile, and no process is left."""
    settings = folder / "blase.toml"
    settings.write_text(SETTINGS.replace("[", "prove_seconds = 3\n[", 1), encoding="utf-8")
    with kernel_in(folder) as kernel:
        kernel.must(SOURCE.text)
        kernel.must(ENDLESS)
        assert kernel.must("print(1 + 1)").strip() == "2"
        assert soon(lambda: is_proven(folder, "endless"))
        cut = Project.open(folder).proof("endless")
        assert soon(lambda: clean_processes(folder) == [])

        settings.write_text(SETTINGS.replace("[", "prove_seconds = 600\n[", 1), encoding="utf-8")
        kernel.must(ENDLESS.replace("Never.", "Never ever.").replace("pass", "continue"))
        assert soon(lambda: clean_processes(folder) != [])
        kernel.must(ENDLESS.replace("    while True:\n        pass\n", "    return chunk['age']\n"))
        assert soon(lambda: is_proven(folder, "endless"))

    ended = Project.open(folder).proof("endless")
    assert cut is not None
    assert (cut.state, cut.sentence) == ("not proven", "It was stopped after 3 s.")
    assert ended is not None
    assert (ended.version, ended.state) == (3, "self-contained")
    assert clean_processes(folder) == []


def test_a_kernel_that_is_shut_down_leaves_no_process(folder: Path) -> None:
    """Killed, not asked: the clean process and the copy of the kernel end by themselves."""
    settings = folder / "blase.toml"
    settings.write_text(SETTINGS.replace("[", "prove_seconds = 600\n[", 1), encoding="utf-8")
    with kernel_in(folder) as kernel:
        kernel.must(SOURCE.text)
        kernel.must(ENDLESS)
        kernel.must(AGE.text.replace("centred", "abs"))
        own = int(kernel.must("import os; print(os.getpid())"))
        assert soon(lambda: clean_processes(folder) != [])
        family = psutil.Process(own).children(recursive=True)
        os.kill(own, signal.SIGKILL)

    assert len(family) >= 2  # the clean process, and a copy that waits for its turn
    assert soon(lambda: not any(each.is_running() and is_alive(each) for each in family))
    assert clean_processes(folder) == []


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process does anything still; one that nobody buried does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_the_shell_command_asks_for_a_look_and_can_be_interrupted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 where a step is not deterministic; 130 after Ctrl-C, with nothing left."""
    monkeypatch.setenv("BLASE_PROVE", "off")
    settings = folder / "blase.toml"
    settings.write_text(SETTINGS.replace("[", "prove_seconds = 600\n[", 1), encoding="utf-8")
    with kernel_in(folder) as kernel:
        kernel.must("import numpy as np")
        for cell in (SOURCE.text, DRAWN, ENDLESS):
            kernel.must(cell)
    assert Project.open(folder).proof("people") is None  # off: nothing was proven

    said = blase(folder, "prove", "people", "drawn", "--json")
    fine = blase(folder, "prove", "people")
    process = subprocess.Popen(
        [str(BLASE), "prove", "endless"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert soon(lambda: clean_processes(folder) != [])
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()

    assert said.code == 1, said.err
    states = [each["state"] for each in json.loads(said.out)]
    assert states == ["self-contained", "not deterministic"]
    assert fine.code == 0
    assert "people@1" in fine.out
    assert process.returncode == 130
    assert clean_processes(folder) == []
