"""Secrets known by their own shape or by the grammar around them: keys of services, addresses.

Each has a piece of text that is looked for first; only there its pattern is tried, so that a text
is read in linear time. Every repetition is bounded or free of overlap.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blase_lab.store.redact_values import HIDDEN, is_odd, is_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    Cut = tuple[int, int]

_BEGIN = r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
_HEADERS = r"(?:[ \t]*[A-Z][A-Za-z-]{2,30}: [^\n]{0,200}\n){0,9}"
_PRIVATE_KEY = (
    rf"{_BEGIN}(?=(?:\\[nr]|[\s\"'+(]){{0,40}}{_HEADERS}\s{{0,9}}[A-Za-z0-9+/=]{{8}})"
    r".*?(?:-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
# What it starts with, and the whole; case matters.
_KEYS: tuple[tuple[str, str], ...] = (
    ("-----BEGIN ", _PRIVATE_KEY),
    ("eyJ", r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    *((start, rf"{start}[A-Z0-9]{{16}}\b") for start in ("AKIA", "ASIA", "ABIA", "ACCA")),
    *((f"gh{one}_", rf"gh{one}_\w{{20,}}") for one in "pousr"),
    ("github_pat_", r"github_pat_\w{20,}"),
    ("gl", r"gl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent)-[\w-]{16,}"),
    *((start, rf"{start}\w{{10,}}") for start in ("sk_live_", "sk_test_", "rk_live_", "rk_test_")),
    ("pk_live_", r"pk_live_\w{10,}"),
    ("whsec_", r"whsec_\w{16,}"),
    *((start, rf"{start}[A-Za-z0-9]{{20,}}") for start in ("hf_", "api_org_", "gsk_", "pplx-")),
    ("r8_", r"r8_[A-Za-z0-9]{30,}"),
    ("xox", r"xox[abceoprs]-[\w-]{10,}"),
    ("xapp-", r"xapp-\d-[\w-]{10,}"),
    ("AIza", r"AIza[\w-]{30,}"),
    ("ya29.", r"ya29\.[\w-]{16,}"),
    ("GOCSPX-", r"GOCSPX-[\w-]{16,}"),
    ("pypi-AgE", r"pypi-AgE[\w-]{16,}"),
    ("npm_", r"npm_[A-Za-z0-9]{30,}"),
    ("dapi", r"dapi[0-9a-f]{32}\b"),
    ("do", r"do[opr]_v1_[0-9a-f]{32,}"),
    ("shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("NRAK-", r"NRAK-[A-Z0-9]{20,}"),
    ("glsa_", r"glsa_\w{20,}"),
    ("lin_api_", r"lin_api_[A-Za-z0-9]{20,}"),
    ("secret_", r"secret_[A-Za-z0-9]{40,}"),
    (":AA", r":AA[\w-]{32,}"),
    *((start, r"hv[sbr]\.[\w-]{20,}") for start in ("hvs.", "hvb.", "hvr.")),
    ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    ("SG.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("SK", r"SK[0-9a-f]{32}\b"),
    ("key-", r"key-[0-9a-f]{32}\b"),
    # `sk-learn-contrib-pipelines` is no key
    ("sk-", r"sk-(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Z])[\w-]{16,}"),
    ("sk-", r"sk-[a-z0-9-]{0,20}[0-9a-f]{32,}"),
    ("hooks.slack.com/services/", r"hooks\.slack\.com/services/[\w/]+"),
    ("discord", r"discord(?:app)?\.com/api/webhooks/[\w/-]+"),
)
# What stands within it, how far from its start, and the whole.
_WITHIN = (
    (".atlasv1.", 14, r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{20,}"),
    ("-us", 32, r"[0-9a-f]{32}-us\d{1,2}\b"),
)
_STRING = r"(?P<quote>\\?[\"'])(?P<hidden>(?:(?!(?P=quote))[^\n\\]|\\(?!(?P=quote))[^\n]){4,2000}?)"
_QUOTED = rf"[rbfu]{{0,2}}{_STRING}(?P=quote)"
_TEXT = r"[rbfu]{0,2}[\"'][^\"'\n]{0,80}[\"']"
_GIVEN_KEY = rf"[^()\n]{{0,200}}?\bkey[ \t]{{0,9}}=[ \t]{{0,9}}{_QUOTED}"
_PAIR = (
    rf"(?:[ \t]{{0,9}}=[ \t]{{0,9}}\(|\()\s{{0,80}}(?:{_TEXT}|[\w.]{{1,60}})"
    rf"\s{{0,80}},\s{{0,80}}(?:password=)?{_QUOTED}"
)
_AUTHS = ("auth", "basic_auth", "http_auth", "basicauth", "httpbasicauth", "httpdigestauth")
_KAGGLE = (
    r"username\\?\"\s{0,9}:\s{0,9}\\?\"[^\"\n]{0,80}\"\s{0,9},\s{0,9}\\?\"key\\?\"\s{0,9}:"
    rf"\s{{0,9}}{_QUOTED}"
)
_AUTHORIZATION = (
    r"authorization:[ \t]{0,9}(?:(?:bearer|basic|token|digest)[ \t]{1,9})?"
    r"(?P<hidden>[^\s\"']{6,4000})"
)
_HEADER = (
    r"[ =][\"']?[\w-]{0,40}(?:key|token|secret|auth)[\w-]{0,20}:[ \t]{0,9}"
    r"(?P<hidden>[^\s\"']{4,4000})"
)
# What it starts with, and the whole; case does not matter.
_PLACES: tuple[tuple[str, str], ...] = (
    # a pair of user and password, as requests takes it
    *((word, rf"{word}{_PAIR}") for word in _AUTHS),
    # keys of wandb, of Fernet and of kaggle
    *((word, rf"{word}\({_GIVEN_KEY}") for word in ("login", "authenticate", "init")),
    ("fernet(", rf"fernet\(\s{{0,80}}{_QUOTED}"),
    ("username", _KAGGLE),
    # ?key=…&sig=…&X-Amz-Signature=…
    ("?key=", r".key=(?P<hidden>[^\s&\"'<>#\\)]{4,4000})"),
    ("&key=", r".key=(?P<hidden>[^\s&\"'<>#\\)]{4,4000})"),
    ("sig=", r"(?<=[?&])sig=(?P<hidden>[^\s&\"'<>#\\)]{4,4000})"),
    ("signature=", r"(?<=[?&-])signature=(?P<hidden>[^\s&\"'<>#\\)]{4,4000})"),
    ("-credential=", r"-credential=(?P<hidden>[^\s&\"'<>#\\)]{4,4000})"),
    # curl -u anna:…, sshpass -p …, mysql -p…
    ("curl", r"curl\b[^\n]{0,200}?[ \t](?:-u|--user)[ =][\"']?[\w.@-]{0,60}:(?P<hidden>[^\s\"']+)"),
    ("sshpass", r"sshpass[ \t]{1,9}-p[ \t]{0,9}[\"']?(?P<hidden>[^\s\"']{3,400})"),
    (
        "mysql",
        r"mysql(?:dump|admin)?\b[^\n]{0,200}?[ \t]-p(?P<hidden>[^\s\"'-][^\s\"']{2,400})",
    ),
    # Cookie: session=…; Authorization: Bearer …; -H "X-API-Key: …"
    ("cookie:", r"cookie:[ \t]{0,9}[\w.-]{1,60}=(?P<hidden>[^\s;\"']{6,4000})"),
    ("authorization:", _AUTHORIZATION),
    *((word, rf"{word}{_HEADER}") for word in ("-h", "--header")),
)
_BEARER = re.compile(r"(?:bearer|basic)[ \t]{1,9}([\w+/.~=-]{12,})", re.IGNORECASE)
_ADDRESS = re.compile(r"://([^\s:/@'\"<>]{0,200}):([^\s'\"<>]{1,300})@")
_WEB_ADDRESS = re.compile(r"://([^\s:/@'\"<>]{0,200}):([^\s@/'\"<>]{1,300})@")
_ALONE = re.compile(r"://([^\s:/@'\"<>{}]{20,200})@")
_WEB = ("http", "https", "ws", "wss", "ssh", "git", "s3", "gs")
_LONGEST_SCHEME = 30

_BY_START = tuple((start, 0, re.compile(whole, re.DOTALL)) for start, whole in _KEYS)
_BY_PART = tuple((part, back, re.compile(whole)) for part, back, whole in _WITHIN)
_BY_PLACE = tuple((start, 0, re.compile(whole, re.IGNORECASE)) for start, whole in _PLACES)


def shapes(text: str, lower: str) -> Iterator[Cut]:
    """Yield where secrets stand that are known without a name before them.

    `lower` is the same text in small letters, of the same length.
    """
    for part, back, pattern in (*_BY_START, *_BY_PART):
        yield from (found.span() for found in _matches(text, text, part, back, pattern))
    for part, back, pattern in _BY_PLACE:
        for found in _matches(text, lower, part, back, pattern):
            if is_value(found["hidden"]):
                yield found.span("hidden")
    for start in ("bearer", "basic"):
        for found in _matches(text, lower, start, 0, _BEARER):
            if is_odd(found[1]):
                yield found.span(1)
    yield from _addresses(text)


def _matches(  # noqa: PLR0917 the text and one row of a table
    text: str, searched: str, part: str, back: int, pattern: re.Pattern[str]
) -> Iterator[re.Match[str]]:
    """Yield what the pattern finds where the part stands."""
    at = searched.find(part)
    while at >= 0:
        start = max(0, at - back)
        found = None if _is_inside_word(text, start) else pattern.match(text, start)
        if found is not None:
            yield found
        at = searched.find(part, max(at + 1, found.end() if found else 0))


def _is_inside_word(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return text[at].isalnum() and (before.isalnum() or before == "_")


def _addresses(text: str) -> Iterator[Cut]:
    """Yield the password of scheme://user:password@host; one of a database may hold / and @."""
    for found in _matches(text, text, "://", 0, _ADDRESS):
        before = text[max(0, found.start() - _LONGEST_SCHEME) : found.start()]
        scheme = re.split(r"[^a-zA-Z0-9+.-]", before)[-1].lower()
        kept = _WEB_ADDRESS.match(text, found.start()) if scheme in _WEB else found
        if kept is not None and is_value(kept[2], shortest=1):
            yield kept.span(2)
    for found in _matches(text, text, "://", 0, _ALONE):
        if is_odd(found[1]) and HIDDEN not in found[1]:
            yield found.span(1)
