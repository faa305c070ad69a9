"""The model info sheet as Markdown, with the YAML front matter that model hubs read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blase_lab.report.sheet import Card, Section, Table


def render_markdown(card: Card) -> str:
    """Return the sheet as one Markdown text: all answers and tables, without the figures."""
    lines = ["---", *_yaml(card.front), "---", "", f"# {card.title}", "", card.subtitle, ""]
    lines += [f"- **{mark.label}**: {mark.value} ({mark.detail})" for mark in card.highlights]
    for section in card.sections:
        lines.extend(_section(section))
    return "\n".join(lines) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {section.title}"
    yield ""
    for answer in section.answers:
        text = f"`{answer.text}`" if answer.is_code else _plain(answer.text)
        yield f"- **{answer.question}**: {text} *({answer.origin})*"
    for table in section.tables:
        yield from _table(table)
    for figure in section.figures:
        yield ""
        yield f"*{figure.caption} The figure is in the HTML sheet.*"


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"**{table.caption}** *({table.origin})*"
    yield ""
    yield "| " + " | ".join(_cell(text) for text in table.headings) + " |"
    marks = ("---:" if place in table.numeric else "---" for place in range(len(table.headings)))
    yield "| " + " | ".join(marks) + " |"
    for row in table.rows:
        yield "| " + " | ".join(_cell(text) for text in row) + " |"


def _plain(text: str) -> str:
    return text.replace("\n", " ").replace("<", "&lt;")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _yaml(value: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Yield block YAML of mappings, lists and scalars; scalars are JSON, which is YAML too."""
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield f"{indent}{name}:"
            yield from _yaml(item, indent + "  ")
        elif isinstance(item, list):
            yield f"{indent}{name}:"
            yield from _yaml_list(item, indent)
        else:
            yield f"{indent}{name}: {json.dumps(item, ensure_ascii=False)}"


def _yaml_list(items: list[object], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping):
            first, *rest = _yaml(item, indent + "  ")
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}- {json.dumps(item, ensure_ascii=False)}"
