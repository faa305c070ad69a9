"""Small tables joined to a source while it is ingested: many rows to one, nothing is multiplied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import DataError
from blase_lab.data.columns import (
    NOTHING,
    Categories,
    Form,
    blank,
    decode,
    digest_values,
    encode,
    join_forms,
)
from blase_lab.data.frames import unknown_column
from blase_lab.data.plan import over_budget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from blase_lab.data.source import Table

READ_ROWS = 65_536


@dataclass(frozen=True)
class Join:
    """A small table and the columns that name its one row; all others are taken, or those named.

    Columns whose names the source has already are left out, unless they are named: then the join
    is refused. The Snapshot's facts list what was taken and what was left out.
    """

    table: Table
    on: Sequence[str]
    columns: Sequence[str] | None = None
    name: str = ""
    """The source step that gives the table, for messages and the Snapshot's facts."""

    @property
    def told(self) -> str:
        """The table as messages name it: by its file, or by its step."""
        files = [file.name for file in self.table.files]
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        known = f"{files[0]}{more}" if files else f"`{self.name}`" if self.name else ""
        return f"joined table {known}".rstrip()


class Lookup:
    """A small table in memory, found by its key."""

    def __init__(self, join: Join, known: Mapping[str, Form], budget: int) -> None:
        """Read the table and check that every key names one row.

        Raises:
            DataError: a key stands twice, or keys cannot be compared.
            OverBudgetError: the table is larger than a quarter of the budget.
        """
        survey = join.table.survey()
        self.on = list(join.on)
        self._name, self._told = join.name, join.told
        _check_keys(self.on, known, survey.forms, told=self._told)
        self.digests = survey.digests
        self.files = join.table.files
        self.bytes = survey.rows * survey.bytes_per_row()
        if self.bytes > budget // 4:
            raise over_budget(
                f"The {self._told}",
                self.bytes,
                budget=budget,
                instead="take fewer of its columns with --columns in its source step",
                parts=4,
            )
        self.left_out, taken = _choose(join, known, survey.forms)
        self.forms = {name: join_forms([survey.forms[name], NOTHING], name=name) for name in taken}
        self.texts = {name: Categories() for name in taken}
        self._read(join.table)

    def _read(self, table: Table) -> None:
        """Keep keys as pandas and values as stored arrays."""
        keys, values = [], []
        for frame in table.chunks(READ_ROWS):
            chosen = frame[frame[self.on].notna().all(axis=1)]
            keys.append(_keys(chosen, self.on))
            values.append(
                {
                    name: encode(chosen[name], form, self.texts[name])
                    for name, form in self.forms.items()
                }
            )
        self._index = keys[0].append(keys[1:]) if keys else None
        self._values = {
            name: np.concatenate([each[name] for each in values] + [blank(form, 1)])
            for name, form in self.forms.items()
        }
        self._check_unique()

    def _check_unique(self) -> None:
        if self._index is None or self._index.is_unique:
            return
        twice = self._index[self._index.duplicated()].unique()
        keys = "1 key" if len(twice) == 1 else f"{len(twice):,} keys"
        raise DataError(
            f"The {self._told} has {keys} twice, e.g. {twice[0]!r}.",
            way_out=f"Join on more columns than {self.on}, or drop the duplicates.",
            keys=len(twice),
        )

    def find(self, frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
        """Return the joined columns for the rows of a frame; missing where no key is equal."""
        if self._index is None:
            places = np.full(len(frame), -1)
        else:
            places = self._index.get_indexer(_keys(frame, self.on))
            places[frame[self.on].isna().any(axis=1).to_numpy()] = -1
        return {
            name: decode(self._values[name][places], form, self.texts[name].texts)
            for name, form in self.forms.items()
        }

    def facts(self) -> dict[str, Any]:
        """Return what a Snapshot remembers: what was taken, and what was left out and why."""
        named = {"name": self._name} if self._name else {}
        return {
            **named,
            "on": self.on,
            "taken": list(self.forms),
            "leftOut": self.left_out,
            "inputs": self.digests,
        }

    def digest(self) -> list[list[str]]:
        """Return name and content digest of every joined column."""
        return [
            [name, digest_values(self._values[name], form, self.texts[name].texts)]
            for name, form in self.forms.items()
        ]


def _choose(
    join: Join, known: Mapping[str, Form], forms: Mapping[str, Form]
) -> tuple[list[str], list[str]]:
    """Return the columns left out because the source has their names, and those taken."""
    others = [name for name in forms if name not in join.on]
    if join.columns is None:
        return [name for name in others if name in known], [n for n in others if n not in known]
    for name in join.columns:
        if name not in forms:
            raise unknown_column(name, forms)
        if name in known:
            raise DataError(
                f"Column `{name}` stands in the source and in the {join.told}.",
                way_out="Rename one of them, or do not name it in the join.",
                column=name,
            )
    return [], list(join.columns)


def _check_keys(
    on: Sequence[str], one: Mapping[str, Form], two: Mapping[str, Form], *, told: str
) -> None:
    for name in on:
        for forms in (one, two):
            if name not in forms:
                raise unknown_column(name, forms)
        kinds = (one[name].kind, two[name].kind)
        zones = (one[name].tz is None, two[name].tz is None)
        if kinds[0] != kinds[1] or zones[0] != zones[1]:
            raise DataError(
                f"The key `{name}` is {kinds[0]} in the source and {kinds[1]} in the {told}"
                + (", one with and one without a time zone." if zones[0] != zones[1] else "."),
                way_out="Give both the same type before they are joined.",
                column=name,
            )


def _keys(frame: pd.DataFrame, on: Sequence[str]) -> pd.MultiIndex:
    """Return the key columns, times as nanoseconds UTC so that equal instants are equal."""
    import pandas as pd

    keys = []
    for name in on:
        column = frame[name]
        if getattr(column.dtype, "kind", "O") == "M":
            tz = getattr(column.dtype, "tz", None)
            form = Form("datetime", "<i8", tz=None if tz is None else "UTC")
            column = pd.Series(encode(column, form))
        elif isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype("str")
        keys.append(column.to_numpy())
    return pd.MultiIndex.from_arrays(keys, names=list(on))
