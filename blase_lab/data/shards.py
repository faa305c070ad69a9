"""One task: read a shard and its halo, call the user's function, write the shard."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs

from blase_lab.core.errors import BlaseError, StepFailedError, WrongShapeError
from blase_lab.data.columns import (
    FLAG,
    REMOVED,
    Categories,
    Form,
    blank,
    digest_values,
    encode,
    form_of,
    join_forms,
    settled,
)
from blase_lab.data.frames import Place, frame_of, store_at, unknown_column
from blase_lab.data.halo import ROW, Halo, Reading, open_halo
from blase_lab.data.memo import ColumnPart, Part, take_notes
from blase_lab.data.write import Array, write_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from blase_lab.core.records import StepKind
    from blase_lab.store import Staging

KEPT = "kept"


@dataclass(frozen=True)
class Spec:
    """The forms and texts that a shard is to be written in."""

    forms: dict[str, Form]
    texts: dict[str, list[str]] = field(default_factory=dict)

    def codes(self, name: str, column: ColumnPart) -> tuple[int, ...] | None:
        """Return the codes of a shard's texts; None when some are not known yet."""
        known = {text: code for code, text in enumerate(self.texts.get(name, ()))}
        codes = tuple(known.get(text, -1) for text in column.texts)
        return None if -1 in codes else codes

    def is_met_by(self, part: Part) -> bool:
        """Say whether a shard lies on the disk as this says."""
        return list(part.columns) == list(self.forms) and all(
            column.written == self.forms[name] and column.codes == self.codes(name, column)
            for name, column in part.columns.items()
        )

    def can_hold(self, part: Part) -> bool:
        """Say whether a shard's values can be written as this says."""
        return list(part.columns) == list(self.forms) and all(
            _is_wide_enough(self.forms[name], column.natural, name)
            and self.codes(name, column) is not None
            for name, column in part.columns.items()
        )


def _is_wide_enough(form: Form, natural: Form, name: str) -> bool:
    """Say whether a form holds another; two that cannot meet are told apart when all are known.

    The form of a column without any value so far is a guess that a later shard may overrule.
    """
    try:
        return join_forms([form, natural], name=name) == form
    except WrongShapeError:
        return False


@dataclass(frozen=True)
class Work:
    """All that one task needs; it crosses to worker processes."""

    step: str
    kind: StepKind
    function: Callable[..., Any]
    folder: Path
    places: dict[str, Place]
    kept: Place | None
    start: int
    stop: int
    key: str
    halo: Halo
    spec: Spec | None = None
    staging: Staging | None = None


@dataclass(frozen=True)
class Done:
    """What came of a task: values only when there was no spec to write them by."""

    key: str
    part: Part
    values: dict[str, Any] | None = None


def run_shard(work: Work) -> Done:
    """Return what a shard holds, written where the spec can hold it.

    Raises:
        StepFailedError: the user's function raised.
        UnknownInputError: it asked for a column that does not exist.
        WrongShapeError: it returned another number of rows, or what no array can hold.
    """
    frame, own, mask = _frame(work)
    if mask.any():
        index = frame.index  # before the call: the function may sort or drop in place
        columns = _columns(work, _call(work, frame), index=index, own=own)
    else:
        columns = {name: np.empty((0, *form.shape)) for name, form in _forms(work).items()}
    part = structs.replace(_part(work, columns, mask), notes=take_notes(work.function))
    if work.spec is None or work.staging is None:
        return Done(work.key, part, columns)
    if not work.spec.can_hold(part):
        return Done(work.key, part)
    part = write_part(work.staging, work.spec, part, values=columns, mask=mask)
    return Done(work.key, part)


def _forms(work: Work) -> dict[str, Form]:
    return work.spec.forms if work.spec is not None else {}


