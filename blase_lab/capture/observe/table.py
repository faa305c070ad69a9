"""The readers that no audit event tells of, as data: measured one by one, not guessed.

NumPy needs no row: `load`, `loadtxt`, `genfromtxt`, `fromfile`, `memmap` and `tofile` go through
Python's own `open`. The same holds for pandas where it opens the file itself (CSV, Feather, ORC,
pickle); its Parquet and its `engine="pyarrow"` go through the rows of pyarrow.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Action = Literal[
    "read",
    "write",
    "mode",
    "names",
    "probe",
    "pattern",
    "move",
    "process",
    "seed",
    "unseeded",
    "drawn",
]


class Row(NamedTuple):
    """A callable of a library, and where it is told what to touch."""

    module: str
    name: str
    """The attribute's path in the module; a class's method is wrapped in the class itself."""
    place: int
    keyword: str
    action: Action = "read"


_ARROW = (
    Row("pyarrow", "memory_map", 0, "path", "mode"),
    Row("pyarrow", "create_memory_map", 0, "path", "write"),
    Row("pyarrow", "input_stream", 0, "source"),
    Row("pyarrow", "output_stream", 0, "source", "write"),
    Row("pyarrow", "OSFile", 0, "path", "mode"),
    Row("pyarrow.csv", "read_csv", 0, "input_file"),
    Row("pyarrow.csv", "open_csv", 0, "input_file"),
    Row("pyarrow.csv", "write_csv", 1, "output_file", "write"),
    Row("pyarrow.csv", "CSVWriter", 0, "sink", "write"),
    Row("pyarrow.json", "read_json", 0, "input_file"),
    Row("pyarrow.json", "open_json", 0, "input_file"),
    Row("pyarrow.feather", "read_table", 0, "source"),
    Row("pyarrow.feather", "read_feather", 0, "source"),
    Row("pyarrow.feather", "write_feather", 1, "dest", "write"),
    Row("pyarrow.orc", "read_table", 0, "source"),
    Row("pyarrow.orc", "ORCFile.__init__", 1, "source"),
    Row("pyarrow.orc", "ORCWriter.__init__", 1, "where", "write"),
    Row("pyarrow.parquet.core", "ParquetDataset.__init__", 1, "path_or_paths"),
    Row("pyarrow.parquet.core", "ParquetFile.__init__", 1, "source"),
    Row("pyarrow.parquet.core", "ParquetWriter.__init__", 1, "where", "write"),
    Row("pyarrow.parquet", "read_schema", 0, "where"),
    Row("pyarrow.parquet", "read_metadata", 0, "where"),
    Row("pyarrow.ipc", "RecordBatchFileReader.__init__", 1, "source"),
    Row("pyarrow.ipc", "RecordBatchStreamReader.__init__", 1, "source"),
    Row("pyarrow.ipc", "RecordBatchFileWriter.__init__", 1, "sink", "write"),
    Row("pyarrow.ipc", "RecordBatchStreamWriter.__init__", 1, "sink", "write"),
    Row("pyarrow.dataset", "dataset", 0, "source"),
    Row("pyarrow.dataset", "parquet_dataset", 0, "metadata_path"),
    Row("pyarrow.dataset", "write_dataset", 1, "base_dir", "write"),
    Row("pyarrow.fs", "LocalFileSystem.open_input_file", 1, "path"),
    Row("pyarrow.fs", "LocalFileSystem.open_input_stream", 1, "path"),
    Row("pyarrow.fs", "LocalFileSystem.open_output_stream", 1, "path", "write"),
    Row("pyarrow.fs", "LocalFileSystem.open_append_stream", 1, "path", "write"),
)
_HDF5 = (Row("h5py._hl.files", "File.__init__", 1, "name", "mode"),)
_GFILE = "tensorflow._api.v2.io.gfile"
_TENSORFLOW = (
    Row("tensorflow.python.lib.io.file_io", "FileIO.__init__", 1, "name", "mode"),
    Row("tensorflow.python.lib.io.file_io", "list_directory_v2", 0, "path", "names"),
    Row(_GFILE, "listdir", 0, "path", "names"),
    Row(_GFILE, "glob", 0, "pattern", "pattern"),
    Row(_GFILE, "exists", 0, "path", "probe"),
    Row(_GFILE, "copy", 0, "src", "move"),
    Row(_GFILE, "rename", 0, "src", "move"),
    Row(_GFILE, "remove", 0, "path", "write"),
    Row("tensorflow._api.v2.io", "read_file", 0, "filename"),
    Row("tensorflow._api.v2.io", "write_file", 0, "filename", "write"),
    Row("tensorflow._api.v2.io", "matching_files", 0, "pattern", "pattern"),
    Row("tensorflow._api.v2.io", "TFRecordWriter", 0, "path", "write"),
    Row("tensorflow._api.v2.saved_model", "load", 0, "export_dir"),
    Row("tensorflow.python.data.ops.readers", "TextLineDatasetV2.__init__", 1, "filenames"),
    Row("tensorflow.python.data.ops.readers", "TFRecordDatasetV2.__init__", 1, "filenames"),
    Row(
        "tensorflow.python.data.ops.readers",
        "FixedLengthRecordDatasetV2.__init__",
        1,
        "filenames",
    ),
    Row("tensorflow.python.data.experimental.ops.readers", "CsvDatasetV2.__init__", 1, "filenames"),
    Row("tensorflow.python.data.ops.dataset_ops", "DatasetV2.load", 0, "path"),
    Row(
        "tensorflow.python.data.ops.dataset_ops",
        "DatasetV2.list_files",
        0,
        "file_pattern",
        "pattern",
    ),
)
_POLARS = tuple(
    Row("polars", f"{verb}_{form}", 0, "source")
    for form in ("csv", "parquet", "ipc", "ndjson")
    for verb in ("read", "scan")
)
_RANDOM = (
    Row("random", "seed", 0, "a", "seed"),
    Row("random", "setstate", 0, "state", "seed"),
    Row("numpy.random", "seed", 0, "seed", "seed"),
    Row("numpy.random", "set_state", 0, "state", "seed"),
    Row("numpy.random", "default_rng", 0, "seed", "unseeded"),
    Row("tensorflow.python.framework.random_seed", "get_seed", 0, "op_seed", "drawn"),
    Row("tensorflow.python.framework.random_seed", "set_seed", 0, "seed", "seed"),
    Row("tensorflow._api.v2.random", "set_seed", 0, "seed", "seed"),
    Row("tensorflow._api.v2.random", "get_global_generator", 0, "", "drawn"),
)
_PYTHON = (
    Row("os.path", "exists", 0, "path", "probe"),
    Row("os.path", "isfile", 0, "path", "probe"),
    Row("os.path", "isdir", 0, "s", "probe"),
    Row("pathlib", "Path.exists", 0, "self", "probe"),
    Row("pathlib", "Path.is_file", 0, "self", "probe"),
    Row("pathlib", "Path.is_dir", 0, "self", "probe"),
    Row("multiprocessing.process", "BaseProcess.start", 0, "self", "process"),
)

TABLE: tuple[Row, ...] = (*_ARROW, *_HDF5, *_TENSORFLOW, *_POLARS, *_RANDOM, *_PYTHON)
MODULES: frozenset[str] = frozenset(row.module for row in TABLE)
