"""The model info sheet: from records only, each answer with its origin, one safe file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from msgspec import structs
from report_samples import DIGEST, facts, run, training

from blase_lab.core.records import Chunks, Finding, FittedColumn, Observation, Proof
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


def test_the_sheet_says_how_many_steps_are_self_contained() -> None:
    """Those that are not are named, each with what it is; without any proof that is said."""
    given = facts()
    first, *others = given.steps
    proof = Proof(
        step=first,
        version=1,
        root="r",
        state="self-contained",
        sentence="",
        created="2024-01-01T00:00:00Z",
    )

    proven = render_markdown(model_card(replace(given, proofs={first: proof})))
    unknown = render_markdown(model_card(given))

    assert f"1 of {len(given.steps)}; {others[0]}: not proven" in proven
    assert "none was tried in a clean process" in unknown


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


def _sheet(**other: object) -> str:
    return render_markdown(model_card(CardFacts(**{**vars(facts()), **other})))


@pytest.mark.parametrize("joined", [{"name": "weather"}, {"inputs": {"weather.csv": DIGEST}}])
def test_joined_sources_and_files_stand_beside_the_source(joined: dict[str, object]) -> None:
    """What was joined on which key, and every file with its size and digest."""
    known = facts().snapshots
    told = {
        "joins": [{"on": ["origin", "hour"], "taken": ["wind", "sky"], **joined}],
        "files": [{"path": "/srv/data/weather.csv", "bytes": 2048, "sha256": DIGEST}],
    }
    source = structs.replace(known["flights"], facts=told)
    text = _sheet(snapshots={**known, "flights": source})
    name = joined.get("name", "weather.csv")
    assert f"| {name}, joined to flights on `origin`, `hour` | - | 2 of them |" in text
    assert f"| weather.csv | 2.0 KiB | {DIGEST[:16]} |" in text


def test_the_only_joined_source_is_called_by_its_step() -> None:
    """Older records have the names of the joined steps beside the joins."""
    known = facts().snapshots
    told = {"joins": [{"on": ["hour"], "taken": ["wind"]}], "joined": {"weather": DIGEST}}
    source = structs.replace(known["flights"], facts=told)
    assert "| weather, joined to flights on `hour`" in _sheet(snapshots={"flights": source})


def test_a_feature_of_several_columns_shows_how_they_were_scaled() -> None:
    """By the names of its columns or their places; the share of missing is that of the worst."""
    fitted = facts().fitted
    assert fitted is not None
    for names in (("hour.sine", "hour.cosine"), ("hour[0]", "hour[1]")):
        columns = tuple(
            FittedColumn(name=name, method="standard", count=90, missing=missing)
            for name, missing in zip(names, (0, 10), strict=True)
        )
        text = _sheet(fitted=structs.replace(fitted, columns=columns))
        assert "| hour | 1 | standard (2 columns) | 10.00% |" in text


def test_a_leak_that_was_trained_on_is_said_to_be_accepted() -> None:
    """A proof stops a training unless it is accepted by its name."""
    leak = Finding(check="target-alone", grade="proof", step="hour", sentence="AUC of 1.")
    text = _sheet(training=structs.replace(training(), findings=(leak,)))
    assert "| proof, accepted by name | target-alone | hour |" in text


def test_memory_of_data_and_of_training_are_told_apart() -> None:
    """The budget holds for the data stages; the training process is only measured."""
    known = facts().snapshots
    plan = Chunks(
        rows=1,
        shard_rows=1,
        chunk_rows=1,
        tasks_in_flight=1,
        peak_bytes=1,
        disk_bytes=1,
        budget_bytes=256 << 20,
    )
    peaks = {"flights": 90 << 20, "departed": 20 << 20}
    made = {
        name: structs.replace(item, plan=plan, measured_peak_bytes=peaks[name])
        for name, item in known.items()
    }
    text = _sheet(snapshots=made)
    assert (
        "- **Peak memory of the data stages**: 90.0 MiB of a budget of 256.0 MiB (`flights`)"
    ) in text
    assert (
        "- **Peak memory of the training process**: 411.0 MiB; training is not under the budget"
    ) in text
    assert "of the data stages" not in _sheet()


def test_the_model_is_found_by_the_version_that_the_training_names(page: str) -> None:
    """A training names `net@3`; the sheet says why the step was chosen, not that nobody said."""
    said = facts().steps["delay_net"].documentation.splitlines()[0]
    assert said in page.split("Predicts", maxsplit=1)[0]


def test_what_the_steps_touched_stands_beside_the_sources() -> None:
    """Each with its digest or why there is none; what nobody can know stands under the limits."""
    name = next(iter(facts().steps))
    notes = (
        Observation(kind="file", name="<b>limits</b>.json", digest="0123456789abcdef"),
        Observation(kind="variable", name="REGION", digest="fedcba9876543210"),
        Observation(kind="program", name="git"),
    )
    sheet = model_card(replace(facts(), observed={name: notes}))
    html, markdown = render_html(sheet), render_markdown(sheet)

    assert "Also touched while the steps ran" in html
    assert "&lt;b&gt;limits&lt;/b&gt;.json" in html
    assert "0123456789ab" in markdown
    assert "starts program `git`: what it reads is not seen" in markdown
    assert "Also touched" not in render_html(model_card(facts()))
