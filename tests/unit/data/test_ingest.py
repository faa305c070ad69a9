"""Ingest: any table becomes a Snapshot with equal content, joined, ordered and shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from blase_lab.core.errors import DataError, EmptyDataError, OverBudgetError, UnknownInputError
from blase_lab.data import Join, array_path, ingest, read_frame, read_source
from blase_lab.store import Store
from blase_lab.testing.tables import flights, small_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blase_lab.core.records import Progress, Snapshot

BUDGET = 1 << 28


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a real store."""
    return Store.create(tmp_path)


def whole(store: Store, snapshot: Snapshot) -> pd.DataFrame:
    """Return all rows of a Snapshot."""
    return read_frame(store, [snapshot], start=0, stop=snapshot.rows)


def test_a_snapshot_holds_the_rows_of_its_source(store: Store) -> None:
    """What is read back is what went in, with the row id as index."""
    frame = flights(100)
    snapshot = small_source(store, frame, shard_rows=30)
    assert (snapshot.rows, len(snapshot.shards), snapshot.stage) == (100, 4, "source")
    pd.testing.assert_frame_equal(whole(store, snapshot), frame, check_dtype=False)
    some = read_frame(store, [snapshot], ["hour", "tail"], start=10, stop=12)
    assert some.columns.tolist() == ["hour", "tail"]
    assert some.index.tolist() == [10, 11]


def test_the_digest_is_equal_for_every_grid_and_every_way_in(store: Store, tmp_path: Path) -> None:
    """A frame, an iterator of frames and a Parquet file of equal rows are equal Snapshots."""
    frame = flights(200)
    frame.to_parquet(tmp_path / "f.parquet")

    def parts() -> Iterator[pd.DataFrame]:
        for start in range(0, 200, 33):
            yield frame.iloc[start : start + 33]

    ways = [frame, parts(), "f.parquet", [frame.iloc[:50], frame.iloc[50:]]]
    digests = {small_source(store, frame, shard_rows=k, name=f"s{k}").digest for k in (7, 64, 500)}
    for way in ways:
        table = read_source(way, folder=tmp_path)
        digests.add(ingest(table, store=store, name="f", budget=BUDGET).digest)
    assert len(digests) == 1


def test_ingesting_again_shares_every_shard(store: Store) -> None:
    """Appended rows cost only their own shards."""
    frame = flights(100)
    small_source(store, frame.iloc[:70], shard_rows=20)
    longer = small_source(store, frame, shard_rows=20)
    assert (longer.reused_shards, longer.computed_shards) == (3, 2)
    pd.testing.assert_frame_equal(whole(store, longer), frame, check_dtype=False)


def test_progress_is_told_shard_by_shard(store: Store) -> None:
    """A watcher sees how many shards of how many are done."""
    seen: list[Progress] = []
    table = read_source(flights(50), folder=store.folder)
    ingest(table, store=store, name="f", budget=BUDGET, watch=seen.append)
    assert [(one.stage, one.done, one.total, one.unit) for one in seen] == [
        ("plan", 0, 1, "shards"),
        ("source", 1, 1, "shards"),
    ]


def test_odd_column_names_have_arrays_of_their_own(store: Store) -> None:
    """Names that cannot be paths are written in another way, without clashes."""
    names = ["a b", "a/b", "a=b", "ü", "..", "x.y", "_=a", "-", "A", "a"]
    frame = pd.DataFrame({name: [k] for k, name in enumerate(names)})
    snapshot = ingest(
        read_source(frame, folder=store.folder), store=store, name="odd", budget=BUDGET
    )
    assert len({array_path(name) for name in names}) == len(names)
    assert array_path("x.y") == "x.y"
    pd.testing.assert_frame_equal(whole(store, snapshot), frame)


def test_a_small_table_is_joined_many_rows_to_one(store: Store) -> None:
    """The result is pandas' left merge; columns that both have stay the source's."""
    frame = flights(60)
    right = pd.DataFrame(
        {
            "carrier": ["AA", "UA", None],
            "time": [frame["time"][3], frame["time"][4], frame["time"][5]],
            "wind": [1, 2, 3],
            "sky": ["clear", None, "dark"],
            "hour": [0, 0, 0],
        }
    )
    join = Join(read_source(right, folder=store.folder), ["time"])
    narrow = Join(read_source(right, folder=store.folder), ["carrier", "time"], ["sky"])
    table = read_source(frame, folder=store.folder)
    snapshot = ingest(table, store=store, name="f", budget=BUDGET, join=[join])
    expected = frame.merge(right.drop(columns=["hour", "carrier"]), on="time", how="left")
    pd.testing.assert_frame_equal(whole(store, snapshot), expected, check_dtype=False)
    assert snapshot.facts["joins"][0]["leftOut"] == ["carrier", "hour"]
    two = ingest(table, store=store, name="g", budget=BUDGET, join=[narrow])
    matched = frame.merge(right.dropna(subset="carrier"), on=["carrier", "time"], how="left")
    pd.testing.assert_series_equal(whole(store, two)["sky"], matched["sky"], check_dtype=False)


@pytest.mark.parametrize(
    ("right", "on", "columns", "said"),
    [
        ({"tail": ["a", "a"], "x": [1, 2]}, ["tail"], None, "table has 1 key twice, e.g. .'a',."),
        ({"tail": [1], "x": [1]}, ["tail"], None, "is category in the source and number"),
        ({"time": [pd.Timestamp("2013-01-01")], "x": [1]}, ["time"], None, "time zone"),
        ({"tail": ["a"], "hour": [1]}, ["tail"], ["hour"], "in the source and in the joined"),
    ],
)
def test_a_join_that_is_not_many_to_one_is_refused(
    *,
    store: Store,
    right: dict[str, list[object]],
    on: list[str],
    columns: list[str] | None,
    said: str,
) -> None:
    """Double keys, unlike keys and clashing names are told before anything is written."""
    table = read_source(flights(10), folder=store.folder)
    join = Join(read_source(pd.DataFrame(right), folder=store.folder), on, columns)
    with pytest.raises(DataError, match=said):
        ingest(table, store=store, name="f", budget=BUDGET, join=[join])


