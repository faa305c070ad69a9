"""P10, end to end: secrets planted everywhere in a project are in no byte that is written."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from typing import TYPE_CHECKING

import pytest
from project_samples import CELLS, SETTINGS, Cell, capture, new_names, new_project

from blase_lab.core.errors import BlaseError
from blase_lab.core.records import Run
from blase_lab.project import Project
from blase_lab.replay import execute
from blase_lab.replay.rerun import EXECUTED, write_rerun_folder
from blase_lab.store.redact import HIDDEN
from blase_lab.ui.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _planted(name: str) -> str:
    return f"plant-{name}-7c1f9e"


NAMES = ("code", "docstring", "option", "default", "global", "raised", "module", "environment")
PLANTED = {name: _planted(name) for name in NAMES}

MODULE = f'''\
"""Where the shop's data come from."""

API_KEY = "{PLANTED["module"]}"


def doubled(values):
    """Twice."""
    return values * 2
'''

SECRETIVE = Cell(
    "feature",
    "import shop\n\n"
    f'db_password = "{PLANTED["code"]}"\n\n'
    f'def spent_twice(chunk, api_token="{PLANTED["default"]}"):\n'
    f'    """Twice the sum. password: {PLANTED["docstring"]}"""\n'
    "    assert access_key and client\n"
    '    return shop.doubled(chunk["income"])\n',
)
FAILING = Cell(
    "feature",
    'def refused(chunk):\n    """It fails."""\n'
    '    raise ValueError(f"login refused: {client} password={db_password}")\n',
)
UNIT = Cell(
    "impact",
    'def worth(predictions, frame):\n    """Nothing."""\n    return predictions * 0\n',
    {"unit": f"password={PLANTED['option']};"},
)


def places_of(folder: Path) -> dict[str, set[str]]:
    """Return which planted secrets stand in which files: in bytes, zips, gzips and SQLite."""
    found: dict[str, set[str]] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        for content in contents(path):
            names = {name for name, secret in PLANTED.items() if secret.encode() in content}
            if names:
                found.setdefault(path.relative_to(folder).as_posix(), set()).update(names)
    return found


def contents(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, and what is packed in it."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            yield from (opened.read(name) for name in opened.namelist())
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    if data.startswith(b"SQLite format 3"):
        with sqlite3.connect(path) as opened_database:
            yield "\n".join(opened_database.iterdump()).encode()


@pytest.fixture
def secretive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose steps hold secrets wherever a person may write them."""
    monkeypatch.setenv("SHOP_API_KEY", PLANTED["environment"])
    project, names = new_project(tmp_path / "visits")
    (project.folder / "shop.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(project.folder))
    names["access_key"] = PLANTED["global"]
    names["client"] = f"Client({PLANTED['environment']})"
    capture(project, SECRETIVE, names)
    capture(project, UNIT, names)
    return project


def test_no_capture_leaves_a_secret_on_the_disk(secretive: Project) -> None:
    """Code, docstring, option, default, global, module and environment: all are hidden."""
    secretive.write_live("kernel-1")
    secretive.view()
    assert places_of(secretive.store.root) == {}


def test_what_was_cut_is_said_and_never_executed(secretive: Project) -> None:
    """A step out of which a secret was cut is flagged; one whose option was cut too."""
    flags = secretive.history("spent_twice")[-1].flags
    for name in ("spent_twice", "module shop", "access_key"):
        assert any(flag.startswith(f"needs hidden {name}:") for flag in flags), flags
    worth = secretive.history("worth")[-1]
    assert worth.options == {"unit": f"password={HIDDEN};"}
    assert any(flag.startswith("needs hidden option unit:") for flag in worth.flags)
    with pytest.raises(BlaseError, match="what looks like a secret"):
        secretive.build("spent_twice")
    assert places_of(secretive.store.root) == {}


def test_a_build_that_fails_leaves_no_secret_of_its_error(secretive: Project) -> None:
    """The text of an exception holds the secret; the store does not."""
    names = new_names()
    secretive.bind(names)
    names["client"], names["db_password"] = PLANTED["environment"], PLANTED["raised"]
    capture(secretive, FAILING, names)
    with pytest.raises(BlaseError):
        secretive.build("refused")
    secretive.write_live("kernel-1")
    assert places_of(secretive.store.root) == {}


def test_an_error_of_a_command_is_no_file(secretive: Project) -> None:
    """Verbs that read leave nothing behind either."""
    for words in (["status"], ["history", "spent_twice"], ["show", "spent_twice"]):
        main([*words, "--project", str(secretive.folder), "--json"])
    assert places_of(secretive.folder / ".blase") == {}


def test_the_outputs_of_an_executed_notebook_are_redacted(tmp_path: Path) -> None:
    """What a cell prints, displays or raises is written without its secret, also on failure."""
    cells = [
        f"pieces = {[PLANTED['code'][:9], PLANTED['code'][9:]]}",
        "print('password:', ''.join(pieces))",
        "{'api_key': ''.join(pieces)}",
        "raise ValueError(f\"password={''.join(pieces)} was refused\")",
    ]
    notebook = {
        "cells": [_code(place, source) for place, source in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    folder = write_rerun_folder(tmp_path / "rerun", notebook=notebook, settings=SETTINGS)
    with pytest.raises(BlaseError) as caught:
        execute(folder)
    assert PLANTED["code"] not in str(caught.value)
    text = (folder / EXECUTED).read_text(encoding="utf-8")
    assert text.count(HIDDEN) >= 3
    assert json.loads(text)["nbformat"] == 4
    assert places_of(folder) == {}


def _code(place: int, source: str) -> dict[str, object]:
    return {
        "id": f"cell-{place}",
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def test_a_scrub_takes_out_what_an_earlier_version_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret of no shape got into history: it is found, taken out, and the step is flagged."""
    project, names = new_project(tmp_path / "visits")
    secret = "an ordinary sentence"
    function = 'def age_two(chunk):\n    """A."""\n    return chunk["age"] + len(words)\n'
    body = f'words = "{secret}"\n\n{function}'
    step = capture(project, Cell("feature", body), names)
    project.write_live("kernel-1")
    monkeypatch.setenv("NOT_NAMED_SO", secret)
    found = ["scrub", "--from-env", "NOT_NAMED_SO", "--project", str(project.folder)]
    assert main(found) == 1
    assert secret not in capsys.readouterr().out
    assert main([*found, "--apply"]) == 0
    assert main([*found, "--find"]) == 0
    again = Project.open(project.folder)
    scrubbed = again.history("age_two")[-1]
    assert scrubbed.digests == step.digests
    assert any(flag.startswith("needs hidden words:") for flag in scrubbed.flags)
    assert all(
        secret.encode() not in content
        for path in again.store.root.rglob("*")
        if path.is_file()
        for content in contents(path)
    )
    assert again.verify().damaged == ()


@pytest.mark.keras
def test_a_training_its_sheet_and_its_bundle_hold_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed run, an exported one and the sheet: in none of their files is a secret."""
    monkeypatch.setenv("SHOP_API_KEY", PLANTED["environment"])
    text = f'{SETTINGS}\n# password = "{PLANTED["code"]}"\n'
    project, names = new_project(tmp_path / "visits", settings=text)
    run = project.train(epochs=1)
    project.evaluate()
    project.card(into=project.folder / "cards")
    project.export(into=project.folder / "bundle")
    names["client"] = PLANTED["environment"]
    model = next(cell for cell in CELLS if cell.kind == "model")
    broken = Cell(
        "model", model.body.replace("    import keras\n", "    raise ValueError(client)\n")
    )
    capture(project, broken, names)
    with pytest.raises(BlaseError):
        project.train(epochs=1)
    for part in (".blase", "cards", "bundle"):
        assert places_of(project.folder / part) == {}, part
    assert run.state == "finished"
    assert project.store.ledger.list(Run)
