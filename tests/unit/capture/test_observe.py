"""What a call touches is listed once, with the digest of what it read; nothing else is."""

# A file is opened in every way there is: that is the subject.
# ruff: noqa: PTH110, PTH123, PTH208

from __future__ import annotations

import _thread
import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from blase_lab.capture import observe
from blase_lab.capture.observe import Watched, digest_now, observing
from blase_lab.core.records import Observation

if TYPE_CHECKING:
    from collections.abc import Callable

Touched = list[tuple[str, str, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with a file and a folder, in which one stands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "limits.json").write_text('{"low": 3}')
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.csv").write_text("x\n1\n")
    return tmp_path


def touched(function: Callable[[], Any], folder: Path) -> Touched:
    """Return what one call touches: kind, name and mode."""
    watched = Watched(function, folder=folder)
    watched()
    return [(each.kind, each.name, each.mode) for each in watched.take_notes()]


def read_limits() -> Any:
    """Read the file, as a step would."""
    with open("limits.json", encoding="utf-8") as file:
        return json.load(file)


# --- files and folders ----------------------------------------------------------------------------


def test_a_file_that_is_read_is_listed_with_the_digest_of_its_bytes(folder: Path) -> None:
    """The name is relative to the project and the digest is that of the bytes."""
    watched = Watched(read_limits, folder=folder)

    assert watched() == {"low": 3}
    assert watched.take_notes() == (
        Observation(kind="file", name="limits.json", digest=sha256(b'{"low": 3}').hexdigest()),
    )


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("open", lambda: open("limits.json").close()),
        ("pathlib", lambda: Path("limits.json").read_bytes()),
        ("os.open", lambda: os.close(os.open("limits.json", os.O_RDONLY))),
        ("bytes path", lambda: open(b"limits.json").close()),
        ("another way to write it", lambda: open("parts/../limits.json").close()),
        ("np.fromfile", lambda: np.fromfile("limits.json", dtype="u1")),
        ("np.loadtxt", lambda: np.loadtxt("limits.json", dtype=str)),
        ("np.genfromtxt", lambda: np.genfromtxt("limits.json", dtype=str)),
        ("np.memmap", lambda: np.memmap("limits.json", mode="r")),
        ("np.memmap as it is opened by default", lambda: np.memmap("limits.json")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_way_to_read_a_file_is_seen(
    name: str, reader: Callable[[], Any], folder: Path
) -> None:
    """Python's own readers and NumPy's go through an audited open."""
    del name
    assert touched(reader, folder) == [("file", "limits.json", "read")]


def test_npy_and_npz_files_are_seen(folder: Path) -> None:
    """`np.load` of an array and of an archive."""
    np.save("a.npy", np.arange(3))
    np.savez("b.npz", x=np.arange(3))

    def load() -> None:
        np.load("a.npy", mmap_mode="r")
        with np.load("b.npz") as archive:
            archive["x"].sum()

    assert touched(load, folder) == [("file", "a.npy", "read"), ("file", "b.npz", "read")]


def test_a_file_looked_for_and_absent_is_a_read_and_its_coming_a_change(folder: Path) -> None:
    """By opening it in vain, or by asking whether it exists."""

    def look() -> bool:
        try:
            read = Path("override.json").read_bytes()
        except FileNotFoundError:
            read = b""
        return bool(read) or os.path.exists("other.json") or Path("third.json").is_file()

    watched = Watched(look, folder=folder)
    watched()
    notes = watched.take_notes()

    assert [each.name for each in notes] == ["other.json", "override.json", "third.json"]
    assert {each.digest for each in notes} == {None}
    (folder / "other.json").write_text("1")
    assert digest_now(notes[0], folder=folder) is not None


@pytest.mark.parametrize(
    "lister",
    [
        lambda: os.listdir("parts"),
        lambda: list(os.scandir("parts")),
        lambda: list(Path("parts").iterdir()),
        lambda: sorted(Path().glob("parts/*.csv")),
        lambda: list(os.walk("parts")),
        lambda: __import__("glob").glob("parts/*.csv"),
    ],
    ids=["listdir", "scandir", "iterdir", "Path.glob", "walk", "glob"],
)
def test_a_folder_that_is_listed_changes_when_a_name_comes(
    lister: Callable[[], Any], folder: Path
) -> None:
    """Its digest is that of its names, whatever is in the files."""
    watched = Watched(lister, folder=folder)
    watched()
    listed = next(each for each in watched.take_notes() if each.name == "parts")

    assert listed.kind == "folder"
    (folder / "parts" / "a.csv").write_text("x\n2\n")
    assert digest_now(listed, folder=folder) == listed.digest
    (folder / "parts" / "b.csv").write_text("x\n")
    assert digest_now(listed, folder=folder) != listed.digest


def test_checkpoints_of_the_notebook_do_not_change_a_folder(folder: Path) -> None:
    """Nor does the project's own folder."""
    watched = Watched(lambda: os.listdir("."), folder=folder)
    watched()
    (listed,) = watched.take_notes()

    for name in (".blase", ".ipynb_checkpoints", "__pycache__"):
        (folder / name).mkdir()
    assert digest_now(listed, folder=folder) == listed.digest


def test_what_is_written_is_listed_without_a_digest(folder: Path) -> None:
    """Writing, appending, moving and removing."""

    def write() -> None:
        Path("new.txt").write_text("1")
        with open("log.txt", "a") as file:
            file.write("1")
        Path("limits.json").rename("moved.json")
        Path("parts/a.csv").unlink()

    notes = Watched(write, folder=folder)
    notes()
    found = notes.take_notes()

    names = ["limits.json", "log.txt", "moved.json", "new.txt", "parts/a.csv"]
    assert [each.name for each in found] == names
    assert {(each.mode, each.digest) for each in found} == {("write", None)}
    assert digest_now(found[1], folder=folder) is None


@pytest.mark.parametrize("name", ["limits.json", "parts"])
def test_what_is_only_asked_for_is_a_read_and_its_going_a_change(folder: Path, name: str) -> None:
    """A file that marks something, or a folder: it is there to be found."""
    watched = Watched(lambda: os.path.exists(name) and Path(name).exists(), folder=folder)
    watched()
    (note,) = watched.take_notes()
    assert (note.kind, note.name, note.mode) == ("file", name, "read")
    assert digest_now(note, folder=folder) == note.digest

    (folder / name).rename(folder / "elsewhere")

    assert digest_now(note, folder=folder) is None


def test_a_folder_that_was_looked_for_in_vain_is_missed_when_it_comes(folder: Path) -> None:
    """And not where the call made it itself."""
    looks = Watched(lambda: Path("overrides").is_dir(), folder=folder)

    def make() -> None:
        if not Path("made").exists():
            Path("made/below").mkdir(parents=True)

    makes = Watched(make, folder=folder)
    looks()
    makes()
    (note,) = looks.take_notes()
    assert (note.name, note.digest, makes.take_notes()) == ("overrides", None, ())

    (folder / "overrides").mkdir()

    assert digest_now(note, folder=folder) is not None


def test_a_large_file_that_is_only_asked_for_is_left_out(folder: Path) -> None:
    """Nobody said that its content matters, and to digest it takes as long as to read it."""
    (folder / "large.csv").write_bytes(b"x" * 70_000)

    assert touched(lambda: Path("large.csv").exists(), folder) == []


def test_a_change_that_keeps_size_and_time_is_seen(folder: Path) -> None:
    """As a copy that keeps the times makes it, or an archive that is unpacked again."""
    path = folder / "limits.json"
    note = Observation(kind="file", name="limits.json")
    os.utime(path, (1e9, 1e9))
    time.sleep(0.06)
    first = digest_now(note, folder=folder)

    path.write_text('{"low": 4}')
    os.utime(path, (1e9, 1e9))

    assert digest_now(note, folder=folder) != first


def test_a_file_that_the_call_itself_wrote_before_is_no_read(folder: Path) -> None:
    """Also where an earlier call of the same watched function wrote it."""

    def cached() -> str:
        path = Path("cache.txt")
        if not path.exists():
            path.with_suffix(".tmp").write_text("1")
            path.with_suffix(".tmp").replace(path)
        return path.read_text()

    watched = Watched(cached, folder=folder)
    watched()
    assert {(each.name, each.mode) for each in watched.take_notes()} == {("cache.txt", "write")}
    watched()

    assert watched.take_notes() == ()


def test_a_temporary_file_that_came_and_went_is_not_listed(folder: Path) -> None:
    """It is outside of the project and gone."""
    import tempfile

    def work() -> None:
        with tempfile.TemporaryDirectory() as place:
            Path(place, "x").write_text("1")
            os.listdir(place)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"1")

    assert touched(work, folder) == []


def test_a_file_changed_after_it_was_opened_has_a_digest_of_no_content(folder: Path) -> None:
    """Then the step is stale at once: what it read is not what is there."""
    watched = Watched(read_limits, folder=folder)
    watched()
    (folder / "limits.json").write_text('{"low": 40}')
    (note,) = watched.take_notes()

    assert note.digest is not None
    assert digest_now(note, folder=folder) not in {None, note.digest}


def test_a_file_opened_to_be_changed_is_a_write_only_when_it_changed(folder: Path) -> None:
    """`r+` alone says nothing."""

    def change() -> None:
        with open("limits.json", "r+") as file:
            file.write("{}")

    assert touched(change, folder) == [
        ("file", "limits.json", "read"),
        ("file", "limits.json", "write"),
    ]


def test_a_file_outside_of_the_project_is_named_by_its_whole_path(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With forward slashes."""
    outside = tmp_path_factory.mktemp("elsewhere") / "table.csv"
    outside.write_text("1")

    assert touched(outside.read_text, folder) == [("file", outside.as_posix(), "read")]


def test_a_project_behind_a_link_is_one_place(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whichever way its files are named."""
    link = tmp_path_factory.mktemp("links") / "project"
    link.symlink_to(folder)

    def read() -> None:
        (link / "limits.json").read_text()
        (folder / "limits.json").read_text()

    assert touched(read, link) == [("file", "limits.json", "read")]


def test_the_file_of_a_database_is_seen(folder: Path) -> None:
    """One that is there is read; one that is made is written; one in memory is nothing."""
    sqlite3.connect("old.db").executescript("create table t (x)").connection.close()

    def ask() -> None:
        for name in ("old.db", "new.db", ":memory:"):
            sqlite3.connect(name).close()
        sqlite3.connect(f"file:{folder}/old.db?mode=ro", uri=True).close()

    assert touched(ask, folder) == [("file", "new.db", "write"), ("file", "old.db", "read")]


def test_what_belongs_to_python_and_to_us_is_not_listed(folder: Path) -> None:
    """Installed packages, Python, devices, and the project's own folder."""
    (folder / ".blase").mkdir()
    (folder / ".blase" / "index").write_text("1")
    (folder / "local_words.py").write_text("WORDS = 1\n")

    def work() -> None:
        (folder / ".blase" / "index").read_text()
        Path(np.__file__).read_bytes()
        Path(json.__file__).read_bytes()
        Path(observe.__file__).read_bytes()
        Path(os.devnull).read_bytes()
        if Path("/proc/self/stat").exists():
            Path("/proc/self/stat").read_bytes()

    assert touched(work, folder) == []


def test_an_import_inside_the_call_names_the_module_and_a_module_of_ones_own_by_its_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its loading opens is not listed; a file of one's own has a digest."""
    (folder / "observed_words.py").write_text("WORDS = 1\n")
    monkeypatch.syspath_prepend(str(folder))

    watched = Watched(lambda: __import__("observed_words"), folder=folder)
    watched()
    (note,) = watched.take_notes()

    assert (note.kind, note.name) == ("module", "observed_words")
    (folder / "observed_words.py").write_text("WORDS = 2\n")
    assert digest_now(note, folder=folder) != note.digest
    del sys.modules["observed_words"]


def test_a_program_is_named_and_the_line_of_a_shell_by_its_first_word(folder: Path) -> None:
    """A program of the project's own is a file that is read."""
    tool = folder / "tool.sh"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)

    def start() -> None:
        subprocess.run([sys.executable, "-c", ""], check=True)
        subprocess.run(["./tool.sh"], check=True)
        os.system("true --secret=1")

    found = touched(start, folder)
    assert ("program", "true", "read") in found
    assert ("program", "tool.sh", "read") in found
    assert ("file", "tool.sh", "read") in found
    assert not any("secret" in name for _, name, _ in found)


# --- whose doing it is ----------------------------------------------------------------------------


def test_nothing_outside_of_the_call_is_listed(folder: Path) -> None:
    """Neither before nor after."""
    watched = Watched(lambda: None, folder=folder)
    read_limits()
    watched()
    read_limits()

    assert watched.take_notes() == ()


def test_notes_are_taken_once(folder: Path) -> None:
    """What was told is not told again."""
    watched = Watched(read_limits, folder=folder)
    watched()

    assert len(watched.take_notes()) == 1
    assert watched.take_notes() == ()


def test_an_exception_keeps_the_notes_and_stays_what_it_is(folder: Path) -> None:
    """The call failed after it had read."""

    def fail() -> None:
        read_limits()
        raise KeyError("low")

    watched = Watched(fail, folder=folder)
    with pytest.raises(KeyError, match="low"):
        watched()

    assert [each.name for each in watched.take_notes()] == ["limits.json"]


def test_a_call_within_a_call_belongs_to_both(folder: Path) -> None:
    """And what follows it only to the outer one."""
    with observing(folder) as outer:
        with observing(folder) as inner:
            read_limits()
        os.listdir("parts")

    assert [each.name for each in inner.observations()] == ["limits.json"]
    assert [each.name for each in outer.observations()] == ["limits.json", "parts"]


def test_a_thread_that_the_call_starts_is_part_of_it(folder: Path) -> None:
    """A thread, a subclass of one, a raw one, and one that starts another."""

    class Reader(threading.Thread):
        def run(self) -> None:
            Path("limits.json").read_text()

    def deep() -> None:
        inner = threading.Thread(target=lambda: Path("parts/a.csv").read_text())
        inner.start()
        inner.join()

    def work() -> None:
        threads = [Reader(), threading.Thread(target=deep)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert touched(work, folder) == [
        ("file", "limits.json", "read"),
        ("file", "parts/a.csv", "read"),
    ]


def test_a_thread_without_an_object_is_part_of_it(folder: Path) -> None:
    """As `_thread` starts them."""

    def work() -> None:
        done = threading.Event()

        def read() -> None:
            read_limits()
            done.set()

        _thread.start_new_thread(read, ())
        assert done.wait(20)

    assert touched(work, folder) == [("file", "limits.json", "read")]


def test_work_handed_to_a_pool_is_part_of_the_call_and_that_of_others_is_not(
    folder: Path,
) -> None:
    """Whether the pool was there before, or its threads were started by the call."""
    with ThreadPoolExecutor(1) as old, ThreadPoolExecutor(1) as new:
        old.submit(int).result()

        def work() -> None:
            old.submit(Path("limits.json").read_text).result()
            new.submit(Path("parts/a.csv").read_text).result()

        with observing(folder) as observer:
            work()
            other = threading.Thread(target=int)
            other.start()
            other.join()
            import contextvars

            others = contextvars.Context()
            others.run(lambda: new.submit(Path("parts").iterdir).result().__next__())
        found = [each.name for each in observer.observations()]

    assert found == ["limits.json", "parts/a.csv"]


def test_a_thread_that_ran_before_is_not_part_of_it(folder: Path) -> None:
    """Such as the one of a notebook's history."""
    begin, done = threading.Event(), threading.Event()

    def write_history() -> None:
        begin.wait(20)
        Path("history").write_text("1")
        read_limits()
        done.set()

    thread = threading.Thread(target=write_history)
    thread.start()

    def work() -> None:
        begin.set()
        assert done.wait(20)

    assert touched(work, folder) == []
    thread.join()


def test_a_thread_that_outlives_the_call_is_not_listened_to_any_more(folder: Path) -> None:
    """What it does later belongs to nobody."""
    late = threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.Thread(target=lambda: late.wait(20) and read_limits()))
        threads[0].start()

    watched = Watched(work, folder=folder)
    watched()
    late.set()
    threads[0].join()

    assert watched.take_notes() == ()


def test_calls_on_several_threads_keep_their_notes_apart(folder: Path) -> None:
    """Each function has read its own file, whoever ran beside it."""
    for number in range(4):
        (folder / f"{number}.txt").write_text("1")

    def reader(number: int) -> Watched:
        def read() -> None:
            for _ in range(50):
                Path(f"{number}.txt").read_text()

        return Watched(read, folder=folder)

    functions = [reader(number) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(function) for function in functions]:
            done.result()

    names = [[each.name for each in function.take_notes()] for function in functions]
    assert names == [["0.txt"], ["1.txt"], ["2.txt"], ["3.txt"]]


def test_under_dasks_threads_every_call_is_observed(folder: Path) -> None:
    """In either direction: Dask runs the watched function, and the function runs Dask."""
    import dask

    watched = Watched(read_limits, folder=folder)
    dask.compute(*[dask.delayed(watched)() for _ in range(4)], scheduler="threads")
    assert [each.name for each in watched.take_notes()] == ["limits.json"]

    def inside() -> None:
        dask.compute(*[dask.delayed(read_limits)() for _ in range(4)], scheduler="threads")

    found = [name for kind, name, _ in touched(inside, folder) if kind == "file"]
    assert found == ["limits.json"]


def read_in_a_process(watched: Watched, answers: Any) -> None:
    """Call it in another process and send what it noted there."""
    watched()
    answers.put(watched.take_notes())


def test_it_is_observed_in_a_spawned_process_too(folder: Path) -> None:
    """It crosses by its parts and takes its notes over there."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    watched = Watched(Path("limits.json").absolute().read_text, folder=folder, salt="s")
    process = context.Process(target=read_in_a_process, args=(watched, answers))
    process.start()
    notes = answers.get(timeout=60)
    process.join()

    assert [each.name for each in notes] == ["limits.json"]
    assert notes[0].digest == digest_now(notes[0], folder=folder)
    assert watched.take_notes() == ()


def test_a_process_that_the_call_starts_is_named(folder: Path) -> None:
    """What happens in there is not seen, so the reader is told that there is one."""

    def work() -> None:
        process = multiprocessing.get_context("spawn").Process(target=int)
        process.start()
        process.join()

    found = touched(work, folder)
    assert ("program", "a Python process (multiprocessing)", "read") in found


# --- digests --------------------------------------------------------------------------------------


def test_a_digest_is_known_by_the_state_of_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading it again is only needed after a change of size, time or inode."""
    from blase_lab.capture.observe import digests

    note = Observation(kind="file", name="limits.json")
    path = folder / "limits.json"
    os.utime(path, (time.time() - 60, time.time() - 60))
    time.sleep(0.06)  # a file that changed a moment ago is read again
    first = digest_now(note, folder=folder)
    monkeypatch.setattr(digests, "_streamed", lambda _: "read again")

    assert digest_now(note, folder=folder) == first
    os.utime(path, (time.time() - 30, time.time() - 30))
    assert digest_now(note, folder=folder) == "read again"


def test_what_is_gone_has_no_digest(folder: Path) -> None:
    """Neither a file, nor a folder, nor a variable, nor what never has one."""
    asked = [
        Observation(kind="file", name="gone"),
        Observation(kind="folder", name="gone"),
        Observation(kind="variable", name="BLASE_GONE"),
        Observation(kind="module", name="blase_gone"),
        Observation(kind="program", name="true"),
        Observation(kind="socket", name="127.0.0.1:1"),
    ]
    assert {digest_now(each, folder=folder) for each in asked} == {None}


# --- what it costs, and whom it touches -----------------------------------------------------------


def test_nothing_is_changed_for_those_who_are_not_observed(folder: Path) -> None:
    """Afterwards every wrapped thing is itself again, also after nested and failed calls."""
    before = (os.path.exists, Path.exists, type(os.environ), ThreadPoolExecutor.submit)
    finders = list(sys.meta_path)

    def fail() -> None:
        assert type(os.environ) is not before[2]
        raise KeyError

    with observing(folder), pytest.raises(KeyError):
        Watched(fail, folder=folder)()

    assert (os.path.exists, Path.exists, type(os.environ), ThreadPoolExecutor.submit) == before
    assert sys.meta_path == finders


def test_the_hook_does_nothing_when_nothing_is_observed(folder: Path) -> None:
    """Its handlers are not even called."""
    watched = Watched(read_limits, folder=folder)
    watched()
    from blase_lab.capture.observe import hook

    calls: list[str] = []
    original = hook.HANDLERS["open"]
    hook.HANDLERS["open"] = lambda _, args: calls.append(str(args[0]))
    try:
        read_limits()
        assert calls == []
        watched()
        assert calls == ["limits.json"]
    finally:
        hook.HANDLERS["open"] = original


def test_ten_thousands_of_files_do_not_grow_the_notes_without_bound(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound their number is told instead of their names."""
    from blase_lab.capture.observe import notes

    monkeypatch.setattr(notes, "_MOST_NAMES", 3)
    for number in range(5):
        (folder / f"{number}.txt").write_text("1")
    found = touched(lambda: [Path(f"{n}.txt").read_text() for n in range(5)], folder)

    assert [name for _, name, _ in found] == [
        "(2 more, not listed)",
        "0.txt",
        "1.txt",
        "2.txt",
    ]


def test_it_looks_like_the_function_it_watches(folder: Path) -> None:
    """Name, documentation and signature, but nothing of the salt."""
    import inspect

    watched = Watched(read_limits, folder=folder, salt="secret")

    assert vars(watched)["__name__"] == "read_limits"
    assert watched.__doc__ == read_limits.__doc__
    assert inspect.signature(watched) == inspect.signature(read_limits)
    assert "secret" not in repr(watched)


def test_a_thread_that_goes_on_reading_does_not_break_the_call_that_started_it(
    folder: Path,
) -> None:
    """Its notes are taken over while it still adds to them."""
    interval = sys.getswitchinterval()
    stop = threading.Event()

    def read_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            Path(f"absent-{number}").is_file()

    def work() -> None:
        threads.append(threading.Thread(target=read_on))
        threads[-1].start()
        time.sleep(0.03)

    threads: list[threading.Thread] = []
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(10):
            stop.clear()
            Watched(work, folder=folder)()
            stop.set()
            threads[-1].join()
    finally:
        stop.set()
        sys.setswitchinterval(interval)
