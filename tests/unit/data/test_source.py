"""Sources: every kind is read alike, in parts, and named when it cannot be read."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from blase_lab.core.errors import UnreadableSourceError, WrongShapeError
from blase_lab.data import Table, read_source
from blase_lab.data.columns import Form, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "id,delay,carrier,ok,at,code\n1,2.5,AA,true,2013-01-01T10:00:00Z,x\n2,NA,,false,,7\n"


def whole(table: Table, rows: int = 10) -> pd.DataFrame:
    """Return all chunks as one frame."""
    chunks = list(table.chunks(rows))
    return pd.concat(chunks, ignore_index=True)


def write_frame(folder: Path) -> pd.DataFrame:
    """Write one small frame in every format that can hold it."""
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 1.5], "c": ["x", "y", None]})
    frame.to_csv(folder / "f.csv", index=False)
    frame.to_csv(folder / "f.tsv", index=False, sep="\t")
    (folder / "f.csv.gz").write_bytes(gzip.compress((folder / "f.csv").read_bytes()))
    with zipfile.ZipFile(folder / "f.csv.zip", "w") as packed:
        packed.write(folder / "f.csv", "f.csv")
    frame.to_parquet(folder / "f.parquet")
    connection = sqlite3.connect(folder / "f.db")
    frame.to_sql("f", connection, index=False)
    connection.close()
    return frame


@pytest.mark.parametrize(
    "place",
    ["f.csv", "f.tsv", "f.csv.gz", "f.csv.zip", "f.parquet", "sqlite:///f.db?table=f"],
)
def test_every_format_gives_the_same_rows_and_forms(tmp_path: Path, place: str) -> None:
    """What a table holds does not depend on how it was stored."""
    frame = write_frame(tmp_path)
    table = read_source(place, folder=tmp_path)
    survey = table.survey()
    assert survey.rows == table.rows == 3
    assert table.columns == ("a", "b", "c")
    assert {name: form.kind for name, form in survey.forms.items()} == {
        "a": "number",
        "b": "number",
        "c": "category",
    }
    assert table.bytes > 0
    read = whole(table, 2).astype({"c": "str"})
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)


def test_an_absolute_sqlite_path_is_read(tmp_path: Path) -> None:
    """Four slashes name an absolute file."""
    write_frame(tmp_path)
    table = read_source(f"sqlite:///{tmp_path}/f.db?table=f", folder=Path("/"))
    assert table.survey().rows == 3


def test_text_columns_get_the_narrowest_type_that_fits_all_rows(tmp_path: Path) -> None:
    """Types follow from every row of the file, not from its first ones."""
    (tmp_path / "f.csv").write_text(TEXT)
    forms = read_source(tmp_path / "f.csv", folder=tmp_path).survey().forms
    assert forms == {
        "id": Form("number", "<i8"),
        "delay": Form("number", "<f8"),
        "carrier": Form("category", "<i4"),
        "ok": Form("flag", "|b1"),
        "at": Form("datetime", "<i8", tz="UTC"),
        "code": Form("category", "<i4"),
    }


def test_a_type_that_breaks_late_in_a_long_file_is_seen(tmp_path: Path) -> None:
    """A word after a hundred thousand numbers makes the column text from its first row."""
    lines = "\n".join(str(k) for k in range(300_000))
    (tmp_path / "f.csv").write_text(f"a\n{lines}\nword\n")
    table = read_source("f.csv", folder=tmp_path)
    assert table.survey().forms["a"].kind == "category"
    assert whole(table)["a"].iloc[[0, -1]].tolist() == ["0", "word"]


def test_the_digest_is_that_of_the_files_bytes(tmp_path: Path) -> None:
    """The survey digests each file while it reads it."""
    write_frame(tmp_path)
    for name in ["f.csv", "f.csv.gz", "f.csv.zip", "f.parquet"]:
        digests = read_source(name, folder=tmp_path).survey().digests
        file = tmp_path / name
        assert digests == {file.as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()}


@pytest.mark.parametrize("ending", ["csv", "csv.zip", "parquet"])
def test_files_of_one_name_in_two_folders_have_a_digest_each(tmp_path: Path, ending: str) -> None:
    """A file is known by its path: `2013/f.csv` does not stand for `2012/f.csv`."""
    for year in ("2012", "2013"):
        (tmp_path / year).mkdir()
        write_frame(tmp_path / year)
    table = read_source([f"2012/f.{ending}", f"2013/f.{ending}"], folder=tmp_path)
    paths = {(tmp_path / year / f"f.{ending}").as_posix() for year in ("2012", "2013")}
    assert set(table.survey().digests) == paths
    assert len(whole(table)) == 6


def test_a_list_and_a_glob_are_one_table_in_their_order(tmp_path: Path) -> None:
    """Several files are read one after the other, with one type a column."""
    (tmp_path / "p1.csv").write_text("a\n1\n2\n")
    (tmp_path / "p2.csv").write_text("a\nx\n")
    for value in ["p*.csv", ["p1.csv", "p2.csv"], [tmp_path / "p1.csv", "p2.csv"], "."]:
        table = read_source(value, folder=tmp_path)
        assert whole(table)["a"].tolist() == ["1", "2", "x"]


def test_files_of_two_formats_are_joined(tmp_path: Path) -> None:
    """A list may mix formats whose columns are equal."""
    write_frame(tmp_path)
    table = read_source(["f.csv", "f.parquet"], folder=tmp_path)
    assert table.survey().rows == 6


def test_frames_and_iterators_of_frames_are_tables(tmp_path: Path) -> None:
    """A frame can be read again; an iterator passes once and says so."""
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=[7, 8, 9])
    assert whole(read_source(frame, folder=tmp_path), 2)["a"].tolist() == [1, 2, 3]

    def parts() -> Iterator[pd.DataFrame]:
        yield frame
        yield frame

    passing = read_source(parts(), folder=tmp_path)
    assert len(whole(passing)) == 6
    with pytest.raises(UnreadableSourceError, match="read once"):
        whole(passing)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "int"),
        ("none.csv", "no file `none.csv`"),
        ("f.xyz", "`f.xyz`"),
        ("sqlite:///none.db?table=x", "SQLite"),
        ("sqlite:///f.db?table=none", "`none`"),
        ("bad.parquet", "bad.parquet"),
        ("two.csv.zip", "2 files"),
        ("twice.csv", "a name twice"),
        ("wide.csv", "wide.csv"),
        (["f.csv", "other.csv"], "other.csv"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_way_out(
    tmp_path: Path, value: object, said: str
) -> None:
    """The error names the file and says what to do."""
    write_frame(tmp_path)
    (tmp_path / "f.xyz").write_text("?")
    (tmp_path / "bad.parquet").write_text("?")
    (tmp_path / "twice.csv").write_text("a,a\n1,2\n")
    (tmp_path / "wide.csv").write_text("a\n1,2\n")
    (tmp_path / "other.csv").write_text("z\n1\n")
    with zipfile.ZipFile(tmp_path / "two.csv.zip", "w") as packed:
        packed.writestr("a.csv", "a\n1\n")
        packed.writestr("b.csv", "a\n1\n")
    with pytest.raises(UnreadableSourceError, match=said) as caught:
        whole(read_source(value, folder=tmp_path))
    assert caught.value.way_out


def test_a_file_that_changes_between_the_readings_is_refused(tmp_path: Path) -> None:
    """Rows of two states of a file never mix in one Snapshot."""
    (tmp_path / "f.csv").write_text("a\n1\n")
    table = read_source("f.csv", folder=tmp_path)
    table.survey()
    (tmp_path / "f.csv").write_text("a\n2\n")
    with pytest.raises(UnreadableSourceError, match="changed"):
        whole(table)


@pytest.mark.parametrize("names", [["a", "a"], [1, 2]])
def test_frames_need_distinct_text_names(tmp_path: Path, names: list[object]) -> None:
    """Columns are named once, by text."""
    frame = pd.DataFrame([[1, 2]])
    frame.columns = pd.Index(names)
    with pytest.raises(UnreadableSourceError, match="names"):
        read_source(frame, folder=tmp_path).survey()


def write_numbers(folder: Path, values: list[Any]) -> None:
    """Write one column `n` of integers, some missing, in every format."""
    lines = "".join(f"{'' if value is None else value},x\n" for value in values)
    (folder / "n.csv").write_text("n,c\n" + lines)
    frame = pd.DataFrame({"n": pd.array(values, dtype="Int64"), "c": "x"})
    parquet.write_table(
        pa.table({"n": pa.array(values, pa.int64()), "c": ["x"] * len(values)}),
        folder / "n.parquet",
    )
    with closing(sqlite3.connect(folder / "n.db")) as connection:
        frame.to_sql("n", connection, index=False)


def stored(table: Table, form: Form, rows: int) -> np.ndarray[Any, Any]:
    """Return column `n` as it is stored, encoded so many rows at a time."""
    return np.concatenate([encode(frame["n"], form) for frame in table.chunks(rows)])


PLACES = ["n.csv", "n.parquet", "sqlite:///n.db?table=n"]


@pytest.mark.parametrize("place", PLACES)
def test_a_large_integer_beside_a_missing_value_reaches_the_guard(
    tmp_path: Path, place: str
) -> None:
    """No reader rounds an identifier before `encode` can refuse it by name."""
    write_numbers(tmp_path, [1, None, 2**53 + 1, 4])
    table = read_source(place, folder=tmp_path)
    form = table.survey().forms["n"]
    for rows in (1, 2, 10):
        with pytest.raises(WrongShapeError, match=f"{2**53 + 1} in column `n`"):
            stored(table, form, rows)


@pytest.mark.parametrize("place", PLACES)
def test_small_integers_beside_missing_values_are_floats(tmp_path: Path, place: str) -> None:
    """Where a float holds every integer the column is stored as floats, NaN where it is missing."""
    write_numbers(tmp_path, [1, None, 2**53, 4])
    table = read_source(place, folder=tmp_path)
    form = table.survey().forms["n"]
    assert form == Form("number", "<f8")
    np.testing.assert_array_equal(stored(table, form, 1), [1, np.nan, 2**53, 4])


def test_a_large_integer_beside_a_fraction_in_sqlite_is_refused(tmp_path: Path) -> None:
    """SQLite lets a column mix both: the integer is not rounded there either."""
    with closing(sqlite3.connect(tmp_path / "n.db")) as connection:
        connection.execute("CREATE TABLE n (n)")
        connection.execute("INSERT INTO n VALUES (?), (0.5)", [2**53 + 1])
        connection.commit()
    table = read_source("sqlite:///n.db?table=n", folder=tmp_path)
    with pytest.raises(WrongShapeError, match=f"{2**53 + 1} in column `n`"):
        encode(next(table.chunks(10))["n"], table.survey().forms["n"])
