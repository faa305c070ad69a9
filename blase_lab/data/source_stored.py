"""Parquet files and SQLite tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from blase_lab.core.errors import UnreadableSourceError
from blase_lab.data.source import Table, arrow_frame, reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd


@reads(".parquet", ".pq")
class ParquetTable(Table):
    """Parquet files with equal columns, one after the other."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Hold the paths."""
        super().__init__()
        self.files = tuple(files)

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the row batches of every file."""
        for path in self.files:
            yield from _read_parquet(path, rows)


def _read_parquet(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as opened:
            for batch in opened.iter_batches(batch_size=rows):
                yield arrow_frame(batch).reset_index(drop=True)
    except pa.ArrowInvalid as error:
        raise UnreadableSourceError(
            f"`{path.name}` is no Parquet file: {error}.",
            way_out="Write the file again, or name another one.",
            file=path.name,
        ) from error


@reads("sqlite:")
def read_sqlite(place_and_folder: Sequence[Path]) -> Table:
    """Return the Table that `sqlite:///file.db?table=name` means, seen from a folder."""
    place, folder = place_and_folder
    # `Path` folds `///` to one slash: a relative path has one slash here, an absolute one too.
    text, _, query = str(place).removeprefix("sqlite:").partition("?")
    named = parse_qs(query).get("table", [""])[0]
    absolute = Path(text)
    relative = folder / text.lstrip("/")
    file = relative if relative.is_file() else absolute
    if not file.is_file() or not named:
        raise UnreadableSourceError(
            f"`{place}` names no SQLite file and table.",
            way_out="Write `sqlite:///flights.db?table=flights`.",
            place=str(place),
        )
    return SqliteTable(file, named)


class SqliteTable(Table):
    """One table of a SQLite file, in the order of its rowid, opened read-only."""

    def __init__(self, file: Path, name: str) -> None:
        """Hold the file's path and the table's name."""
        super().__init__()
        self.files = (file,)
        self._name = name

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the rows as the table gives them."""
        address = f"{self.files[0].absolute().as_uri()}?mode=ro"
        quoted = '"' + self._name.replace('"', '""') + '"'
        try:
            with closing(sqlite3.connect(address, uri=True)) as opened:
                cursor = opened.execute(f"SELECT * FROM {quoted}")  # noqa: S608 (quoted above)
                names = [column[0] for column in cursor.description]
                while values := cursor.fetchmany(rows):
                    yield _exact_frame(values, names)
        except sqlite3.Error as error:
            raise UnreadableSourceError(
                f"Table `{self._name}` of `{self.files[0].name}` cannot be read: {error}.",
                way_out="Look at the file with `sqlite3`, and name a table that it holds.",
                file=self.files[0].name,
            ) from error


def _exact_frame(rows: list[tuple[Any, ...]], names: list[str]) -> pd.DataFrame:
    """Return rows as pandas; integers beside missing values or fractions are not yet rounded."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=names)
    for place, name in enumerate(names):
        if frame[name].dtype != "float64":
            continue
        values = [row[place] for row in rows]
        found = {type(value) for value in values if value is not None}
        if found == {int}:
            frame[name] = pd.Series(values, dtype="Int64")
        elif int in found:
            frame[name] = pd.Series(values, dtype=object)
    return frame
