"""The figures: valid, self-contained, told apart without colour, labels that do not overlap."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import calibration, view

from blase_lab.core.records import Curve
from blase_lab.report import calibration_svg, training_svg
from blase_lab.report.chart import _apart, _axis


def _texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter() if node.tag.endswith("text")]


def test_the_training_figure_is_valid_and_self_contained() -> None:
    """It parses as XML and refers to nothing outside itself."""
    svg = training_svg(view())
    assert ET.fromstring(svg).tag.endswith("svg")
    assert re.search(r"href|url\(|<script|<image|@import", svg) is None


def test_axes_and_lines_are_named() -> None:
    """Each metric has its chart; train, validation and the baseline are said in words."""
    texts = _texts(training_svg(view()))
    assert {"loss", "auc", "epoch", "train", "validation", "baseline"} <= set(texts)


def test_validation_is_told_apart_without_colour() -> None:
    """It is dashed and marked."""
    svg = training_svg(view())
    assert 'stroke-dasharray="6 3"' in svg
    assert "<circle" in svg


def test_before_the_first_batch_a_sentence_stands_there() -> None:
    """No empty axes."""
    svg = training_svg(msgspec.structs.replace(view(), curves=()))
    assert _texts(svg) == ["No batch is done yet."]


def test_one_epoch_is_a_point() -> None:
    """A line of one point would be invisible."""
    assert training_svg(view(epochs=1)).count("<circle") >= 2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_breaks_the_line_only(bad: float) -> None:
    """A diverging run still has a figure, and no coordinate is NaN."""
    curve = Curve(name="loss", split="train", x=(1.0, 2.0, 3.0), y=(0.5, bad, 0.4))
    svg = training_svg(msgspec.structs.replace(view(), curves=(curve,)))
    assert re.search(r'"[^"]*\b(nan|inf)\b[^"]*"', svg.split("<title>")[1]) is None


def test_a_constant_curve_has_axes() -> None:
    """No division by zero."""
    curve = Curve(name="loss", split="train", x=(1.0, 2.0), y=(0.0, 0.0))
    assert "<path" in training_svg(msgspec.structs.replace(view(), curves=(curve,)))


def test_the_calibration_figure_names_its_axes() -> None:
    """And skips bins without rows."""
    bins = [*calibration(), msgspec.structs.replace(calibration()[0], count=0)]
    texts = _texts(calibration_svg(bins))
    assert {"predicted probability", "observed frequency", "perfect"} <= set(texts)
    assert calibration_svg(bins) == calibration_svg(calibration())


def test_names_are_escaped() -> None:
    """A metric may be called as its author likes."""
    curve = Curve(name="a<b&c", split="train", x=(1.0,), y=(0.5,))
    svg = training_svg(msgspec.structs.replace(view(), curves=(curve,), model='"<x>'))
    assert "a<b&c" in _texts(svg)


@given(st.lists(st.floats(0, 180), min_size=1, max_size=8))
def test_labels_never_overlap(places: list[float]) -> None:
    """Ends that lie close are pushed apart by the height of a label, inside the chart."""
    moved = _apart(sorted(places), 4, 180)
    assert all(after - before >= 14 - 1e-9 for before, after in pairwise(moved))
    assert moved[-1] <= 180 + 1e-9


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), st.booleans())
def test_every_value_lies_inside_its_axis(values: list[float], tight: bool) -> None:
    """Whatever the values, they are drawn within the frame, with few ticks."""
    axis = _axis(values, tight=tight)
    assert all(-1e-6 <= axis.share(value) <= 1 + 1e-6 for value in values)
    assert len(axis.ticks) <= 8
