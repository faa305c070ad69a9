"""Secrets out of a text before it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[redacted]"
_SHORTEST = 4

_WHOLE = (
    (
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?"
        r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)"
    ),
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    r"\bgh[pousr]_\w{20,}",
    r"\bgithub_pat_\w{20,}",
    r"\bgl(?:pat|dt|rt)-[\w-]{16,}",
    r"\bsk-(?:[a-z]+-)*[\w-]{16,}",
    r"\b[rsp]k_(?:live|test)_\w{10,}",
    r"\bhf_[A-Za-z0-9]{20,}",
    r"\bxox[abeoprs]-[\w-]{10,}",
    r"\bAIza[\w-]{30,}",
    r"\bya29\.[\w-]{16,}",
    r"\bpypi-[\w-]{16,}",
    r"\bnpm_[A-Za-z0-9]{30,}",
    r"\bdapi[0-9a-f]{32}\b",
    r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    r"\bhooks\.slack\.com/services/[\w/]+",
)
# A name that ends in one of these holds a secret; `tokenizer`, `authors`, `pad_token` do not.
_WORD = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?"
    r"|(?:private|account|secret|encryption)[_-]?key|auth(?:orization)?|credential)s?(?:_?\d+)?"
)
_NAME = (
    r"\b(?![\w.-]*(?:oov|pad|eos|bos|unk|mask|sep|cls|start|end|special)_tokens?\b)"
    rf"[\w.-]*{_WORD}"
)
_QUOTED = r"([\"'])(?:(?!\2)[^\n]){4,}\2"
_NAMED = (
    # scheme://user:password@host keeps the user and the host
    (r"(\b[a-z][a-z0-9+.-]*://[^\s:/@'\"]*):[^\s@/'\"]+@", rf"\1:{HIDDEN}@"),
    # Authorization: Bearer …, Basic …
    (r"\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}", rf"\1 {HIDDEN}"),
    # name = "…", name: str = "…", "name": "…", environ["NAME"] = "…"
    (
        rf"({_NAME}[\"']?\]?\s*(?::[ \t]*[\w.|\[\] ]+=|=|:)[ \t]*[rbfu]{{0,2}}){_QUOTED}",
        rf"\1\2{HIDDEN}\2",
    ),
    # a name and a value that follow each other, as setdefault on the environment takes them
    (rf"([\"']{_NAME}[\"']\s*,\s*){_QUOTED}", rf"\1\2{HIDDEN}\2"),
    # ?name=value&…, also signed addresses
    (
        rf"([?&](?:{_NAME}|[\w-]*(?:sig|signature|credential|key))=)[^\s&\"'<>]+",
        rf"\1{HIDDEN}",
    ),
    # --password=value, --password value
    (rf"(--[\w-]*{_WORD}[= ])[^\s\"'-][^\s\"']*", rf"\1{HIDDEN}"),
    # user=anna password=value host=db; and password=value;
    (rf"({_NAME}=)[^\s;\"'&,()\[\]]{{4,}}(?=[;\"']|[ \t]+\w+=)", rf"\1{HIDDEN}"),
    # name: value, on a line of its own and too odd to be a type
    (rf"(?m)(^\s*{_NAME}:[ \t]+)(?=[^\s.]*\d)[^\s.\"'\[({{]{{12,}}$", rf"\1{HIDDEN}"),
)
_SHELL = (
    rf"(?m)(^\s*(?:export[ \t]+|set[ \t]+)?(?=[A-Z0-9_]+=)\w*(?i:{_WORD})=)[^\s\"'()\[\]]+(?=\s|$)"
)
_PATTERNS = (
    *((re.compile(whole, re.DOTALL), HIDDEN) for whole in _WHOLE),
    *((re.compile(pattern, re.IGNORECASE), replacement) for pattern, replacement in _NAMED),
    (re.compile(_SHELL), rf"\1{HIDDEN}"),
)


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return the text with every secret of a known shape, and each given one, hidden."""
    for secret in sorted((one for one in secrets if len(one) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
