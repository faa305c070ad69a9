"""The options of the cell magics: read by a real parser, refused with usage and a close name."""

from __future__ import annotations

import argparse
import difflib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, get_args

from blase_lab.core.errors import CellOptionError
from blase_lab.core.records import OptionValue, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS: tuple[StepKind, ...] = get_args(StepKind)

PURPOSES: dict[StepKind, str] = {
    "source": "Mark a cell whose function returns the raw data: a path, a glob, a list of them, "
    "a database address, a DataFrame, or an iterator of DataFrames.",
    "clean": "Mark a cell whose function says which rows stay: it gets a chunk of all columns and "
    "returns one True or False a row. The docstring is the reason.",
    "feature": "Mark a cell whose function makes one feature: it gets a chunk (a DataFrame) and "
    "returns as many rows.",
    "target": "Mark a cell whose function makes what is to be predicted: it gets a chunk and "
    "returns one value a row.",
    "model": "Mark a cell whose function takes the inputs and returns a Keras model.",
    "loss": "Mark a cell whose function or class is the loss.",
    "metric": "Mark a cell whose function or class is a metric.",
    "callback": "Mark a cell whose function or class is a Keras callback.",
    "loop": "Mark a cell whose function trains the model itself.",
    "impact": "Mark a cell whose function says what the predictions cost or earn.",
}

EPILOG = (
    "The body is ordinary Python and runs as in any cell; its last function (or the one called "
    "NAME) becomes the step. Its docstring is its documentation."
)


@dataclass(frozen=True)
class Option:
    """One option of a cell magic."""

    flag: str
    metavar: str
    help: str
    read: Callable[[str], OptionValue]
    choices: tuple[str, ...] = ()
    repeats: bool = False


@dataclass(frozen=True)
class CellLine:
    """What a magic line says."""

    name: str | None
    options: dict[str, OptionValue]
    wants_help: bool = False


def _names(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"`{text}` is no list; write names as a,b,c")
    return names


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number of 0 or more")
    return int(text)


def _some(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number of 1 or more")
    return int(text)


_COLUMN_OPTIONS = (
    Option("--columns", "A,B", "hand over only these columns", _names),
    Option("--inputs", "STEP,STEP", "add the columns of these feature steps", _names),
    Option("--lookback", "N", "hand over up to N earlier rows of the same group too", _count),
    Option("--lookahead", "N", "hand over up to N later rows of the same group too", _count),
    Option("--group", "COLUMN", "the column whose value keeps rows together", str),
)

OPTIONS: dict[StepKind, tuple[Option, ...]] = {
    "source": (
        Option("--columns", "A,B", "read only these columns", _names),
        Option("--order", "A,B", "sort the rows by these columns of times or numbers", _names),
        Option("--join", "OTHER", "join this smaller source to every row", str, repeats=True),
        Option("--on", "A,B", "the key columns of the --join before it", str, repeats=True),
        Option("--known-after", "A,B,C", "columns known only after the time of prediction", _names),
    ),
    "clean": (),
    "feature": (
        *_COLUMN_OPTIONS,
        Option(
            "--scale",
            "METHOD",
            "how training rows set the scale (default: standard for numbers, category for text)",
            str,
            choices=("standard", "minmax", "none", "category"),
        ),
    ),
    "target": _COLUMN_OPTIONS,
    "model": (
        Option("--epochs", "N", "how often the training rows are seen", _some),
        Option("--batch", "N", "rows of one gradient update", _some),
    ),
    "loss": (),
    "metric": (),
    "callback": (),
    "loop": (),
    "impact": (Option("--unit", "UNIT", "what the number is counted in, e.g. EUR", str),),
}


class CellParser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse the line with its usage.

        Raises:
            CellOptionError: always.
        """
        way_out = f"{self.usage_line()}.  (`{self.prog}?` says more.)"
        raise CellOptionError(_sentence(message), way_out=way_out)

    def usage_line(self) -> str:
        """Return the usage in one line; without -h, which IPython hears only over a body."""
        words = [word for word in self.format_usage().split()[1:] if word != "[-h]"]
        return "Usage: " + " ".join(words)


def parser_of(kind: StepKind) -> CellParser:
    """Return the parser of the magic line of `kind`."""
    parser = CellParser(
        prog=f"%%blase_{kind}",
        description=PURPOSES[kind],
        epilog=EPILOG,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="the step's name (default: its function's)"
    )
    for option in OPTIONS[kind]:
        parser.add_argument(
            option.flag,
            metavar=option.metavar,
            help=option.help,
            type=option.read,
            choices=option.choices or None,
            action="append" if option.repeats else "store",
        )
    parser.add_argument("-h", "--help", action="store_true", help="show this and run nothing")
    return parser


def help_of(kind: StepKind) -> str:
    """Return the help text of the magic of `kind`."""
    return parser_of(kind).format_help()


def flags_of(kind: StepKind) -> tuple[str, ...]:
    """Return the options that the magic of `kind` knows."""
    return (*(option.flag for option in OPTIONS[kind]), "--help")


def parse_line(kind: StepKind, line: str) -> CellLine:
    """Return the name and the options that a magic line gives; options not given are left out.

    Raises:
        CellOptionError: an option is unknown or its value is impossible.
    """
    parser = parser_of(kind)
    words = _words(parser, line)
    known, rest = parser.parse_known_args(words)
    if rest:
        parser.error(_unknown(rest[0], flags_of(kind)))
    given = {key: value for key, value in vars(known).items() if value is not None}
    wants_help = bool(given.pop("help"))
    name = given.pop("name", None)
    if name is not None and not name.isidentifier():
        parser.error(f"`{name}` is no name; use letters, digits and _")
    if "join" in given or "on" in given:
        given["on"] = _keys(parser, given.get("join", []), given.get("on", []))
    return CellLine(name=name, options=given, wants_help=wants_help)


def _keys(parser: CellParser, joins: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return the key columns of one join, or one `a,b` for each of several joins."""
    if len(joins) != len(keys):
        parser.error("every --join OTHER needs its --on A,B")
    return _names(keys[0]) if len(keys) == 1 else list(keys)


def _words(parser: CellParser, line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        parser.error(f"the line cannot be read: {error}")


def _unknown(word: str, known: Sequence[str]) -> str:
    if not word.startswith("-"):
        return f"`{word}` is one word too many; write lists without spaces, as a,b,c"
    flag = word.partition("=")[0]
    close = difflib.get_close_matches(flag, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"there is no option {flag}{hint}"


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?")) else f"{text}."