def write_part(
    staging: Any, spec: Spec, part: Part, *, values: Mapping[str, Any], mask: Array
) -> Part:
    """Write a shard's values by a spec that can hold them; return the part as written."""
    stored, columns = {}, {}
    for name, column in part.columns.items():
        form = spec.forms[name]
        texts = Categories.of(spec.texts[name]) if name in spec.texts else None
        stored[name] = expand(encode(values[name], form, texts), form, mask)
        columns[name] = ColumnPart(
            natural=column.natural,
            digest=column.digest,
            texts=column.texts,
            codes=spec.codes(name, column) or (),
            written=form,
        )
    write_shard(staging, part.start, stored)
    return structs.replace(part, columns=columns)


def expand(values: Array, form: Form, mask: Array) -> Array:
    """Return all rows of the shard: blanks where cleaning removed one."""
    if mask.all():
        return values
    whole = blank(form, len(mask))
    whole[mask] = values
    return whole


def _frame(work: Work) -> tuple[pd.DataFrame, slice, Array]:
    """Return the frame for the function, which of its rows are the shard's own, and the mask."""
    reading = Reading(work.folder, work.places, work.kept)
    own = reading.rows(work.start, work.stop)
    mask = np.zeros(work.stop - work.start, dtype=bool)
    mask[own[ROW] - work.start] = True
    names = list(work.places)
    store = store_at(work.folder)
    parts = [own]
    before = 0
    if work.halo.before and len(own[ROW]):
        parts.insert(0, open_halo(store, work.halo.before, names))
        before = len(parts[0][ROW])
    if work.halo.after and len(own[ROW]):
        parts.append(open_halo(store, work.halo.after, names))
    rows = {name: np.concatenate([each[name] for each in parts]) for name in [ROW, *names]}
    columns = {name: (place, rows[name]) for name, place in work.places.items()}
    frame = frame_of(work.folder, columns, rows[ROW])
    return frame, slice(before, before + len(own[ROW])), mask


def _call(work: Work, frame: pd.DataFrame) -> Any:
    known = list(frame.columns)
    try:
        return work.function(frame)
    except BlaseError:
        raise
    except Exception as error:
        asked = _unknown(error, known, frame)
        if asked is not None:
            raise unknown_column(asked, known, step=work.step) from error
        line, text = _users_line(error)
        where = f" at `{text}` (line {line})" if text else ""
        raise StepFailedError(
            f"Step `{work.step}` raised {type(error).__name__}: {error}{where}, "
            f"in the rows {work.start} to {work.stop - 1}.",
            way_out="Mend the cell and run it again; rows that are done are kept.",
            step=work.step,
            start=work.start,
            stop=work.stop,
            line=line,
            text=text,
            error=type(error).__name__,
        ) from error


def _unknown(error: Exception, known: Sequence[str], frame: Any) -> str | None:
    """Return the column that the function asked the chunk for in vain."""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        steps = traceback.extract_tb(error.__traceback__)
        if not any("pandas" in step.filename for step in steps):
            return None
        asked = [error.args[0]]
        if "not in index" in asked[0] or "are in the" in asked[0]:
            asked = re.findall(r"'([^']+)'", asked[0])
        return next((name for name in asked if name not in known), None)
    if isinstance(error, AttributeError) and type(error.obj) is type(frame):
        return error.name
    return None


def _users_line(error: Exception) -> tuple[int, str]:
    """Return number and text of the deepest line that is the user's own."""
    libraries = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[1]), "<frozen")
    for step in reversed(traceback.extract_tb(error.__traceback__)):
        if not step.filename.startswith(libraries) and "site-packages" not in step.filename:
            text = linecache.getline(step.filename, step.lineno or 0).strip()
            return step.lineno or 0, text
    return 0, ""


@contextmanager
def _shaped(work: Work) -> Iterator[None]:
    """Name the step in errors about its values."""
    try:
        yield
    except WrongShapeError as error:
        raise WrongShapeError(
            f"Step `{work.step}`, rows {work.start} to {work.stop - 1}: {error.happened}",
            way_out=error.way_out,
            **error.facts,
        ) from error


