"""What observations say in words."""

from __future__ import annotations

from typing import Any

import pytest

from blase_lab.core.lineage import sentence
from blase_lab.core.observed import all_flags, held
from blase_lab.core.records import Change, Observation


def seen(kind: Any, name: str, mode: Any = "read", *, digest: str | None = None) -> Observation:
    """Return an observation."""
    return Observation(kind=kind, name=name, mode=mode, digest=digest)


def test_what_cannot_be_known_is_flagged_once() -> None:
    """What the code showed already is not said again; files and variables are no flags."""
    notes = [
        seen("random", "numpy.random"),
        seen("random", "random"),
        seen("program", "git"),
        seen("socket", "example.org:443"),
        seen("file", "a.txt", digest="1"),
        seen("file", "b.txt", digest="1"),
        seen("file", "b.txt", "write"),
        seen("variable", "HOME", digest="2"),
    ]

    assert all_flags(("draws unseeded randomness: numpy.random.rand",), notes) == (
        "draws unseeded randomness: numpy.random.rand",
        "draws unseeded randomness: random",
        "starts program `git`: what it reads is not seen",
        "opens a socket: example.org:443",
        "reads and writes file `b.txt`: a change of it is not seen",
    )


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (seen("file", "a", digest="0123456789abcdef"), "0123456789ab"),
        (seen("file", "a"), "not there"),
        (seen("file", "a", "write"), "written by the step"),
        (seen("variable", "A"), "not set"),
        (seen("program", "git"), "what a program reads is not seen"),
        (seen("socket", "h:1"), "what came through is not seen"),
        (seen("random", "random"), "drawn without a seed of its own"),
        (seen("module", "yaml"), "installed: its version is in the environment"),
    ],
)
def test_each_thing_says_what_is_known_of_its_content(note: Observation, words: str) -> None:
    """A digest, or why there is none."""
    assert held(note) == words


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("file a.json", "3f2a91", "9b1c04", "file `a.json` 3f2a91 → 9b1c04"),
        ("file a.json", "3f2a91", "not there", "file `a.json` 3f2a91 → not there"),
        ("variable REGION", "3f2a91", "9b1c04", "variable `REGION` changed"),
        ("variable REGION", "not set", "9b1c04", "variable `REGION` not set → 9b1c04"),
        (
            "variable *",
            "3f2a91",
            "9b1c04",
            "one of all the environment variables, which the step read as a whole, changed",
        ),
    ],
)
def test_a_read_that_changed_is_said_in_a_sentence(
    name: str, before: str, *, after: str, said: str
) -> None:
    """With short digests of files; those of variables say nothing to a person."""
    assert sentence(Change(name=name, aspect="data", before=before, after=after)) == said
