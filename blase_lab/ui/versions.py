"""The versions of a step in words: their listing, their source, what was restored."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from blase_lab.ui.listings import moment, near
from blase_lab.ui.tables import Listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from blase_lab.project.restoring import Restored, Source
    from blase_lab.project.versions import Version

LEFT_OUT = (
    "What looked like a secret was left out when it was captured and stands as [redacted]: "
    "put it back, better from `os.environ`, before you run this."
)


def of_versions(versions: Sequence[Version]) -> Listing:
    """List the versions of a step, each with what it changed; columns that say nothing are left."""
    rows = [
        {
            "version": f"{each.name}@{each.version}" + (" ◂ newest" if each.is_newest else ""),
            "captured": moment(each.created),
            "notebook": each.notebook or "-",
            "docs": "yes" if each.documented else "no",
            "proof": each.proven,
            "flags": "; ".join(each.flags) or "-",
            "runs": ", ".join(map(str, each.runs)) or "-",
            "changed": "\n".join(each.changes) or ("first version" if each.version == 1 else "-"),
        }
        for each in versions
    ]
    shown = [
        name
        for name in rows[0]
        if name not in ("notebook", "flags") or any(row[name] != "-" for row in rows)
    ]
    cells = tuple(tuple(row[name] for name in shown) for row in rows)
    return Listing("Versions", tuple(shown), cells)


class SourceView:
    """The source of one version on the screen."""

    def __init__(self, found: Source) -> None:
        """Show `found`."""
        self._found = found

    def as_plain(self) -> str:
        """Return the text as it can be executed."""
        return self._found.text

    def as_rich(self, console: Console) -> RenderableType:
        """Return the text in colours, each local module as the Python that it is."""
        from rich.console import Group
        from rich.syntax import Syntax
        from rich.text import Text

        def coloured(text: str) -> RenderableType:
            return Syntax(
                text.rstrip("\n"),
                "python",
                theme="ansi_dark",
                background_color="default",
                word_wrap=console.width > 0,
            )

        parts: list[RenderableType] = []
        for part in self._found.parts:
            first, _, rest = part.partition("\n")
            if not first.startswith("# --- "):
                parts += [coloured(part), ""]
                continue
            head, _, module = rest.partition("\n")
            body, _, tail = module.rstrip("\n").rpartition("\n")
            parts += [coloured(first), Text(head), coloured(body), Text(tail), ""]
        return Group(*parts)

    def as_html(self) -> str:
        """Return what a notebook shows."""
        return f"<pre>{html.escape(self._found.text)}</pre>"


def told_of_restored(restored: Restored, *, is_in_cell: bool) -> str:
    """Say where a restored cell is, what it lacks, and what to do next."""
    title = f"{restored.name}@{restored.version}"
    if is_in_cell:
        lines = [f"The cell of {title} stands below: run it to have that version again."]
    else:
        files = [near(Path(file)) for file in restored.files]
        lines = [
            f"Written: {', '.join(files)}",
            f"In a notebook `%load {files[0]}` brings it back.",
        ]
    if restored.different:
        lines.append(
            f"{title} also rests on what is another now: {', '.join(restored.different)}. "
            f"{_way_out(restored, is_in_cell=is_in_cell)}"
        )
    if restored.secrets_left_out:
        lines.append(LEFT_OUT)
    return "\n".join(lines)


def _way_out(restored: Restored, *, is_in_cell: bool) -> str:
    title = f"{restored.name}@{restored.version}"
    if restored.modules and not is_in_cell:
        return "Put the local modules that were written in the place of those of now."
    if is_in_cell and not any(each.startswith("module ") for each in restored.different):
        return f"`%blase restore {title} --with-helpers` puts them into the cell."
    return f"`blase restore {title} --with-helpers --into FILE` writes them as they were."
