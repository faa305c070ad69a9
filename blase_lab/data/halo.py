"""Halos: the rows around a shard that its step needs, gathered in bounded memory.

One pass over the shards keeps the last N rows of every group (a second pass, backwards, the next
N). The halo of a shard is kept as a blob of what is stored, so texts are codes there; its digest
covers its row ids and what the codes mean: the memo key of the shard rests on it, and not on all
the rows before.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.digest import merkle
from blase_lab.core.errors import DataError
from blase_lab.data.columns import Form, decode, digest_values
from blase_lab.data.frames import Place, categories_at, read_stored
from blase_lab.data.order import check_sortable, sort_keys
from blase_lab.data.plan import over_budget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from blase_lab.store import Store

Rows = dict[str, np.ndarray[Any, Any]]
"""Stored columns by name; `ROW` holds the row ids, `GROUP` the groups."""

ROW = "\0row"
GROUP = "\0group"
ROW_IDS = Form("number", "<i8")


@dataclass(frozen=True)
class Around:
    """How many rows of which group a step wants around each of its rows."""

    lookback: int = 0
    lookahead: int = 0
    group: Place | None = None
    order: Place | None = None


@dataclass(frozen=True)
class Halo:
    """The rows around one shard: blobs, and how many there are."""

    before: str | None = None
    after: str | None = None
    rows: int = 0
    digests: tuple[str | None, str | None] = (None, None)
    """Of the values before and after: equal whatever codes their texts have."""


@dataclass(frozen=True)
class _Side:
    """One half of a halo: its blob, the digest of its values, and how many rows it has."""

    blob: str | None = None
    digest: str | None = None
    rows: int = 0


@dataclass(frozen=True)
class Reading:
    """What is read of the rows: columns, and the flag of the rows that cleaning kept."""

    folder: Path
    places: Mapping[str, Place]
    kept: Place | None = None

    def rows(self, start: int, stop: int) -> Rows:
        """Return the kept rows from `start` to `stop`, as stored."""
        index = np.arange(start, stop)
        mask = (
            np.ones(stop - start, dtype=bool)
            if self.kept is None
            else read_stored(self.folder, self.kept, (start, stop)).astype(bool)
        )
        found = {
            name: read_stored(self.folder, place, (start, stop))[mask]
            for name, place in self.places.items()
        }
        return {ROW: index[mask], **found}

    def digest(self, rows: Rows) -> str:
        """Return a digest over the ids and the values of some rows, texts as what they say."""
        parts = [(ROW, digest_values(rows[ROW], ROW_IDS))]
        for name, place in self.places.items():
            texts = categories_at(self.folder, place.data, place.name)
            parts.append((name, digest_values(rows[name], place.form, texts)))
        return merkle(parts)


def gather_halos(
    reading: Reading,
    around: Around,
    bounds: Sequence[tuple[int, int]],
    *,
    store: Store,
    budget: int,
) -> list[Halo]:
    """Return the halo of every shard.

    Raises:
        OverBudgetError: the last rows of all groups do not fit in the budget.
        DataError: the rows are not in the order that the step declares.
    """
    if around.order is not None:
        check_order(reading, around.order, bounds)
    before = [_Side()] * len(bounds)
    after = list(before)
    if around.lookback:
        before = list(_pass(reading, around, bounds, store=store, budget=budget))
    if around.lookahead:
        mirrored = Around(lookback=around.lookahead, group=around.group)
        backwards = [(stop, start) for start, stop in reversed(bounds)]
        after = list(_pass(reading, mirrored, backwards, store=store, budget=budget))[::-1]
    return [
        Halo(one.blob, two.blob, one.rows + two.rows, (one.digest, two.digest))
        for one, two in zip(before, after, strict=True)
    ]


def _pass(
    reading: Reading,
    around: Around,
    bounds: Sequence[tuple[int, int]],
    *,
    store: Store,
    budget: int,
) -> Iterable[_Side]:
    """Yield one side of every shard's halo; bounds that fall are read backwards."""
    tail: Rows | None = None
    for one, two in bounds:
        rows = _grouped(reading, around.group, (min(one, two), max(one, two)))
        if one > two:
            rows = {name: values[::-1] for name, values in rows.items()}
        halo = None if tail is None else _of_groups(tail, np.unique(rows[GROUP]))
        yield _Side() if halo is None or not len(halo[ROW]) else _keep(halo, reading, store)
        joined = rows if tail is None else _appended(tail, rows)
        tail = _take(joined, last_of_each(joined[GROUP], around.lookback))
        _check_tail(tail, budget)


