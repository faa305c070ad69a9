"""The first rows of a source are at hand without a look at all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from blase_lab.data import ChosenTable, read_source

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pd.DataFrame(
    {
        "age": [1.5, None, 3.0],
        "town": ["a", "b", "c"],
        "count": [1, 2, 3],
        "is_new": [True, False, True],
        "seen": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
    }
)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".parquet"])
def test_the_head_of_a_file_has_the_types_that_its_rows_get(tmp_path: Path, ending: str) -> None:
    """It is what the first chunk would be, where the first rows show what the columns are."""
    path = tmp_path / f"visits{ending}"
    if ending == ".parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_csv(path, index=False, sep="\t" if ending == ".tsv" else ",")
    table = read_source(path.name, folder=tmp_path)

    head = table.head(2)

    pd.testing.assert_frame_equal(head, next(table.chunks(2)))


def test_the_head_of_a_text_file_reads_no_more_than_its_beginning(tmp_path: Path) -> None:
    """What stands further down may even be broken: it is not looked at."""
    path = tmp_path / "long.csv"
    rows = "".join(f"{number},x\n" for number in range(300_000))
    path.write_text("a,b\n" + rows + "1,2,3,4\n", encoding="utf-8")

    head = read_source("long.csv", folder=tmp_path).head(5)

    assert head["a"].tolist() == [0, 1, 2, 3, 4]


def test_the_head_of_several_tables_and_of_chosen_columns(tmp_path: Path) -> None:
    """The first of several; only the columns that are named."""
    FRAME.to_csv(tmp_path / "one.csv", index=False)
    FRAME.to_parquet(tmp_path / "two.parquet")
    table = read_source(["one.csv", "two.parquet"], folder=tmp_path)

    head = ChosenTable(table, ["town"]).head(2)

    assert head.to_dict("list") == {"town": ["a", "b"]}


def test_a_file_without_rows_has_an_empty_head(tmp_path: Path) -> None:
    """There is nothing to try a step on, and nothing fails."""
    (tmp_path / "none.csv").write_text("a,b\n", encoding="utf-8")

    head = read_source("none.csv", folder=tmp_path).head(5)

    assert len(head) == 0
