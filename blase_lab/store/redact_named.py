"""Secrets known by the name before them: `password = …`, `"token": …`, `--api-key …`.

The names are found in one pass; what follows each is looked at by hand, within bounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from blase_lab.store.redact_values import STRONG_WORD, WEAK_WORD, is_odd, is_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cut = tuple[int, int]

_NEAR = 200
_LONGEST_NAME = 60
# Every word below starts with one of these; a text without them holds no name of a secret.
_STEMS = (
    *("pass", "kennwort", "pw", "mot", "mdp", "contrase", "senha", "wachtwoord", "lösenord"),
    *("lo\u0308senord", "salasana", "heslo", "has", "adgangskode", "пароль", "密码", "密碼"),
    *("パスワード", "비밀번호", "secret", "geheimnis", "credential", "api", "access", "shared"),
    *("private", "account", "encryption", "signing", "subscription", "master", "license"),
    *("webhook", "deploy", "auth", "session", "login", "token"),
)
_WORD = re.compile(
    rf"(?:(?P<strong>{STRONG_WORD})|(?P<weak>{WEAK_WORD}))(?:_?\d{{1,3}})?"
    r"(?:_(?:db|bd|prod|production|dev|staging|live|admin|root|old|new|b64|base64|plain))?(?!\w)",
    re.IGNORECASE,
)
# `pad_token` and its like are words of a language model, not of a login
_TEXT_TOKEN = re.compile(
    r"(?:.*[^a-z])?(?:oov|pad|padding|eos|bos|unk|unknown|mask|sep|cls|start|end|stop|special|next"
    r"|prev|previous|first|last|current|max|min|num|target|input|output|image|word|sub|new|prompt"
    r"|text|each|one)[_-]?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"(?:\\?[\"'])?\]?[ \t]{0,20}"
    r"(?:(?::[ \t]{0,9}[\w.|\[\], ]{1,60}?)?(?P<is>:=|=(?!=))|(?P<colon>:(?![:=])))[ \t]{0,20}"
)
_OPEN = re.compile(r"\(\s{0,200}")
_OR = re.compile(r"[\w.]{1,80}(?:[(\[][^()\[\]\n]{0,120}[)\]])?[ \t]{1,9}or[ \t]{1,9}")
_STRING = re.compile(r"[rbfuRBFU]{0,2}(?P<quote>\"\"\"|'''|\\?[\"'])")
_COMMA = re.compile(r"[\"']\s{0,80},\s{0,80}")
_ADDED = re.compile(r"[ \t]{0,20}\+[ \t]{0,20}")
_JOINED = re.compile(r"\s{0,200}[+,]?\s{0,200}")
_NEXT = re.compile(r"[ \t]{0,20},[ \t]{0,20}")
_CALL = re.compile(
    r"(?:setdefault|setenv|putenv|getenv|get|setattr|set|set_key|SetEnvironmentVariable)"
    r"\(\s{0,80}(?:[\w./\"']{1,60},\s{0,80})?[\"']\Z"
)
_NUMBER = re.compile(r"\d{4,40}(?=[ \t]*(?:$|[,);#\n]))", re.MULTILINE)
_NAMES = re.compile(r"[ \t]*((?:[\w.]+[ \t]*,[ \t]*)+)")
_SHELL = re.compile(
    r"(?:.*(?:;|&&|[%!]))?[ \t]*(?:(?:export|set|setx|env|set_env|ENV|ARG)[ \t]+|\$env:)"
    r"|.*[ \t](?:-e|--env)[ =]"
)
_SECTION = re.compile(r"^\[[\w. -]{1,80}\][ \t]*$", re.MULTILINE)
_KEY_BEFORE = re.compile(r"(?:^|\n)[ \t]*[\w-]+:(?:[ \t]+[^\s#]+)?[ \t]*\n[ \t]*\Z")
_WORDS = re.compile(r"[^\s\"'&;,()<>\[\]\\]{4,400}")
_UP_TO_LINE_END = re.compile(r"[^\s\"'(\[{][^\s\"'(\[]{2,400}(?=[ \t]*(?:$|\n))")
_TYPES = frozenset(
    {"str", "bytes", "int", "float", "bool", "object", "list", "dict", "set", "tuple", "type"}
    | {"any", "string", "text", "number", "integer", "boolean", "array", "ndarray", "datetime"}
    | {"date", "none", "null", "required", "optional", "true", "false", "secret", "hidden"}
)
_SAID = re.compile(r"(?:[ \t]{1,3}(?:(?:is|was|ist|est|es)\b)?)?[ \t]{0,3}:?[ \t]{1,3}[\"']?")
_SAID_WORD = re.compile(r"[\w+/@!#$%^*~-]+\.?")
_XML = re.compile(r">([^<>\n]{3,400})</")
_ATTRIBUTE = re.compile(r"[\"'][ \t]{1,9}value=[\"']([^\"'\n]{4,400})[\"']")
_LOGIN = re.compile(r".*machine[ \t]+\S{1,80}[ \t]+login[ \t]+\S{1,80}[ \t]+")


@dataclass(frozen=True)
class Name:
    """A name that may announce a secret, and the text around it."""

    text: str
    start: int
    end: int
    lead: str
    """The name's own part before the word, e.g. `db_` of `db_password`."""
    is_weak: bool

    def is_hidden(self, content: str) -> bool:
        """Say whether this content, after the name, is a secret."""
        return is_value(content, is_weak=self.is_weak)

    @property
    def before(self) -> str:
        """The text before the whole name, not much of it."""
        stop = self.start - len(self.lead)
        return self.text[max(0, stop - _NEAR) : stop]

    @property
    def line(self) -> str:
        """The part of the name's line before it."""
        return self.before.rpartition("\n")[2]


