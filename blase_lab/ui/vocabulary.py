"""How verbs are made: one table for shell and notebook, with the options all share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blase_lab.ui.doors import Door, Outcome, TerminalDoor
from blase_lab.ui.failures import EXIT_CODES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from blase_lab.project import Project
    from blase_lab.ui.doors import Watch

PROJECT, STEPS, DATA = "Project", "Steps", "Data"
TRAINING, AGAIN = "Training", "Run it again"

_CODES = "\n\n".join(f"{code}: {meaning}" for code, meaning in EXIT_CODES.items())

app = typer.Typer(
    name="blase",
    help="Train Keras models on data larger than memory, so that anybody can run it again.\n\n"
    "The same verbs stand in a notebook as %blase VERB after %load_ext blase_lab.",
    epilog=f"Exit codes:\n\n{_CODES}",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@dataclass(frozen=True)
class Desk:
    """What a verb works at: the door it speaks through and the folder that was named."""

    door: Door
    folder: Path | None = None

    @property
    def project(self) -> Project:
        """The project that is meant."""
        return self.door.project(self.folder)

    def watch(self, verb: str, project: Project) -> AbstractContextManager[Watch]:
        """Return a watcher of long work."""
        return self.door.watch(verb, project)


Verb = Callable[..., Outcome]


def verb(panel: str, *, name: str | None = None) -> Callable[[Verb], Verb]:
    """Put a function into the table of verbs, with the options that all verbs share."""

    def register(function: Verb) -> Verb:
        def run(
            context: typer.Context,
            project: Path | None = None,
            as_json: bool = False,  # noqa: FBT001, FBT002 - typer calls by name
            **words: Any,
        ) -> int:
            door = context.obj
            outcome = function(Desk(door, project), **words)
            door.present(outcome, as_json_text=as_json)
            return outcome.exit_code

        _sign(run, function)
        app.command(name or function.__name__, rich_help_panel=panel)(run)
        return function

    return register


def _sign(run: Callable[..., Any], function: Verb) -> None:
    """Give `run` the words of `function` and the shared ones."""
    signature = inspect.signature(function, eval_str=True)
    _, *own = signature.parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = (
        inspect.Parameter("context", keyword, annotation=typer.Context),
        *(each.replace(kind=keyword) for each in own),
        inspect.Parameter("project", keyword, default=None, annotation=_PROJECT_OPTION),
        inspect.Parameter("as_json", keyword, default=False, annotation=_JSON_OPTION),
    )
    run.__signature__ = inspect.Signature(shared)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in shared}
    run.__doc__ = function.__doc__
    run.__name__ = function.__name__


_PROJECT_OPTION = Annotated[
    Path | None,
    typer.Option(
        "--project", metavar="FOLDER", help="The project's folder; else here or above here."
    ),
]
_JSON_OPTION = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        from blase_lab import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def begin(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Choose the door; without a verb, show the help."""
    del version
    context.obj = context.obj or TerminalDoor()
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
