"""Digests: equal content, equal digest; anything else differs."""

from __future__ import annotations

import datetime as dt
import decimal
import pathlib
import re
import socket
import uuid
from collections import OrderedDict, defaultdict, deque
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from blase_lab.core.digest import (
    RANGE_ROWS,
    Opaque,
    RowsDigest,
    canonical_json,
    digest_rows,
    digest_value,
    merkle,
    sha256_hex,
)
from blase_lab.core.records import Leaf

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
DIFFERENT = [
    None, True, 1, 1.0, 1j, "1", b"1", bytearray(b"1"), (1,), [1], {1}, frozenset({1}), {1: 1},
    0.0, -0.0, float("nan"), ..., NotImplemented, range(3), slice(1, 2), deque([1]),
    OrderedDict([(1, 1)]), OrderedDict([(2, 1), (1, 1)]), OrderedDict([(1, 1), (2, 1)]),
    defaultdict(int, {1: 1}), defaultdict(list, {1: [1]}),
    dt.date(2020, 1, 1),
    dt.datetime(2020, 1, 1),  # noqa: DTZ001 - no zone on purpose
    dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    dt.time(1), dt.timedelta(1), dt.UTC, decimal.Decimal("1.0"), decimal.Decimal("1.00"),
    Fraction(1, 2), uuid.UUID(int=1), pathlib.Path("a"), re.compile("a"),
    re.compile("a", re.IGNORECASE),
    np.int64(1), np.int32(1), np.float64(1), np.dtype("f4"), np.dtype("f8"),
    np.array([1]), np.array([1], "i4"), np.array([[1]]), np.array(["1"]), np.array([1], object),
    np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    np.ma.array([1, 2], mask=[False, True]), np.ma.array([1, 2], mask=[False, False]),
    np.array(["2020"], "M8[D]"), np.array([1], "m8[D]"),
    FRAME, FRAME.rename(columns={"a": "c"}), FRAME.set_index("a"), FRAME["a"],
    FRAME["a"].astype("category"), FRAME["a"].astype("Int64"), FRAME["a"].index,
    pd.Index([1, 2]), pd.MultiIndex.from_tuples([(1, 2)]), pd.Timestamp("2020"), pd.NaT, pd.NA,
    pd.Timedelta("1D"), pd.date_range("2020", periods=2), pd.Period("2020"),
]  # fmt: skip


def test_values_of_other_types_or_contents_have_other_digests() -> None:
    """No two of many look-alikes share a digest."""
    digests = [digest_value(value) for value in DIFFERENT]
    assert len(set(digests)) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"a", "b", "c"}, {"c", "b", "a"}),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.arange(3), np.arange(3).astype(">i8")),
        (np.arange(6)[::2], np.array([0, 2, 4])),
        (FRAME, FRAME.copy()),
        (np.ma.array([1, 2], mask=[False, True]), np.ma.array([1, 9], mask=[False, True])),
    ],
)
def test_equal_content_has_equal_digests(one: object, two: object) -> None:
    """Order of sets, memory layout and masked values do not count."""
    assert digest_value(one) == digest_value(two)


def test_the_order_of_a_dictionary_counts() -> None:
    """Code can depend on it: the first key, the first to match."""
    assert digest_value({1: 2, 3: 4}) == digest_value({1: 2, 3: 4})
    assert digest_value({1: 2, 3: 4}) != digest_value({3: 4, 1: 2})
    one, two = defaultdict(int, {1: 2, 3: 4}), defaultdict(int, {3: 4, 1: 2})
    assert digest_value(one) != digest_value(two)


def test_a_container_that_holds_itself_has_a_digest() -> None:
    """Circles are cut by their depth, never by an address."""
    one: list[object] = [1]
    one.append(one)
    two: list[object] = [1]
    two.append(two)
    assert digest_value(one) == digest_value(two)


