"""Columns: pandas values come back as they went in, and equal values have equal digests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from blase_lab.core.errors import WrongShapeError
from blase_lab.data.columns import (
    FLAG,
    FLOAT,
    NOTHING,
    REMOVED,
    TEXT,
    Categories,
    Form,
    blank,
    decode,
    digest_values,
    encode,
    form_of,
    join_forms,
    settled,
)

WHOLE = Form("number", "<i8")


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ([1, 2], WHOLE),
        ([1.5, None], FLOAT),
        (pd.array([1, None], dtype="Int64"), FLOAT),
        (pd.array([1, 2], dtype="Int32"), Form("number", "<i4")),
        (np.array([1, 2], dtype=np.uint8), Form("number", "|u1")),
        (np.array([1, 2], dtype=np.float32), Form("number", "<f4")),
        ([True, False], FLAG),
        ([True, None], FLOAT),
        (pd.array([True, None], dtype="boolean"), FLOAT),
        (["a", None], TEXT),
        (pd.Categorical(["a", "b"]), TEXT),
        (pd.Categorical([None], categories=["a"]), NOTHING),
        ([None, None], NOTHING),
        ([np.nan], NOTHING),
        (pd.Series([Decimal("1.5")], dtype=object), FLOAT),
        (pd.Series([1, None], dtype=object), FLOAT),
        (pd.to_timedelta(["1s"]), FLOAT),
        (pd.to_datetime(["2013-01-01"]), Form("datetime", "<i8")),
        (pd.to_datetime(["2013-01-01"], utc=True), Form("datetime", "<i8", tz="UTC")),
        (pd.Series([pd.Timestamp("2013-01-01").date()]), Form("datetime", "<i8")),
        (np.zeros((2, 3), dtype="f4"), Form("number", "<f4", (3,))),
        (np.zeros((2, 3), dtype=bool), Form("number", "|u1", (3,))),
    ],
)
def test_a_form_follows_from_the_values(values: Any, form: Form) -> None:
    """Missing values make integers and flags numbers; texts are categories."""
    assert form_of(values, name="x") == form


@pytest.mark.parametrize("values", [[1, "a"], [object()], [1 + 2j], np.array([["a"]])])
def test_mixtures_are_refused_not_guessed(values: Any) -> None:
    """The column is named, and how to mend it."""
    with pytest.raises(WrongShapeError, match="`x`") as caught:
        form_of(pd.Series(values) if isinstance(values, list) else values, name="x")
    assert "astype" in caught.value.way_out


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([3, 1, 2]),
        pd.Series([1.5, None, -0.0]),
        pd.Series([True, False]),
        pd.Series(["b", None, "a", "b"]),
        pd.Series([pd.Timestamp("2013-01-01"), pd.NaT]),
        pd.Series([pd.Timestamp("2013-01-01 10:00", tz="UTC"), pd.NaT]),
        pd.Series(pd.to_datetime(["2013-07-01 10:00"], utc=True)).dt.tz_convert("Europe/Oslo"),
    ],
)
def test_values_come_back_as_they_went_in(values: pd.Series[Any]) -> None:
    """Encoding and decoding is a round trip."""
    form = form_of(values, name="x")
    known = Categories() if form.kind == "category" else None
    back = decode(encode(values, form, known), form, known.texts if known else ())
    expected = values.dt.as_unit("ns") if form.kind == "datetime" else values
    pd.testing.assert_series_equal(back, expected, check_dtype=False)


def test_texts_get_codes_in_order_of_first_appearance() -> None:
    """Codes grow over calls and a missing text is -1."""
    known = Categories()
    assert encode(pd.Series(["b", "a", None]), TEXT, known).tolist() == [0, 1, -1]
    assert encode(pd.Series(["c", "a"]), TEXT, known).tolist() == [2, 1]
    assert known.texts == ["b", "a", "c"]
    assert known.bytes > 0


def test_a_large_integer_is_never_rounded_in_silence() -> None:
    """An identifier beyond 2^53 cannot stand among missing values."""
    with pytest.raises(WrongShapeError, match=r"2\^53"):
        encode(pd.Series([2**53 + 1]), FLOAT)


@pytest.mark.parametrize(
    ("one", "two", "joined"),
    [
        (WHOLE, FLOAT, FLOAT),
        (WHOLE, NOTHING, FLOAT),
        (FLAG, NOTHING, FLOAT),
        (FLAG, REMOVED, FLAG),
        (WHOLE, REMOVED, FLOAT),
        (TEXT, REMOVED, TEXT),
        (TEXT, NOTHING, TEXT),
        (FLAG, WHOLE, FLOAT),
        (WHOLE, Form("number", "<i4"), WHOLE),
        (WHOLE, Form("number", "<u8"), FLOAT),
        (WHOLE, Form("number", "|u1"), WHOLE),
        (Form("number", "<f4"), FLOAT, FLOAT),
    ],
)
def test_joining_forms_gives_the_narrowest_for_both(one: Form, two: Form, joined: Form) -> None:
    """The order does not matter."""
    assert join_forms([one, two], name="x") == joined
    assert join_forms([two, one], name="x") == joined


def test_forms_that_cannot_be_joined_are_refused() -> None:
    """Text and numbers, and times with and without a zone, do not mix."""
    time, zoned = Form("datetime", "<i8"), Form("datetime", "<i8", tz="UTC")
    for pair in [(TEXT, WHOLE), (time, zoned), (FLOAT, Form("number", "<f8", (2,)))]:
        with pytest.raises(WrongShapeError, match="`x`"):
            join_forms(pair, name="x")
    oslo = Form("datetime", "<i8", tz="Europe/Oslo")
    assert join_forms([zoned, oslo], name="x") == zoned
    assert settled(join_forms([], name="x")) == FLOAT


def test_blanks_say_that_nothing_is_there() -> None:
    """Removed rows hold NaN, -1, no time or False."""
    assert np.isnan(blank(FLOAT, 1)[0])
    assert blank(TEXT, 1).tolist() == [-1]
    assert blank(FLAG, 1).tolist() == [False]
    assert decode(blank(Form("datetime", "<i8"), 1), Form("datetime", "<i8")).isna().all()


def test_a_digest_is_of_the_texts_and_not_of_their_codes() -> None:
    """Equal texts under other codes have equal digests."""
    one = digest_values(np.array([0, 1, -1], "<i4"), TEXT, ["a", "b"])
    two = digest_values(np.array([1, 0, -1], "<i4"), TEXT, ["b", "a"])
    other = digest_values(np.array([0, 1, -1], "<i4"), TEXT, ["b", "a"])
    assert one == two != other


@pytest.mark.parametrize("unit", ["s", "us"])
@pytest.mark.parametrize("year", [1500, 9999])
def test_a_time_that_nanoseconds_cannot_tell_is_refused(unit: str, year: int) -> None:
    """A far date never wraps round to another one; the error names it and its column."""
    values = [f"{year}-12-31", "2013-01-01", None]
    for tz in (None, "UTC"):
        times = pd.Series(np.array(values, dtype=f"M8[{unit}]"), name="until").dt.tz_localize(tz)
        form = form_of(times, name="until")
        with pytest.raises(WrongShapeError, match=f"{year}-12-31.* in column `until`") as caught:
            encode(times, form)
        assert caught.value.way_out


@pytest.mark.parametrize("dtype", ["Int64", object])
def test_a_large_integer_beside_a_missing_value_is_refused_by_name(dtype: Any) -> None:
    """Nullable integers become floats only where each of them stays what it is."""
    values = pd.Series([2**53 + 1, None], dtype=dtype, name="id")
    with pytest.raises(WrongShapeError, match=f"{2**53 + 1} in column `id`"):
        encode(values, form_of(values, name="id"))
    np.testing.assert_array_equal(encode(pd.Series([7, None], dtype=dtype), FLOAT), [7, np.nan])
