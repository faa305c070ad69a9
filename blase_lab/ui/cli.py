"""`blase VERB …` in a shell: run a verb, tell failures in two lines, end with a fixed exit code."""

from __future__ import annotations

import shlex
import sys
import traceback
from typing import TYPE_CHECKING, Any

import typer

from blase_lab.core.errors import BlaseError, CellOptionError
from blase_lab.ui.doors import Door, TerminalDoor
from blase_lab.ui.failures import INTERRUPTED, OUR_FAULT, exit_code_of, lines_of
from blase_lab.ui.verbs import app

if TYPE_CHECKING:
    from collections.abc import Sequence

# The parent of every complaint about words; typer brings its own parser, so it has one name here.
WrongWords: Any = typer.BadParameter.__mro__[2]


def run_words(words: Sequence[str], door: Door, *, prog: str) -> int:
    """Run one verb through `door` and return its exit code.

    Raises:
        CellOptionError: the words are no verb with its options; the message has the usage.
        KeyboardInterrupt: the user interrupted the verb.
        BlaseError: whatever the verb met.
    """
    command = typer.main.get_command(app)
    try:
        code = command.main(args=list(words), prog_name=prog, standalone_mode=False, obj=door)
    except WrongWords as error:
        raise _wrong_words(error, prog) from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def verb_names() -> tuple[str, ...]:
    """Return every verb."""
    return tuple(_commands())


def flags_of(verb: str) -> tuple[str, ...]:
    """Return the options of a verb; none for what is no verb."""
    command = _commands().get(verb)
    options = [] if command is None else [name for each in command.params for name in each.opts]
    return (*(name for name in options if name.startswith("--")), "--help")


def _commands() -> dict[str, Any]:
    return dict(getattr(typer.main.get_command(app), "commands", {}))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `blase` with these arguments and return the exit code; nothing is raised."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return run_words(words, TerminalDoor(), prog="blase")
    except BlaseError as error:
        where = f"blase {words[0]}" if words else "blase"
        sys.stderr.write("\n".join(lines_of(error, where)) + "\n")
        return exit_code_of(error)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. A training can go on with `blase train --resume RUN`.\n")
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - the last line of defence: say so, with the trace to report
        sys.stderr.write(traceback.format_exc())
        sys.stderr.write(f"This is our own fault. The command was: blase {shlex.join(words)}\n")
        return OUR_FAULT


def _wrong_words(error: Any, prog: str) -> CellOptionError:
    context = getattr(error, "ctx", None)
    usage = context.get_usage().strip() if context is not None else f"Usage: {prog} VERB"
    message = str(error.format_message()).strip()
    path = context.command_path if context is not None else prog
    return CellOptionError(
        message if message.endswith((".", "?")) else f"{message}.",
        way_out=f"{usage}  (`{path} --help` says more.)",
    )


if __name__ == "__main__":
    sys.exit(main())
