"""A small chart in hand-written SVG: axes, lines, points, and labels that never overlap.

Colours are Okabe and Ito's blue and a darkened vermillion, told apart by colour-blind readers and
legible on white and on black; lines differ in dash and marker as well. Text takes the reader's
own colour where the SVG stands inline (`currentColor`), and a mid grey where it stands alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLUE, ORANGE, GREY = "#3b8fd4", "#d9742b", "#777d86"
_LABEL_GAP = 14.0


@dataclass(frozen=True)
class Line:
    """One line of a chart, in data units."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = BLUE
    dash: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Frame:
    """Where a chart stands on its canvas, and what its axes mean."""

    left: float
    top: float
    width: float
    height: float
    title: str
    x_label: str
    y_label: str = ""


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)


def _axis(values: Sequence[float], *, wanted: int = 4, tight: bool = False) -> _Axis:
    """Return round limits around the values (the values' own if tight), and round ticks."""
    real = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(real), max(real)
    size = max(abs(low), abs(high))
    if high - low <= max(size * 1e-9, 1e-12):
        room = (size if size > 1e-12 else 1.0) / 2  # noqa: PLR2004 less than this is 0
        low, high = low - room, high + room
    step = _round_step((high - low) / wanted)
    if tight:
        inner = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        return _Axis(low, high, tuple(place * step for place in inner))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    ticks = tuple(place * step for place in range(first, last + 1))
    return _Axis(ticks[0], ticks[-1], ticks)


def _round_step(raw: float) -> float:
    size = 10.0 ** math.floor(math.log10(raw))
    return float(next(size * part for part in (1, 2, 2.5, 5, 10) if size * part >= raw * 0.999))


def tick_text(value: float) -> str:
    """Return a short number: 0.25, 1200, 3e-05."""
    return f"{value + 0.0:.4g}"


def chart(frame: Frame, lines: Sequence[Line], *, square: bool = False) -> str:
    """Return the `<g>` of one chart; with `square` both axes run from 0 to 1."""
    xs = [0.0, 1.0] if square else [value for line in lines for value in line.x]
    ys = [0.0, 1.0] if square else [value for line in lines for value in line.y]
    x_axis, y_axis = _axis(xs, tight=True), _axis(ys)
    parts = [_title(frame), _grid(frame, x_axis, y_axis)]
    parts.extend(_line(frame, x_axis, y_axis, line=line) for line in lines)
    parts.append(_names(frame, y_axis, lines))
    return f'<g font-size="11">{"".join(parts)}</g>'


def _text(x: float, y: float, said: str, *, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="currentColor" {more}>{escape(said)}</text>'


def _title(frame: Frame) -> str:
    more = 'font-weight="600" font-size="13"'
    return _text(frame.left, frame.top - 14, frame.title, more=more)


def _grid(frame: Frame, x_axis: _Axis, y_axis: _Axis) -> str:
    bottom, right = frame.top + frame.height, frame.left + frame.width
    parts = [_rule((frame.left, bottom), (right, bottom), 0.5)]
    for tick in y_axis.ticks:
        y = bottom - y_axis.share(tick) * frame.height
        parts.append(_rule((frame.left, y), (right, y), 0.14))
        parts.append(_text(frame.left - 7, y + 4, tick_text(tick), more='text-anchor="end"'))
    for tick in x_axis.ticks:
        x = frame.left + x_axis.share(tick) * frame.width
        parts.append(_rule((x, bottom), (x, bottom + 4), 0.5))
        parts.append(_text(x, bottom + 17, tick_text(tick), more='text-anchor="middle"'))
    middle = frame.left + frame.width / 2
    parts.append(_text(middle, bottom + 34, frame.x_label, more='text-anchor="middle"'))
    if frame.y_label:
        parts.append(_turned(frame))
    return "".join(parts)


def _rule(start: tuple[float, float], end: tuple[float, float], opacity: float) -> str:
    """Return one thin line of a grid or an axis."""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="currentColor" stroke-opacity="{opacity:g}"/>'
    )


def _turned(frame: Frame) -> str:
    x, y = frame.left - 46, frame.top + frame.height / 2
    more = f'text-anchor="middle" transform="rotate(-90 {x:.1f} {y:.1f})"'
    return _text(x, y, frame.y_label, more=more)


def _line(frame: Frame, x_axis: _Axis, y_axis: _Axis, *, line: Line) -> str:
    """Return the path (broken where a value is not finite) and its markers."""
    bottom = frame.top + frame.height
    path, points, pen = [], [], "M"
    for x, y in zip(line.x, line.y, strict=False):
        if not (math.isfinite(x) and math.isfinite(y)):
            pen = "M"
            continue
        across = frame.left + x_axis.share(x) * frame.width
        up = bottom - y_axis.share(y) * frame.height
        path.append(f"{pen}{across:.1f} {up:.1f}")
        points.append((across, up))
        pen = "L"
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    drawn = (
        f'<path d="{" ".join(path)}" fill="none" stroke="{line.colour}" stroke-width="2" '
        f'stroke-linejoin="round" stroke-linecap="round"{dash}/>'
    )
    if line.marked or len(points) == 1:
        drawn += "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>' for x, y in points
        )
    return drawn


def _names(frame: Frame, y_axis: _Axis, lines: Sequence[Line]) -> str:
    """Write each line's name beside its end, pushed apart where ends lie close."""
    ends = []
    for line in lines:
        real = [value for value in line.y if math.isfinite(value)]
        if real and line.name:
            up = frame.top + frame.height * (1 - y_axis.share(real[-1]))
            ends.append((up, line))
    ends.sort(key=lambda end: end[0])
    places = _apart([up for up, _ in ends], frame.top + 4, frame.top + frame.height)
    parts = []
    for place, (_, line) in zip(places, ends, strict=True):
        x = frame.left + frame.width + 8
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        parts.append(
            f'<line x1="{x:.1f}" y1="{place:.1f}" x2="{x + 16:.1f}" y2="{place:.1f}" '
            f'stroke="{line.colour}" stroke-width="2"{dash}/>'
        )
        parts.append(_text(x + 21, place + 4, line.name))
    return "".join(parts)


def _apart(places: Sequence[float], low: float, high: float) -> list[float]:
    """Push sorted places apart by the height of a label, within the limits where they fit."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, low, moved[-1] + _LABEL_GAP if moved else low))
    over = (moved[-1] - high) if moved else 0.0
    for index in range(len(moved) - 1, -1, -1):
        if over <= 0:
            break
        limit = high if index == len(moved) - 1 else moved[index + 1] - _LABEL_GAP
        over = moved[index] - limit
        moved[index] = min(moved[index], limit)
    return moved


def canvas(width: float, height: float, label: str, *, body: str) -> str:
    """Return the whole SVG: readable aloud, without any outside address."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label="{escape(label)}" '
        f'color="{GREY}" font-family="system-ui, -apple-system, Segoe UI, sans-serif">'
        f"<title>{escape(label)}</title>{body}</svg>"
    )
