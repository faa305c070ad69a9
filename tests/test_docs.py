"""The documentation is true: its cells run, its tables are whole, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.project import check_cell
from blase_lab.ui.cli import flags_of as flags_of_verb
from blase_lab.ui.cli import verb_names
from blase_lab.ui.failures import EXIT_CODES
from blase_lab.ui.options import KINDS, OPTIONS, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.core.records import StepKind

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
START = ROOT / "docs" / "index.md"
CELLS_AND_VERBS = ROOT / "docs" / "cells-and-verbs.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|tmp|home|root|Users|opt|mnt)/|[A-Z]:\\")
ROWS_A_FILE = 300


def text_of(page: Path) -> str:
    """Return a page's text."""
    return page.read_text(encoding="utf-8")


def blocks_of(page: Path) -> list[str]:
    """Return the Python blocks of a page, each as a notebook would hold it."""
    return [found.group(1) for found in BLOCK.finditer(text_of(page))]


def name_of(page: Path) -> str:
    """Return a page's name as seen from the repository."""
    return page.relative_to(ROOT).as_posix()


def section_of(kind: StepKind) -> str:
    """Return the part of the page on cells that is about the magic of `kind`."""
    sections = re.split(r"^(?=#{2,3} )", text_of(CELLS_AND_VERBS), flags=re.MULTILINE)
    return next(each for each in sections if each.startswith("###") and f"`%%blase_{kind}`" in each)


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that the headings of a page make."""
    titles = (found.group(1) for found in HEADING.finditer(text_of(page)))
    return {re.sub(r"[^\w\s-]", "", title).strip().lower().replace(" ", "-") for title in titles}


def write_patients(folder: Path) -> None:
    """Write two small files with the columns that the start page names."""
    folder.mkdir()
    for year in (2015, 2016):
        rows = (
            f"{18 + (7 * row + year) % 70},{(13 * row + row * row) % 90}"
            for row in range(ROWS_A_FILE)
        )
        lines = ["age,days_to_next", *rows]
        (folder / f"patients-{year}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def shell() -> Iterator[Any]:
    """An IPython shell without history on disk."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder one stands in, with nothing but the data."""
    monkeypatch.chdir(tmp_path)
    write_patients(tmp_path / "data")
    return tmp_path


@pytest.mark.keras
def test_the_five_minutes_of_the_start_page_run(
    shell: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every block in order, from two CSV files to a verdict and a bundle."""
    for block in blocks_of(START):
        result = shell.run_cell(block)
        assert result.success, f"{block}\n{result.error_before_exec or result.error_in_exec}"

    shown = capsys.readouterr().out
    assert "age_bucket@1 captured: documented" in shown
    assert "IDENTICAL: the rerun gave the same bits in every stage." in shown
    assert len(list(folder.glob("cards/run-1/model_card.*"))) == 2
    assert len(list(folder.glob("bundles/*-run-1/pipeline.py"))) == 1


def test_the_readme_shows_lines_of_the_start_page() -> None:
    """What the README shows is what runs; only a comment may stand behind a verb."""
    known = {line for block in blocks_of(START) for line in block.splitlines()}
    shown = [line for block in blocks_of(README) for line in block.splitlines()]

    assert [line for line in shown if re.sub(r"\s+# .*$", "", line) not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_cells_of_a_page_can_be_written_so(page: Path) -> None:
    """Magic lines have options that exist, verbs exist, and the rest is Python."""
    for block in blocks_of(page):
        head, _, body = block.partition("\n")
        if not head.startswith("%%blase_"):
            check_lines(block)
            continue
        magic, _, line = head.partition(" ")
        kind = next(each for each in KINDS if magic == f"%%blase_{each}")
        parse_line(kind, line)
        check_cell(body, kind)


def check_lines(block: str) -> None:
    """Raise unless the verbs of a block exist with their options and the rest is Python."""
    rest = []
    for line in block.splitlines():
        if not line.startswith("%"):
            rest.append(line)
        elif line.startswith("%blase "):
            _, verb, *words = line.partition("#")[0].split()
            assert verb in verb_names(), line
            flags = {word for word in words if word.startswith("--")}
            assert flags <= set(flags_of_verb(verb)), line
    compile("\n".join(rest), "a page", "exec")


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_of_a_cell_is_explained(kind: StepKind) -> None:
    """In the section of its magic, so that a new option cannot stay unnamed."""
    section = section_of(kind)

    assert [each.flag for each in OPTIONS[kind] if f"`{each.flag}" not in section] == []


@pytest.mark.parametrize("verb", verb_names())
def test_every_verb_is_explained_with_its_options(verb: str) -> None:
    """As a row of a table; the options that all verbs share stand once."""
    page = text_of(CELLS_AND_VERBS)
    row = re.compile(rf"^\| `blase {verb}[ `]", re.MULTILINE)

    assert row.search(page), verb
    assert [flag for flag in flags_of_verb(verb) if flag not in page] == []


def test_every_exit_code_is_explained() -> None:
    """One row for each."""
    page = text_of(CELLS_AND_VERBS)

    assert [code for code in EXIT_CODES if f"\n| {code} | " not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links point to a file of the repository, and to a heading that it has."""
    broken = []
    for target in LINK.findall(text_of(page)):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        if not place.exists() or (anchor and anchor not in anchors_of(place)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_path_of_some_machine(page: Path) -> None:
    """What stands on a page holds for every reader."""
    assert MACHINE_PATH.findall(text_of(page)) == []
