"""Sizes: what a person reads, and what can be written into `blase.toml` and is enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blase_lab.core.sizes import memory_setting, size, size_at_least, size_at_most
from blase_lab.project.settings import parse_bytes


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (1 << 30, "1.0 GiB")],
)
def test_a_size_has_its_unit(count: int, shown: str) -> None:
    """One decimal above a kibibyte, none below."""
    assert size(count) == shown


@given(st.integers(min_value=0, max_value=1 << 50))
def test_what_is_needed_is_never_rounded_down(count: int) -> None:
    """The setting holds the count, and bounds shown on both sides are bounds."""
    setting = memory_setting(count).partition('"')[2].rstrip('"')
    assert parse_bytes(setting) >= count
    shown = (size_at_most(count), size_at_least(count))
    low, high = (parse_bytes(text.replace("bytes", "B").replace(",", "")) for text in shown)
    assert low <= count <= high
