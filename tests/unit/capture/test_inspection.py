"""What `inspect` shows: leaves, flags and reads of every kind of thing, in text and as a table."""

from __future__ import annotations

import socket
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from cells import step_of

import blase_lab
from blase_lab import digest, inspect

if TYPE_CHECKING:
    from pathlib import Path

    from cells import Notebook


def test_an_inspection_has_the_public_digest_and_the_leaves_it_is_made_of(
    notebook: Notebook,
) -> None:
    """What cannot be known stands beside it."""
    notebook.run("N = 3\ndef h(x):\n    return x + N + globals()['T']\n")
    found = inspect(notebook.namespace["h"])
    assert found.digest == digest(notebook.namespace["h"])
    assert [leaf.name for leaf in found.leaves] == ["function h", "value N"]
    assert found.flags == ("dynamic: globals()",)
    assert found.reads == ()
    assert blase_lab.Inspection is type(found)


def test_a_value_is_inspected_by_its_content(notebook: Notebook) -> None:
    """The digest is that of the value itself."""
    assert inspect([1, 2]).digest == digest([1, 2])
    notebook.run("class C: pass\nc = C()\nc.n = 1")
    assert inspect(notebook.namespace["c"]).digest == digest(notebook.namespace["c"])


def test_a_thing_without_content_is_flagged_and_no_error() -> None:
    """A socket has no content; `digest` refuses it, `inspect` says so."""
    with socket.socket() as conn:
        found = inspect(conn)
        assert found.flags == ("opaque: holds a socket (`value`)",)
        with pytest.raises(TypeError, match="no content"):
            digest(conn)


def test_a_sample_makes_what_the_call_reads_part_of_the_digest(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file and a variable: each changes the digest, and each is named."""
    monkeypatch.chdir(tmp_path)
    notebook.run(
        "import os\nfrom pathlib import Path\n"
        "def h(x):\n    return x + Path('t.txt').read_text() + os.environ['BLASE_RATE']\n"
    )
    h = notebook.namespace["h"]
    digests = set()
    for text, rate in (("a", "1"), ("b", "1"), ("b", "2"), ("b", "2")):
        (tmp_path / "t.txt").write_text(text, encoding="utf-8")
        monkeypatch.setenv("BLASE_RATE", rate)
        found = inspect(h, sample=("",))
        digests.add(found.digest)
        assert {"file t.txt", "variable BLASE_RATE"} <= {leaf.name for leaf in found.leaves}
        assert [(each.kind, each.name) for each in found.reads] == [
            ("file", "t.txt"),
            ("variable", "BLASE_RATE"),
        ]
    assert len(digests) == 3
    assert digest(h) not in digests


def test_a_sample_for_what_cannot_be_called_is_refused() -> None:
    """A list takes no arguments."""
    with pytest.raises(TypeError, match="a list cannot be called with a sample"):
        inspect([1], sample=(1,))


def test_a_step_is_inspected_as_it_was_recorded(notebook: Notebook) -> None:
    """Root, leaves and flags of the record; the reads among its leaves."""
    step = step_of(notebook.capture("def step(x):\n    return x\n"))
    found = inspect(step)
    assert (found.digest, found.leaves, found.flags) == (step.digests.root, step.leaves, ())
    assert found.reads == ()


class _Cells(HTMLParser):
    """Collects the tags and the text of a table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; none has a colour of its own."""
        self.tags.append(tag)
        assert not any("color" in str(value) for _, value in attrs)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


def test_the_table_is_escaped_and_has_the_notebook_s_own_colours(notebook: Notebook) -> None:
    """A text in the code is text in the table, never markup."""
    notebook.run("T = '<script>alert(1)</script>'\ndef h(x):\n    return x + T\n")
    table = _Cells(inspect(notebook.namespace["h"])._repr_html_())
    assert "script" not in table.tags
    assert "'<script>alert(1)</script>'" in table.texts
    assert {"table", "caption", "thead", "tbody"} <= set(table.tags)


def test_in_plain_text_a_line_stands_for_each_leaf_read_and_flag(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long sources are cut after their first line; flags begin with a mark."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.txt").write_text("a", encoding="utf-8")
    notebook.run("def h(x):\n    return eval('open(\"t.txt\").close()')\n")
    found = inspect(notebook.namespace["h"], sample=(1,))
    lines = str(found).splitlines()
    assert lines[0] == f"digest {found.digest}"
    assert any("function h" in line and "(+1 lines)" in line for line in lines)
    assert any(line.split()[:3] == ["reads", "file", "t.txt"] for line in lines)
    assert lines[-1] == "  ! dynamic: eval()"
