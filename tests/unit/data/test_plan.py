"""Plans: what is shown is what the work will take, and what cannot fit is refused before it."""

from __future__ import annotations

import pytest

from blase_lab.core.errors import DiskFullError, OverBudgetError
from blase_lab.data.plan import bounds, check_disk, chunk_rows, plan_chunks, plan_on_grid


def test_one_row_more_than_the_budget_is_refused_with_the_numbers() -> None:
    """The error names what is needed, what there is, and the way out."""
    with pytest.raises(OverBudgetError) as caught:
        plan_chunks(rows=10, bytes_per_row=300, budget=299, tasks=2)
    assert caught.value.facts == {"needed": 300, "budget": 299}
    assert str(caught.value) == (
        "One row needs 300 bytes and the budget is 299 bytes. "
        'Set memory = "300B" or more in blase.toml, or drop columns.'
    )


def test_the_way_out_of_a_refusal_is_enough() -> None:
    """Sizes have units; what is needed is rounded up, and that much memory is accepted."""
    with pytest.raises(OverBudgetError) as caught:
        plan_chunks(rows=10, bytes_per_row=1_363_149, budget=1 << 20, tasks=1)
    assert caught.value.happened == "One row needs 1.4 MiB and the budget is 1.0 MiB."
    assert 'memory = "1.4MiB"' in caught.value.way_out
    plan_chunks(rows=10, bytes_per_row=1_363_149, budget=int(1.4 * 2**20), tasks=1)


def test_joined_tables_are_counted_once_beside_the_shards() -> None:
    """What they take is said, and is part of the peak and of the way out."""
    plan = plan_chunks(rows=10, bytes_per_row=100, budget=5_000, tasks=1, reserved=3_000)
    assert plan.peak_bytes == 4_000
    with pytest.raises(OverBudgetError) as caught:
        plan_chunks(rows=10, bytes_per_row=100, budget=3_099, tasks=1, reserved=3_000)
    assert caught.value.facts["needed"] == 3_100
    assert "One row beside the 3.0 KiB of joined tables needs 3.1 KiB" in caught.value.happened


def test_a_budget_lowered_below_the_shards_of_a_source_says_what_to_set() -> None:
    """The source keeps its shards, so the message names their budget and the one that will do."""
    grid = plan_chunks(rows=50_000, bytes_per_row=100, budget=512 << 20, tasks=1)
    with pytest.raises(OverBudgetError) as caught:
        plan_on_grid(grid, bytes_per_row=100, budget=1 << 20, tasks=1)
    assert str(caught.value) == (
        "A shard of 50,000 rows, as the source was cut when the budget was 512.0 MiB, needs "
        '4.8 MiB and the budget is 1.0 MiB. Set memory = "4.8MiB" or more in blase.toml, or name '
        "fewer --columns in the step."
    )
    assert plan_on_grid(grid, bytes_per_row=100, budget=int(4.8 * 2**20), tasks=1).peak_bytes


def test_the_halo_counts_into_the_budget() -> None:
    """Rows around a shard are memory too."""
    plan_chunks(rows=10, bytes_per_row=300, budget=900, tasks=1, halo_rows=2)
    with pytest.raises(OverBudgetError, match=r"with the 3 rows around it needs 1\.2 KiB"):
        plan_chunks(rows=10, bytes_per_row=300, budget=900, tasks=1, halo_rows=3)


def test_the_grid_stays_when_rows_are_appended() -> None:
    """Shards depend on the size of a row and the budget only."""
    one = plan_chunks(rows=1_000, bytes_per_row=100, budget=1 << 30, tasks=2)
    two = plan_chunks(rows=9_000_000, bytes_per_row=100, budget=1 << 30, tasks=2)
    assert one.shard_rows == two.shard_rows


def test_tasks_are_given_up_before_shards_shrink() -> None:
    """A small budget first costs parallel work, then shard length."""
    plan = plan_chunks(rows=100_000, bytes_per_row=100, budget=8192 * 100 * 2, tasks=4)
    assert (plan.tasks_in_flight, plan.shard_rows) == (2, 8192)
    assert plan_chunks(rows=100_000, bytes_per_row=100, budget=1000, tasks=4).shard_rows == 10


def test_chunks_divide_shards_and_keep_whole_ranges() -> None:
    """An inner chunk is a quarter of a shard where that is a multiple of 8,192 rows."""
    assert chunk_rows(65_536) == 16_384
    assert chunk_rows(8_192) == 8_192
    assert chunk_rows(37) == 37


def test_work_on_a_grid_chooses_only_the_tasks_in_flight() -> None:
    """The source's shards are kept; what does not fit is refused."""
    grid = plan_chunks(rows=20_000, bytes_per_row=100, budget=1 << 30, tasks=1)
    plan = plan_on_grid(grid, bytes_per_row=10, budget=20_000 * 10 * 3, tasks=8)
    assert plan.tasks_in_flight == 3
    assert plan.peak_bytes <= plan.budget_bytes
    assert plan.shard_rows == grid.shard_rows
    with pytest.raises(OverBudgetError, match="--columns"):
        plan_on_grid(grid, bytes_per_row=10, budget=19_999 * 10, tasks=1)


def test_no_rows_have_no_shards() -> None:
    """An empty table is an empty partition."""
    assert bounds(plan_chunks(rows=0, bytes_per_row=1, budget=10, tasks=1)) == []


def test_a_disk_too_small_is_refused_before_the_work() -> None:
    """The error names bytes needed and free."""
    check_disk(needed=10, free=10)
    with pytest.raises(DiskFullError, match="11 bytes and the disk has 10 bytes free"):
        check_disk(needed=11, free=10)
