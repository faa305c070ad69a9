"""What cannot be is refused in two or three lines; the kernel and the earlier version stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from live_kernel import kernel_in
from project_samples import (
    AGE,
    HELPERS,
    LEAK,
    MODEL,
    REGION,
    SETTINGS,
    SOURCE,
    TARGET,
    Cell,
    lay_out,
    undocumented,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live_kernel import Kernel, Shown

pytestmark = [
    pytest.mark.kernel,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder with 2,000 rows."""
    return lay_out(tmp_path_factory.mktemp("refused") / "visits", rows=2_000)


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    """One kernel with a small project; each test leaves it as it was."""
    with kernel_in(folder) as running:
        running.must(HELPERS)
        for cell in (SOURCE, AGE, REGION, TARGET, MODEL):
            running.must(cell.text)
        running.must("%blase build")
        yield running


def assert_brief(kernel: Kernel, shown: Shown, kind: str) -> None:
    """The error has the kind, few lines, a way out and its code; the kernel goes on."""
    assert (shown.status, shown.error) == ("error", kind), shown.told
    assert 2 <= len(shown.lines) <= 3, shown.told
    assert "→ " in shown.lines[-1]
    assert shown.lines[-1].rstrip().endswith("]")
    assert "Traceback" not in shown.told
    assert kernel.must("1 + 1").strip() == "2"
    assert "age@1 " in kernel.must("%blase status age")


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    [
        ("def age(chunk:\n    return chunk\n", "CellSyntaxError", "Line 1"),
        ("x = 3\n", "NoStepError", "function"),
        ("!pip install nothing\ndef age(chunk):\n    return chunk\n", "CellSyntaxError", "pip"),
    ],
)
def test_a_cell_that_cannot_be_a_step_is_refused(
    kernel: Kernel, *, body: str, kind: str, word: str
) -> None:
    """The cell is named by its magic line."""
    shown = kernel.run(f"%%blase_feature age\n{body}")

    assert_brief(kernel, shown, kind)
    assert shown.lines[0].startswith("%%blase_feature age: ")
    assert word in shown.told


@pytest.mark.parametrize(
    ("cell", "kind", "words"),
    [
        (
            Cell("feature", 'def shape(chunk):\n    """Short."""\n    return chunk["age"][:5]\n'),
            "WrongShapeError",
            ("`shape`", "5"),
        ),
        (
            Cell("feature", 'def typo(chunk):\n    """Typo."""\n    return chunk["incme"]\n'),
            "UnknownInputError",
            ("`typo`", "`incme`", "`income`"),
        ),
        (
            Cell(
                "feature",
                'def lost(chunk):\n    """Lost."""\n    return chunk["age"]\n',
                {"inputs": ["agee"]},
            ),
            "UnknownInputError",
            ("`lost`", "`agee`", "age"),
        ),
        (
            Cell("feature", 'def fails(chunk):\n    """Fails."""\n    return 1 / 0\n'),
            "StepFailedError",
            ("`fails`", "ZeroDivisionError", "line"),
        ),
    ],
)
def test_a_step_that_cannot_be_built_is_named(
    kernel: Kernel, *, cell: Cell, kind: str, words: tuple[str, ...]
) -> None:
    """With the cause and the way out; dropping it lets the others be built."""
    kernel.must(cell.text)
    name = cell.body.split("def ")[1].split("(")[0]
    try:
        shown = kernel.run("%blase build")

        assert_brief(kernel, shown, kind)
        assert all(word in shown.told for word in words), shown.told
        assert kernel.run("%blase build age").status == "ok"
    finally:
        kernel.must(f"%blase drop {name}")
    assert kernel.run("%blase build").status == "ok"


def test_a_missing_docstring_is_said_at_once_and_refused_at_training(kernel: Kernel) -> None:
    """The capture tells; the training names the step and what to write."""
    captured = kernel.must(undocumented(REGION).text)
    shown = kernel.run("%blase train")
    kernel.must(REGION.text)

    assert "not documented: give its function a docstring" in captured
    assert_brief(kernel, shown, "UndocumentedError")
    assert "`region`" in shown.told
    assert "docstring" in shown.told


def test_a_leak_is_refused_with_the_feature_and_the_way_out(kernel: Kernel) -> None:
    """The feature made of the target's own column is named."""
    kernel.must(LEAK.text)
    shown = kernel.run("%blase train")
    kernel.must("%blase drop receipt")

    assert_brief(kernel, shown, "LeakageError")
    assert "receipt" in shown.told
    assert "%blase drop" in shown.told
    assert "Nothing has been trained yet" in kernel.must("%blase runs")


def test_a_budget_that_is_too_small_is_refused_before_work(kernel: Kernel, folder: Path) -> None:
    """Settings are read again at the next verb; with the old budget everything is there."""
    other = replace(SOURCE, options={"columns": ["age", "region", "spent"]})
    settings = folder / "blase.toml"
    try:
        kernel.must(other.text)
        settings.write_text(SETTINGS.replace("256MiB", "1KiB"), encoding="utf-8")
        before = sorted((folder / ".blase" / "data").iterdir())
        shown = kernel.run("%blase build")
        assert sorted((folder / ".blase" / "data").iterdir()) == before
    finally:
        settings.write_text(SETTINGS, encoding="utf-8")
        kernel.must(SOURCE.text)

    assert_brief(kernel, shown, "OverBudgetError")
    assert "memory" in shown.told
    assert kernel.run("%blase build").status == "ok"


def test_settings_that_cannot_be_read_are_named_by_line(kernel: Kernel, folder: Path) -> None:
    """A hand-written file goes wrong; the kernel tells where."""
    settings = folder / "blase.toml"
    settings.write_text(SETTINGS + "trian = 0.5\n", encoding="utf-8")
    shown = kernel.run("%blase status")
    settings.write_text(SETTINGS, encoding="utf-8")

    assert_brief(kernel, shown, "ConfigError")
    assert "trian" in shown.told
