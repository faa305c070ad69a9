"""Readers in C and C++ are seen, and wrapping them changes nothing for their users."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.fs
import pyarrow.ipc
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from blase_lab.capture.observe import Watched, digest_now, observing, readers

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = {"x": [1, 2, 3], "y": [0.5, 1.5, 2.5]}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same table in every form."""
    place = tmp_path_factory.mktemp("tables")
    table = pa.table(ROWS)
    pq.write_table(table, place / "t.parquet")
    (place / "many" / "part").mkdir(parents=True)
    for number in range(2):
        pq.write_table(table, place / "many" / "part" / f"{number}.parquet")
    pyarrow.csv.write_csv(table, place / "t.csv")
    pyarrow.feather.write_feather(table, str(place / "t.feather"))
    pyarrow.orc.write_table(table, place / "t.orc")
    (place / "t.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    with h5py.File(place / "t.h5", "w") as file:
        file["x"] = np.arange(3)
    with pa.ipc.new_file(str(place / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    return place


@pytest.fixture(autouse=True)
def _inside(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tables)


def files_of(function: Callable[[], Any], folder: Path) -> list[tuple[str, str]]:
    """Return the files and folders that one call touches, and how."""
    watched = Watched(function, folder=folder)
    watched()
    notes = watched.take_notes()
    assert all(digest_now(each, folder=folder) == each.digest for each in notes)
    return [(each.name, each.mode) for each in notes if each.kind in {"file", "folder"}]


READERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "pq.read_table": ("t.parquet", lambda: pq.read_table("t.parquet")),
    "pq.read_table of a Path": ("t.parquet", lambda: pq.read_table(Path("t.parquet"))),
    "pq.read_table, mapped": ("t.parquet", lambda: pq.read_table("t.parquet", memory_map=True)),
    "pq.ParquetFile": ("t.parquet", lambda: pq.ParquetFile("t.parquet").read()),
    "pq.read_schema": ("t.parquet", lambda: pq.read_schema("t.parquet")),
    "pq.read_metadata": ("t.parquet", lambda: pq.read_metadata("t.parquet")),
    "ds.dataset": ("t.parquet", lambda: pa.dataset.dataset("t.parquet").to_table()),
    "csv.read_csv": ("t.csv", lambda: pa.csv.read_csv("t.csv")),
    "csv.read_csv by keyword": ("t.csv", lambda: pa.csv.read_csv(input_file="t.csv")),
    "csv.open_csv": ("t.csv", lambda: pa.csv.open_csv("t.csv").read_all()),
    "json.read_json": ("t.jsonl", lambda: pa.json.read_json("t.jsonl")),
    "feather.read_table": ("t.feather", lambda: pa.feather.read_table("t.feather")),
    "feather.read_feather": ("t.feather", lambda: pa.feather.read_feather("t.feather")),
    "orc.ORCFile": ("t.orc", lambda: pa.orc.ORCFile("t.orc").read()),
    "orc.read_table": ("t.orc", lambda: pa.orc.read_table("t.orc")),
    "ipc.open_file": ("t.arrow", lambda: pa.ipc.open_file("t.arrow").read_all()),
    "memory_map": ("t.csv", lambda: pa.memory_map("t.csv").read()),
    "OSFile": ("t.csv", lambda: pa.OSFile("t.csv").read()),
    "input_stream": ("t.csv", lambda: pa.input_stream("t.csv").read()),
    "LocalFileSystem": (
        "t.csv",
        lambda: pa.fs.LocalFileSystem().open_input_file("t.csv").read(),
    ),
    "LocalFileSystem's stream": (
        "t.csv",
        lambda: pa.fs.LocalFileSystem().open_input_stream("t.csv").read(),
    ),
    "a URI": ("t.parquet", lambda: pq.read_table(Path("t.parquet").resolve().as_uri())),
    "pd.read_parquet": ("t.parquet", lambda: pd.read_parquet("t.parquet")),
    "pd.read_feather": ("t.feather", lambda: pd.read_feather("t.feather")),
    "pd.read_orc": ("t.orc", lambda: pd.read_orc("t.orc")),
    "pd.read_csv": ("t.csv", lambda: pd.read_csv("t.csv")),
    "pd.read_csv by pyarrow": ("t.csv", lambda: pd.read_csv("t.csv", engine="pyarrow")),
    "pd.read_json by pyarrow": (
        "t.jsonl",
        lambda: pd.read_json("t.jsonl", lines=True, engine="pyarrow"),
    ),
    "h5py.File": ("t.h5", lambda: h5py.File("t.h5").close()),
    "h5py.File by keyword": ("t.h5", lambda: h5py.File(name="t.h5", mode="r").close()),
}


@pytest.mark.parametrize("name", READERS)
def test_each_reader_in_c_is_seen(name: str, tables: Path) -> None:
    """The file's own name and nothing else."""
    file, reader = READERS[name]
    assert files_of(reader, tables) == [(file, "read")]


@pytest.mark.parametrize(
    "reader",
    [
        lambda: pq.read_table("many"),
        lambda: pa.dataset.dataset("many").to_table(),
        lambda: pd.read_parquet("many"),
    ],
    ids=["pq.read_table", "ds.dataset", "pd.read_parquet"],
)
def test_a_data_set_of_many_files_is_all_of_them_and_their_names(
    reader: Callable[[], Any], tables: Path
) -> None:
    """A file that comes, or that changes, is a change."""
    assert files_of(reader, tables) == [
        ("many/part/0.parquet", "read"),
        ("many/part/1.parquet", "read"),
        ("many", "read"),
        ("many/part", "read"),
    ]


def test_each_writer_in_c_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it wrote is no read when it is read back."""
    monkeypatch.chdir(tmp_path)
    table = pa.table(ROWS)

    def write() -> None:
        pq.write_table(table, "a.parquet")
        pd.DataFrame(ROWS).to_parquet("b.parquet")
        pa.csv.write_csv(table, "c.csv")
        pa.feather.write_feather(table, "d.feather")
        h5py.File("e.h5", "w").close()
        pa.OSFile("f.bin", "wb").close()
        pa.output_stream("g.bin").close()
        pa.fs.LocalFileSystem().open_output_stream("h.bin").close()
        pq.read_table("a.parquet")
        h5py.File("e.h5", "r").close()

    assert files_of(write, tmp_path) == [
        (name, "write")
        for name in (
            *("a.parquet", "b.parquet", "c.csv", "d.feather"),
            *("e.h5", "f.bin", "g.bin", "h.bin"),
        )
    ]


def test_buffers_and_open_files_name_no_path(tables: Path) -> None:
    """What was opened before was seen when it was opened."""
    data = Path("t.parquet").read_bytes()
    with Path("t.parquet").open("rb") as file:
        assert files_of(lambda: (pq.read_table(pa.BufferReader(data)), file.tell()), tables) == []


def test_wrapped_things_are_what_they_were(tables: Path) -> None:
    """Classes stay classes, signatures stay, and all cross process borders by name."""
    before = (pa.csv.read_csv, pa.OSFile, pa.fs.LocalFileSystem, h5py.File)
    with observing(tables):
        assert inspect.signature(pa.csv.read_csv) == inspect.signature(before[0])
        assert pickle.loads(pickle.dumps(pa.csv.read_csv)) is before[0]
        assert pickle.loads(pickle.dumps(h5py.File)) is h5py.File
        with h5py.File("t.h5") as file:
            assert isinstance(file, h5py.File)
            assert type(file) is before[3]
        assert isinstance(pa.OSFile("t.csv"), pa.OSFile)
        assert type(pa.OSFile("t.csv")) is before[1]
        local = pa.fs.LocalFileSystem()
        assert isinstance(local, before[2])
        assert isinstance(before[2](), pa.fs.LocalFileSystem)
        assert pickle.loads(pickle.dumps(local)).equals(before[2]())
        assert pq.read_table("t.parquet", filesystem=local).num_rows == 3
        assert pa.csv.read_csv.__name__ == "read_csv"
    assert (pa.csv.read_csv, pa.OSFile, pa.fs.LocalFileSystem, h5py.File) == before


def test_a_library_that_the_call_imports_first_is_watched_at_once() -> None:
    """In a clean process the libraries come in with the call."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from blase_lab.capture.observe import observing\n"
        "assert 'pyarrow' not in sys.modules and 'h5py' not in sys.modules\n"
        "with observing(Path()) as observer:\n"
        "    import h5py\n"
        "    from pyarrow.parquet import read_table\n"
        "    from pyarrow.csv import read_csv\n"
        "    read_table('t.parquet'); read_csv('t.csv'); h5py.File('t.h5').close()\n"
        "found = observer.observations()\n"
        "print([each.name for each in found if each.kind == 'file'])\n"
        "print([each.name for each in found if each.kind == 'module'])\n"
        "import pickle, pyarrow.csv\n"
        "assert read_csv('t.csv').num_rows == 3\n"
        "assert pickle.loads(pickle.dumps(read_csv)) is pyarrow.csv.read_csv\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    files, modules = done.stdout.splitlines()
    assert files == "['t.csv', 't.h5', 't.parquet']"
    assert modules == "['h5py', 'pyarrow', 'pyarrow.csv', 'pyarrow.parquet']"


def test_a_file_with_a_colon_in_its_name_is_no_address(tmp_path: Path) -> None:
    """`run:1.h5` looks like the scheme of one."""
    with h5py.File(tmp_path / "run:1.h5", "w") as file:
        file["x"] = 1

    def read() -> Any:
        with h5py.File("run:1.h5") as file:
            return file["x"][()]

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert files_of(read, tmp_path) == [("run:1.h5", "read")]


def test_an_import_in_another_thread_never_misses_a_finder(tmp_path: Path) -> None:
    """It may be halfway through the finders when the last observation ends."""
    (tmp_path / "found_meanwhile.py").write_text("VALUE = 1\n")

    class Ending:
        """Another thread ends the observation while Python goes through its finders."""

        def find_spec(self, *_: object) -> None:
            """Find nothing."""
            readers.leave()

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        finders = sys.meta_path
        place = finders.index(PathFinder)
        patch.setattr(sys, "meta_path", [*finders[:place], Ending(), *finders[place:]])
        readers.watch()
        patch.delitem(sys.modules, "found_meanwhile", raising=False)

        import found_meanwhile  # type: ignore[import-not-found]

    assert found_meanwhile.VALUE == 1
