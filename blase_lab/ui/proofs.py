"""Which columns proofs are listed under, and when a person must look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.ui.listings import duration, number
from blase_lab.ui.tables import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blase_lab.core.records import Proof


def of_proofs(proofs: Iterable[Proof]) -> Listing:
    """List what came of proving steps."""
    rows = tuple(
        (
            f"{each.step}@{each.version}",
            each.state,
            each.sentence,
            number(each.rows) if each.rows else "-",
            duration(each.seconds),
        )
        for each in proofs
    )
    columns = ("step", "state", "finding", "rows", "time")
    empty = "There is nothing to prove: no cell has been captured yet."
    return Listing("Proofs", columns, rows, numbers=("rows", "time"), empty=empty)


def needs_a_look(proofs: Iterable[Proof]) -> bool:
    """Say whether a step needs what its closure lacks, or is not deterministic."""
    return any(each.state in {"needs hidden", "not deterministic"} for each in proofs)
