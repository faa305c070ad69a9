"""For any rows, batch and cursor: every row once an epoch, and the tail is the tail."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blase_lab.core.records import SplitPolicy
from blase_lab.data import shuffle
from blase_lab.data.feed import Feed
from blase_lab.data.scale import fit_scaling
from blase_lab.data.shuffle import Preparation, prepare
from blase_lab.data.split import make_split
from blase_lab.store import Store
from blase_lab.testing.snapshots import write_table

pytestmark = pytest.mark.keras


def _feed(store: Store, rows: int, seed: int) -> Feed:
    source = write_table(store, "source", {"id": np.arange(rows)}, stage="source")
    split = make_split(SplitPolicy(), source=source, kept=None, store=store)
    x = write_table(store, "x", {"x": np.arange(float(rows))})
    fitted = fit_scaling([(x, "none")], split=split, store=store)
    job = Preparation([x], x, split, fitted, seed, 1 << 30)
    return Feed(prepare(job, store=store), store=store, seed=seed)


def _rows(dataset: Any) -> list[list[float]]:
    return [inputs["x"].numpy()[:, 0].tolist() for inputs, _ in dataset]


@settings(max_examples=8, deadline=None)
@given(
    rows=st.integers(60, 900),
    seed=st.integers(-(2**63), 2**63 - 1),
    batch=st.integers(1, 100),
    epoch=st.integers(0, 10**6),
    part=st.floats(0, 1),
)
def test_every_row_comes_once_and_any_batch_can_be_entered(
    *, rows: int, seed: int, batch: int, epoch: int, part: float
) -> None:
    """Shards of 64 rows, so that windows and batches cross in every way."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffle, "SHARD_BYTES", 64 * 16)
        feed = _feed(Store.create(Path(folder)), rows, seed)
        whole = _rows(feed.dataset("train", batch=batch, epoch=epoch))
        skip = int(part * feed.batches("train", batch))
        tail = _rows(feed.dataset("train", batch=batch, epoch=epoch, skip_batches=skip))
        assert tail == whole[skip:]
        assert {len(one) for one in whole[:-1]} <= {batch}
        held = feed.arrays("train", 0, rows)[2]
        assert sorted(row for one in whole for row in one) == sorted(held.tolist())
