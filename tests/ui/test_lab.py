"""blase-lab in JupyterLab and Notebook 7, as a person meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab_page import LONG, NotebookPage
from lab_project import DISTANCE, HELPER, HIDING, STEPS, WEIGHT
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Lab
    from playwright.sync_api import Page

    Screen = Callable[[str], None]

pytestmark = pytest.mark.browser


def test_a_notebook_from_its_first_cell_to_its_bundle(lab: Lab, page: Page, screen: Screen) -> None:
    """Badges, staleness, a live training with its buttons, resume, export, and a reload."""
    notebook = NotebookPage(page, lab)
    notebook.open()

    badges_follow_the_cells(notebook, screen)
    badges_say_what_has_become_stale(notebook)
    badges_say_what_is_proven(notebook, screen)
    a_training_is_alive_and_obeys(notebook, screen)
    a_stopped_training_is_resumed(notebook, screen)
    the_panel_lists_and_exports(notebook, screen)
    the_last_chart_outlives_the_kernel(notebook)
    assert notebook.complaints == []


def badges_follow_the_cells(notebook: NotebookPage, screen: Screen) -> None:
    """A cell that never ran is a draft; captured it is fresh; changed it is a draft again."""
    notebook.show_panel()
    for name in STEPS:
        notebook.sees(name, "draft")
    screen("1-drafts")

    notebook.run("load", "helper", *STEPS)
    for name in STEPS:
        notebook.sees(name, "@1")
        notebook.sees(name, "fresh")
    screen("2-fresh")

    notebook.writes("weight", "%%blase_feature weight_log\ndef weight_log(chunk):\n")
    notebook.sees("weight", "draft")
    notebook.page.keyboard.press("Control+z")
    notebook.sees("weight", "fresh")


def badges_say_what_has_become_stale(notebook: NotebookPage) -> None:
    """Another constant in a helper's cell makes the feature stale; running it makes it @2."""
    notebook.writes("helper", HELPER.replace("2.0", "3.0"))
    notebook.run("helper")
    notebook.sees("distance", "stale")
    assert "SCALE" in str(notebook.badge("distance").get_attribute("title"))
    notebook.sees("weight", "fresh")

    notebook.run("distance")
    notebook.sees("distance", "distance@2")
    notebook.sees("distance", "fresh")
    assert DISTANCE.split("\n", 1)[0] in notebook.cell("distance").inner_text()


def badges_say_what_is_proven(notebook: NotebookPage, screen: Screen) -> None:
    """A proof ends in the background: the badge and the panel say so without a further cell."""
    notebook.sees("distance", "self-contained", timeout=LONG)
    notebook.writes("weight", HIDING)
    notebook.run("weight")
    notebook.sees("weight", "needs hidden `SCALE`", timeout=LONG)
    assert "dynamic: globals()" in str(notebook.badge("weight").get_attribute("title"))
    panel = notebook.show_panel()
    expect(panel.locator(".blase-step", has_text="weight_log")).to_contain_text("needs hidden")
    screen("3-proven")
    notebook.writes("weight", WEIGHT)
    notebook.run("weight")
    notebook.sees("weight", "weight_log@3")


def a_training_is_alive_and_obeys(notebook: NotebookPage, screen: Screen) -> None:
    """The curves move, pause holds them, continue moves them, and it ends as finished."""
    page, chart = notebook.page, notebook.chart("train")
    notebook.start("train")
    expect(chart.state).to_contain_text("running", timeout=LONG)
    assert chart.moves(page)
    screen("4-running")

    chart.press("Pause")
    expect(chart.state).to_contain_text("paused")
    assert chart.stands(page)
    screen("5-paused")
    assert page.locator(".blase-controls-box:visible").count() == 0

    chart.press("Continue")
    expect(chart.state).to_contain_text("running")
    assert chart.moves(page)

    notebook.waits_for("train")
    expect(chart.state).to_contain_text("finished")
    assert page.locator(".blase-training-words:visible").count() == 0
    notebook.run("evaluate")
    notebook.brings_into_sight("train")
    screen("6-finished")


def a_stopped_training_is_resumed(notebook: NotebookPage, screen: Screen) -> None:
    """Stop leaves a checkpoint; the resumed run goes on to its end."""
    chart, resumed = notebook.chart("again"), notebook.chart("resume")
    notebook.start("again")
    expect(chart.state).to_contain_text("running", timeout=LONG)
    assert chart.moves(notebook.page)
    chart.press("Stop")
    notebook.waits_for("again")
    expect(chart.state).to_contain_text("stopped")
    notebook.brings_into_sight("again")
    screen("7-stopped")

    notebook.start("resume")
    expect(resumed.state).to_contain_text("running", timeout=LONG)
    notebook.waits_for("resume")
    expect(resumed.state).to_contain_text("finished")


def the_panel_lists_and_exports(notebook: NotebookPage, screen: Screen) -> None:
    """Steps and runs with their numbers; the export button writes a bundle."""
    panel = notebook.show_panel()
    for name in ("parcels@1", "weighed@1", "distance@2", "weight_log@3", "late@1", "lateness@1"):
        expect(panel.locator(".blase-step-name", has_text=name)).to_be_visible()
    expect(panel.locator(".blase-run")).to_have_count(2)
    expect(panel.locator(".blase-run").first).to_contain_text("finished")
    expect(panel.locator(".blase-run").last).to_contain_text("auc")

    notebook.run("evaluate")
    panel.get_by_role("button", name="Export the latest run").click()
    place = panel.locator(".blase-exporting .blase-path")
    expect(place).to_be_visible(timeout=LONG)
    screen("8-exported")
    bundle = notebook.lab.folder.parent / place.inner_text()
    assert (bundle / "pipeline.py").is_file()


def the_last_chart_outlives_the_kernel(notebook: NotebookPage) -> None:
    """Saved, the kernel ended, the page loaded again: the curves are drawn from the file."""
    page = notebook.page
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
    page.reload()
    chart = notebook.chart("train")
    expect(chart.state).to_contain_text("finished", timeout=LONG)
    assert all(path.startswith("M") for path in chart.curves())
    assert len(chart.curves()) >= 4
    notebook.sees("distance", "distance@2")


def test_notebook_7_shows_the_badges(lab: Lab, page: Page, screen: Screen) -> None:
    """The same extension serves the single-document view."""
    notebook = NotebookPage(page, lab)
    notebook.open_alone()

    for name in STEPS:
        expect(notebook.badge(name)).to_be_visible()
    screen("11-notebook-7")
    assert notebook.complaints == []


def test_without_its_server_extension_cells_still_run_and_say_so(
    lab_without_server: Lab, page: Page, screen: Screen
) -> None:
    """Badges show the kind, the panel what is missing, and the kernel's own buttons steer."""
    notebook = NotebookPage(page, lab_without_server)
    notebook.open()

    panel = notebook.show_panel()
    expect(panel).to_contain_text("The server extension is missing")
    notebook.run("load", "helper", *STEPS)
    notebook.sees("distance", "feature")
    notebook.sees("distance", "?")
    screen("9-no-server")

    chart = notebook.chart("train")
    notebook.start("train")
    expect(chart.state).to_contain_text("running", timeout=LONG)
    expect(chart.box.get_by_role("button")).to_have_count(0)
    buttons = notebook.cell("train").locator(".blase-controls-box")
    expect(buttons.get_by_role("button", name="Stop")).to_be_visible()
    notebook.brings_into_sight("train")
    screen("10-no-server-running")
    buttons.get_by_role("button", name="Stop").click()
    notebook.waits_for("train")
    expect(chart.state).to_contain_text("stopped")
    assert notebook.complaints == []
