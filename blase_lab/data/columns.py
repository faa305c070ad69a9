"""Columns: pandas values ↔ stored arrays, so that equal values are equal bytes.

number → as it is (integers with missing values → float64 NaN); flag → bool (with missing values →
float64); datetime → int64 nanoseconds UTC (missing = the smallest int64); text → int32 codes in
order of first appearance (missing = -1) beside a list of categories.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from blase_lab.core.errors import WrongShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

Kind = Literal["number", "flag", "category", "datetime", "missing"]

MISSING_TIME = np.iinfo(np.int64).min
MISSING_CODE = -1
EXACT_INTEGERS = 2**53
"""Beyond it a float64 cannot hold every integer."""


@dataclass(frozen=True)
class Form:
    """How the values of one column are stored; `missing` is the kind of a column without any."""

    kind: Kind
    dtype: str
    shape: tuple[int, ...] = ()
    tz: str | None = None


NOTHING = Form("missing", "<f8")
"""A column whose every value is missing."""

REMOVED = Form("missing", "")
"""Rows that a clean step removed: flags stay flags there, unlike with missing values."""

FLOAT = Form("number", "<f8")
TEXT = Form("category", "<i4")
FLAG = Form("flag", "|b1")


@dataclass
class Categories:
    """Texts in order of first appearance, and the code of each."""

    texts: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[str]) -> Categories:
        """Make the table of known texts."""
        known = cls()
        known.extend(values)
        return known

    def extend(self, values: Iterable[str]) -> None:
        """Know these texts too; those known already keep their codes."""
        for value in values:
            if value not in self.codes:
                self.codes[value] = len(self.texts)
                self.texts.append(value)

    @property
    def bytes(self) -> int:
        """About how much memory the table takes."""
        return sum(len(value) + 120 for value in self.texts)


def form_of(values: Any, *, name: str) -> Form:
    """Return the natural form of a Series, array or list.

    Raises:
        WrongShapeError: the values are of a type that no array can hold.
    """
    import pandas as pd

    if getattr(values, "ndim", 1) > 1:
        array = np.asarray(values)
        if array.dtype.kind not in "iufb":
            raise _unfit(name, f"{array.ndim}-dimensional {array.dtype} values")
        dtype = "|u1" if array.dtype.kind == "b" else _number(array.dtype)
        return Form("number", dtype, tuple(array.shape[1:]))
    return _series_form(pd.Series(values), name)


def _series_form(series: pd.Series[Any], name: str) -> Form:
    import pandas as pd

    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(dtype):
        return _text_form(series, name)
    if kind == "M":
        tz = getattr(dtype, "tz", None)
        return Form("datetime", "<i8", tz=None if tz is None else str(tz))
    if pd.api.types.is_bool_dtype(dtype):
        return FLOAT if series.hasnans else FLAG
    if pd.api.types.is_numeric_dtype(dtype):
        return _number_form(series, name)
    return FLOAT if kind == "m" else _text_form(series, name)


def _number_form(series: pd.Series[Any], name: str) -> Form:
    dtype = series.dtype
    plain = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    if plain is None or plain.kind not in "iuf":
        raise _unfit(name, f"{dtype} values")
    if plain.kind == "f" and bool(series.isna().all()):
        return NOTHING
    if plain.kind in "iu" and series.hasnans:
        return FLOAT
    return Form("number", _number(plain))


_FOUND: dict[str, Form] = {
    "string": TEXT,
    "boolean": FLAG,
    "integer": Form("number", "<i8"),
    **dict.fromkeys(["floating", "mixed-integer-float", "decimal", "timedelta"], FLOAT),
}
"""What pandas says of an object column → its form."""


def _text_form(series: pd.Series[Any], name: str) -> Form:
    """Look at what an object column really holds; mixtures are refused, never guessed."""
    import pandas as pd

    if not bool(series.notna().any()):
        return NOTHING
    if isinstance(series.dtype, pd.CategoricalDtype):
        return TEXT
    found = pd.api.types.infer_dtype(series, skipna=True)
    if found in {"datetime", "datetime64", "date"}:
        return _series_form(pd.to_datetime(series), name)
    if found not in _FOUND:
        raise _unfit(name, f"{found} values")
    forms = [_FOUND[found], NOTHING] if series.hasnans else [_FOUND[found]]
    return join_forms(forms, name=name)


def _number(dtype: np.dtype[Any]) -> str:
    return str(dtype.newbyteorder("<").str)


def _unfit(name: str, what: str) -> WrongShapeError:
    return WrongShapeError(
        f"Column `{name}` holds {what}, which no array can hold.",
        way_out="Make them numbers, truth values, times or text, e.g. with `.astype(str)`.",
        column=name,
    )


def settled(form: Form) -> Form:
    """Return the form to store: a column without any value is a number, always missing."""
    return FLOAT if form.kind == "missing" else form


def join_forms(forms: Iterable[Form], *, name: str) -> Form:
    """Return the narrowest form that holds the values of all, whatever their order.

    Raises:
        WrongShapeError: text meets numbers, times meet numbers, or the row shapes differ.
    """
    every = list(forms)
    return reduce(lambda one, two: _join(one, two, name), every) if every else NOTHING


def _join(one: Form, two: Form, name: str) -> Form:
    if one == two:
        return one
    if REMOVED in {one, two}:
        other = two if one == REMOVED else one
        return other if other.kind == "flag" else _join(other, NOTHING, name)
    if "missing" in {one.kind, two.kind}:
        other = two if one.kind == "missing" else one
        whole = other.kind == "flag" or (other.kind == "number" and "f" not in other.dtype)
        return Form("number", "<f8", other.shape) if whole else other
    if one.kind == two.kind == "datetime":
        return _join_times(one, two, name)
    if one.shape != two.shape or not {one.kind, two.kind} <= {"number", "flag"}:
        raise WrongShapeError(
            f"Column `{name}` holds {_words(one)} in some rows and {_words(two)} in others.",
            way_out="Return values of one type for all rows.",
            column=name,
        )
    return Form("number", _join_numbers(one.dtype, two.dtype), one.shape)


def _join_times(one: Form, two: Form, name: str) -> Form:
    if (one.tz is None) != (two.tz is None):
        raise WrongShapeError(
            f"Column `{name}` holds times with a zone in some rows and without in others.",
            way_out="Give all times a zone, e.g. with `pd.to_datetime(…, utc=True)`.",
            column=name,
        )
    return Form("datetime", "<i8", tz="UTC")


def _join_numbers(one: str, two: str) -> str:
    first, second = np.dtype(one), np.dtype(two)
    if first.kind == second.kind:
        return str(max(first, second, key=lambda each: each.itemsize).str)
    is_whole = {first.kind, second.kind} == {"i", "u"} and "<u8" not in {one, two}
    return "<i8" if is_whole else "<f8"


def _words(form: Form) -> str:
    words = {"number": "numbers", "flag": "truth values", "category": "text", "datetime": "times"}
    return words[form.kind] + (f" of row shape {form.shape}" if form.shape else "")


def encode(values: Any, form: Form, known: Categories | None = None) -> np.ndarray[Any, Any]:
    """Return the stored array of some values; `known` grows by texts that are new."""
    import pandas as pd

    if form.shape:
        return np.ascontiguousarray(values, dtype=form.dtype)
    series = pd.Series(values)
    if form.kind == "category":
        assert known is not None
        return _encode_text(series, known)
    if form.kind == "datetime":
        return _encode_times(series, form)
    return _encode_numbers(series, form)


def _encode_text(series: pd.Series[Any], known: Categories) -> np.ndarray[Any, Any]:
    import pandas as pd

    local, uniques = pd.factorize(series)
    texts = [str(value) for value in uniques]
    known.extend(texts)
    table = np.array([*(known.codes[text] for text in texts), MISSING_CODE], dtype="<i4")
    return table[local]


def _encode_times(series: pd.Series[Any], form: Form) -> np.ndarray[Any, Any]:
    import pandas as pd

    times = pd.to_datetime(series, utc=form.tz is not None)
    if form.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    try:
        nanoseconds = times.dt.as_unit("ns")
    except pd.errors.OutOfBoundsDatetime as error:
        lowest, highest = pd.Timestamp.min, pd.Timestamp.max
        value = times[(times < lowest) | (times > highest)].iloc[0]
        raise WrongShapeError(
            f"The time {value}{_in_column(series)} lies outside {lowest:%Y-%m-%d} to "
            f"{highest:%Y-%m-%d}, which nanoseconds can tell.",
            way_out="Make it missing (`pd.NaT`) if it means never, or make the column text.",
            column=None if series.name is None else str(series.name),
            value=str(value),
        ) from error
    return np.ascontiguousarray(nanoseconds.to_numpy(dtype="datetime64[ns]").view("<i8"))


def _encode_numbers(series: pd.Series[Any], form: Form) -> np.ndarray[Any, Any]:
    import pandas as pd

    if getattr(series.dtype, "kind", "O") == "m":
        series = series.dt.total_seconds()
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iufb":
        _check_exact(series, form.dtype)
        return np.ascontiguousarray(series.to_numpy().astype(form.dtype, copy=False))
    if "f" in form.dtype:
        _check_exact(series, form.dtype)
        if series.dtype == object:
            series = series.astype("Float64").astype("float64")
        return pd.to_numeric(series).to_numpy(dtype=form.dtype, na_value=np.nan)
    return series.to_numpy(dtype=form.dtype)


def _check_exact(series: pd.Series[Any], dtype: str) -> None:
    """Refuse a large integer that would silently become another one."""
    if dtype != "<f8":
        return
    largest = _largest(series)
    if largest > EXACT_INTEGERS:
        raise WrongShapeError(
            f"The integer {largest}{_in_column(series)} stands among missing values or fractions, "
            "where only integers up to 2^53 are exact.",
            way_out="Make it text if it is an identifier.",
            column=None if series.name is None else str(series.name),
            largest=largest,
        )


def _largest(series: pd.Series[Any]) -> int:
    """Return the largest absolute value of the integers, missing ones and fractions left out."""
    if series.dtype == object:
        return max((abs(value) for value in series if isinstance(value, int)), default=0)
    if getattr(series.dtype, "kind", "O") not in "iu" or not bool(series.notna().any()):
        return 0
    return max(abs(int(series.min())), abs(int(series.max())))


def _in_column(series: pd.Series[Any]) -> str:
    return "" if series.name is None else f" in column `{series.name}`"


def decode(
    array: np.ndarray[Any, Any], form: Form, categories: Sequence[str] = ()
) -> pd.Series[Any]:
    """Return a stored array as pandas shows it to a step: text as `str`, times as datetime64."""
    import pandas as pd

    if form.kind == "category":
        texts = pd.array(list(categories), dtype="str")
        return pd.Series(texts.take(array, allow_fill=True))
    if form.kind == "datetime":
        times = pd.Series(array.astype("<i8", copy=False).view("datetime64[ns]"))
        return times if form.tz is None else times.dt.tz_localize("UTC").dt.tz_convert(form.tz)
    return pd.Series(array)


def blank(form: Form, rows: int) -> np.ndarray[Any, Any]:
    """Return what stands in rows that a clean step removed: NaN, -1, no time, False or 0."""
    fill: dict[str, Any] = {"category": MISSING_CODE, "datetime": MISSING_TIME}
    value = fill.get(form.kind, np.nan if "f" in form.dtype else 0)
    return np.full((rows, *form.shape), value, dtype=form.dtype)


def digest_values(array: np.ndarray[Any, Any], form: Form, categories: Sequence[str] = ()) -> str:
    """Return a digest of the values, equal whatever codes the texts happen to have."""
    import pandas as pd

    taken = hashlib.sha256(f"{form.kind}|{form.dtype}|{form.shape}|{form.tz}|{len(array)}".encode())
    if form.kind == "category":
        local, uniques = pd.factorize(array, use_na_sentinel=False)
        texts = [None if code < 0 else categories[code] for code in uniques]
        taken.update(repr(texts).encode())
        array = local.astype("<i4")
    taken.update(np.ascontiguousarray(array).tobytes())
    return taken.hexdigest()
