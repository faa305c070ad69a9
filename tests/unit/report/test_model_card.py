"""The model info sheet: from records only, each answer with its origin, one safe file."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from report_samples import facts, run, training

from blase_lab.report import CardFacts, model_card, render_html, render_markdown


@pytest.fixture(scope="module")
def page() -> str:
    """Return the sample's sheet as HTML."""
    return render_html(model_card(facts()))


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    """No script, no address, no import: it opens the same in ten years, offline."""
    assert re.search(r"https?://|//cdn|@import|url\(|<script|<link|\bon\w+=", page) is None


def test_the_page_is_well_formed(page: str) -> None:
    """Every element that is opened is closed, in order."""
    open_now: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
            if tag not in ("meta", "br", "line", "circle", "path"):
                open_now.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag not in ("line", "circle", "path"):
                assert open_now.pop() == tag

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            """Open and close at once."""

    Reader().feed(page)
    assert open_now == []


def test_documentation_cannot_add_markup(page: str) -> None:
    """What a person wrote is text, whatever it looks like."""
    assert "&lt;b&gt;as scheduled&lt;/b&gt;" in page
    assert "<b>" not in page


def test_the_page_follows_the_reader_s_light_or_dark(page: str) -> None:
    """Both palettes are in the one style sheet."""
    assert "prefers-color-scheme: dark" in page


def test_every_section_is_there_in_order() -> None:
    """From what the model is to what is not known."""
    assert [section.title for section in model_card(facts()).sections] == [
        "Model",
        "Data",
        "Features",
        "Target",
        "Split and leakage",
        "Training",
        "Evaluation",
        "Impact",
        "Reproducibility",
        "Limits and unknowns",
    ]


def test_metrics_stand_beside_the_baseline_with_their_interval(page: str) -> None:
    """The figure, its interval and what it must beat, and a loss to the baseline is said."""
    assert "0.7361 to 0.7463" in page
    assert "better than logistic regression (0.7018)" in page
    assert "worse than logistic regression (0.7894)" in page


def test_what_nobody_said_is_unknown_and_listed_under_limits(page: str) -> None:
    """The undocumented feature and its question are in the last section."""
    limits = page[page.index("id='limits-and-unknowns'") :]
    assert "when it is known at prediction time" in limits
    assert "tag unknown" in limits


def test_a_sheet_of_nothing_but_a_run_says_what_is_unknown() -> None:
    """No evaluation, no steps, no verdict: the page renders and guesses nothing."""
    card = model_card(CardFacts(project="p", training=training(), run=run()))
    text = render_markdown(card)
    assert "never evaluated" in text
    assert "never made again" in text
    assert render_html(card).count("tag unknown") > 3


def test_the_figures_are_inline(page: str) -> None:
    """Training curves and calibration are SVG in the page itself."""
    assert page.count("<svg") == 2


def test_markdown_holds_the_same_answers() -> None:
    """Every answer of the card is in the text, with its origin."""
    card = model_card(facts())
    text = render_markdown(card)
    for section in card.sections:
        assert f"## {section.title}" in text
        for answer in section.answers:
            assert f"- **{answer.question}**" in text
    assert "*(measured)*" in text


def test_the_front_matter_is_yaml_that_hubs_read() -> None:
    """The block between the dashes parses, and names the metrics with their values."""
    yaml = pytest.importorskip("yaml")
    text = render_markdown(model_card(facts()))
    front = yaml.safe_load(text.split("---")[1])
    metrics = front["model-index"][0]["results"][0]["metrics"]
    assert metrics[0] == {"type": "auc", "name": "auc (test)", "value": 0.7412}
    assert json.dumps(front["tags"]) == '["blase-lab", "keras", "tabular"]'


def test_a_pipe_in_a_sentence_does_not_break_a_table() -> None:
    """Each row of a Markdown table has as many cells as its heading."""
    text = render_markdown(model_card(facts()))
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.split(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1


def test_the_model_is_found_by_the_version_that_the_training_names(page: str) -> None:
    """A training names `net@3`; the sheet says why the step was chosen, not that nobody said."""
    said = facts().steps["delay_net"].documentation.splitlines()[0]
    assert said in page.split("Predicts")[0]
