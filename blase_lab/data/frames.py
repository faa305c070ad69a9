"""Columns of Snapshots by name, and frames of their rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import UnknownInputError
from blase_lab.data.columns import Form, decode
from blase_lab.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from blase_lab.core.records import Column, Snapshot

ATTRIBUTE = "blase"
_PLAIN = re.compile(r"[A-Za-z0-9_][\w.@+=-]*", re.ASCII)


def array_path(name: str) -> str:
    """Return the name of a column's array: the column's own, where that can be a path."""
    if _PLAIN.fullmatch(name) and not name.endswith(".") and "=" not in name:
        return name
    return "_=" + re.sub(r"[^A-Za-z0-9_-]", lambda found: f"={ord(found[0]):x}=", name)


@dataclass(frozen=True)
class Place:
    """Where one column lies; it may cross to a worker process."""

    name: str
    data: str
    form: Form
    text_bytes: int = 0
    """Mean length of its texts."""

    @property
    def bytes_per_row(self) -> int:
        """About what one row takes in pandas."""
        size = 1
        for each in self.form.shape:
            size *= each
        return 8 * size + self.text_bytes


def places_of(store: Store, snapshots: Iterable[Snapshot]) -> dict[str, Place]:
    """Return the columns of all Snapshots by name; a later Snapshot wins over an earlier one."""
    found: dict[str, Place] = {}
    for snapshot in snapshots:
        group = store.arrays.open(snapshot.data)
        for column in snapshot.columns:
            facts = _facts(group, column.name)
            texts = facts.get("categories") or []
            mean = sum(map(len, texts)) // len(texts) + 1 if texts else 0
            form = _form(column, facts.get("tz"))
            found[column.name] = Place(column.name, snapshot.data, form, mean)
    return found


def _form(column: Column, tz: str | None) -> Form:
    return Form(column.kind, column.dtype, tuple(column.shape), tz)


def _facts(group: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = group[array_path(name)].attrs.get(ATTRIBUTE, {})
    return found


@lru_cache(maxsize=8)
def store_at(folder: Path) -> Store:
    """Return the store of a folder, opened once a process."""
    return Store.open(folder)


@lru_cache(maxsize=64)
def _group(folder: Path, data: str) -> Any:
    return store_at(folder).arrays.open(data, check=False)


@lru_cache(maxsize=256)
def categories_at(folder: Path, data: str, name: str) -> tuple[str, ...]:
    """Return the texts of a column in order of their codes."""
    return tuple(_facts(_group(folder, data), name).get("categories") or ())


def read_stored(folder: Path, place: Place, rows: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Return the stored rows `rows[0] … rows[1]` of one column."""
    array = _group(folder, place.data)[array_path(place.name)]
    found: np.ndarray[Any, Any] = array[rows[0] : rows[1]]
    return found


def show(folder: Path, place: Place, stored: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Return stored rows as pandas shows them; a row of k numbers becomes k columns."""
    import pandas as pd

    if place.form.shape:
        flat = stored.reshape(len(stored), -1)
        return pd.DataFrame(flat, columns=[f"{place.name}.{k}" for k in range(flat.shape[1])])
    texts = categories_at(folder, place.data, place.name) if place.form.kind == "category" else ()
    return decode(stored, place.form, texts).to_frame(place.name)


def frame_of(
    folder: Path, columns: Mapping[str, tuple[Place, np.ndarray[Any, Any]]], index: Any
) -> pd.DataFrame:
    """Return one frame of stored columns, with the row ids as its index."""
    import pandas as pd

    shown = [show(folder, place, stored) for place, stored in columns.values()]
    frame = pd.concat(shown, axis=1) if shown else pd.DataFrame(index=range(len(index)))
    frame.index = pd.Index(index)
    return frame


def choose(
    places: Mapping[str, Place], wanted: Sequence[str] | None, *, step: str | None = None
) -> dict[str, Place]:
    """Return the columns wanted (by the options of a step), or all.

    Raises:
        UnknownInputError: there is no such column; close names are listed.
    """
    if wanted is None:
        return dict(places)
    for name in wanted:
        if name not in places:
            raise unknown_column(name, places, step=step)
    return {name: places[name] for name in wanted}


def unknown_column(
    name: str, known: Iterable[str], *, step: str | None = None
) -> UnknownInputError:
    """Return the error that names the columns meant perhaps."""
    from difflib import get_close_matches

    names = sorted(str(each) for each in known)
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    meant = " or ".join(f"`{each}`" for each in close)
    way_out = f"Did you mean {meant}?" if close else f"There are: {', '.join(names[:40])}."
    who = f"Step `{step}` asks for" if step else "Asked for is"
    return UnknownInputError(
        f"{who} a column `{name}`, which does not exist.",
        way_out=way_out,
        column=name,
        close=close,
    )


def read_frame(
    store: Store,
    snapshots: Sequence[Snapshot],
    columns: Sequence[str] | None = None,
    *,
    start: int,
    stop: int,
    kept: Snapshot | None = None,
) -> pd.DataFrame:
    """Return the rows `start … stop` of Snapshots on one grid; the index is the row id.

    With `kept`, only rows that cleaning kept.
    """
    import numpy as np

    places = choose(places_of(store, snapshots), columns)
    index = np.arange(start, stop)
    mask = np.ones(stop - start, dtype=bool)
    if kept is not None:
        (flag,) = places_of(store, [kept]).values()
        mask = read_stored(store.folder, flag, (start, stop)).astype(bool)
    found = {
        name: (place, read_stored(store.folder, place, (start, stop))[mask])
        for name, place in places.items()
    }
    return frame_of(store.folder, found, index[mask])
