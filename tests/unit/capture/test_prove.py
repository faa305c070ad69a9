"""A closure is tried alone in a clean process, and what came of it is told truly."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import psutil
import pytest
from msgspec import json, structs

from blase_lab.capture.prove import live
from blase_lab.capture.prove.child import HEAD, Question, bytes_of_frame, frame_of_bytes
from blase_lab.capture.prove.judge import ENTRY, Judged, Trial, judge
from blase_lab.capture.prove.live import frozen
from blase_lab.capture.prove.picture import first_difference, picture_of
from blase_lab.core.records import Closure

if TYPE_CHECKING:
    from cells import Notebook

ROWS = pd.DataFrame({"miles": np.arange(20.0), "town": ["x", "y"] * 10}, index=range(5, 25))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the copy of this process also where the machine is busy."""
    monkeypatch.setattr(live, "CALL_SECONDS", 15.0)


def trial_of(
    notebook: Notebook, body: str, *, calls: int = 2, has_live: bool = True, offline: bool = False
) -> Trial:
    """Capture a cell and say what is to be proven of it."""
    captured = notebook.capture(body)
    question = Question(
        closure=captured.closure,
        folder=str(notebook.folder),
        calls=calls,
        chunk=bytes_of_frame(ROWS) if calls else None,
        offline=offline,
    )
    return Trial(
        question=question,
        live=frozen(notebook.namespace["step"]) if has_live else None,
        known=frozenset(notebook.namespace),
        flags=captured.flags,
    )


def proven(notebook: Notebook, body: str, **options: Any) -> Judged:
    """Capture a cell and prove its step."""
    return judge(trial_of(notebook, body, **options))


def children() -> list[psutil.Process]:
    """Return what this process has started and what still runs.

    Other tests' tracker of shared resources lives as long as this process.
    """
    every = psutil.Process().children(recursive=True)
    return [
        each for each in every if not any("resource_tracker" in word for word in words_of(each))
    ]


def words_of(process: psutil.Process) -> list[str]:
    """Return the words that started a process; a dead one that nobody buried has none."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def test_a_step_with_its_helper_and_its_value_is_self_contained(notebook: Notebook) -> None:
    """Compared by content with what the notebook returns, for every row."""
    notebook.run("LIMIT = 3\ndef halved(values):\n    return values / 2\n")

    found = proven(notebook, "def step(chunk):\n    return halved(chunk['miles']) * LIMIT\n")

    assert (found.state, found.rows) == ("self-contained", len(ROWS))
    assert "as in the notebook" in found.sentence
    assert children() == []


def test_a_name_that_only_the_notebook_has_is_named(notebook: Notebook) -> None:
    """`globals()["T"]` is seen by no look at the code."""
    notebook.run("T = 3")

    found = proven(notebook, "def step(chunk):\n    return chunk['miles'] * globals()['T']\n")

    assert (found.state, found.hidden) == ("needs hidden", ("T",))
    assert "`T`" in found.sentence


def test_a_silent_difference_names_the_place_and_the_suspect(notebook: Notebook) -> None:
    """Nothing is raised, and yet the values are others: the first row is named, and the name."""
    notebook.run("T = 3")
    body = (
        "def step(chunk):\n"
        "    return chunk.assign(far=chunk['miles'] * globals().get('T', 1))[['far']]\n"
    )

    found = proven(notebook, body)

    assert (found.state, found.hidden) == ("needs hidden", ("T",))
    assert "column `far` from row 1 on" in found.sentence  # row 0 is 0 either way
    assert "globals()" in found.sentence


def test_a_module_that_is_imported_by_its_name_as_text_is_named(notebook: Notebook) -> None:
    """It lies beside the notebook, and no closure brings it."""
    (notebook.folder / "rates.py").write_text("RATE = 2\n", encoding="utf-8")
    body = (
        "from importlib import import_module\n"
        "def step(chunk):\n    return chunk['miles'] * import_module('ra' + 'tes').RATE\n"
    )

    found = proven(notebook, body)

    assert (found.state, found.hidden) == ("needs hidden", ("rates",))
    assert "lacks module `rates`" in found.sentence


def test_an_unseeded_draw_is_not_deterministic(notebook: Notebook) -> None:
    """Two calls in one process, with the generators elsewhere, differ."""
    notebook.run("import numpy as np")

    found = proven(notebook, "def step(chunk):\n    return np.random.rand(len(chunk))\n")

    assert found.state == "not deterministic"
    assert "different values for the same chunk: from row 0 on" in found.sentence


def test_the_order_of_a_set_is_not_deterministic(notebook: Notebook) -> None:
    """Two calls in one process agree; two processes do not."""
    names = [f"town{number}" for number in range(40)]
    body = f"def step(chunk):\n    return [str(set({names}))] * len(chunk)\n"

    assert proven(notebook, body).state == "not deterministic"


def test_an_endless_loop_is_stopped_and_leaves_no_process(notebook: Notebook) -> None:
    """Also what the step itself started is gone."""
    body = (
        "import subprocess\n"
        "def step(chunk):\n"
        "    subprocess.Popen(['sleep', '61.25'])\n"
        "    while True:\n        pass\n"
    )
    trial = replace(trial_of(notebook, body, has_live=False), seconds=1.2)

    found = judge(trial)

    assert (found.state, found.sentence) == ("not proven", "It was stopped after 1.2 s.")
    assert children() == []
    assert [each for each in psutil.process_iter() if "61.25" in words_of(each)] == []


def test_a_process_that_nobody_ends_ends_by_itself(notebook: Notebook) -> None:
    """A step that holds up every thread is ended by the system's clock."""
    body = "import re\ndef step(chunk):\n    return re.match('(a+)+$', 'a' * 60 + 'b')\n"
    question = structs.replace(trial_of(notebook, body, has_live=False).question, seconds=0.1)
    asked = json.encode(question)

    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", f"from {ENTRY} import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(HEAD.pack(len(asked)) + asked)
        process.stdin.flush()
        process.wait(timeout=60)

    assert process.returncode == -signal.SIGALRM


