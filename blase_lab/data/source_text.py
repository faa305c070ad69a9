"""CSV and TSV, plain, gzipped or zipped, streamed by Arrow and digested while read."""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import UnreadableSourceError
from blase_lab.data.columns import NOTHING, TEXT, Form
from blase_lab.data.source import Survey, Table, arrow_frame, digest_files, reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

BLOCK_BYTES = 1 << 20
"""Rows longer than this cannot be read."""

FORMS: dict[str, Form] = {
    "int": Form("number", "<i8"),
    "float": Form("number", "<f8"),
    "flag": Form("flag", "|b1"),
    "time": Form("datetime", "<i8"),
    "zoned": Form("datetime", "<i8", tz="UTC"),
    "text": TEXT,
}
"""What a column of text can be, the narrowest first."""


class HashingFile(io.RawIOBase):
    """A file that digests its bytes while somebody reads them."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        super().__init__()
        self._file = path.open("rb")
        self._taken = hashlib.sha256()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, and remember them."""
        data = self._file.read(size)
        self._taken.update(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def hexdigest(self) -> str:
        """Return the sha256 of the whole file: what nobody read yet is read now."""
        while self.read(BLOCK_BYTES):
            pass
        return self._taken.hexdigest()


@reads(".csv", ".csv.gz", ".csv.zip")
def read_commas(files: Sequence[Path]) -> Table:
    """Return the Table of files with commas."""
    return TextTable(files, ",")


@reads(".tsv", ".tsv.gz", ".tsv.zip")
def read_tabs(files: Sequence[Path]) -> Table:
    """Return the Table of files with tabs."""
    return TextTable(files, "\t")


class TextTable(Table):
    """Rows of text in one or more files with a header line each."""

    def __init__(self, files: Sequence[Path], delimiter: str) -> None:
        """Hold the paths."""
        super().__init__()
        self.files = tuple(files)
        self._delimiter = delimiter
        self._whole: frozenset[str] = frozenset()

    def look(self) -> Survey:
        """Read all as text once: which types fit every value of a column?"""
        from pyarrow import compute

        rows = 0
        fitting: dict[str, list[str]] = {}
        texts: dict[str, int] = {}
        missing: dict[str, int] = {}
        digests: dict[str, str] = {}
        for path in self.files:
            for batch in self._batches(path, None, digests):
                self._check_header(path, batch.schema.names, fitting)
                rows += batch.num_rows
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    fitting[name] = _still_fitting(fitting[name], column)
                    missing[name] = missing.get(name, 0) + column.null_count
                    size = compute.sum(compute.binary_length(column)).as_py() or 0
                    texts[name] = texts.get(name, 0) + size
        forms = {name: _form(kinds, missing.get(name, 0), rows) for name, kinds in fitting.items()}
        self._whole = frozenset(name for name, kinds in fitting.items() if kinds[0] == "int")
        means = {
            name: texts.get(name, 0) / max(rows, 1)
            for name, form in forms.items()
            if form.kind == "category"
        }
        return Survey(rows, forms, means, digests)

    def head(self, rows: int) -> pd.DataFrame:
        """Return the first rows by the types that fit them, without a look at the rest."""
        import pandas as pd
        import pyarrow as pa

        batch = next(self._batches(self.files[0], None, {}), None)
        if batch is None:
            return pd.DataFrame()
        fitting = {name: list(FORMS) for name in batch.schema.names}
        first = batch.slice(0, rows)
        columns = {}
        for name, column in zip(first.schema.names, first.columns, strict=True):
            kinds = _still_fitting(fitting[name], column)
            form = _form(kinds, column.null_count, first.num_rows)
            columns[name] = column.cast(_arrow_types({name: form})[name])
        return arrow_frame(pa.RecordBatch.from_pydict(columns))

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yield the rows with the types that the survey found."""
        survey = self.survey()
        # Whole numbers beside missing ones are read as such: as floats, large ones would be others.
        whole = {name: FORMS["int"] for name in self._whole if survey.forms[name] != NOTHING}
        types = _arrow_types({**survey.forms, **whole})
        digests: dict[str, str] = {}
        for path in self.files:
            for batch in self._batches(path, types, digests):
                for start in range(0, batch.num_rows, rows):
                    yield arrow_frame(batch.slice(start, rows))
        if digests != survey.digests:
            raise UnreadableSourceError(
                "A file changed while it was read.",
                way_out="Wait until whatever writes it is done, then build again.",
                files=[path.name for path in self.files],
            )

    def _check_header(self, path: Path, names: list[str], fitting: dict[str, list[str]]) -> None:
        if not fitting:
            fitting.update({name: list(FORMS) for name in names})
        if list(fitting) != names or len(set(names)) != len(names):
            raise UnreadableSourceError(
                f"`{path.name}` has the columns {names}, expected were {list(fitting)}, each once.",
                way_out="Give every file the same header line, without a name twice.",
                file=path.name,
            )

    def _batches(
        self, path: Path, types: dict[str, Any] | None, digests: dict[str, str]
    ) -> Iterator[Any]:
        """Yield Arrow batches of a file; its digest is known when the last one is read."""
        import pyarrow as pa
        from pyarrow import csv

        try:
            with _opened(path, digests) as stream:
                names = _header(path, self._delimiter) if types is None else list(types)
                reader = csv.open_csv(
                    stream,
                    read_options=csv.ReadOptions(block_size=BLOCK_BYTES),
                    parse_options=csv.ParseOptions(
                        delimiter=self._delimiter, newlines_in_values=True
                    ),
                    convert_options=csv.ConvertOptions(
                        strings_can_be_null=True,
                        column_types=types or dict.fromkeys(names, pa.string()),
                        timestamp_parsers=[csv.ISO8601],
                    ),
                )
                yield from reader
        except pa.ArrowInvalid as error:
            raise UnreadableSourceError(
                f"`{path.name}` cannot be read: {error}.",
                way_out="Mend the file, or return an iterator of DataFrames that reads it.",
                file=path.name,
            ) from error


def _header(path: Path, delimiter: str) -> list[str]:
    """Return the names in the first line, so that every column can be asked for as text."""
    import csv

    with _opened(path, {}, whole=False) as stream:
        head = stream.read(BLOCK_BYTES)
    lines = bytes(head).decode("utf-8-sig", errors="replace").splitlines()
    return next(csv.reader(lines[:1], delimiter=delimiter), [])


@contextmanager
def _opened(path: Path, digests: dict[str, str], *, whole: bool = True) -> Iterator[Any]:
    """Open a file for Arrow, unpacked, and note its digest at the end."""
    import pyarrow as pa

    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as packed, packed.open(_member(packed, path)) as member:
            yield pa.PythonFile(member, mode="r")
        digests.update(digest_files([path]) if whole else {})
        return
    with HashingFile(path) as hashing:
        stream = pa.PythonFile(hashing, mode="r")
        if path.suffix.lower() == ".gz":
            stream = pa.CompressedInputStream(stream, "gzip")
        yield stream
        if whole:
            digests[path.as_posix()] = hashing.hexdigest()


def _member(packed: zipfile.ZipFile, path: Path) -> str:
    names = [name for name in packed.namelist() if not name.endswith("/")]
    names = [name for name in names if not name.startswith("__MACOSX")]
    if len(names) != 1:
        raise UnreadableSourceError(
            f"`{path.name}` holds {len(names)} files; exactly one is expected.",
            way_out="Unpack it and return the paths of the files wanted.",
            file=path.name,
        )
    return names[0]


def _still_fitting(kinds: list[str], column: Any) -> list[str]:
    """Return the kinds that fit all values so far, of which only the narrowest is ever tried.

    The first value decides the ladder: int → float → text, flag → text, time → text.
    """
    if column.null_count == len(column):
        return kinds
    while not _fits(column, kinds[0]):
        kinds = kinds[1:]
    return _LADDERS[kinds[0]]


_LADDERS: dict[str, list[str]] = {
    "int": ["int", "float", "text"],
    "float": ["float", "text"],
    "flag": ["flag", "text"],
    "time": ["time", "text"],
    "zoned": ["zoned", "text"],
    "text": ["text"],
}


def _fits(column: Any, kind: str) -> bool:
    from pyarrow import ArrowInvalid, compute

    if kind == "text":
        return True
    try:
        compute.cast(column, _arrow_type(FORMS[kind]))
    except ArrowInvalid:
        return False
    return True


def _form(kinds: list[str], missing: int, rows: int) -> Form:
    if missing == rows:
        return NOTHING
    form = FORMS[kinds[0]]
    is_whole = form.kind == "flag" or (form.dtype == "<i8" and form.kind == "number")
    return FORMS["float"] if is_whole and missing else form


def _arrow_types(forms: dict[str, Form]) -> dict[str, Any]:
    return {name: _arrow_type(form) for name, form in forms.items()}


def _arrow_type(form: Form) -> Any:
    import pyarrow as pa

    if form.kind == "category":
        return pa.string()
    if form.kind == "datetime":
        return pa.timestamp("ns", tz=form.tz)
    if form.kind == "flag":
        return pa.bool_()
    return pa.int64() if form.dtype == "<i8" else pa.float64()
