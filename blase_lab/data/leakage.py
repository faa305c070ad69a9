"""The leakage guard: what could make a result too good, found before training.

Kinds and grades follow Kapoor and Narayanan (Patterns, 2023): a proof blocks a release, evidence
asks for a reason, a note is only told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from blase_lab.core.records import Finding, Progress
from blase_lab.data.grid import (
    TEST,
    TRAIN,
    GridColumn,
    check_same_rows,
    logical_block,
    open_assignment,
    open_columns,
    row_ranges,
)
from blase_lab.data.sketch import Sample, Twins, alone, draw_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from blase_lab.core.records import Snapshot, Split
    from blase_lab.data.sketch import Alone
    from blase_lab.store import Store

CERTAIN_AUC: Final = 0.99
HIGH_AUC: Final = 0.9
SIGMAS: Final = 10.0
TWIN_SIGMAS: Final = 5.0
FEWEST_TWINS: Final = 2
LEAST_TWIN_SHARE: Final = 0.001
ROOM_BYTES: Final = 8 << 20


@dataclass(frozen=True)
class Examination:
    """What to look at, and what the user has declared."""

    features: Sequence[Snapshot]
    target: Snapshot
    split: Split
    source: Snapshot
    known_after: Sequence[str] = ()
    """Source columns that are known only after the moment of prediction."""
    reads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Feature name → the source columns that it reads, also through other steps."""
    lookback: Mapping[str, int] = field(default_factory=dict)
    """Feature name → its lookback: such a feature may read what is known after earlier rows."""
    time_column: str | None = None
    """The source's time column; by default that of a split by time."""


def check_leakage(
    examination: Examination,
    *,
    store: Store,
    watch: Callable[[Progress], None] | None = None,
) -> tuple[Finding, ...]:
    """Look for features that hold the target, twins across splits, and rows out of time order.

    Rows are read in two streaming passes; what is kept in memory does not grow with their number.
    """
    split = examination.split
    check_same_rows([*examination.features, examination.target], sum(split.rows.values()))
    columns = [one for snap in examination.features for one in open_columns(store, snap)]
    target = open_columns(store, examination.target)[0]
    assignment = open_assignment(store, split)
    sample = draw_sample([*columns, target], assignment)
    found = list(_known_after(examination))
    if sample.rows:
        found += _pass(columns, target, assignment, sample=sample, watch=watch)
    found += _time_order(examination, assignment, store)
    return tuple(found)


def _pass(
    columns: Sequence[GridColumn],
    target: GridColumn,
    assignment: GridColumn,
    *,
    sample: Sample,
    watch: Callable[[Progress], None] | None,
) -> list[Finding]:
    """Feed both sketches in one pass over the rows."""
    scores = alone(columns, target, sample)
    twins = Twins([*(one for one in columns if not sample.is_id_like(one)), target])
    rows = int(assignment.array.shape[0])
    train_rows = 0
    read_bytes = sum(column.row_bytes for column in columns) + 64
    for start, stop in row_ranges(rows, logical_block(read_bytes, ROOM_BYTES)):
        codes = assignment.rows(start, stop)
        for score in scores:
            score.see(start, stop, codes == TRAIN)
        twins.see(start, stop, codes)
        train_rows += int(np.count_nonzero(codes == TRAIN))
        if watch is not None:
            watch(Progress(stage="leakage", done=stop, total=rows, unit="rows"))
    found = _target_alone(scores)
    if len(twins.columns) > 1:
        found += _duplicates(twins, sample, train_rows)
    return found


def _target_alone(scores: Sequence[Alone]) -> list[Finding]:
    """Judge each feature by its area under the curve, and the best one against the second best."""
    ranked = sorted(scores, key=lambda score: score.auc, reverse=True)
    found = []
    for place, score in enumerate(ranked):
        others = [other.auc for other in ranked[:place] + ranked[place + 1 :]]
        apart = (score.auc - max(others, default=score.auc)) / max(score.error, 1e-12)
        is_far = score.auc >= HIGH_AUC and bool(others) and apart >= SIGMAS
        if score.auc < CERTAIN_AUC and not is_far:
            continue
        found.append(
            Finding(
                check="target-alone",
                grade="proof" if score.auc >= CERTAIN_AUC else "evidence",
                step=score.column.snapshot,
                sentence=(
                    f"Feature `{score.column.column.name}` alone orders the train rows by the "
                    f"target with an AUC of {score.auc:.4f}."
                ),
                facts={"column": score.column.column.name, "auc": score.auc, "sigmas": apart},
            )
        )
    return found


def _duplicates(twins: Twins, sample: Sample, train_rows: int) -> list[Finding]:
    """Compare how often a row of another split has a twin in train with the chance of that.

    The chance is how often a train row has a twin in train, but never more than rows that are no
    copies of each other can have (`Sample.chance_of_twin`).
    """
    chance = twins.share_inside_train()
    chance = min(chance, sample.chance_of_twin(twins.columns, train_rows))
    found = []
    for name in ("validation", "test"):
        count, rows = twins.in_train(name)
        share = count / max(rows, 1)
        error = np.sqrt(max(chance * (1 - chance), 1 / max(rows, 1)) / max(rows, 1))
        is_above = share > chance + max(TWIN_SIGMAS * error, LEAST_TWIN_SHARE)
        if count >= FEWEST_TWINS and is_above:
            found.append(
                Finding(
                    check="duplicates",
                    grade="proof",
                    step=None,
                    sentence=(
                        f"{share:.2%} of the {name} rows have an exact twin (features and target) "
                        f"in train; by chance it would be {chance:.2%}."
                    ),
                    facts={"split": name, "share": share, "chance": chance, "sampled_rows": rows},
                )
            )
    return found


def _known_after(examination: Examination) -> list[Finding]:
    """Name every feature that reads, of its own row, what is known only afterwards."""
    late = set(examination.known_after)
    found = []
    for feature in examination.features:
        read = sorted(late.intersection(examination.reads.get(feature.name, ())))
        if read and not examination.lookback.get(feature.name, 0):
            listed = ", ".join(f"`{column}`" for column in read)
            found.append(
                Finding(
                    check="known-after",
                    grade="proof",
                    step=feature.name,
                    sentence=f"Feature `{feature.name}` reads {listed}, known only afterwards.",
                    facts={"columns": read},
                )
            )
    return found


def _time_order(examination: Examination, assignment: GridColumn, store: Store) -> list[Finding]:
    """Count the train rows that are not before the first test row, where a time is declared."""
    policy = examination.split.policy
    name = examination.time_column or (policy.column if policy.by == "time" else None)
    if name is None:
        return []
    times = open_columns(store, examination.source, names=[name])[0]
    border = np.inf
    for _, moments, codes in _moments(times, assignment):
        border = min(border, np.min(moments[codes == TEST], initial=np.inf))
    late = seen = 0
    for _, moments, codes in _moments(times, assignment):
        late += int(np.count_nonzero(moments[codes == TRAIN] >= border))
        seen += int(np.count_nonzero(codes == TRAIN))
    if not late:
        return []
    return [
        Finding(
            check="time-order",
            grade="proof",
            step=None,
            sentence=(
                f"{late} of {seen} train rows are not earlier in `{name}` than the first test row."
            ),
            facts={"column": name, "rows": late, "train_rows": seen},
        )
    ]


def _moments(times: GridColumn, assignment: GridColumn) -> Any:
    for start, stop in row_ranges(int(assignment.array.shape[0]), logical_block(32, ROOM_BYTES)):
        moments = times.numbers(start, stop)
        yield start, moments, assignment.rows(start, stop)