def named(text: str, lower: str) -> Iterator[Cut]:
    """Yield where the values of names such as `password` and `api_key` stand.

    `lower` is the same text in small letters, of the same length.
    """
    has_sections = "[" in text and _SECTION.search(text) is not None
    for found in _words(text, lower):
        name = _name_of(text, found)
        if name is None:
            continue
        tails = _TAILS.get(text[name.end : name.end + 1], ())
        for after in (_in_sections, *tails) if has_sections else tails:
            cuts = list(after(name))
            if cuts:
                yield from cuts
                break


def is_secret_name(name: str) -> bool:
    """Say whether a variable of this name holds a secret, e.g. `OPENAI_API_KEY`."""
    found = _words(name, in_small_letters(name))
    return any(one.end() == len(name) and _name_of(name, one) is not None for one in found)


def in_small_letters(text: str) -> str:
    """Return the text in small letters, at the same places."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := each.lower()) == 1 else each for each in text)


def _words(text: str, lower: str) -> Iterator[re.Match[str]]:
    for stem in _STEMS:
        at = lower.find(stem)
        while at >= 0:
            found = _WORD.match(text, at)
            if found is not None:
                yield found
            at = lower.find(stem, at + 1)


def _name_of(text: str, found: re.Match[str]) -> Name | None:
    start = at = found.start()
    while (
        at > 0 and start - at < _LONGEST_NAME and (text[at - 1].isalnum() or text[at - 1] in "_.-")
    ):
        at -= 1
    lead, word = text[at:start], found[0].lower()
    if word.startswith("token") and _TEXT_TOKEN.fullmatch(lead):
        return None
    if found["weak"] and word.startswith(("pass", "auth", "pw")) and lead[-1:].isalpha():
        return None
    is_alone = not lead.strip("_-.") or lead.endswith(".")
    is_weak = bool(found["weak"]) and (is_alone or word in {"tokens", "auth"})
    return Name(text=text, start=start, end=found.end(), lead=lead, is_weak=is_weak)


# --- after the name -------------------------------------------------------------------------------


def _assigned(name: Name) -> Iterator[Cut]:
    """Yield the texts of `name = "…"`, `name: str = "…"`, `"name": "…"`, and of what is joined."""
    after = _SEPARATOR.match(name.text, name.end)
    if after is None or (after["is"] and _NAMES.fullmatch(name.line)):
        return
    at = after.end()
    opened = _OPEN.match(name.text, at)
    other = _OR.match(name.text, at)
    at = opened.end() if opened else other.end() if other else at
    cuts = list(_strings(name, at, is_joined=opened is not None))
    if not cuts and after["is"] and not name.is_weak:
        number = _NUMBER.match(name.text, at)
        cuts = [number.span()] if number else []
    yield from cuts


def _strings(name: Name, at: int, *, is_joined: bool) -> Iterator[Cut]:
    """Yield the contents of the text at this place, and of those joined to it."""
    while True:
        cut = _string(name.text, at)
        if cut is None or _closes(name, cut[0] - 1):
            return
        start, stop, at = cut
        if name.is_hidden(name.text[start:stop]):
            yield start, stop
        more = (_JOINED if is_joined else _ADDED).match(name.text, at)
        if more is None:
            return
        at = more.end()


def _string(text: str, at: int) -> tuple[int, int, int] | None:
    """Return where the content of a text literal starts and stops, and where it is over."""
    found = _STRING.match(text, at)
    if found is None:
        return None
    quote, start = found["quote"], found.end()
    line = text.find("\n", start)
    limit = len(text) if line < 0 or len(quote) == 3 else line  # noqa: PLR2004 triple quotes
    stop = text.find(quote, start, limit)
    while len(quote) == 1 and stop > 0 and _is_escaped(text, stop):
        stop = text.find(quote, stop + 1, limit)
    if stop < 0:
        return start, limit, limit
    return start, stop, stop + len(quote)


def _is_escaped(text: str, at: int) -> bool:
    count = 0
    while at - count > 0 and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _closes(name: Name, at: int) -> bool:
    """Say whether the quote ends the text in which the name itself stands: `"password: "`."""
    quote = name.text[at]
    own_line = name.text[max(0, name.start - _NEAR) : name.start].rpartition("\n")[2]
    inner = own_line.replace(f"\\{quote}", "").replace(quote * 3, "")
    is_inside = inner.count(quote) % 2 == 1
    return is_inside and name.text[name.end : at].count(quote) % 2 == 0


def _given(name: Name) -> Iterator[Cut]:
    """Yield the text after the name in `setdefault("NAME", "…")`, `["--name", "…"]`."""
    comma = _COMMA.match(name.text, name.end)
    if comma is None:
        return
    if name.lead.startswith("-") or _CALL.search(name.before):
        yield from _strings(name, comma.end(), is_joined=False)


def _together(name: Name) -> Iterator[Cut]:
    """Yield the text at the name's own place in `user, password = "anna", "…"`."""
    names = _NAMES.fullmatch(name.line)
    after = _SEPARATOR.match(name.text, name.end)
    if names is None or after is None or not after["is"]:
        return
    at, place = after.end(), names[1].count(",")
    for number in range(place + 1):
        cut = _string(name.text, at)
        if cut is None:
            return
        if number == place and name.is_hidden(name.text[cut[0] : cut[1]]):
            yield cut[:2]
        comma = _NEXT.match(name.text, cut[2])
        at = comma.end() if comma else cut[2]


