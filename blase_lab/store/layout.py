"""How an array lies on the disk: sharded along rows, crc32c on every chunk, no chunk left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import msgspec

from blase_lab.core.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    import zarr

_NO_ROWS = "Give an array at least one axis, and `shard_rows` as a multiple of `chunk_rows`."


class Layout(TypedDict):
    """What an array is made of; rows are the first axis."""

    shape: tuple[int, ...]
    dtype: Any
    chunk_rows: int
    shard_rows: int
    compress: NotRequired[bool]
    attributes: NotRequired[dict[str, Any] | None]


def zarr_options(layout: Layout) -> dict[str, Any]:
    """Return what Zarr's `create_array` is given; StoreError for an impossible grid."""
    from zarr.codecs import BytesCodec, Crc32cCodec, ZstdCodec

    shape = tuple(int(size) for size in layout["shape"])
    chunk, shard = int(layout["chunk_rows"]), int(layout["shard_rows"])
    if not shape or chunk < 1 or shard % chunk:
        raise StoreError(
            f"Rows cannot be cut into chunks of {chunk} and shards of {shard} (shape {shape}).",
            way_out=_NO_ROWS,
        )
    rest = tuple(max(size, 1) for size in shape[1:])
    squeeze = [ZstdCodec(level=3)] if layout.get("compress", True) else []
    return {
        "shape": shape,
        "dtype": layout["dtype"],
        "chunks": (chunk, *rest),
        "shards": (shard, *rest),
        "filters": [],
        "serializer": BytesCodec(endian="little"),
        "compressors": [*squeeze, Crc32cCodec()],
        "attributes": layout.get("attributes") or {},
    }


def every_chunk(array: zarr.Array[Any]) -> zarr.Array[Any]:
    """Return the array as it must be written: chunks of zeros are kept for raw readers."""
    return array.with_config({"write_empty_chunks": True, "order": "C"})


def metadata_of(folder: Path) -> dict[str, Any]:
    """Return the `zarr.json` of the array or group in the folder."""
    found: dict[str, Any] = msgspec.json.decode((folder / "zarr.json").read_bytes())
    return found


def planned_metadata(options: dict[str, Any]) -> dict[str, Any]:
    """Return the `zarr.json` that Zarr would write for these options."""
    import zarr
    from zarr.storage import MemoryStore

    array = zarr.create_array(MemoryStore(), **options)
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(array.metadata.to_dict()))
    return found


def has_same_shards(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether a shard file of one array means the same rows in the other."""
    return _shard_facts(one) == _shard_facts(other)


def _shard_facts(metadata: dict[str, Any]) -> dict[str, Any]:
    kept = ("data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs")
    return {name: metadata.get(name) for name in kept} | {"rest": metadata["shape"][1:]}


def shard_rows(metadata: dict[str, Any]) -> int:
    """Return how many rows a shard file of the array holds."""
    return int(metadata["chunk_grid"]["configuration"]["chunk_shape"][0])


def rows_in_shard(metadata: dict[str, Any], index: int) -> int:
    """Return how many of the array's rows lie in one shard; 0 or less when there is none."""
    size = shard_rows(metadata)
    return min(size, int(metadata["shape"][0]) - index * size)


def shard_file(metadata: dict[str, Any], index: int) -> str:
    """Return the file of a shard relative to its array, in the default chunk key encoding."""
    return "/".join(["c", str(index), *("0" for _ in metadata["shape"][1:])])


def expected_files(metadata: dict[str, Any]) -> int:
    """Return how many shard files a complete array has."""
    shard = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    return math.prod(math.ceil(n / m) for n, m in zip(metadata["shape"], shard, strict=True))


def is_checksummed(metadata: dict[str, Any]) -> bool:
    """Say whether every chunk of the array ends in a crc32c."""
    codecs = metadata.get("codecs", [])
    if len(codecs) != 1 or codecs[0].get("name") != "sharding_indexed":
        return False
    inner = codecs[0]["configuration"]
    both = (inner["codecs"], inner["index_codecs"])
    return all(chain[-1].get("name") == "crc32c" for chain in both)