def test_a_join_on_an_unknown_column_names_close_ones(store: Store) -> None:
    """The way out holds the name meant."""
    right = read_source(pd.DataFrame({"tail": ["a"]}), folder=store.folder)
    table = read_source(flights(10), folder=store.folder)
    for join in [Join(right, ["tial"]), Join(right, ["tail"], ["tali"])]:
        with pytest.raises(UnknownInputError, match="`tail`"):
            ingest(table, store=store, name="f", budget=BUDGET, join=[join])


def test_an_empty_source_is_refused(store: Store) -> None:
    """No rows make no Snapshot."""
    table = read_source(flights(10).iloc[:0], folder=store.folder)
    with pytest.raises(EmptyDataError, match="no rows"):
        ingest(table, store=store, name="f", budget=BUDGET)


def test_a_double_key_is_told_with_its_table(store: Store, tmp_path: Path) -> None:
    """By the name of its file, or by its source step where it is none."""
    (tmp_path / "weather.csv").write_text("tail,wind\na,1\na,2\nb,3\nb,4\nb,5\nc,6\n")
    table = read_source(flights(10), folder=tmp_path)
    right = read_source("weather.csv", folder=tmp_path)
    with pytest.raises(DataError) as caught:
        ingest(table, store=store, name="f", budget=BUDGET, join=[Join(right, ["tail"])])
    assert caught.value.happened == "The joined table weather.csv has 2 keys twice, e.g. ('a',)."
    frame = read_source(pd.read_csv(tmp_path / "weather.csv"), folder=tmp_path)
    join = Join(frame, ["tail"], name="weather")
    with pytest.raises(DataError, match="joined table `weather` has 2 keys twice"):
        ingest(table, store=store, name="f", budget=BUDGET, join=[join])


def test_texts_and_joins_count_into_the_budget(store: Store) -> None:
    """Different texts are held in memory, and so is a joined table: both are refused in time."""
    frame = pd.DataFrame({"id": [f"{k:060d}" for k in range(5000)]})
    table = read_source(frame, folder=store.folder)
    with pytest.raises(OverBudgetError, match=r"`id` with \d,\d{3} different texts needs"):
        ingest(table, store=store, name="f", budget=400_000)
    join = Join(read_source(frame.assign(x=1), folder=store.folder), ["id"])
    with pytest.raises(OverBudgetError, match="joined table"):
        ingest(table, store=store, name="f", budget=400_000, join=[join])


def test_rows_are_ordered_by_a_column_stably(store: Store) -> None:
    """Sorted runs are merged: equal values keep their order, missing ones come last."""
    frame = flights(500).drop(columns=["tail", "carrier"])
    frame["delay"] = frame["delay"].round(-1)
    for by in ["delay", "hour", "time"]:
        shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
        table = read_source(shuffled, folder=store.folder)
        budget = 40 * 24 * table.survey().bytes_per_row()
        snapshot = ingest(table, store=store, name=by, budget=budget, order=[by])
        expected = shuffled.sort_values(by, kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(whole(store, snapshot), expected, check_dtype=False)


def test_rows_cannot_be_ordered_by_text_or_by_nothing(store: Store) -> None:
    """The column must exist and hold times or numbers."""
    table = read_source(flights(10), folder=store.folder)
    with pytest.raises(DataError, match="no times and no numbers"):
        ingest(table, store=store, name="f", budget=BUDGET, order=["tail"])
    with pytest.raises(UnknownInputError, match="`time`"):
        ingest(table, store=store, name="f", budget=BUDGET, order=["tiem"])


def test_files_of_one_name_are_remembered_each_by_its_path(store: Store, tmp_path: Path) -> None:
    """Below the project's folder a path is told from there, in its inputs and its joins too."""
    for year in ("2012", "2013", "joined"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "data.csv").write_text(f"a,{year[0]}\n1,{year}\n")
    table = read_source(["2012/data.csv", "2013/data.csv"], folder=store.folder)
    join = Join(read_source("joined/data.csv", folder=store.folder), ["a"])
    snapshot = ingest(table, store=store, name="f", budget=BUDGET, join=[join])
    facts = snapshot.facts
    assert set(facts["inputs"]) == {"2012/data.csv", "2013/data.csv"}
    assert set(facts["joins"][0]["inputs"]) == {"joined/data.csv"}
    told = {file["path"]: file["sha256"] for file in facts["files"]}
    assert told == facts["inputs"] | facts["joins"][0]["inputs"]
    assert len(set(told.values())) == 3


def test_integer_keys_with_missing_values_are_joined(store: Store, tmp_path: Path) -> None:
    """A row without a key finds nothing; the others find theirs."""
    (tmp_path / "left.csv").write_text("k,x\n1,a\n,b\n3,c\n")
    (tmp_path / "right.csv").write_text("k,y\n3,30\n,20\n1,10\n")
    table = read_source("left.csv", folder=tmp_path)
    join = Join(read_source("right.csv", folder=tmp_path), ["k"])
    snapshot = ingest(table, store=store, name="f", budget=BUDGET, join=[join])
    assert whole(store, snapshot)["y"].fillna(-1).tolist() == [10, -1, 30]
