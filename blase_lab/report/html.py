"""The model info sheet as one HTML file: no script, no outside address, light and dark."""

from __future__ import annotations

import re
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blase_lab.report.sheet import Answer, Card, Figure, Highlight, Section, Table


def render_html(card: Card) -> str:
    """Return the whole page; every text is escaped, so documentation cannot add markup."""
    style = (resources.files("blase_lab.report") / "card.css").read_text(encoding="utf-8")
    body = "".join(_body(card))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(card.title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )


def _body(card: Card) -> Iterator[str]:
    yield f"<header>\n<p class='kind'>Model info sheet</p>\n<h1>{escape(card.title)}</h1>\n"
    yield f"<p class='subtitle'>{escape(card.subtitle)}</p>\n"
    yield f"<div class='highlights'>{''.join(map(_highlight, card.highlights))}</div>\n"
    yield "<nav aria-label='Sections'>"
    for section in card.sections:
        yield f"<a href='#{escape(section.anchor)}'>{escape(section.title)}</a>"
    yield "</nav>\n</header>\n<main>\n"
    for section in card.sections:
        yield "".join(_section(section))
    yield f"</main>\n<footer>{_legend()}</footer>\n"


def _highlight(mark: Highlight) -> str:
    return (
        f"<div class='highlight {mark.tone}'><span class='label'>{escape(mark.label)}</span>"
        f"<span class='value'>{escape(mark.value)}</span>"
        f"<span class='detail'>{escape(mark.detail)}</span></div>"
    )


def _section(section: Section) -> Iterator[str]:
    yield f"<section id='{escape(section.anchor)}'>\n<h2>{escape(section.title)}</h2>\n"
    if section.answers:
        yield f"<dl>{''.join(map(_answer, section.answers))}</dl>\n"
    for table in section.tables:
        yield "".join(_table(table))
    for figure in section.figures:
        yield _figure(figure)
    if not (section.answers or section.tables or section.figures):
        yield f"<p class='nothing'>Nothing was recorded. {_tag('unknown')}</p>\n"
    yield "</section>\n"


def _answer(answer: Answer) -> str:
    text = escape(answer.text)
    shown = f"<code>{text}</code>" if answer.is_code else _paragraphs(text)
    return (
        f"<div class='answer'><dt>{escape(answer.question)}</dt>"
        f"<dd>{shown}{_tag(answer.origin)}</dd></div>"
    )


def _paragraphs(text: str) -> str:
    parts = [" ".join(part.split()) for part in text.split("\n\n")]
    lines = "<br>".join(part for part in parts if part)
    return re.sub(r"`([^`<]+)`", r"<code>\1</code>", lines)


def _tag(origin: str) -> str:
    return f"<span class='tag {origin}'>{origin}</span>"


def _table(table: Table) -> Iterator[str]:
    yield "<div class='table'><table>\n"
    yield f"<caption>{escape(table.caption)}{_tag(table.origin)}</caption>\n<thead><tr>"
    for place, text in enumerate(table.headings):
        yield f"<th scope='col'{_right(table, place)}>{escape(text)}</th>"
    yield "</tr></thead>\n<tbody>\n"
    for number, row in enumerate(table.rows):
        tone = table.tones[number] if table.tones else "plain"
        yield f"<tr class='{tone}'>"
        for place, text in enumerate(row):
            yield f"<td{_right(table, place)}>{_paragraphs(escape(text))}</td>"
        yield "</tr>\n"
    yield "</tbody></table></div>\n"


def _right(table: Table, place: int) -> str:
    return " class='number'" if place in table.numeric else ""


def _figure(figure: Figure) -> str:
    caption = f"<figcaption>{escape(figure.caption)}{_tag(figure.origin)}</figcaption>"
    drawing = figure.svg.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)
    return f"<figure>{drawing}{caption}</figure>\n"


def _legend() -> str:
    meanings = (
        ("measured", "computed from the data"),
        ("captured", "read from the code or the machine"),
        ("declared", "written by a person"),
        ("unknown", "nobody said"),
    )
    said = "".join(f"<span>{_tag(origin)} {text}</span>" for origin, text in meanings)
    return f"{said}<span>Made by blase-lab from its records.</span>"
