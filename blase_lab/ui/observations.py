"""The report of what steps touched when they ran: files, variables, sockets, programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.core.observed import held
from blase_lab.ui.tables import Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blase_lab.core.records import Observed

_COLUMNS = ("step", "what", "name", "mode", "content")
_EMPTY = "No cell has been captured yet."


def of_observed(report: Mapping[str, Observed | None]) -> Listing:
    """List what each step touched; one that has not run, or touched nothing, says so."""
    rows = tuple(row for name, observed in report.items() for row in _rows(name, observed))
    return Listing("What the steps touched", _COLUMNS, rows, empty=_EMPTY)


def _rows(name: str, observed: Observed | None) -> Iterator[tuple[str, ...]]:
    if observed is None:
        yield (name, "-", "this version has not run yet: nothing is known", "-", "-")
        return
    title = f"{name}@{observed.version}"
    if not observed.observations:
        yield (title, "-", "nothing beside its rows", "-", "-")
    for each in observed.observations:
        yield (title, each.kind, each.name, each.mode, held(each))
