"""One listing, four forms: rich table, HTML table, plain text, JSON with snake_case keys."""

from __future__ import annotations

import dataclasses
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from rich.table import Table

_CELL = "text-align:left;padding:0.2em 0.8em;vertical-align:top;white-space:pre-line"
_NUMBER = (
    "text-align:right;padding:0.2em 0.8em;vertical-align:top;font-variant-numeric:tabular-nums"
)


@dataclass(frozen=True)
class Listing:
    """Rows under named columns; cells are text already."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()
    """Columns that are aligned to the right."""
    empty: str = "Nothing yet."


def as_rich(listing: Listing) -> Table:
    """Return the listing as a table for a terminal."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(listing.title), box=box.SIMPLE_HEAD, title_justify="left")
    for column in listing.columns:
        table.add_column(
            escape(column),
            justify="right" if column in listing.numbers else "left",
            overflow="fold",
        )
    for row in listing.rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def as_text(listing: Listing, *, width: int = 120) -> str:
    """Return the listing as plain text without colours."""
    from rich.console import Console

    if not listing.rows:
        return f"{listing.title}: {listing.empty}"
    paper = io.StringIO()
    Console(file=paper, width=width, color_system=None, force_jupyter=False).print(as_rich(listing))
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines()).strip("\n")


def as_html(listing: Listing) -> str:
    """Return the listing as one HTML table; every cell is escaped."""
    title = html.escape(listing.title)
    if not listing.rows:
        return f"<p><strong>{title}</strong>: {html.escape(listing.empty)}</p>"
    styles = [_NUMBER if column in listing.numbers else _CELL for column in listing.columns]
    head = "".join(
        f'<th scope="col" style="{style}">{html.escape(column)}</th>'
        for style, column in zip(styles, listing.columns, strict=True)
    )
    body = "".join(f"<tr>{_cells(row, styles)}</tr>" for row in listing.rows)
    return (
        '<table class="blase-table" style="table-layout:auto">'
        f'<caption style="text-align:left">{title}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def as_plain(value: object) -> Any:
    """Return records as JSON values whose keys are the records' own snake_case field names."""
    if isinstance(value, msgspec.Struct):
        return {name: as_plain(getattr(value, name)) for name in value.__struct_fields__}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {name: as_plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [as_plain(item) for item in value]
    return str(value) if isinstance(value, PurePath) else value


def as_json(value: object) -> str:
    """Return records as indented JSON text; a number that JSON lacks becomes null."""
    text = msgspec.json.encode(as_plain(value))
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def _cells(row: Sequence[str], styles: Sequence[str]) -> str:
    return "".join(
        f'<td style="{style}">{html.escape(cell)}</td>'
        for style, cell in zip(styles, row, strict=True)
    )
