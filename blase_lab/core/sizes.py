"""Bytes as a person reads them and as `blase.toml` takes them."""

from __future__ import annotations

import math

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def size(count: float) -> str:
    """Return bytes to one decimal in the unit that leaves one to four digits before the point."""
    number, unit = _scaled(count)
    return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"


def size_at_least(count: float) -> str:
    """Return a size that is never below the count: rounded up."""
    number, unit = _scaled(count)
    return size(count) if unit == "bytes" else f"{_up(number):,.1f} {unit}"


def size_at_most(count: float) -> str:
    """Return a size that is never above the count: rounded down."""
    number, unit = _scaled(count)
    return size(count) if unit == "bytes" else f"{math.floor(number * 10) / 10:,.1f} {unit}"


def memory_setting(count: float) -> str:
    """Return the line of `blase.toml` whose memory holds the count: `memory = "1.3MiB"`."""
    number, unit = _scaled(count)
    shown = f"{math.ceil(number)}B" if unit == "bytes" else f"{_up(number):.1f}{unit}"
    return f'memory = "{shown}"'


def _up(number: float) -> float:
    return math.ceil(number * 10) / 10


def _scaled(count: float) -> tuple[float, str]:
    number, unit = float(count), "bytes"
    for larger in _UNITS:
        if number < 1024:  # noqa: PLR2004 the size of each unit
            break
        number, unit = number / 1024, larger
    return number, unit
