"""Variables as bytes and as digests: by order, normalised path, type, shape and content."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import ResumeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Array = np.ndarray[Any, Any]

_NUMBERED = re.compile(r"_\d+(?=[_/]|$)")
_OWN = 1
"""`dtype.isbuiltin` of the types that NumPy itself can store."""


def normal_path(path: str) -> str:
    """Return the path without the numbers that Keras counts up within a process."""
    return _NUMBERED.sub("", path)


def named_arrays(variables: Sequence[Any]) -> dict[str, Array]:
    """Return the present values of Keras variables by order and normalised path."""
    return {
        f"{place:05d}/{normal_path(str(variable.path))}": np.asarray(variable.numpy())
        for place, variable in enumerate(variables)
    }


def digest_arrays(arrays: Mapping[str, Array]) -> str:
    """Return one sha256 over name, dtype, shape and little-endian bytes of each, in order."""
    state = hashlib.sha256()
    for name, array in arrays.items():
        head = f"{name}\0{array.dtype.name}\0{list(array.shape)}\0"
        state.update(head.encode())
        state.update(_little_endian(array).tobytes())
    return state.hexdigest()


def digest_variables(variables: Sequence[Any]) -> str:
    """Return the digest of Keras variables as they are now."""
    return digest_arrays(named_arrays(variables))


def pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return an `.npz` without dates: equal arrays give equal bytes."""
    stream = io.BytesIO()
    stored: dict[str, Any] = {name: _storable(array) for name, array in arrays.items()}
    np.savez(stream, **stored)
    return stream.getvalue()


def unpack_arrays(data: bytes) -> dict[str, Array]:
    """Return the arrays of an `.npz`, in order; pickled objects are refused."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def assign_arrays(variables: Sequence[Any], arrays: Mapping[str, Array]) -> None:
    """Give every variable its stored value; ResumeError where the two sides do not match."""
    for variable, (name, array) in _pairs(variables, arrays):
        own = np.asarray(variable.numpy())
        expected = f"{normal_path(str(variable.path))}"
        values = array if own.dtype.isbuiltin == _OWN else _as_type(array, own)
        if name.partition("/")[2] != expected or values.shape != own.shape:
            raise _other_model(
                f"The model has `{expected}` of shape {list(own.shape)} where the checkpoint has "
                f"`{name.partition('/')[2]}` of shape {list(values.shape)}."
            )
        variable.assign(values)


def _pairs(
    variables: Sequence[Any], arrays: Mapping[str, Array]
) -> Iterable[tuple[Any, tuple[str, Array]]]:
    if len(variables) != len(arrays):
        raise _other_model(
            f"The model has {len(variables)} variables and the checkpoint {len(arrays)}."
        )
    return zip(variables, arrays.items(), strict=True)


def _other_model(happened: str) -> ResumeError:
    return ResumeError(
        happened, way_out="Capture the model step as it was, or train again from the start."
    )


def _little_endian(array: Array) -> Array:
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))


def _storable(array: Array) -> Array:
    """Return the array, or its bytes where NumPy does not know the type (bfloat16, float8)."""
    if array.dtype.isbuiltin == _OWN:
        return array
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), dtype=np.uint8)


def _as_type(array: Array, own: Array) -> Array:
    if array.nbytes != own.nbytes:
        raise _other_model(f"{own.nbytes} bytes were expected and {array.nbytes} are stored.")
    return np.frombuffer(array.tobytes(), dtype=own.dtype).reshape(own.shape)
