"""Zarr as we use it: writes go through `store/atomic.py`, a wrong checksum is a DamagedError."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blase_lab.store import atomic
from blase_lab.store.names import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    import zarr
    from zarr.abc.store import Store
    from zarr.core.buffer import Buffer


class _AtomicWrites:
    """Mixed into Zarr's LocalStore: a key's bytes are durable before it has its name."""

    root: Path

    def _write(self, key: str, value: Buffer) -> None:
        atomic.write_bytes(self.root / key, memoryview(value.to_bytes()))

    async def set(self, key: str, value: Buffer) -> None:
        """Return when the value is safe on the disk."""
        import asyncio

        await asyncio.to_thread(self._write, key, value)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Return when the value is safe, unless the key was there."""
        if not (self.root / key).exists():
            await self.set(key, value)

    def set_sync(self, key: str, value: Buffer) -> None:
        """Return when the value is safe on the disk."""
        self._write(key, value)

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border as the folder it stands for."""
        return (writable_store, (self.root,))


@cache
def _writable_class() -> type[Any]:
    from zarr.storage import LocalStore

    return type("AtomicStore", (_AtomicWrites, LocalStore), {})


def writable_store(folder: Path) -> Store:
    """Return a Zarr store on the folder whose every write is atomic and durable."""
    store: Store = _writable_class()(Path(folder))
    return store


@contextmanager
def _naming(array: Any) -> Iterator[None]:
    """Turn what Zarr raises on damaged bytes into a DamagedError that names the array."""
    try:
        yield
    except (ValueError, RuntimeError, OSError, TypeError) as error:
        if isinstance(error, OSError) or "checksum" in str(error).lower():
            raise damaged(_path(array), f"{error}") from error
        raise


def _path(array: Any) -> Path:
    root: Path = array.store.root
    return root / str(array.path)


class _CheckedReads:
    """Mixed into Zarr's Array: every way to read rows names damage."""

    def get_basic_selection(self, *given: Any, **named: Any) -> Any:
        """Read by slices; DamagedError when a checksum is wrong."""
        with _naming(self):
            return super().get_basic_selection(*given, **named)  # type: ignore[misc]

    def get_orthogonal_selection(self, *given: Any, **named: Any) -> Any:
        """Read by one index array an axis; DamagedError when a checksum is wrong."""
        with _naming(self):
            return super().get_orthogonal_selection(*given, **named)  # type: ignore[misc]

    def get_coordinate_selection(self, *given: Any, **named: Any) -> Any:
        """Read single cells; DamagedError when a checksum is wrong."""
        with _naming(self):
            return super().get_coordinate_selection(*given, **named)  # type: ignore[misc]

    def get_mask_selection(self, *given: Any, **named: Any) -> Any:
        """Read where a mask is true; DamagedError when a checksum is wrong."""
        with _naming(self):
            return super().get_mask_selection(*given, **named)  # type: ignore[misc]

    def get_block_selection(self, *given: Any, **named: Any) -> Any:
        """Read whole chunks; DamagedError when a checksum is wrong."""
        with _naming(self):
            return super().get_block_selection(*given, **named)  # type: ignore[misc]

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border as the folder and the path it stands for."""
        return (read_array, (Path(self.store.root), self.path))  # type: ignore[attr-defined]


class _CheckedMembers:
    """Mixed into Zarr's Group: its arrays and groups are checked ones."""

    def __getitem__(self, path: str) -> Any:
        """Return the checked array or group of this name."""
        return _checked(super().__getitem__(path))  # type: ignore[misc]

    def arrays(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the checked array of each."""
        for name, array in super().arrays():  # type: ignore[misc]
            yield name, _checked(array)

    def groups(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the checked group of each."""
        for name, group in super().groups():  # type: ignore[misc]
            yield name, _checked(group)

    def members(self, *given: Any, **named: Any) -> tuple[tuple[str, Any], ...]:
        """Return the name and the checked array or group of each."""
        found = super().members(*given, **named)  # type: ignore[misc]
        return tuple((name, _checked(one)) for name, one in found)

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border as the folder and the path it stands for."""
        return (read_group, (Path(self.store.root), self.path))  # type: ignore[attr-defined]


@cache
def _classes() -> tuple[type[Any], type[Any]]:
    import zarr

    array = type("CheckedArray", (_CheckedReads, zarr.Array), {})
    group = type("CheckedGroup", (_CheckedMembers, zarr.Group), {})
    return array, group


def _checked(node: Any) -> Any:
    import zarr

    array, group = _classes()
    if isinstance(node, zarr.Array):
        return array(node.async_array)
    return group(node._async_group)  # noqa: SLF001 the only way to Zarr's own group


def read_group(folder: Path, path: str = "") -> zarr.Group:
    """Return the Zarr group in the folder, read-only; reading damaged rows is a DamagedError."""
    import zarr
    from zarr.storage import LocalStore

    store = LocalStore(folder, read_only=True)
    plain = zarr.open_group(store, path=path, mode="r", zarr_format=3, use_consolidated=False)
    group: zarr.Group = _checked(plain)
    return group


def read_array(folder: Path, path: str) -> Any:
    """Return one Zarr array below the folder, read-only and checked."""
    return read_group(folder)[path]