def test_a_cancelled_proof_ends_at_once(notebook: Notebook) -> None:
    """The process is killed; nothing waits for its end."""
    trial = trial_of(notebook, "def step(chunk):\n    while True:\n        pass\n")
    threading.Timer(0.5, trial.cancel.set).start()
    started = time.monotonic()

    found = judge(trial)

    assert found.sentence == "It was cancelled."
    assert time.monotonic() - started < 3
    assert children() == []


def test_an_error_that_the_notebook_has_too_is_no_hidden_name(notebook: Notebook) -> None:
    """A column that does not exist is not missing from the closure, even under a known name."""
    notebook.run("rate = 2")

    found = proven(notebook, "def step(chunk):\n    return chunk['rate']\n")

    assert (found.state, found.hidden) == ("not proven", ())
    assert found.sentence == "It raised KeyError: 'rate', in the notebook too."


def test_the_words_of_an_error_are_kept_only_where_the_code_says_them(notebook: Notebook) -> None:
    """They may hold a row of the data, and a proof is written down unasked."""
    body = "def step(chunk):\n    raise ValueError('not this one: ' + str(len(chunk) * 7919))\n"
    assert proven(notebook, body).sentence == "It raised ValueError, in the notebook too."


def test_a_step_that_writes_is_kept_from_it(notebook: Notebook) -> None:
    """Neither the copy of the notebook nor the clean process changes a file of the user."""
    body = (
        "def step(chunk):\n"
        "    try:\n        chunk.to_csv('seen.csv')\n"
        "    except OSError:\n        pass\n"
        "    return chunk['miles']\n"
    )

    found = proven(notebook, body)

    assert found.state == "not proven"
    assert found.sentence == "It writes `seen.csv`, and a proof writes nothing."
    assert not (notebook.folder / "seen.csv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux refuses")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("chunk.to_parquet('seen.parquet')", "`seen.parquet`"),
        ("sqlite3.connect('seen.db').execute('create table t (a)')", "a database"),
    ],
)
def test_libraries_that_write_without_python_are_kept_from_it_too(
    notebook: Notebook, line: str, told: str
) -> None:
    """No audit event tells of what C and C++ open; the proof runs after every capture."""
    body = f"import sqlite3\ndef step(chunk):\n    {line}\n    return chunk['miles']\n"

    found = proven(notebook, body)

    assert found.sentence == f"It writes {told}, and a proof writes nothing."
    assert list(notebook.folder.glob("seen.*")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux refuses")
def test_a_program_that_a_step_starts_changes_no_file(notebook: Notebook) -> None:
    """It inherits what its process may not do."""
    body = (
        "import subprocess\n"
        "def step(chunk):\n"
        "    subprocess.run(['touch', 'seen.txt'], check=False)\n"
        "    return chunk['miles']\n"
    )

    proven(notebook, body)

    assert not (notebook.folder / "seen.txt").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no copy elsewhere")
def test_a_copy_that_takes_no_question_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody reads is full after 64 KiB."""
    monkeypatch.setattr(live, "CALL_SECONDS", 0.5)
    monkeypatch.setattr(live, "_be_quiet", lambda: time.sleep(60))
    copy = frozen(len)
    assert copy is not None
    closure = Closure(function="step", definitions=())
    large = Question(closure=closure, folder="x" * 1_000_000)

    assert copy.ask(large, threading.Event()) is None
    assert children() == []


def test_prints_and_questions_of_a_step_disturb_nothing(
    notebook: Notebook, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its output goes nowhere, and nobody answers it."""
    body = (
        "import os, sys\n"
        "def step(chunk):\n"
        "    print('a' * 200_000)\n    os.write(1, b'b' * 200_000)\n"
        "    assert sys.stdin.read() == ''\n"
        "    return chunk['miles']\n"
    )

    assert proven(notebook, body).state == "self-contained"
    assert capfd.readouterr() == ("", "")


def test_asking_the_notebook_changes_nothing_in_it(notebook: Notebook) -> None:
    """A copy of the process is called: no list grows, no generator moves."""
    notebook.run("SEEN = []")
    random.seed(4)
    body = "def step(chunk):\n    SEEN.append(len(chunk))\n    return chunk['miles']\n"

    found = proven(notebook, body)

    assert found.state == "self-contained"
    assert notebook.namespace["SEEN"] == []
    assert random.random() == random.Random(4).random()


def test_a_slow_notebook_is_not_waited_for(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the clean processes are judged alone, and the sentence says so."""
    monkeypatch.setattr(live, "CALL_SECONDS", 0.2)
    notebook.run("import time, os\nOWN = os.getpid()")
    body = (
        "def step(chunk):\n"
        "    time.sleep(60 if os.getppid() == OWN and os.getsid(0) == os.getsid(OWN) else 0)\n"
        "    return chunk['miles']\n"
    )

    found = proven(notebook, body)

    assert found.state == "self-contained"
    assert "the notebook was not asked" in found.sentence


def test_what_may_read_anything_is_not_called_proven_without_the_notebook(
    notebook: Notebook,
) -> None:
    """Two clean processes agree, and both may lack the same name."""
    notebook.run("T = 3")
    body = "def step(chunk):\n    return chunk['miles'] * globals().get('T', 1)\n"

    found = proven(notebook, body, has_live=False)

    assert found.state == "not proven"
    assert "the notebook was not asked" in found.sentence


def test_definitions_that_lack_a_name_are_found_without_a_call(notebook: Notebook) -> None:
    """What nobody can call on rows is made again, and its names are looked for."""
    body = "def step(y, p):\n    return weighted(y - p)\n"
    whole = "def weighted(values):\n    return values\n"

    lacking = proven(notebook, body, calls=0, has_live=False)
    notebook.run(whole)
    made = proven(notebook, body, calls=0, has_live=False)

    assert (lacking.state, lacking.hidden) == ("needs hidden", ("weighted",))
    assert made.state == "not proven"
    assert "it was not called" in made.sentence


def test_the_environment_is_the_same_and_the_network_is_off_where_that_is_said(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step reads a variable; with `offline = true` a connection is named and not made."""
    monkeypatch.setenv("FACTOR", "7")
    reading = "import os\ndef step(chunk):\n    return chunk['miles'] * int(os.environ['FACTOR'])\n"
    asking = (
        "import socket\n"
        "def step(chunk):\n    socket.getaddrinfo('example.org', 80)\n    return chunk['miles']\n"
    )

    assert proven(notebook, reading).state == "self-contained"
    found = proven(notebook, asking, offline=True, has_live=False)
    assert "connects to example.org, and blase.toml says offline = true" in found.sentence


# --- pictures -------------------------------------------------------------------------------------


def test_a_picture_holds_type_dtype_and_content_but_no_name_of_a_series() -> None:
    """Two results are the same where a column made of them is the same."""
    values = pd.Series([1, 2], name="a")

    assert picture_of(values) == picture_of(values.rename("b"))
    assert picture_of(values) != picture_of(values.astype("float64"))
    assert picture_of(values) != picture_of(values.to_numpy())
    assert picture_of([1, 2]) != picture_of([2, 1])
    assert picture_of(iter([values])).digest == picture_of(iter([values])).digest
    assert "socket" in picture_of(type("socket", (), {})()).opaque
    assert [picture_of(each).rows for each in (values, [1], np.array(1), 3, "ab")] == [
        2,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (pd.Series([1]), np.array([1]), "one is a Series, the other a ndarray"),
        (np.zeros(2), np.zeros(3), "2 rows against 3"),
        (np.zeros(2), np.zeros(2, dtype="float32"), "the values: float64 against float32"),
        (np.zeros(2), np.array([0.0, 1.0]), "from row 1 on"),
        (
            pd.DataFrame({"a": [1, 2]}),
            pd.DataFrame({"a": [1, 3]}),
            "column `a` from row 1 on",
        ),
        (
            pd.DataFrame({"a": [1]}),
            pd.DataFrame({"b": [1]}),
            "the columns are ['a'] against ['b']",
        ),
        (pd.Series([1], index=[0]), pd.Series([1], index=[1]), "the content differs"),
        (3, 4, "the content differs"),
    ],
)
def test_the_first_difference_is_told_without_any_value(one: Any, two: Any, words: str) -> None:
    """A place, never what stands there."""
    assert first_difference(picture_of(one), picture_of(two)) == words


def test_a_chunk_crosses_as_it_is() -> None:
    """Its index, its missing values, its times and its texts."""
    frame = pd.DataFrame(
        {
            "a": [1.0, np.nan],
            "b": ["x", None],
            "c": pd.to_datetime(pd.Series(["2024-01-01", None])),
            "d": pd.array([1, None], dtype="Int64"),
        },
        index=[7, 9],
    )

    pd.testing.assert_frame_equal(frame_of_bytes(bytes_of_frame(frame)), frame)
