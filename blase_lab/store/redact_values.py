"""What is a secret's value, and what only stands where one could: a template, a name, a path."""

from __future__ import annotations

import re

HIDDEN = "[redacted]"
_SHORTEST = 4
_SHORTEST_ODD = 6
_LONG = 20

STRONG_WORD = (
    r"pass(?:words?|wds?|wort|wörter|phrases?|codes?|w)|kennwort|pwd|mot_?de_?passe|mdp"
    r"|contrase(?:ñ|n\u0303|n)as?|senha|wachtwoord|l(?:ö|o\u0308|o)senord|salasana|heslo|has[łl]o"
    r"|adgangskode|пароль|密码|密碼|パスワード|비밀번호|secret(?:[aeo]|s)?|geheimnis|credentials?"
    r"|api[_-]?keys?|access[_-]?keys?(?:[_-]?id)?|shared[_-]?access[_-]?key"
    r"|(?:private|account|secret|encryption|signing|subscription|master|license|webhook|deploy)"
    r"[_-]?keys?|authorization|(?:session|auth|login)[_-]?cookie"
)
WEAK_WORD = r"tokens?|auth|pass|pw"
_SCHEME = re.compile(r"(?:bearer|basic|token|digest|apikey)\b[ \t]*", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"<[^>]*>|\[[A-Za-z ]{1,30}\]|\$\{?[\w:.-]+\}?|\$\([^)]*\)"
    r"|(?:\{[^{}]*\}|%(?:\(\w+\))?s|[\s:/@,.%])+"
    r"|[*xX•.\-_#?…]+|(?:your|my|the|insert|enter)[ _-].*"
    r"|u?int\d+|float\d+|complex\d+|none|null|true|false|todo|required|optional|string|unset|missing|yes|no",
    re.IGNORECASE,
)
_NAME = re.compile(rf"(?:[A-Za-z]+_)*(?:{STRONG_WORD}|{WEAK_WORD})(?:_[A-Za-z]+)*", re.IGNORECASE)
_PATH = re.compile(
    r"(?:~|\.{1,2})?/[\w./ -]+|[A-Za-z]:\\{1,2}[\w.\\ -]+"
    r"|[\w./-]+\.(?:json|pem|key|txt|ya?ml|toml|ini|env|csv|crt|p12|sock)"
)


def is_value(content: str, *, is_weak: bool = False, shortest: int = _SHORTEST) -> bool:
    """Say whether this, after a secret's name, is the secret: no template, name, path or address.

    After a weak name, such as `token`, only what looks odd is one.
    """
    bare = _SCHEME.sub("", content.replace(HIDDEN, ""), count=1).strip()
    if len(bare) < shortest or "://" in bare or (is_weak and not is_odd(bare)):
        return False
    return not any(each.fullmatch(bare) for each in (_PLACEHOLDER, _NAME, _PATH))


def is_odd(text: str) -> bool:
    """Say whether no word of a language looks so: letters with digits, or long and mixed."""
    if len(text) < _SHORTEST_ODD or any(letter.isspace() for letter in text[:_LONG]):
        return False
    has_digit = any(letter.isdigit() for letter in text)
    has_letter = any(letter.isalpha() for letter in text)
    is_mixed = text.lower() != text and text.upper() != text and len(text) >= _LONG
    return has_letter and (has_digit or is_mixed)