def _called(name: Name) -> Iterator[Cut]:
    """Yield the last text that `set_password(…)` is given."""
    if not name.lead.rpartition(".")[2].lower().startswith(("set_", "use_", "with_", "update_")):
        return
    stop = name.text.find(")", name.end, name.end + _NEAR)
    given = name.text[name.end + 1 : stop if stop > 0 else name.end]
    last = list(re.finditer(r"([\"'])([^\"'\n]{1,100})\1", given))
    if last and name.is_hidden(last[-1][2]):
        start = name.end + 1 + last[-1].start(2)
        yield start, start + len(last[-1][2])


def _plain(name: Name) -> Iterator[Cut]:
    """Yield what follows `=` without quotes: in an address, a shell, a connection string."""
    text, at = name.text, name.end
    is_option = name.lead.startswith("--")
    line = name.line
    is_shell = line[-1:] in {" ", "\t", ":", "="} and _SHELL.fullmatch(line) is not None
    is_apart = is_option or (is_shell and not line.endswith(("-e ", "--env ")))
    if text[at : at + 1] not in ({"=", " "} if is_apart else {"="}):
        return
    word = _WORDS.match(text, at + 1)
    if word is None or not name.is_hidden(word[0]):
        return
    after = text[word.end() : word.end() + 40]
    is_plain = is_option or is_shell or name.before.endswith(("?", "&"))
    if is_plain or _ends_as_value(name, word[0], after):
        yield word.span()


