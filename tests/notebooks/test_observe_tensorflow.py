"""What TensorFlow reads in C++ is seen, and so is what it draws."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.capture.observe import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two text files."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("1,2\n3,4\n")
    return tmp_path


def touched(function: Callable[[], Any], folder: Path) -> list[tuple[str, str, str]]:
    """Return what one call touches, but for what its imports ask of the environment."""
    watched = Watched(function, folder=folder)
    watched()
    notes = watched.take_notes()
    return [
        (each.kind, each.name, each.mode)
        for each in notes
        if each.kind not in {"variable", "module"}
    ]


def _tf() -> Any:
    import tensorflow as tf

    return tf


def _gfile() -> None:
    with _tf().io.gfile.GFile("a.txt") as file:
        file.read()


READERS: dict[str, Callable[[], Any]] = {
    "gfile.GFile": _gfile,
    "io.read_file": lambda: _tf().io.read_file("a.txt"),
    "io.read_file of a tensor": lambda: _tf().io.read_file(_tf().constant("a.txt")),
    "TextLineDataset": lambda: list(_tf().data.TextLineDataset("a.txt")),
    "TextLineDataset of a list": lambda: list(_tf().data.TextLineDataset(["a.txt"])),
    "FixedLengthRecordDataset": lambda: list(_tf().data.FixedLengthRecordDataset("a.txt", 4)),
    "TFRecordDataset": lambda: _tf().data.TFRecordDataset(filenames=["a.txt"]),
    "CsvDataset": lambda: list(_tf().data.experimental.CsvDataset(["a.txt"], [0, 0])),
}


@pytest.mark.parametrize("name", READERS)
def test_each_reader_of_tensorflow_is_seen(name: str, folder: Path) -> None:
    """One file was read, and this one."""
    assert touched(READERS[name], folder) == [("file", "a.txt", "read")]


def test_listing_and_looking_through_gfile_is_seen(folder: Path) -> None:
    """Folders by their names, and what is looked for in vain."""
    gfile = _tf().io.gfile

    assert touched(lambda: gfile.listdir("."), folder) == [("folder", ".", "read")]
    assert touched(lambda: gfile.glob("*.txt"), folder) == [("folder", ".", "read")]
    assert touched(lambda: list(_tf().data.Dataset.list_files("*.txt", shuffle=False)), folder) == [
        ("folder", ".", "read")
    ]
    assert touched(lambda: gfile.exists("absent"), folder) == [("file", "absent", "read")]


def test_writing_through_gfile_is_seen(folder: Path) -> None:
    """Writing and copying."""

    def write() -> None:
        with _tf().io.gfile.GFile("new.txt", "w") as file:
            file.write("1")
        _tf().io.gfile.copy("a.txt", "copy.txt")
        _tf().io.write_file("whole.txt", "1")
        with _tf().io.TFRecordWriter("records") as writer:
            writer.write(b"1")

    assert touched(write, folder) == [
        ("file", "a.txt", "read"),
        ("file", "copy.txt", "write"),
        ("file", "new.txt", "write"),
        ("file", "records", "write"),
        ("file", "whole.txt", "write"),
    ]


def test_a_file_that_only_a_graph_knows_is_said_to_be_unknown(folder: Path) -> None:
    """Its name comes into being in C++."""
    names = ["a.txt", "b.txt"]

    def read() -> None:
        tf = _tf()
        list(tf.data.Dataset.from_tensor_slices(names).map(tf.io.read_file))

    (found,) = touched(read, folder)
    assert found == ("file", "(a file that is named only inside a TensorFlow graph)", "read")


def test_another_machine_is_refused_where_the_project_is_offline(folder: Path) -> None:
    """TensorFlow's own connections are not seen, but the address that it is given is."""
    from blase_lab.core.errors import OfflineError

    watched = Watched(
        lambda: _tf().io.gfile.GFile("gs://bucket/x").read(), folder=folder, offline=True
    )
    with pytest.raises(OfflineError):
        watched()


def _seeded() -> None:
    _tf().random.set_seed(3)
    _tf().random.normal((2,))


@pytest.mark.parametrize(
    ("draw", "names"),
    [
        (lambda: _tf().random.normal((2,)), ["tensorflow"]),
        (lambda: _tf().random.shuffle([1, 2, 3]), ["tensorflow"]),
        (lambda: _tf().random.get_global_generator().normal((2,)), ["tensorflow"]),
        (lambda: _tf().random.normal((2,), seed=3), []),
        (lambda: _tf().random.stateless_normal((2,), seed=(1, 2)), []),
        (_seeded, []),
    ],
    ids=["normal", "shuffle", "global generator", "own seed", "stateless", "seeded before"],
)
def test_unseeded_draws_of_tensorflow_are_listed(
    draw: Callable[[], Any], names: list[str], folder: Path
) -> None:
    """By its op seeds and its global generator."""
    found = [(kind, name) for kind, name, _ in touched(draw, folder)]
    assert found == [("random", name) for name in names]


def test_tensorflow_is_itself_again_afterwards(folder: Path) -> None:
    """And usable in a graph while it is watched."""
    tf = _tf()
    before = (tf.io.read_file, tf.io.gfile.listdir, tf.random.set_seed, tf.io.TFRecordWriter)

    @tf.function  # type: ignore[untyped-decorator]
    def length(name: Any) -> Any:
        return tf.strings.length(tf.io.read_file(name))

    found: list[int] = []
    touched(lambda: found.append(int(length("a.txt"))), folder)
    assert found == [8]
    assert int(length("b.txt")) == 8
    assert before == (
        tf.io.read_file,
        tf.io.gfile.listdir,
        tf.random.set_seed,
        tf.io.TFRecordWriter,
    )
    assert "tensorflow" in sys.modules