def test_what_has_no_content_is_opaque_with_a_reason() -> None:
    """The reason names the type; `other` may answer instead."""
    with socket.socket() as door, pytest.raises(Opaque, match=r"a socket\.socket has no content"):
        digest_value([door])
    assert digest_value([object()], other=lambda _: "known") == digest_value(
        [object()], other=lambda _: "known"
    )


def test_too_deep_nesting_is_opaque() -> None:
    """A value deeper than Python's stack is refused, not crashed on."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Opaque, match="nested too deeply"):
        digest_value(deep)
    while deep:
        deep = deep.pop()  # type: ignore[assignment]


def test_a_default_factory_of_the_user_is_asked_for() -> None:
    """A factory that is code is left to the one who can read code."""
    table: defaultdict[int, object] = defaultdict(lambda: 0)
    with pytest.raises(Opaque):
        digest_value(table)
    assert digest_value(table, other=lambda _: "known")


def test_records_digest_by_their_json() -> None:
    """Our own records are values too, and their JSON has sorted keys."""
    leaf = Leaf(name="n", aspect="code", digest="d")
    assert digest_value(leaf) == digest_value(Leaf(digest="d", aspect="code", name="n"))
    assert canonical_json({"b": 1, "a": 2}) == b'{"a":2,"b":1}'


def test_a_merkle_root_ignores_order_and_keeps_borders() -> None:
    """Names and digests cannot run into each other."""
    assert merkle([("a", "1"), ("b", "2")]) == merkle([("b", "2"), ("a", "1")])
    assert merkle([("ab", "c")]) != merkle([("a", "bc")])
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_rows_have_one_digest_for_every_way_of_cutting_them() -> None:
    """Chunks of any size, in any order, merged from two sides."""
    rows = np.random.default_rng(0).random((3 * RANGE_ROWS + 17, 2))
    whole = digest_rows(rows)
    left, right = (RowsDigest(rows.dtype, (2,)) for _ in range(2))
    borders = [0, 5, 8000, 8192, 8193, 20000, len(rows)]
    pieces = list(pairwise(borders))
    for number, (start, stop) in enumerate(reversed(pieces)):
        (left, right)[number % 2].update(start, rows[start:stop])
    assert left.merge(right).hexdigest() == whole
    assert digest_rows(rows[:-1]) != whole
    assert digest_rows(rows.reshape(-1)) != whole
    assert digest_rows(rows[:0]) == RowsDigest("f8", (2,)).hexdigest()


def test_rows_are_refused_that_are_missing_or_come_twice() -> None:
    """A digest over gaps or doubles would be a lie."""
    rows = np.arange(2 * RANGE_ROWS)
    gap = RowsDigest(rows.dtype)
    gap.update(5, rows[5:])
    with pytest.raises(ValueError, match="missing"):
        gap.hexdigest()
    far = RowsDigest(rows.dtype)
    far.update(RANGE_ROWS, rows[RANGE_ROWS:])
    with pytest.raises(ValueError, match="missing"):
        far.hexdigest()
    twice = RowsDigest(rows.dtype)
    twice.update(0, rows)
    for start, stop in ((0, RANGE_ROWS), (3, 4)):
        with pytest.raises(ValueError, match="twice"):
            twice.update(start, rows[start:stop])
    with pytest.raises(ValueError, match="twice"):
        twice.merge(twice)
    overlap = RowsDigest(rows.dtype)
    overlap.update(0, rows[:5000])
    with pytest.raises(ValueError, match="twice"):
        overlap.update(1, rows[1:5000])


def test_rows_of_another_kind_are_refused() -> None:
    """One digest has one dtype and one row shape, with fixed bytes."""
    with pytest.raises(Opaque):
        RowsDigest(object)
    rows = RowsDigest("f8")
    with pytest.raises(ValueError, match="Rows of int64"):
        rows.update(0, np.arange(3))
    with pytest.raises(ValueError, match="is not"):
        rows.merge(RowsDigest("f4"))
