"""Sources: whatever a source step returns, read as frames of bounded size.

`@reads(".csv", …)` registers what makes a Table of files; `read_source` looks it up. A Table is
read twice: `survey` finds rows and forms (and digests the files while it reads them), then `chunks`
gives the values.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from blase_lab.core.errors import UnreadableSourceError
from blase_lab.data.columns import Form, form_of, join_forms

if TYPE_CHECKING:
    import pandas as pd

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Survey:
    """What one look through all rows found."""

    rows: int
    forms: dict[str, Form]
    text_bytes: dict[str, float] = field(default_factory=dict)
    """Mean length of the texts of a column."""
    digests: dict[str, str] = field(default_factory=dict)
    """Path of a file, as it was given → sha256 of its bytes."""

    def bytes_per_row(self) -> int:
        """Return about what one row takes in memory as pandas holds it."""
        texts = sum(self.text_bytes.get(name, 0.0) + 8 for name in self.text_bytes)
        plain = sum(8 for name in self.forms if name not in self.text_bytes)
        return max(1, int(texts + plain + 0.5))


class Table(ABC):
    """Rows with named columns that can be read again and again, a bounded part at a time."""

    files: tuple[Path, ...] = ()

    def __init__(self) -> None:
        """Know nothing of the rows yet."""
        self._survey: Survey | None = None

    @abstractmethod
    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield all rows in order, at most `rows` at a time."""

    def head(self, rows: int) -> pd.DataFrame:
        """Return at most `rows` of the first rows; their types may be narrower than those of all.

        A table that passes by once is begun by it.
        """
        import pandas as pd

        return next(iter(self.chunks(rows)), pd.DataFrame()).head(rows)

    def survey(self) -> Survey:
        """Return rows, forms and file digests; the first call reads everything once."""
        if self._survey is None:
            self._survey = self.look()
        return self._survey

    def look(self) -> Survey:
        """Read everything once and say what is there."""
        return look_at_frames(self.chunks(65_536), digest_files(self.files))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self.survey().forms)

    @property
    def rows(self) -> int | None:
        """How many rows there are; None before the survey."""
        return None if self._survey is None else self._survey.rows

    @property
    def bytes(self) -> int:
        """How many bytes the files have; 0 without files."""
        return sum(path.stat().st_size for path in self.files)


Reader = Callable[[Sequence[Path]], Table]
_READERS: dict[str, Reader] = {}


def reads(*endings: str) -> Callable[[Reader], Reader]:
    """Register what reads files with these endings."""

    def register(reader: Reader) -> Reader:
        for ending in endings:
            _READERS[ending] = reader
        return reader

    return register


def endings() -> tuple[str, ...]:
    """Return all file endings that can be read, longest first."""
    return tuple(sorted(_READERS, key=lambda ending: (-len(ending), ending)))


def read_source(value: object, *, folder: Path) -> Table:
    """Return the Table that a source step's value means; relative paths start at `folder`.

    Raises:
        UnreadableSourceError: nothing here can read it, or there is no such file.
    """
    import pandas as pd

    if isinstance(value, Table):
        return value
    if isinstance(value, pd.DataFrame):
        return FrameTable(value)
    if isinstance(value, str | Path):
        return _read_place(str(value), folder)
    if isinstance(value, list | tuple) and value:
        return _read_several(value, folder)
    if isinstance(value, Iterator):
        return PassingTable(value)
    raise UnreadableSourceError(
        f"A source step returned {type(value).__name__}, which is no table.",
        way_out="Return a path, a list of paths, a pandas DataFrame or an iterator of DataFrames.",
        type=type(value).__name__,
    )


def _read_several(values: Sequence[object], folder: Path) -> Table:
    """Files of one kind become one Table, so that their columns get one form."""
    import pandas as pd

    if all(isinstance(value, pd.DataFrame) for value in values):
        return PassingTable(iter(values))
    if all(isinstance(value, str | Path) for value in values):
        places = [str(value) for value in values]
        if not any(place.startswith("sqlite:") for place in places):
            return _read_files([path for place in places for path in _paths(place, folder)])
    return JoinedTable([read_source(value, folder=folder) for value in values])


def _read_place(place: str, folder: Path) -> Table:
    if place.startswith("sqlite:"):
        return _READERS["sqlite:"]([Path(place), folder])
    return _read_files(_paths(place, folder))


def _read_files(paths: Sequence[Path]) -> Table:
    found: dict[Reader, list[Path]] = {}
    for path in paths:
        found.setdefault(_reader(path), []).append(path)
    if len(found) == 1:
        reader, files = next(iter(found.items()))
        return reader(files)
    return JoinedTable([_reader(path)([path]) for path in paths])


def _reader(path: Path) -> Reader:
    for ending in endings():
        if path.name.lower().endswith(ending) and ending.startswith("."):
            return _READERS[ending]
    known = ", ".join(ending for ending in endings() if ending.startswith("."))
    raise UnreadableSourceError(
        f"No reader knows the ending of `{path.name}`.",
        way_out=f"Known are {known}; or return an iterator of DataFrames.",
        file=path.name,
    )


