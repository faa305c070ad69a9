"""`blase.toml` means what it says, and what it cannot mean is refused with the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blase_lab.core.errors import ConfigError, NoProjectError
from blase_lab.core.records import SplitPolicy
from blase_lab.project import Project, Settings
from blase_lab.project.settings import (
    FILE,
    find_folder,
    parse_bytes,
    parse_settings,
    read_settings,
    write_settings,
)

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """\
name = "flights"
seed = 2013
memory = "1.5 GiB"
documentation = "warn"
deterministic = false
tolerance = 1e-4

[split]
by = "time"
column = "hour"
train = 0.8
validation = 0.1
test = 0.1
validation_from = "2013-11-01"
test_from = "2013-12-01"
embargo = "6h"
"""


def test_every_key_is_understood() -> None:
    """Each setting of the file arrives, sizes in bytes and the text as it was written."""
    assert parse_settings(WHOLE) == Settings(
        name="flights",
        seed=2013,
        memory_bytes=1_610_612_736,
        documentation="warn",
        deterministic=False,
        tolerance=1e-4,
        split=SplitPolicy(
            by="time",
            column="hour",
            train=0.8,
            validation=0.1,
            test=0.1,
            validation_from="2013-11-01",
            test_from="2013-12-01",
            embargo="6h",
        ),
        text=WHOLE,
    )


def test_a_name_is_enough() -> None:
    """The rest has the defaults that `blase init` writes."""
    said = parse_settings('name = "small"')

    assert (said.seed, said.memory_bytes, said.documentation) == (1, 512 * 2**20, "required")
    assert (said.deterministic, said.tolerance, said.split) == (True, 1e-5, SplitPolicy())


def test_the_file_that_init_writes_means_the_defaults(tmp_path: Path) -> None:
    """What is shown to a newcomer is what holds without it, also for a name with quotes."""
    assert write_settings(tmp_path, 'a "quoted" name')

    written = read_settings(tmp_path)
    assert written.name == 'a "quoted" name'
    plain = parse_settings('name = "plain"')
    for field in ("seed", "memory_bytes", "documentation", "deterministic", "tolerance", "split"):
        assert getattr(written, field) == getattr(plain, field), field


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100", 100),
        ("1B", 1),
        ("1kB", 1_000),
        ("2 MB", 2_000_000),
        ("3GB", 3_000_000_000),
        ("1TB", 10**12),
        ("1KiB", 1_024),
        ("512MiB", 536_870_912),
        ("0.5gib", 536_870_912),
        ("1 TiB", 2**40),
    ],
)
def test_sizes_are_read_in_every_unit(text: str, expected: int) -> None:
    """Decimal and binary units, in any case, with or without a space."""
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "MiB", "12 parsecs", "-1MB", "1e3", "1,5 GB"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    """The message repeats the text and shows how a size is written."""
    with pytest.raises(ConfigError) as caught:
        parse_bytes(text)
    assert f"`{text}`" in str(caught.value)
    assert 'memory = "512MiB"' in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('name = "a"\nseed = ?\ntolerance = 1', "line 2"),
        ('name = "a"\nname = "b"', "overwrite"),
        ('name = "a"\nseed = "one"', "$.seed"),
        ('name = "a"\ndocumentation = "maybe"', "$.documentation"),
        ('name = "a"\nmemroy = "1GB"', "memroy"),
        ('name = "a"\n[split]\nby = "chance"', "$.split.by"),
        ('name = "a"\n[split]\ntrian = 0.5', "trian"),
        ('name = "a"\nsplit = 3', "split"),
        ("seed = 1", "name"),
        ('name = "a"\nmemory = "lots"', "lots"),
    ],
)
def test_an_error_names_the_place(text: str, place: str) -> None:
    """A person can go to the line or the key."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text)
    assert place in caught.value.happened
    assert FILE in str(caught.value)


def test_a_folder_without_the_file_says_how_to_begin(tmp_path: Path) -> None:
    """The way out is the verb."""
    with pytest.raises(NoProjectError, match="blase init"):
        read_settings(tmp_path)
    with pytest.raises(NoProjectError, match="blase init"):
        find_folder(tmp_path)


def test_a_project_is_found_from_below(tmp_path: Path) -> None:
    """The nearest folder above decides."""
    Project.init(tmp_path, name="outer")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)

    assert Project.open(inner).folder == tmp_path.resolve()
    Project.init(tmp_path / "a", name="inner")
    assert Project.open(inner).settings.name == "inner"


def test_beginning_twice_changes_nothing(tmp_path: Path) -> None:
    """The settings that stand are kept to the byte."""
    Project.init(tmp_path, name="first")
    before = (tmp_path / FILE).read_bytes()

    again = Project.init(tmp_path, name="second")

    assert (tmp_path / FILE).read_bytes() == before
    assert again.settings.name == "first"
