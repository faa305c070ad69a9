"""Computes the digests of the golden file again; run by the test in several Pythons.

`python digests_now.py` prints them as JSON, None where a package is missing. With `--add FILE`, a
JSON file of new keys by section, those are added to the golden file; none is ever changed.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import linecache
import sys
from pathlib import Path
from typing import Any

from blase_lab.capture import digest
from blase_lab.capture.canonical import digest_of_source

GOLDEN = Path(__file__).with_name("digests.json")
Digests = dict[str, dict[str, str | None]]
_numbers = itertools.count(1)
_MODULES = {
    "np": "numpy",
    "pd": "pandas",
    "sparse": "scipy.sparse",
    "dt": "datetime",
    "re": "re",
    "decimal": "decimal",
    "fractions": "fractions",
    "uuid": "uuid",
    "collections": "collections",
    "random": "random",
    "pathlib": "pathlib",
    "zoneinfo": "zoneinfo",
}


def names() -> dict[str, Any]:
    """Return what the values of the golden file are written with, as far as it is installed."""
    found: dict[str, Any] = {"Path": Path}
    for name, module in _MODULES.items():
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            found[name] = __import__(module, fromlist=["x"])
    return found


def is_possible(text: str) -> bool:
    """Tell whether all that a text imports or names is installed."""
    wanted = {module for name, module in _MODULES.items() if f"{name}." in text or module in text}
    return all(importlib.util.find_spec(each.partition(".")[0]) is not None for each in wanted)


def function_of(source: str) -> Any:
    """Run a source as a cell and return its step."""
    name = f"<cell golden {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": "__main__", "LIMIT": 3}
    exec(compile(source, name, "exec", dont_inherit=True), scope)
    return scope["step"]


def digest_now(section: str, text: str) -> str | None:
    """Return the digest of one entry on this Python; None where it cannot be made here."""
    if section == "code":
        return digest_of_source(text)
    if not is_possible(text):
        return None
    return digest(function_of(text) if section == "steps" else eval(text, names()))


def all_digests(golden: Digests) -> Digests:
    """Return the digests of every entry."""
    return {
        section: {text: digest_now(section, text) for text in entries}
        for section, entries in golden.items()
    }


def _add(golden: Digests, new: dict[str, list[str]]) -> None:
    for section, texts in new.items():
        for text in texts:
            golden[section].setdefault(text, digest_now(section, text))
    text = json.dumps(golden, indent=1, ensure_ascii=False)
    GOLDEN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    known = json.loads(GOLDEN.read_text(encoding="utf-8"))
    if sys.argv[1:2] == ["--add"]:
        _add(known, json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    else:
        sys.stdout.write(json.dumps(all_digests(known)) + "\n")