def _grouped(reading: Reading, group: Place | None, bounds: tuple[int, int]) -> Rows:
    """Read rows with their group; rows whose group is missing have no halo and are in none."""
    if group is None:
        rows = reading.rows(*bounds)
        return {**rows, GROUP: np.zeros(len(rows[ROW]), dtype=np.int8)}
    wider = Reading(reading.folder, {**reading.places, GROUP: group}, reading.kept)
    rows = wider.rows(*bounds)
    groups = rows[GROUP]
    known = groups >= 0 if group.form.kind == "category" else groups == groups  # noqa: PLR0124 NaN
    return rows if known.all() else _take(rows, known)


def last_of_each(groups: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Return a mask of the rows that are among the last `count` of their group."""
    if not len(groups):
        return np.zeros(0, dtype=bool)
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True)
    ends = np.flatnonzero(is_last)
    place = np.repeat(ends, np.diff(ends, prepend=-1)) - np.arange(len(groups))
    mask = np.zeros(len(groups), dtype=bool)
    mask[order] = place < count
    return mask


def _of_groups(tail: Rows, groups: np.ndarray[Any, Any]) -> Rows:
    return _take(tail, np.isin(tail[GROUP], groups))


def _take(rows: Rows, mask: np.ndarray[Any, Any]) -> Rows:
    return {name: values[mask] for name, values in rows.items()}


def _appended(one: Rows, two: Rows) -> Rows:
    return {name: np.concatenate([one[name], two[name]]) for name in one}


def _check_tail(tail: Rows, budget: int) -> None:
    needed = 2 * sum(values.nbytes for values in tail.values())
    if needed > budget // 2:
        raise over_budget(
            f"Holding {len(tail[ROW]):,} rows for the shards beside theirs",
            needed,
            budget=budget,
            instead="ask for a smaller --lookback or --lookahead, or name fewer --columns",
            parts=2,
        )


def _keep(halo: Rows, reading: Reading, store: Store) -> _Side:
    order = np.argsort(halo[ROW])
    packed = io.BytesIO()
    rows = {name: halo[name][order] for name in [ROW, *reading.places]}
    arrays: dict[str, Any] = {f"a{k}": values for k, values in enumerate(rows.values())}
    np.savez(packed, **arrays)
    return _Side(store.blobs.put(packed.getvalue()), reading.digest(rows), len(order))


def open_halo(store: Store, blob: str, names: Sequence[str]) -> Rows:
    """Return the rows of a halo, in the order of their ids.

    Texts are codes of the very trees that the halo was gathered from: a build opens no other's.
    """
    with np.load(io.BytesIO(store.blobs.get(blob)), allow_pickle=False) as packed:
        return {name: packed[f"a{k}"] for k, name in enumerate([ROW, *names])}


def check_order(reading: Reading, order: Place, bounds: Sequence[tuple[int, int]]) -> None:
    """Return if the rows that cleaning kept rise in a column; missing values come last.

    Raises:
        DataError: they do not, and the first row that falls is named; or no order is in its values.
    """
    check_sortable(order.name, order.form)
    alone = Reading(reading.folder, {order.name: order}, reading.kept)
    last: np.ndarray[Any, Any] | None = None
    for start, stop in bounds:
        rows = alone.rows(start, stop)
        values = sort_keys(decode(rows[order.name], order.form), order.form)
        index = rows[ROW]
        if last is not None:
            values, index = np.append(last, values), np.append(index[:1], index)
        falls = np.flatnonzero(values[1:] < values[:-1])
        if len(falls):
            row = int(index[falls[0] + 1])
            raise DataError(
                f"Row {row} comes before the row ahead of it by `{order.name}`.",
                way_out=f"Sort the source by `{order.name}`, or drop --order.",
                row=row,
                column=order.name,
            )
        last = values[-1:] if len(values) else last
