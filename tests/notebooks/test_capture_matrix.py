"""The identity against three peers, on pairs of cells that each run in a kernel of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from capture_kernels import read_pairs, table
from capture_pairs_all import PAIRS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.kernel


def test_the_matrix_is_large_and_every_pair_has_a_name_of_its_own() -> None:
    """At least 120 pairs, of both kinds."""
    assert len(PAIRS) >= 120
    assert len({pair.name for pair in PAIRS}) == len(PAIRS)
    assert sum(not pair.differs for pair in PAIRS) >= 40


@pytest.mark.parametrize(
    "keras", [False, pytest.param(True, marks=pytest.mark.keras)], ids=["plain", "keras"]
)
def test_no_change_is_missed_unflagged_and_none_is_seen_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, keras: bool
) -> None:
    """Each side in a fresh kernel; the table of all methods is printed."""
    outcomes = read_pairs([pair for pair in PAIRS if pair.keras == keras], tmp_path)
    with capsys.disabled():
        print(f"\n{table(outcomes)}")  # noqa: T201 - the table is what the test shows

    missed = [each for each in outcomes if each.is_missed("blase")]
    assert [each.pair.name for each in missed if not each.is_flagged()] == []
    assert [each.pair.name for each in outcomes if each.is_false_alarm("blase")] == []
    flagged = [each for each in outcomes if each.pair.flag]
    assert [each.pair.name for each in flagged if not each.is_flagged()] == []
