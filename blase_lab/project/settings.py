"""`blase.toml`: what the user decides once for a project, checked on every reading."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from blase_lab.core.errors import ConfigError, NoProjectError
from blase_lab.core.records import SplitPolicy
from blase_lab.store import write_text

if TYPE_CHECKING:
    from pathlib import Path

FILE = "blase.toml"
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    seed: int = 1
    memory: str = "512MiB"
    documentation: Literal["required", "warn", "off"] = "required"
    deterministic: bool = True
    tolerance: float = 1e-5
    offline: bool = False
    prove: Literal["background", "off"] = "background"
    prove_seconds: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    split: SplitPolicy = SplitPolicy()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A project's settings with every size in bytes."""

    name: str
    seed: int
    memory_bytes: int
    documentation: Literal["required", "warn", "off"]
    deterministic: bool
    tolerance: float
    split: SplitPolicy
    text: str
    """The file as it was written, so that a rerun and a bundle can carry it."""
    offline: bool = False
    """Whether a step that opens a connection to another machine is refused."""
    prove: Literal["background", "off"] = "background"
    """Whether captured steps are proven by themselves; `blase prove` always proves."""
    prove_seconds: float = 20.0
    """How long the proof of one step may take."""


def read_settings(folder: Path) -> Settings:
    """Return the settings of the project in `folder`.

    Raises:
        NoProjectError: there is no `blase.toml`.
        ConfigError: the file cannot be understood; the message names the place.
    """
    path = folder / FILE
    if not path.is_file():
        raise NoProjectError(
            f"There is no {FILE} in {folder}.", way_out="Run `blase init` there first."
        )
    text = path.read_text(encoding="utf-8")
    return parse_settings(text)


def parse_settings(text: str) -> Settings:
    """Return the settings that the text of a `blase.toml` means.

    Raises:
        ConfigError: a key is unknown, a value is of the wrong type, or the text is no TOML.
    """
    try:
        table = tomllib.loads(text)
        split = table.get("split", {})
        if isinstance(split, dict):
            table["split"] = {_camel(key): value for key, value in split.items()}
        read = msgspec.convert(table, _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(
            f"{FILE} cannot be read: {error}.", way_out=f"Correct that line of {FILE}."
        ) from error
    return Settings(
        name=read.name,
        seed=read.seed,
        memory_bytes=parse_bytes(read.memory),
        documentation=read.documentation,
        deterministic=read.deterministic,
        tolerance=read.tolerance,
        split=read.split,
        text=text,
        offline=read.offline,
        prove=read.prove,
        prove_seconds=read.prove_seconds,
    )


def parse_bytes(text: str) -> int:
    """Return the number of bytes that a size such as `512MiB` or `2 GB` means.

    Raises:
        ConfigError: it is no size.
    """
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].lower() not in _UNITS:
        raise ConfigError(
            f"`{text}` is no size.",
            way_out=f'Write a number and a unit into {FILE}, e.g. memory = "512MiB".',
        )
    return int(float(match[1]) * _UNITS[match[2].lower()])


def find_folder(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds a `blase.toml`.

    Raises:
        NoProjectError: there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise NoProjectError(
        f"There is no {FILE} in {start} or above it.",
        way_out="Run `blase init` in your project's folder.",
    )


def write_settings(folder: Path, name: str) -> bool:
    """Write a first `blase.toml` with every setting explained; an existing one stays as it is."""
    path = folder / FILE
    if path.exists():
        return False
    write_text(path, _TEMPLATE.format(name=_quoted(name)), mode=0o644)
    return True


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word.title() for word in rest)


_TEMPLATE = """\
# The settings of this project. Everything else is in the notebook and in .blase/.
name = {name}
seed = 1                       # of the shuffle, the initial weights and the training
memory = "512MiB"              # no stage of the data path may use more
documentation = "required"     # "warn" or "off" lets undocumented steps be trained on
deterministic = true           # bitwise equal runs on the same machine, for some speed
tolerance = 1e-5               # how far predictions may be apart and still be EQUIVALENT
offline = false                # true: a step that connects to another machine is refused
prove = "background"           # every captured step is tried in a clean process; "off": on request
prove_seconds = 20             # and stopped after so long

[split]
by = "hash"                    # "time" and "group" need a column
# column = "patient_id"        # the key, the group or the time; the row number if left out
train = 0.7
validation = 0.15
test = 0.15
# validation_from = "2024-01-01"   # with by = "time": borders instead of ratios
# test_from = "2024-07-01"
# embargo = "1d"                   # rows left out before each border
"""
