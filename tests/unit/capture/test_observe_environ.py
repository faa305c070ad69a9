"""Reads of the environment are listed by name and salted digest, never by value."""

from __future__ import annotations

import os
import string
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.capture.observe import Watched, digest_now, observing

if TYPE_CHECKING:
    from collections.abc import Callable

    from blase_lab.core.records import Observation


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable that is set and one that is not."""
    monkeypatch.setenv("BLASE_THRESHOLD", "17 and a secret")
    monkeypatch.delenv("BLASE_ABSENT", raising=False)


def notes_of(function: Callable[[], Any], folder: Path, salt: str = "s") -> tuple[Observation, ...]:
    """Return what one call touches."""
    watched = Watched(function, folder=folder, salt=salt)
    watched()
    return watched.take_notes()


@pytest.mark.parametrize(
    "reader",
    [
        lambda: os.environ["BLASE_THRESHOLD"],
        lambda: os.environ.get("BLASE_THRESHOLD"),
        lambda: os.getenv("BLASE_THRESHOLD"),
        lambda: "BLASE_THRESHOLD" in os.environ,
        lambda: os.environb[b"BLASE_THRESHOLD"],
        lambda: os.path.expandvars("$BLASE_THRESHOLD/x"),
        lambda: string.Template("$BLASE_THRESHOLD").substitute(os.environ),
        lambda: os.environ.setdefault("BLASE_THRESHOLD", "1"),
    ],
    ids=["item", "get", "getenv", "in", "environb", "expandvars", "Template", "setdefault"],
)
def test_each_way_to_read_a_variable_is_seen(reader: Callable[[], Any], tmp_path: Path) -> None:
    """By its name, with a digest that holds as long as the value does."""
    (note,) = notes_of(reader, tmp_path)

    assert (note.kind, note.name, note.mode) == ("variable", "BLASE_THRESHOLD", "read")
    assert note.digest == digest_now(note, folder=tmp_path, salt="s")


def test_a_changed_variable_has_another_digest_and_a_removed_one_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And back again."""
    (note,) = notes_of(lambda: os.environ.get("BLASE_THRESHOLD"), tmp_path)

    monkeypatch.setenv("BLASE_THRESHOLD", "18")
    assert digest_now(note, folder=tmp_path, salt="s") not in {None, note.digest}
    monkeypatch.delenv("BLASE_THRESHOLD")
    assert digest_now(note, folder=tmp_path, salt="s") is None


def test_a_variable_looked_for_and_absent_is_a_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it comes, that is a change."""
    (note,) = notes_of(lambda: os.environ.get("BLASE_ABSENT", "7"), tmp_path)

    assert (note.name, note.digest) == ("BLASE_ABSENT", None)
    monkeypatch.setenv("BLASE_ABSENT", "7")
    assert digest_now(note, folder=tmp_path, salt="s") is not None


def test_the_digest_tells_nothing_to_who_lacks_the_salt(tmp_path: Path) -> None:
    """Other salts, other names: other digests; the value is nowhere in the notes."""
    first, second = (
        notes_of(lambda: os.environ["BLASE_THRESHOLD"], tmp_path, salt)[0] for salt in ("a", "b")
    )
    watched = Watched(lambda: os.environ["BLASE_THRESHOLD"], folder=tmp_path)
    watched()

    assert first.digest != second.digest
    assert "secret" not in repr(vars(watched._notes))


@pytest.mark.parametrize(
    "reader",
    [
        lambda: {**os.environ},
        lambda: list(os.environ),
        os.environ.copy,
        lambda: [value for name, value in os.environ.items() if name.startswith("BLASE")],
        lambda: "{BLASE_THRESHOLD}".format(**os.environ),
    ],
    ids=["dict", "list", "copy", "items", "format"],
)
def test_reading_all_of_it_is_one_observation(
    reader: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named `*`, and changed with any variable but those of the session."""
    (note,) = notes_of(reader, tmp_path)

    assert note.name == "*"
    assert note.digest == digest_now(note, folder=tmp_path, salt="s")
    for name in ("SHLVL", "TERM", "CLICOLOR_FORCE", "GIT_PAGER"):  # a kernel sets these anew
        monkeypatch.setenv(name, "77")
    assert note.digest == digest_now(note, folder=tmp_path, salt="s")
    monkeypatch.setenv("BLASE_THRESHOLD", "18")
    assert note.digest != digest_now(note, folder=tmp_path, salt="s")