def _columns(work: Work, result: Any, *, index: pd.Index[Any], own: slice) -> dict[str, Any]:
    """Return the result as columns by name, only the shard's own rows."""
    import pandas as pd

    aligned = _aligned(work, result, index)
    _check_filled(work, aligned)
    if not isinstance(aligned, pd.DataFrame):
        name = KEPT if work.kind == "clean" else work.step
        return {name: aligned[own]}
    if work.kind == "clean":
        raise WrongShapeError(
            f"Step `{work.step}` returned a frame; cleaning is a mask of rows to keep.",
            way_out="Return truth values, e.g. `return chunk.dep_time.notna()`.",
            step=work.step,
        )
    return {f"{work.step}.{name}": aligned[name].iloc[own] for name in aligned.columns}


def _check_filled(work: Work, aligned: Any) -> None:
    """Refuse rows without any value: no array could hold them."""
    if 0 in aligned.shape[1:]:
        raise WrongShapeError(
            f"Step `{work.step}` returned no columns for the rows {work.start} to {work.stop - 1}.",
            way_out="Return at least one column for every chunk.",
            step=work.step,
        )


def _aligned(work: Work, result: Any, index: pd.Index[Any]) -> Any:
    """Return a value per row that the function was given, in the order it was given them."""
    import pandas as pd

    if isinstance(result, list | tuple):
        result = pd.Series(list(result))
    has_length = hasattr(result, "__len__") and not isinstance(result, str | bytes | dict)
    rows = len(result) if has_length and np.ndim(result) > 0 else None
    if rows != len(index):
        got = f"{rows} values" if rows is not None else f"one {type(result).__name__}"
        raise WrongShapeError(
            f"Step `{work.step}` returned {got} for {len(index)} rows "
            f"(rows {work.start} to {work.stop - 1}).",
            way_out="Return one value for each row of the chunk, in its order.",
            step=work.step,
            expected=len(index),
            got=rows,
        )
    is_labelled = isinstance(result, pd.Series | pd.DataFrame)
    if is_labelled and _is_permuted(result.index, index):
        return result.reindex(index)
    return result.array if isinstance(result, pd.Series) else _plain(result)


def _is_permuted(one: Any, two: Any) -> bool:
    """Say whether labels are the same ones in another order: then they name the rows meant."""
    return not one.equals(two) and bool(one.is_unique) and len(two.difference(one)) == 0


def _plain(result: Any) -> Any:
    import pandas as pd

    return result if isinstance(result, pd.DataFrame) else np.asarray(result)


def _part(work: Work, columns: Mapping[str, Any], mask: Array) -> Part:
    """Return what the shard holds, in its own natural forms."""
    parts = {}
    with _shaped(work):
        for name, values in columns.items():
            parts[name] = _column_part(work, name, values, mask=mask)
    kept = columns.get(KEPT) if work.kind == "clean" else None
    removed = 0 if kept is None else len(mask) - int(np.count_nonzero(np.asarray(kept)))
    return Part(start=work.start, stop=work.stop, key=work.key, columns=parts, removed=removed)


def _column_part(work: Work, name: str, values: Any, *, mask: Array) -> ColumnPart:
    natural = form_of(values, name=name) if len(values) else REMOVED
    if work.kind == "clean" and natural != FLAG and len(values):
        raise WrongShapeError(
            f"Cleaning returned {natural.kind} values, not truth values for every row.",
            way_out="Return True where a row is kept, and False elsewhere.",
            step=work.step,
        )
    if not mask.all():
        natural = join_forms([natural, REMOVED], name=name)
    form = settled(natural)
    texts = Categories() if form.kind == "category" else None
    stored = expand(encode(values, form, texts), form, mask)
    known = tuple(texts.texts) if texts else ()
    return ColumnPart(natural=natural, digest=digest_values(stored, form, known), texts=known)
