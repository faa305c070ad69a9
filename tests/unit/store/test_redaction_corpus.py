"""P10, measured: every secret of the corpus is hidden, and every look-alike stays as it is."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redaction_corpus import PLANTED, Planted
from redaction_lookalikes import LOOKALIKES

from blase_lab.store import redact
from blase_lab.store.redact import HIDDEN, environment_secrets, redact_named, spellings

_MEGABYTE = 1_000_000
_PIECES = st.sampled_from(
    [*(each.text for each in PLANTED), *LOOKALIKES, "\n", "'", '"', "\\", " = ", "(", "password"]
)
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=6).map("".join))
_TRAPS = [
    *("a", "a.", "a-", "'", "\\'", "://", "://a:b", "sk-", "eyJ", "eyJaaaaaaaa.", "curl -u a "),
    *("token=", "password = '", 'password = """', "auth=('a',", "login(", "mysql ", "a, ", "["),
    *("password: x\n", "set_password(", "-----BEGIN RSA PRIVATE KEY-----\n", '"password"', "0"),
]


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    """At least 120 secrets and 120 look-alikes, each once, each secret really in its text."""
    assert len({each.text for each in PLANTED}) >= 120
    assert len(set(LOOKALIKES)) >= 120
    assert all(each.secret in each.text for each in PLANTED)


@pytest.mark.parametrize(
    "planted", PLANTED, ids=lambda each: each.text[:40].encode("unicode_escape").decode()
)
def test_every_planted_secret_is_hidden(planted: Planted) -> None:
    """Recall is whole: no secret of the corpus is left in its text."""
    hidden = redact(planted.text)
    assert planted.secret not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize("text", LOOKALIKES)
def test_every_look_alike_stays_as_it_is(text: str) -> None:
    """Precision is whole: a step with this text keeps its code."""
    assert redact(text) == text


def test_a_secret_is_hidden_within_a_cell_as_it_is_alone() -> None:
    """What stands before and after, on other lines, changes nothing."""
    for planted in PLANTED:
        cell = f"import os\nx = [1, 2]\n{planted.text}\n"
        assert planted.secret not in redact(cell), planted.text


def test_all_look_alikes_in_one_cell_stay_as_they_are() -> None:
    """Neighbours make no secret of each other."""
    for text in LOOKALIKES:
        assert redact(f"import os\n\n{text}\n\nx = 1\n") == f"import os\n\n{text}\n\nx = 1\n"


def test_python_that_held_a_secret_is_still_python() -> None:
    """Of the planted texts that are Python, each parses after its secret is hidden."""
    parsed = 0
    for planted in PLANTED:
        try:
            ast.parse(planted.text)
        except SyntaxError:
            continue
        ast.parse(redact(planted.text))
        parsed += 1
    assert parsed > 80


@given(_TEXTS)
def test_hiding_twice_is_hiding_once(text: str) -> None:
    """A text that was written may be hidden again: nothing changes."""
    once = redact(text)
    assert redact(once) == once


@given(_TEXTS, st.text(min_size=8).filter(lambda text: HIDDEN not in text and text not in HIDDEN))
def test_a_given_secret_never_stays(text: str, secret: str) -> None:
    """A value that is named is in no text that leaves, however it is spelled there."""
    for spelled in spellings(secret):
        assert spelled not in redact(f"{text} {spelled} {text}", secrets=[secret])


def test_a_cell_of_a_megabyte_takes_less_than_a_second() -> None:
    """Ordinary source of 1 MB is read in time."""
    source = Path(redact.__code__.co_filename).with_name("atomic.py").read_text(encoding="utf-8")
    cell = (source * (_MEGABYTE // len(source) + 1))[:_MEGABYTE]
    assert _seconds(cell) < 1.0


@pytest.mark.parametrize("trap", _TRAPS)
def test_no_text_makes_it_slow_beyond_its_length(trap: str) -> None:
    """Eight times the text takes about eight times as long, whatever repeats in it."""
    small, large = trap * (20_000 // len(trap)), trap * (160_000 // len(trap))
    took = max(min(_seconds(small) for _ in range(3)), 0.02)
    assert min(_seconds(large) for _ in range(2)) < 30 * took


def _seconds(text: str) -> float:
    started = time.process_time()  # of this process alone: other work on the machine is no matter
    redact(text)
    return time.process_time() - started


# --- what the process knows -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "is_hidden"),
    [
        ("OPENAI_API_KEY", "quite-ordinary-9", True),
        ("DB_PASSWORD", "correct horse battery", True),
        ("DATABASE_URL", "postgresql://anna:hunter2hunter2@db/flights", True),
        ("PGPASSWORD", "qwertz-12345", True),
        ("HOME_TOWN", "quite-ordinary-9", False),
        ("PWD", "/home/anna/flights", False),
        ("SSH_AUTH_SOCK", "/tmp/agent.1234", False),
        ("TOKENIZERS_PARALLELISM", "false", False),
        ("DB_PASSWORD", "postgres", False),
        ("API_TOKEN", "short", False),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/anna/key.json", False),
    ],
)
def test_secrets_of_the_environment_are_known_by_their_names(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, *, is_hidden: bool
) -> None:
    """The value of a variable named as a secret is hidden; short ones and plain words are not."""
    for each in environment_secrets():
        assert each != value
    monkeypatch.setenv(name, value)
    secret = "hunter2hunter2" if name == "DATABASE_URL" else value
    assert (secret in environment_secrets()) is is_hidden


@pytest.mark.parametrize(
    ("name", "text", "hidden"),
    [
        ("value password", "'hunter2'", f"'{HIDDEN}'"),
        ("value connect(password=)", "'hunter2'", f"'{HIDDEN}'"),
        ("value connect.api_key", "b'hunter2'", f"'{HIDDEN}'"),
        ("value pin.password", "73829164", HIDDEN),
        ("value password_length", "'hunter2'", "'hunter2'"),
        ("value password", "None", "None"),
        ("value pad_token", "'[PAD]'", "'[PAD]'"),
        ("value options", "{'password': 'hunter2'}", f"{{'password': '{HIDDEN}'}}"),
    ],
)
def test_a_value_is_hidden_by_the_name_that_holds_it(name: str, text: str, hidden: str) -> None:
    """A leaf shows a bare value beside its name: the name tells that it is a secret."""
    assert redact_named(name, text) == hidden


def test_no_text_of_the_corpus_looks_like_a_key_in_this_repository() -> None:
    """The corpus is put together while it runs, so that a scanner finds nothing in its files."""
    for path in Path(__file__).parent.glob("redaction_*.py"):
        source = path.read_text(encoding="utf-8")
        assert not [
            each
            for each in PLANTED
            if len(each.secret) > 20 and each.secret in source and "horse" not in each.secret
        ]


def test_hiding_needs_no_environment() -> None:
    """A process without any variables hides by shape alone."""
    code = "from blase_lab.store import redact; print(redact(\"password = 'hunter2'\"))"
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"password = '{HIDDEN}'\n"