def _ends_as_value(name: Name, word: str, after: str) -> bool:
    """Say whether it is no Python that stands after `name=`."""
    if after.startswith((";", '"', "'", "&", "\\")) or re.match(r"[ \t]+\w+=", after):
        return True
    if not is_odd(word) or "." in word:
        return False
    is_line = name.lead.isupper() or name.lead.startswith(":") or name.before.endswith(":")
    if is_line and re.match(r"\s|$", after):
        return True
    return re.match(r"[ \t]+[a-z(]|\.?\s*\Z", after) is not None


def _in_yaml(name: Name) -> Iterator[Cut]:
    """Yield the value of `name: value` on a line of its own, where it is no type."""
    if name.text[name.end : name.end + 2] != ": " or name.line.strip(" \t-"):
        return
    value = _UP_TO_LINE_END.match(name.text, name.end + 2)
    if value is None or "." in value[0] or not name.is_hidden(value[0]):
        return
    is_word = value[0].lower() in _TYPES or not value[0].islower()
    if is_odd(value[0]) or (not is_word and _KEY_BEFORE.search(name.before)):
        yield value.span()


def _in_sections(name: Name) -> Iterator[Cut]:
    """Yield the value of `name = value` in a file with [sections]."""
    after = _SEPARATOR.match(name.text, name.end)
    if after is None or name.line.strip(" \t-"):
        return
    value = _UP_TO_LINE_END.match(name.text, after.end())
    if value is not None and name.is_hidden(value[0]):
        yield value.span()


def _said(name: Name) -> Iterator[Cut]:
    """Yield what a sentence, a log line or a .netrc tells: `password is: …`."""
    said = _SAID.match(name.text, name.end)
    word = _WORDS.match(name.text, said.end()) if said and not name.is_weak else None
    if word is None or not name.is_hidden(word[0]):
        return
    is_told = is_odd(word[0].rstrip(".")) and _SAID_WORD.fullmatch(word[0])
    if is_told or _LOGIN.fullmatch(name.line):
        yield word.span()


def _in_markup(name: Name) -> Iterator[Cut]:
    """Yield the content of `<password>…</password>` and of `key="password" value="…"`."""
    pattern = _XML if name.before.endswith("<") else _ATTRIBUTE
    found = pattern.match(name.text, name.end)
    if found is not None and name.is_hidden(found[1]):
        yield found.span(1)


_Tails: TypeAlias = "tuple[Callable[[Name], Iterator[Cut]], ...]"
_QUOTE_TAILS: _Tails = (_assigned, _given, _in_markup)
# By the character after the name: what may follow it.
_TAILS: dict[str, _Tails] = {
    "=": (_assigned, _together, _plain),
    ":": (_assigned, _in_yaml, _said),
    " ": (_assigned, _together, _plain, _said),
    "\t": (_assigned, _together, _said),
    "'": _QUOTE_TAILS,
    '"': _QUOTE_TAILS,
    "\\": (_assigned,),
    "]": (_assigned,),
    "(": (_called,),
    ">": (_in_markup,),
}
