"""What is taken out of a text: one value in all its spellings, or all that has a secret's shape."""

from __future__ import annotations

import re
from typing import Protocol

from blase_lab.core.errors import StoreError
from blase_lab.store.redact import HIDDEN, redact, spellings

_SHORTEST = 4


class Clean(Protocol):
    """One way to take secrets out of texts."""

    def text(self, text: str) -> str:
        """Return the text without the secret; the same text where there is none."""

    def may_be_in(self, data: bytes) -> bool:
        """Say quickly whether a file has to be looked at; in doubt, yes."""

    def is_in(self, data: bytes) -> bool:
        """Say whether bytes of any kind hold the secret."""


class WithoutValue:
    """Takes out one value, however it is spelled."""

    def __init__(self, value: str) -> None:
        """Take out this value; StoreError when it is too short to be told from ordinary text."""
        if len(value.strip()) < _SHORTEST:
            raise StoreError(
                f"The value has {len(value.strip())} characters; at least {_SHORTEST} are needed.",
                way_out="Give the whole secret: a shorter text stands in too many places.",
            )
        self._spelled = sorted(spellings(value), key=lambda one: (-len(one), one))
        self._wide = tuple(value.encode(code) for code in ("utf-16-le", "utf-32-le"))
        self._core = max(re.split(r"\W", value, flags=re.ASCII), key=len).encode()

    def text(self, text: str) -> str:
        """Return the text with `[redacted]` in place of the value."""
        for each in self._spelled:
            text = text.replace(each, HIDDEN)
        return text

    def may_be_in(self, data: bytes) -> bool:
        """Say whether the value's longest plain part is there."""
        return self._core in data

    def is_in(self, data: bytes) -> bool:
        """Say whether the value is there as UTF-8, or as numpy and Windows write text."""
        plain = (each.encode("utf-8", "surrogatepass") for each in self._spelled)
        return any(each in data for each in (*plain, *self._wide))


class WithoutShapes:
    """Takes out all that has the shape of a secret."""

    def text(self, text: str) -> str:
        """Return the text as it would be written now."""
        return redact(text)

    def may_be_in(self, data: bytes) -> bool:
        """Say yes: a shape has no piece of its own."""
        del data
        return True

    def is_in(self, data: bytes) -> bool:
        """Say whether the bytes are text that holds a secret's shape."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return redact(text) != text