def _paths(place: str, folder: Path) -> list[Path]:
    """Return the files that a path, a folder or a glob means, in the order of their names."""
    path = folder / Path(place).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [each for each in sorted(path.iterdir()) if each.name.endswith(endings())]
    else:
        anchor = Path(path.anchor)
        found = sorted(anchor.glob(str(path.relative_to(anchor)))) if _is_glob(place) else []
    if not found:
        raise UnreadableSourceError(
            f"There is no file `{place}`.",
            way_out="Give a path from the project's folder, or an absolute one.",
            place=place,
        )
    return found


def _is_glob(place: str) -> bool:
    return any(sign in place for sign in "*?[")


def digest_files(files: Sequence[Path]) -> dict[str, str]:
    """Return the sha256 of every file, read in small parts."""
    digests = {}
    for path in files:
        with path.open("rb") as opened:
            digests[path.as_posix()] = hashlib.file_digest(opened, "sha256").hexdigest()
    return digests


def arrow_frame(batch: Any) -> pd.DataFrame:
    """Return an Arrow batch as pandas, its integers exact beside missing values too."""
    import pandas as pd
    import pyarrow as pa

    nullable = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    if not any(each.type in nullable and each.null_count for each in batch.columns):
        return cast("pd.DataFrame", batch.to_pandas())
    frame: pd.DataFrame = batch.to_pandas(types_mapper=nullable.get)
    plain = {
        name: dtype.name.lower()
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, pd.Int64Dtype | pd.UInt64Dtype) and not frame[name].hasnans
    }
    return frame.astype(plain) if plain else frame


def look_at_frames(frames: Iterator[pd.DataFrame], digests: dict[str, str]) -> Survey:
    """Return the survey of frames, whose columns must have equal names throughout."""
    rows = 0
    forms: dict[str, Form] = {}
    texts: dict[str, float] = {}
    for frame in frames:
        _check_names(frame, forms, rows)
        for name in frame.columns:
            found = form_of(frame[name], name=name)
            forms[name] = join_forms(
                [forms[name], found] if name in forms else [found], name=str(name)
            )
            if found.kind == "category":
                texts[name] = texts.get(name, 0.0) + float(
                    frame[name].astype("str").str.len().sum()
                )
        rows += len(frame)
    return Survey(
        rows, forms, {name: total / max(rows, 1) for name, total in texts.items()}, digests
    )


def _check_names(frame: pd.DataFrame, forms: dict[str, Form], rows: int) -> None:
    names = list(frame.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise UnreadableSourceError(
            "The columns have names that are no text, or one name twice.",
            way_out="Rename them, e.g. `frame.columns = [...]`.",
            columns=[str(name) for name in names],
        )
    if forms and names != list(forms):
        raise UnreadableSourceError(
            f"From row {rows} on the columns are {names}, before they were {list(forms)}.",
            way_out="Give every part of a source the same columns in the same order.",
        )


class FrameTable(Table):
    """A DataFrame in memory; its index is not kept."""

    def __init__(self, frame: pd.DataFrame) -> None:
        """Hold the frame."""
        super().__init__()
        self._frame = frame

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield slices of the frame."""
        for start in range(0, max(len(self._frame), 1), rows):
            yield self._frame.iloc[start : start + rows].reset_index(drop=True)


class PassingTable(Table):
    """Frames that pass by once: they must be kept somewhere before they can be surveyed."""

    def __init__(self, frames: Iterator[Any]) -> None:
        """Hold the iterator."""
        super().__init__()
        self._frames: Iterator[Any] | None = frames

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the frames, once."""
        if self._frames is None:
            raise UnreadableSourceError(
                "An iterator of DataFrames can be read once, and it was.",
                way_out="Run the source step again.",
            )
        frames, self._frames = self._frames, None
        for frame in frames:
            yield from FrameTable(frame).chunks(rows)


class JoinedTable(Table):
    """Several tables, one after the other."""

    def __init__(self, tables: Sequence[Table]) -> None:
        """Hold the tables."""
        super().__init__()
        self._tables = tables
        self.files = tuple(path for table in tables for path in table.files)

    def head(self, rows: int) -> pd.DataFrame:
        """Return the first rows of the first table."""
        return self._tables[0].head(rows)

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the rows of every table in turn."""
        for table in self._tables:
            yield from table.chunks(rows)


class ChosenTable(Table):
    """Some columns of a table, in the order in which they are named."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        """Hold the table and the names; they are looked for when rows are read."""
        super().__init__()
        self._table = table
        self._columns = list(columns)
        self.files = table.files

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the chosen columns of every part."""
        for frame in self._table.chunks(rows):
            missing = [name for name in self._columns if name not in frame.columns]
            if missing:
                raise UnreadableSourceError(
                    f"The source has no column `{missing[0]}`.",
                    way_out=f"Its columns are {', '.join(map(str, frame.columns))}.",
                    column=missing[0],
                )
            yield frame[self._columns]
