"""Why two identities differ: the leaves that changed, and a sentence for each."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from blase_lab.core.content import sha256_hex
from blase_lab.core.records import Change, Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASPECT_ORDER = ("code", "parameters", "data", "seed", "environment", "documentation")
_LINE_CHARACTERS = 60
_DIGEST_CHARACTERS = 8
_OF_NOTHING = sha256_hex(b"")


def changes(before: Sequence[Leaf], after: Sequence[Leaf]) -> tuple[Change, ...]:
    """Return one Change for each leaf that is new, gone or different; code first."""
    old = {(leaf.aspect, leaf.name): leaf for leaf in before}
    new = {(leaf.aspect, leaf.name): leaf for leaf in after}
    keys = sorted(old.keys() | new.keys(), key=lambda key: (_ASPECT_ORDER.index(key[0]), key[1]))
    found = (_change(old.get(key), new.get(key)) for key in keys)
    return tuple(change for change in found if change is not None)


def sentence(change: Change) -> str:
    """Say one change as a person would: "function `normalize` changed 2 lines"."""
    thing = _thing(change.name)
    if change.before is None:
        return f"{thing} is new"
    if change.after is None:
        return f"{thing} is gone"
    if "\n" in change.before or "\n" in change.after:
        return f"{thing} {_lines_changed(change.before, change.after)}"
    return f"{thing} {_short(change.before)} → {_short(change.after)}"


def _change(before: Leaf | None, after: Leaf | None) -> Change | None:
    one = before or after
    if one is None or (before and after and before.digest == after.digest):
        return None
    old, new = _text(before), _text(after)
    if before and after and old == new:
        old = f"{old} ({before.digest[:_DIGEST_CHARACTERS]})"
        new = f"{new} ({after.digest[:_DIGEST_CHARACTERS]})"
    return Change(name=one.name, aspect=one.aspect, before=old, after=new)


def _text(leaf: Leaf | None) -> str | None:
    if leaf is None:
        return None
    if not leaf.text and leaf.digest == _OF_NOTHING:
        return "none"
    return leaf.text or leaf.digest[:_DIGEST_CHARACTERS]


def _thing(name: str) -> str:
    """Name a leaf in prose: code names in backquotes, packages bare."""
    kind, _, rest = name.partition(" ")
    if not rest:
        return name
    return rest if kind == "package" else f"{kind} `{rest}`"


def _lines_changed(before: str, after: str) -> str:
    """Count the lines that differ; a single one is shown as it was and as it is."""
    old, new = before.strip("\n").splitlines(), after.strip("\n").splitlines()
    blocks = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    changed = [block for block in blocks if block[0] != "equal"]
    count = sum(max(block[2] - block[1], block[4] - block[3]) for block in changed)
    if count != 1:
        return f"changed {count} lines"
    _, old_start, old_stop, new_start, new_stop = changed[0]
    was = _short(" ".join(old[old_start:old_stop]).strip()) or "nothing"
    now = _short(" ".join(new[new_start:new_stop]).strip()) or "nothing"
    return f"changed 1 line: {was} → {now}"


def _short(text: str) -> str:
    return text if len(text) <= _LINE_CHARACTERS else text[: _LINE_CHARACTERS - 1] + "…"
