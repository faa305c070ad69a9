"""Why two identities differ: the leaves that changed, and a sentence for each."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from blase_lab.core.content import sha256_hex
from blase_lab.core.records import Change, Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASPECT_ORDER = ("code", "parameters", "data", "seed", "environment", "documentation")
_ANY_VARIABLE = "one of all the environment variables, which the step read as a whole, changed"
_LINE_CHARACTERS = 60
_DIGEST_CHARACTERS = 8
_LINES_SHOWN = 2
UNDEFINED = "undefined"
"""The text of a leaf whose name exists no more."""
_HOLDER = re.compile(
    r"(?P<kind>[A-Za-z]\w*)(?: (?P<dtype>[^()\s]\S*))? (?P<shape>\((?:\d+,|\d+(?:, \d+)+)?\))"
)
"""How `values.short` shows an array or a frame."""
_ALIKE = re.compile(r"(?P<text>.+) \((?P<digest>[0-9a-f]{8})\)")
"""How two leaves are told apart whose texts are the same."""
_OF_NOTHING = sha256_hex(b"")


def changes(before: Sequence[Leaf], after: Sequence[Leaf]) -> tuple[Change, ...]:
    """Return one Change for each leaf that is new, gone or different; code first."""
    old = {(leaf.aspect, leaf.name): leaf for leaf in before}
    new = {(leaf.aspect, leaf.name): leaf for leaf in after}
    keys = sorted(old.keys() | new.keys(), key=lambda key: (_ASPECT_ORDER.index(key[0]), key[1]))
    found = (_change(old.get(key), new.get(key)) for key in keys)
    return tuple(change for change in found if change is not None)


def sentence(change: Change) -> str:
    """Say one change as a person would: "function `normalize` changed 1 line: a → b"."""
    thing = _thing(change.name)
    if change.before is None:
        return _appeared(change.name, change.after or "")
    if change.after is None:
        return f"{thing} is gone"
    if change.after == UNDEFINED:
        return f"{_appeared(change.name, change.after)}; it was {_short(change.before)}"
    if change.name.startswith("variable ") and change.before != "not set" != change.after:
        return _ANY_VARIABLE if change.name == "variable *" else f"{thing} changed"
    if "\n" in change.before or "\n" in change.after:
        return f"{thing} {_lines_changed(change.before, change.after)}"
    told = _held(change.before, change.after)
    return f"{thing} {told or f'{_short(change.before)} → {_short(change.after)}'}"


def _appeared(name: str, now: str) -> str:
    """Say what is new: a value with what it is, a name that is gone as what it is."""
    kind, _, rest = name.partition(" ")
    if now == UNDEFINED:
        return f"`{rest}` is undefined: nothing has this name any more"
    shows = kind == "value" and now and "\n" not in now
    return f"{_thing(name)} is new: {_short(now)}" if shows else f"{_thing(name)} is new"


def _held(before: str, after: str) -> str:
    """Say how two arrays or frames differ: in kind, dtype, shape, or only in what they hold."""
    old, new = _ALIKE.fullmatch(before), _ALIKE.fullmatch(after)
    if old and new and old["text"] == new["text"]:
        return f"holds other content: {_short(old['text'])}, {old['digest']} → {new['digest']}"
    old, new = _HOLDER.fullmatch(before), _HOLDER.fullmatch(after)
    if old is None or new is None:
        return ""
    parts = [
        f"{word} {old[word] or 'none'} → {new[word] or 'none'}"
        for word in ("kind", "dtype", "shape")
        if old[word] != new[word]
    ]
    return f"changed its {', its '.join(parts)}"


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
    """Count the lines that differ, and show the first of them as they were and as they are."""
    old, new = before.strip("\n").splitlines(), after.strip("\n").splitlines()
    blocks = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    changed = [block for block in blocks if block[0] != "equal"]
    count = sum(max(block[2] - block[1], block[4] - block[3]) for block in changed)
    pairs = [
        (old[start:stop][at : at + 1], new[other:end][at : at + 1])
        for _, start, stop, other, end in changed
        for at in range(max(stop - start, end - other))
    ]
    shown = "; ".join(f"{_line(was)} → {_line(now)}" for was, now in pairs[:_LINES_SHOWN])
    more = "" if count <= _LINES_SHOWN else f"; and {count - _LINES_SHOWN} more"
    return f"changed {count} line{'' if count == 1 else 's'}: {shown}{more}"


def _line(lines: list[str]) -> str:
    return _short(" ".join(lines).strip()) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= _LINE_CHARACTERS else text[: _LINE_CHARACTERS - 1] + "…"
