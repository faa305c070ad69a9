"""Two texts beside one another: which line meets which, and which words of it changed."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT_LINES = 3
_ALIKE = 0.4
"""Lines less alike than this are shown as one that went and one that came."""
_MOST_CELLS = 4_000
"""Blocks with more pairs of lines than this are paired in order."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

Mark = Literal["same", "changed", "removed", "added", "gap"]


@dataclass(frozen=True)
class Span:
    """A stretch of one line."""

    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class Side:
    """One line of one text."""

    number: int
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True)
class Row:
    """What stands on one height: a line of each text, or of one alone; a gap has neither."""

    mark: Mark
    left: Side | None = None
    right: Side | None = None


def rows_of(before: str, after: str, *, context: int = CONTEXT_LINES) -> tuple[Row, ...]:
    """Return the lines that differ, each beside its counterpart, with some equal lines around.

    Lines left out between two places are one row with the mark `gap`.
    """
    old, new = before.strip("\n").splitlines(), after.strip("\n").splitlines()
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    found: list[Row] = []
    for group in matcher.get_grouped_opcodes(context):
        if found or group[0][1] or group[0][3]:
            found.append(Row("gap"))
        for tag, left, left_end, right, right_end in group:
            lines = (_lines(old, left, left_end), _lines(new, right, right_end))
            found.extend(_equal(*lines) if tag == "equal" else _changed(*lines))
    return tuple(found)


class _Line(NamedTuple):
    number: int
    text: str


def _lines(text: Sequence[str], start: int, stop: int) -> list[_Line]:
    return [_Line(place + 1, text[place]) for place in range(start, stop)]


def _equal(old: Sequence[_Line], new: Sequence[_Line]) -> Iterator[Row]:
    for one, other in zip(old, new, strict=True):
        yield Row("same", _side(one), _side(other))


def _changed(old: Sequence[_Line], new: Sequence[_Line]) -> Iterator[Row]:
    for before, after in _paired([each.text for each in old], [each.text for each in new]):
        one = None if before is None else old[before]
        other = None if after is None else new[after]
        if one and other:
            was, now = _words_changed(one.text, other.text)
            yield Row("changed", Side(one.number, was), Side(other.number, now))
        elif one:
            yield Row("removed", left=_side(one))
        elif other:
            yield Row("added", right=_side(other))


def _side(line: _Line) -> Side:
    return Side(line.number, (Span(line.text),))


def _paired(old: Sequence[str], new: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Return which lines of a changed block meet: the alignment whose lines are most alike."""
    if not old or not new or len(old) * len(new) > _MOST_CELLS:
        both = min(len(old), len(new))
        return [
            *((place, place) for place in range(both)),
            *((place, None) for place in range(both, len(old))),
            *((None, place) for place in range(both, len(new))),
        ]
    return _walked_back(_scores(old, new), old, new)


def _scores(old: Sequence[str], new: Sequence[str]) -> list[list[float]]:
    """Return for every two beginnings of the texts how alike they are at best."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for row, one in enumerate(old, 1):
        for column, other in enumerate(new, 1):
            met = best[row - 1][column - 1] + _worth(one, other)
            best[row][column] = max(met, best[row - 1][column], best[row][column - 1])
    return best


def _walked_back(
    best: list[list[float]], old: Sequence[str], new: Sequence[str]
) -> list[tuple[int | None, int | None]]:
    row, column = len(old), len(new)
    pairs: list[tuple[int | None, int | None]] = []
    while row or column:
        if row and column and _worth(old[row - 1], new[column - 1]):
            met = best[row - 1][column - 1] + _worth(old[row - 1], new[column - 1])
            if best[row][column] == met:
                row, column = row - 1, column - 1
                pairs.append((row, column))
                continue
        if column and best[row][column] == best[row][column - 1]:
            column -= 1
            pairs.append((None, column))
        else:
            row -= 1
            pairs.append((row, None))
    return pairs[::-1]


def _worth(one: str, other: str) -> float:
    alike = _alike(one.strip(), other.strip())
    return alike if alike >= _ALIKE else 0.0


@lru_cache(maxsize=8_192)
def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _words_changed(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return both lines in stretches, those that the other lacks marked."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    was: list[Span] = []
    now: list[Span] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        is_changed = tag != "equal"
        _add(was, "".join(old[left:left_end]), is_changed=is_changed)
        _add(now, "".join(new[right:right_end]), is_changed=is_changed)
    return tuple(was), tuple(now)


def _add(spans: list[Span], text: str, *, is_changed: bool) -> None:
    if text:
        spans.append(Span(text, is_changed))
