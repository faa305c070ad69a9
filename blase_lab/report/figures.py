"""The figures of a training: its curves, and how well its probabilities are calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.report.chart import BLUE, GREY, ORANGE, Frame, Line, canvas, chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blase_lab.core.records import Calibration, Curve, TrainingView

_LEFT, _TOP, _WIDTH, _HEIGHT = 62.0, 44.0, 270.0, 180.0
_NAMES, _BOTTOM = 104.0, 52.0
_ACROSS = 2
"""Charts in a row; more than four metrics are left to the table."""
_SHOWN = 4


def training_svg(view: TrainingView) -> str:
    """Return the curves of a training: one chart a metric, train and validation in each.

    Self-contained, readable on light and dark, and told apart without colour (validation is
    dashed and marked). Before the first batch a sentence stands in its place.
    """
    metrics = _metrics(view.curves)[:_SHOWN]
    label = f"Training {view.number} of {view.model}: {view.sentence or view.state}"
    if not metrics:
        said = '<text x="20" y="30" fill="currentColor" font-size="13">No batch is done yet.</text>'
        return canvas(360.0, 48.0, label, body=said)
    cell_width, cell_height = _LEFT + _WIDTH + _NAMES, _TOP + _HEIGHT + _BOTTOM
    parts = []
    for place, metric in enumerate(metrics):
        row, column = divmod(place, _ACROSS)
        frame = Frame(
            left=_LEFT + column * cell_width,
            top=_TOP + row * cell_height,
            width=_WIDTH,
            height=_HEIGHT,
            title=metric,
            x_label="epoch",
        )
        parts.append(chart(frame, _lines(view, metric)))
    across = min(len(metrics), _ACROSS)
    rows = -(-len(metrics) // _ACROSS)
    return canvas(across * cell_width, rows * cell_height, label, body="".join(parts))


def _metric(curve: Curve) -> str:
    return curve.name.removeprefix("val_")


def _metrics(curves: Sequence[Curve]) -> list[str]:
    """Return the metrics with at least one point, `loss` first."""
    names = dict.fromkeys(_metric(curve) for curve in curves if curve.y)
    return sorted(names, key=lambda name: (name != "loss", list(names).index(name)))


def _lines(view: TrainingView, metric: str) -> list[Line]:
    lines = []
    for curve in view.curves:
        if _metric(curve) != metric or not curve.y:
            continue
        if curve.split == "train":
            lines.append(Line("train", curve.x, curve.y, BLUE))
        else:
            lines.append(Line("validation", curve.x, curve.y, ORANGE, dash="6 3", marked=True))
    limit = view.baseline.get(metric)
    if limit is not None and lines:
        ends = [value for line in lines for value in line.x]
        across = (min(ends), max(ends))
        lines.append(Line("baseline", across, (limit, limit), GREY, dash="2 4"))
    return lines


def calibration_svg(bins: Sequence[Calibration]) -> str:
    """Return observed against predicted frequency; the dotted line is perfect calibration."""
    filled = [item for item in bins if item.count > 0]
    rows = sum(item.count for item in filled)
    frame = Frame(
        left=66.0,
        top=44.0,
        width=280.0,
        height=230.0,
        title="Calibration",
        x_label="predicted probability",
        y_label="observed frequency",
    )
    points = [item.predicted for item in filled], [item.observed for item in filled]
    lines = [
        Line("perfect", (0.0, 1.0), (0.0, 1.0), GREY, dash="2 4"),
        Line("this model", *points, BLUE, marked=True),
    ]
    label = f"Calibration curve of {rows} rows in {len(filled)} bins"
    return canvas(456.0, 326.0, label, body=chart(frame, lines, square=True))