def test_a_library_that_hands_all_of_it_to_a_program_reads_nothing(tmp_path: Path) -> None:
    """As joblib does for its workers; what the person reads counts before and afterwards."""
    source = "import os\ndef started():\n    return {**os.environ, 'X': '1'}\n"
    library: dict[str, Any] = {"__name__": "pool_of_others"}
    place = Path(sysconfig.get_path("purelib")) / "pool_of_others.py"
    exec(compile(source, str(place), "exec"), library)

    def work() -> None:
        library["started"]()
        os.getenv("BLASE_THRESHOLD")

    assert [each.name for each in notes_of(work, tmp_path)] == ["BLASE_THRESHOLD"]


def test_what_python_reads_for_itself_is_not_listed(tmp_path: Path) -> None:
    """Starting a program copies the environment; a temporary file asks where to lie."""

    def work() -> None:
        subprocess.run([sys.executable, "-c", ""], check=True)
        tempfile.gettempdir()
        Path.home()

    assert [each for each in notes_of(work, tmp_path) if each.kind == "variable"] == []


def test_what_an_installed_package_reads_while_it_is_imported_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But what it reads of a name that it was given is, and what a module of one's own reads."""
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "blase_settings.py").write_text(
        "import os\nos.environ.get('BLASE_AT_IMPORT')\n"
        "os.environ.get('HOME')\n"
        "def ask(name):\n    os.environ.get('TERM')\n    return os.environ.get(name)\n"
    )
    project = tmp_path / "project"
    project.mkdir()
    (project / "blase_own.py").write_text("import os\nos.environ.get('BLASE_OWN')\n")
    from blase_lab.capture.observe import frames, places

    roots = (*places.installed_roots(), str(installed))
    monkeypatch.setattr(frames, "installed_roots", lambda: roots)
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.syspath_prepend(str(project))

    def work() -> None:
        __import__("blase_own")
        __import__("blase_settings").ask("BLASE_THRESHOLD")

    notes = notes_of(work, project)
    for name in ("blase_own", "blase_settings"):
        del sys.modules[name]
    assert [each.name for each in notes if each.kind == "variable"] == [
        "BLASE_OWN",
        "BLASE_THRESHOLD",
    ]


def test_a_variable_that_the_call_set_itself_is_a_write(tmp_path: Path) -> None:
    """Reading it afterwards is no read from outside."""

    def work() -> None:
        os.environ["BLASE_SET"] = "1"
        os.environ["BLASE_SET"]
        del os.environ["BLASE_SET"]

    (note,) = notes_of(work, tmp_path)
    assert (note.name, note.mode, note.digest) == ("BLASE_SET", "write", None)


def test_the_environment_behaves_as_ever_while_it_is_watched(tmp_path: Path) -> None:
    """The same object, an equal mapping, inherited by programs, and an error where one is due."""
    environ = os.environ
    before = dict(environ)
    with observing(tmp_path):
        assert os.environ is environ
        assert isinstance(os.environ, type(environ).__mro__[1])
        assert dict(os.environ) == before
        assert len(os.environ) == len(before)
        assert os.environ | {"BLASE_MORE": "1"} == before | {"BLASE_MORE": "1"}
        with pytest.raises(KeyError, match="BLASE_ABSENT"):
            os.environ["BLASE_ABSENT"]
        os.environ["BLASE_SEEN"] = "below"
        code = "import os; print(os.environ['BLASE_SEEN'])"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert os.environ.pop("BLASE_SEEN") == "below"
    assert shown.stdout.strip() == b"below"
    assert dict(environ) == before
    assert type(environ).__name__ == "_Environ"
