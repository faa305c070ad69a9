"""Plans: how rows are cut so that the work stays inside a memory budget. A plan is a value."""

from __future__ import annotations

from blase_lab.core.errors import DiskFullError, OverBudgetError
from blase_lab.core.records import Chunks, Progress
from blase_lab.core.sizes import memory_setting, size_at_least, size_at_most

RANGE_ROWS = 8192
"""Content digests are taken over ranges of so many rows: shards are multiples of it if they can."""

SHARD_BYTES = 16 << 20
"""What one shard of all columns holds at most, unless 8,192 rows are more."""

WORK_FACTOR = 4
"""A chunk, its temporaries, its result and the array being written, as parts of the chunk."""

RESULT_BYTES = 64
"""What one row of a step's result takes, short texts too."""


def plan_chunks(
    *,
    rows: int,
    bytes_per_row: int,
    budget: int,
    tasks: int,
    halo_rows: int = 0,
    reserved: int = 0,
) -> Chunks:
    """Return how rows are cut: as many tasks in flight as the budget allows, never more memory.

    `bytes_per_row` is all that one row takes while it is worked on; `halo_rows` come on top of
    every shard, and `reserved` bytes once. How long a shard is depends on the bytes of a row and
    the budget and not on the number of rows, so that shards stay the same when rows are appended.

    Raises:
        OverBudgetError: not even one row with its halo fits.
    """
    least = bytes_per_row * (1 + halo_rows) + reserved
    if least > budget:
        beside = f" beside the {size_at_least(reserved)} of joined tables" if reserved else ""
        raise over_budget(
            f"One row{_halo(halo_rows)}{beside}", least, budget=budget, instead="drop columns"
        )
    free = budget - reserved
    shard_rows, in_flight = _fit(bytes_per_row, free, tasks=max(tasks, 1), halo_rows=halo_rows)
    return Chunks(
        rows=rows,
        shard_rows=shard_rows,
        chunk_rows=chunk_rows(shard_rows),
        tasks_in_flight=in_flight,
        peak_bytes=reserved
        + in_flight * (min(shard_rows, max(rows, 1)) + halo_rows) * bytes_per_row,
        disk_bytes=rows * bytes_per_row,
        budget_bytes=budget,
    )


def over_budget(
    what: str, needed: int, *, budget: int, instead: str, parts: int = 1
) -> OverBudgetError:
    """Return the refusal of `what`, which may use one of so many parts of the budget (1, 2 or 4).

    The way out names the least memory that would do, as `blase.toml` takes it.
    """
    share = {1: "", 2: "half of ", 4: "a quarter of "}[parts]
    return OverBudgetError(
        f"{what} needs {size_at_least(needed)} and {share}the budget is "
        f"{size_at_most(budget / parts)}.",
        way_out=f"Set {memory_setting(needed * parts)} or more in blase.toml, or {instead}.",
        needed=needed,
        budget=budget,
    )


def _halo(rows: int) -> str:
    return f" with the {rows:,} rows around it" if rows else ""


def _fit(bytes_per_row: int, budget: int, *, tasks: int, halo_rows: int) -> tuple[int, int]:
    """Give up tasks in flight before shards become shorter than a range; then shards shrink."""
    wanted = RANGE_ROWS
    while 2 * wanted * bytes_per_row <= SHARD_BYTES * WORK_FACTOR:
        wanted *= 2
    affordable = 0
    for in_flight in range(tasks, 0, -1):
        affordable = budget // (in_flight * bytes_per_row) - halo_rows
        if affordable >= RANGE_ROWS:
            while wanted > affordable:
                wanted //= 2
            return wanted, in_flight
    return max(affordable, 1), 1


def chunk_rows(shard_rows: int) -> int:
    """Return the rows of one inner chunk: a quarter of a shard if that is still a whole range."""
    quarter = shard_rows // 4
    is_whole = shard_rows % 4 == 0 and quarter % RANGE_ROWS == 0 and quarter > 0
    return quarter if is_whole else shard_rows


def plan_on_grid(
    grid: Chunks, *, bytes_per_row: int, budget: int, tasks: int, halo_rows: int = 0
) -> Chunks:
    """Return the plan for work on shards that exist: only the tasks in flight can be chosen.

    Raises:
        OverBudgetError: one shard with its halo does not fit.
    """
    shard = min(grid.shard_rows, max(grid.rows, 1)) + halo_rows
    needed = shard * bytes_per_row
    if needed > budget:
        raise over_budget(
            f"A shard of {shard - halo_rows:,} rows{_halo(halo_rows)}, {_cut(grid, budget)},",
            needed,
            budget=budget,
            instead="name fewer --columns in the step",
        )
    in_flight = max(1, min(tasks, budget // needed))
    return Chunks(
        rows=grid.rows,
        shard_rows=grid.shard_rows,
        chunk_rows=grid.chunk_rows,
        tasks_in_flight=in_flight,
        peak_bytes=in_flight * needed,
        disk_bytes=0,
        budget_bytes=budget,
    )


def _cut(grid: Chunks, budget: int) -> str:
    """Say where the length of the shards comes from: lowering memory does not cut them anew."""
    if grid.budget_bytes > budget:
        return f"as the source was cut when the budget was {size_at_least(grid.budget_bytes)}"
    return "as the source was cut"


def told(name: str, plan: Chunks) -> Progress:
    """Return what a person reads of a plan before the work begins."""
    shards = len(bounds(plan))
    sentence = (
        f"Plan for {name}: {plan.rows:,} rows in {shards:,} shard{'s' if shards != 1 else ''}, "
        f"{plan.tasks_in_flight} at a time, at most {plan.peak_bytes / 2**20:,.1f} of "
        f"{plan.budget_bytes / 2**20:,.1f} MiB."
    )
    return Progress(stage="plan", done=0, total=shards, unit="shards", sentence=sentence)


def check_disk(*, needed: int, free: int) -> None:
    """Return if so many bytes fit on the disk.

    Raises:
        DiskFullError: they do not.
    """
    if needed > free:
        raise DiskFullError(
            f"The work writes up to {size_at_least(needed)} and the disk has "
            f"{size_at_most(free)} free.",
            way_out="Free some space, e.g. with `blase gc --delete`, or move the project.",
            needed=needed,
            free=free,
        )


def bounds(plan: Chunks) -> list[tuple[int, int]]:
    """Return start and stop of every shard: an exact partition of the rows."""
    starts = range(0, plan.rows, plan.shard_rows)
    return [(start, min(start + plan.shard_rows, plan.rows)) for start in starts]
