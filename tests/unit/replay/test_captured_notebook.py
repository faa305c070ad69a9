"""The captured notebook is valid, runs from the top, and says what it is."""

from __future__ import annotations

import nbformat
from replay_samples import BAND, CELL, sample_steps, step

from blase_lab.core.records import Definition
from blase_lab.replay import captured_notebook, notebook_text

_BAND = Definition(name="band", origin="function", source=BAND)


def _sources(notebook: dict[str, object]) -> list[str]:
    cells = notebook["cells"]
    assert isinstance(cells, list)
    return [cell["source"] for cell in cells if cell["cell_type"] == "code"]


def _notebook() -> dict[str, object]:
    steps = list(sample_steps().values())
    return captured_notebook(
        steps, ["build", "train --epochs {epochs}"], parameters={"epochs": 2}, title="Run 3 again"
    )


def test_the_notebook_is_valid_nbformat_4_5() -> None:
    """The whole is accepted by nbformat, and its minor version asks for cell ids."""
    notebook = nbformat.reads(notebook_text(_notebook()), as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_equal_arguments_give_equal_bytes() -> None:
    """Nothing random (no cell id, no date) is in the notebook."""
    assert notebook_text(_notebook()) == notebook_text(_notebook())


def test_the_heading_says_which_run_is_made_again() -> None:
    """The first cell is a heading with the title."""
    cells = _notebook()["cells"]
    assert isinstance(cells, list)
    assert cells[0]["source"].startswith("# Run 3 again\n")


def test_a_project_is_there_before_the_first_step() -> None:
    """The first code cell loads the extension and begins a project where there is none."""
    assert _sources(_notebook())[0] == "%load_ext blase_lab\n%blase init"


def test_the_parameters_cell_carries_the_tag_that_papermill_looks_for() -> None:
    """Exactly one cell is tagged, and it assigns the parameters."""
    cells = _notebook()["cells"]
    assert isinstance(cells, list)
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
    assert [cell["source"] for cell in tagged] == ["epochs = 2"]


def test_a_helper_stands_before_the_step_that_needs_it() -> None:
    """The helper is an ordinary cell directly before the raw cell, which is unchanged."""
    sources = _sources(_notebook())
    assert sources.index(BAND) + 1 == sources.index(CELL)


def test_the_verbs_come_last_each_in_its_own_cell() -> None:
    """The last cells are the line magics, in order."""
    assert _sources(_notebook())[-2:] == ["%blase build", "%blase train --epochs {epochs}"]


def test_a_helper_that_two_steps_need_is_written_once() -> None:
    """The second step finds it defined, whatever its formatting."""
    other = Definition(name="band", origin="function", source=BAND + "  # rounded down")
    cell = "%%blase_feature\ndef again(chunk):\n    return chunk.map(band)"
    steps = [
        step("distance_band", "feature", CELL, needs=(_BAND,)),
        step("again", "feature", cell, needs=(other,)),
    ]
    text = notebook_text(captured_notebook(steps, [], parameters={}, title="t"))
    assert text.count("def band(miles)") == 1


def test_another_version_of_a_helper_is_written_again() -> None:
    """A step that was captured with another helper gets that one."""
    newer = Definition(name="band", origin="function", source=BAND.replace("500", "100"))
    cell = "%%blase_feature\ndef again(chunk):\n    return chunk.map(band)"
    steps = [
        step("distance_band", "feature", CELL, needs=(_BAND,)),
        step("again", "feature", cell, needs=(newer,)),
    ]
    sources = _sources(captured_notebook(steps, [], parameters={}, title="t"))
    assert sources.index(newer.source) + 1 == sources.index(cell)


def test_what_the_raw_cell_defines_itself_is_not_written_before_it() -> None:
    """A helper inside the step's own cell stays there, once."""
    magic, body = CELL.split("\n", 1)
    cell = f"{magic}\n%matplotlib inline\n{BAND}\n\n{body}"
    one = step("distance_band", "feature", cell, needs=(_BAND,))
    text = notebook_text(captured_notebook([one], [], parameters={}, title="t"))
    assert text.count("def band(miles)") == 1
