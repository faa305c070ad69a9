"""The one clock of the package: everything else is told what time it is."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """Return the present time as ISO 8601 in UTC with microseconds, so that text order is time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")  # noqa: TID251 this is the clock
