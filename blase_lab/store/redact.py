"""Secrets out of a text before it is written."""

from __future__ import annotations

import html
import json
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from blase_lab.store.redact_named import in_small_letters, is_secret_name, named
from blase_lab.store.redact_shapes import shapes
from blase_lab.store.redact_values import HIDDEN, is_value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "HIDDEN",
    "environment_secrets",
    "redact",
    "redact_named",
    "spellings",
    "without_known_secrets",
]

_SHORTEST = 4
_MOST_TURNS = 8
_SHORTEST_OF_ENVIRONMENT = 8
_SHORTEST_WORD = 12
_PASSWORD_OF_ADDRESS = re.compile(r"://[^\s:/@]*:([^\s/@]+)@")
_AFTER_NUMBER = re.compile(r"[ \t]*(?:$|[,);#\n])")
_ADDRESSES_OF_A_FOLDER = frozenset({"PWD", "OLDPWD"})


def redact(text: str, *, secrets: Iterable[str] | None = None) -> str:
    """Return the text with every secret of a known shape, and each given one, hidden.

    Where none are given, those of this process's environment are hidden. Hiding again changes
    nothing; a text of a megabyte takes less than a second.
    """
    text = _without(text, environment_secrets() if secrets is None else secrets)
    for _ in range(_MOST_TURNS):  # what is hidden may show that more is
        hidden = _redact_once(text)
        if hidden == text:
            break
        text = hidden
    return text


def without_known_secrets(data: bytes) -> bytes:
    """Return JSON in which no text holds a secret of this process's environment."""
    known = environment_secrets()
    if not known or not any(
        each.encode("utf-8", "surrogatepass") in data for one in known for each in spellings(one)
    ):
        return data
    return _without(data.decode("utf-8"), known).encode("utf-8")


def _without(text: str, secrets: Iterable[str]) -> str:
    every = {each for one in secrets if len(one) >= _SHORTEST for each in spellings(one)}
    for secret in sorted(every, key=lambda one: (-len(one), one)):
        text = text.replace(secret, HIDDEN)
    return text


def _redact_once(text: str) -> str:
    lower = in_small_letters(text)
    cuts = sorted({*named(text, lower), *shapes(text, lower)})
    if not cuts:
        return text
    pieces: list[str] = []
    at = 0
    for start, stop in cuts:
        if stop <= at:
            continue
        is_joined = start < at or (start == at and bool(pieces))
        pieces += [] if is_joined else [text[at:start], _cover(text, start, stop)]
        at = stop
    return "".join([*pieces, text[at:]])


def redact_named(name: str, text: str) -> str:
    """Return the text of a value, hidden whole where the name of what holds it is a secret's."""
    bare = re.sub(r"[=)\s]+$", "", name)
    content = text.lstrip("brfu").strip("'\"")
    if is_secret_name(bare) and text[:1] in "'\"brfu0123456789" and is_value(content):
        return HIDDEN if text[:1].isalnum() and text.isalnum() else f"'{HIDDEN}'"
    return redact(text)


def _cover(text: str, start: int, stop: int) -> str:
    """Return what stands for the secret: a bare number of Python becomes a text.

    One that stands in a text already, as in `'12345'`, must not end that text.
    """
    line = text[text.rfind("\n", 0, start) + 1 : start]
    is_bare = (
        text[start:stop].isdigit()
        and line.rstrip(" \t(").endswith("=")
        and _AFTER_NUMBER.match(text, stop) is not None
        and not any(line.count(quote) % 2 for quote in "'\"")
    )
    return f"'{HIDDEN}'" if is_bare else HIDDEN


@lru_cache(maxsize=256)
def spellings(secret: str) -> tuple[str, ...]:
    """Return how the value may stand in source, JSON, HTML and addresses, itself first."""
    spelled = (
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
    )
    return tuple(dict.fromkeys(spelled))


def environment_secrets() -> tuple[str, ...]:
    """Return the values of this process's environment that are secrets by their name.

    Short values and plain words are left out: hiding them everywhere would shred ordinary text.
    """
    return _secrets_of(frozenset(os.environ.items()))


@lru_cache(maxsize=4)
def _secrets_of(environment: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    found: set[str] = set()
    for name, value in environment:
        found.update(filter(is_value, _PASSWORD_OF_ADDRESS.findall(value)))
        if name not in _ADDRESSES_OF_A_FOLDER and is_secret_name(name) and is_value(value):
            found.add(value)
    return tuple(sorted(filter(_is_telling, found)))


def _is_telling(value: str) -> bool:
    if len(value) < _SHORTEST_OF_ENVIRONMENT or (value.isdigit() and len(value) < _SHORTEST_WORD):
        return False
    return len(value) >= _SHORTEST_WORD or not value.isalpha()
