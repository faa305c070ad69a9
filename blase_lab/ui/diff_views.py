"""A comparison of two versions on the screen: rich columns, an HTML table, plain text."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from blase_lab.project.versions import Comparison, unified
from blase_lab.ui.differences import Row, Side, rows_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

NARROWEST = 90
"""Below so many characters two columns of code would be broken on every line."""
_NUMBER_WIDTH = 5
_INK = {"left": ("red", "bold red reverse"), "right": ("green", "bold green reverse")}

# Colours for both themes, mixed over the theme's own; signs and marks tell the same without them.
# The class stands three times to weigh more than what notebooks say of every table.
_ROOT = ".blase-diff" * 3
STYLE = f"""\
<style>
{_ROOT}{{--old:rgba(200,60,40,.14);--new:rgba(40,150,70,.16);--old-word:rgba(200,60,40,.36);
--new-word:rgba(40,150,70,.38);color:var(--jp-content-font-color1,inherit);overflow-x:auto}}
{_ROOT} table{{border-collapse:collapse;width:100%;table-layout:fixed;margin:0 0 1em;color:inherit;
font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);
line-height:1.4;border:1px solid var(--jp-border-color2,rgba(128,128,128,.5))}}
{_ROOT} caption{{caption-side:top;text-align:left;padding:.3em 0;font-weight:600;color:inherit;
font-family:var(--jp-content-font-family,sans-serif)}}
{_ROOT} th{{text-align:left;padding:.2em .6em;font-weight:600;color:inherit;
background:var(--jp-layout-color2,rgba(128,128,128,.15))}}
{_ROOT} tbody tr,{_ROOT} tbody tr:hover{{background:transparent}}
{_ROOT} td{{text-align:left;vertical-align:top;padding:0 .6em;border:0;color:inherit;max-width:none;
white-space:pre-wrap;overflow-wrap:anywhere}}
{_ROOT} td.n{{padding:0 .3em;text-align:right;white-space:pre;user-select:none;
color:var(--jp-content-font-color2,inherit);font-variant-numeric:tabular-nums}}
{_ROOT} td.old{{background:var(--old)}}
{_ROOT} td.new{{background:var(--new)}}
{_ROOT} td.gap{{text-align:center;user-select:none;color:var(--jp-content-font-color2,inherit)}}
{_ROOT} del,{_ROOT} ins{{color:inherit;border-radius:2px}}
{_ROOT} del{{background:var(--old-word);text-decoration:line-through}}
{_ROOT} ins{{background:var(--new-word);text-decoration:none;font-weight:600}}
</style>"""


class ComparisonView:
    """Two versions beside one another, or under one another where the room is too narrow."""

    def __init__(self, found: Comparison, *, is_unified: bool = False) -> None:
        """Show `found`."""
        self._found = found
        self._is_unified = is_unified

    def as_plain(self) -> str:
        """Return a unified diff without colours."""
        return unified(self._found)

    def as_rich(self, console: Console) -> RenderableType:
        """Return what a terminal shows, within its width."""
        from rich.console import Group

        if self._is_unified or console.width < NARROWEST:
            return _coloured(self.as_plain())
        parts: list[RenderableType] = []
        for piece in self._found.pieces:
            parts += _columns(self._found, piece.heading, rows_of(piece.before, piece.after))
        return Group(*parts, *_also(self._found))

    def as_html(self) -> str:
        """Return what a notebook shows; every text is escaped."""
        if self._is_unified:
            return f"<pre>{html.escape(self.as_plain())}</pre>"
        tables = "".join(
            _table(self._found, piece.heading, rows_of(piece.before, piece.after))
            for piece in self._found.pieces
        )
        told = "".join(f"<li>{html.escape(each)}</li>" for each in self._found.also)
        listed = f"<p>Also different:</p><ul>{told}</ul>" if told else ""
        return f'{STYLE}<div class="blase-diff">{tables}{listed}</div>'


# --- a terminal ---------------------------------------------------------------------------------


def _columns(found: Comparison, heading: str, rows: tuple[Row, ...]) -> list[RenderableType]:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(heading, "bold"), title_justify="left", box=box.SIMPLE_HEAD, expand=True
    )
    for title in (found.before, found.after):
        table.add_column("", width=_NUMBER_WIDTH, justify="right", style="dim", no_wrap=True)
        table.add_column(Text(title), ratio=1, overflow="fold")
    for row in rows:
        if row.mark == "gap":
            table.add_row("", Text("⋮", "dim"), "", Text("⋮", "dim"))
            continue
        left = _inked(row, row.left, "left")
        table.add_row(_placed(row, row.left, "-"), left, *_right(row))
    return [table]


def _right(row: Row) -> tuple[str, Text]:
    return _placed(row, row.right, "+"), _inked(row, row.right, "right")


def _placed(row: Row, side: Side | None, sign: str) -> str:
    if side is None:
        return ""
    return f"{side.number} {' ' if row.mark == 'same' else sign}"


def _inked(row: Row, side: Side | None, place: str) -> Text:
    from rich.text import Text

    if side is None:
        return Text("")
    if row.mark == "same":
        return Text(side.text)
    plain, changed = _INK[place]
    text = Text()
    for span in side.spans:
        text.append(span.text, changed if span.is_changed else plain)
    return text


def _coloured(diff: str) -> RenderableType:
    """Return a unified diff with the colours that version control uses."""
    from rich.text import Text

    inks = {"+++": "bold", "---": "bold", "@": "cyan", "+": "green", "-": "red"}
    text = Text()
    for line in diff.splitlines():
        ink = next((ink for start, ink in inks.items() if line.startswith(start)), "")
        text.append(f"{line}\n", ink)
    text.rstrip()
    return text


def _also(found: Comparison) -> list[RenderableType]:
    from rich.text import Text

    lines = [Text(f"  {each}") for each in found.also]
    return [Text("Also different", "bold"), *lines] if lines else []


# --- a notebook ---------------------------------------------------------------------------------


def _table(found: Comparison, heading: str, rows: tuple[Row, ...]) -> str:
    head = "".join(
        f'<th scope="col" colspan="2">{html.escape(title)}</th>'
        for title in (found.before, found.after)
    )
    width = '<col style="width:3.6em"><col>'
    body = "".join(map(_line, rows))
    return (
        f"<table><caption>{html.escape(heading)}</caption><colgroup>{width}{width}</colgroup>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _line(row: Row) -> str:
    if row.mark == "gap":
        return '<tr><td class="gap" colspan="4" aria-label="equal lines left out">⋮</td></tr>'
    return f"<tr>{_cells(row, row.left, 'old')}{_cells(row, row.right, 'new')}</tr>"


def _cells(row: Row, side: Side | None, word: str) -> str:
    if side is None:
        return '<td class="n"></td><td></td>'
    sign = " " if row.mark == "same" else {"old": "-", "new": "+"}[word]
    kind = "" if row.mark == "same" else f' class="{word}"'
    tag = {"old": "del", "new": "ins"}[word]
    text = "".join(
        f"<{tag}>{html.escape(span.text)}</{tag}>" if span.is_changed else html.escape(span.text)
        for span in side.spans
    )
    return f'<td class="n">{side.number} {sign}</td><td{kind}>{text}</td>'
