"""`%%blase_…` over a cell makes it a step; `%blase VERB …` does what the shell command does."""

from __future__ import annotations

import ast
import html
import logging
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from blase_lab.core.errors import BlaseError, CellOptionError, NotFoundError
from blase_lab.core.lineage import changes, sentence
from blase_lab.core.syntax import parsed
from blase_lab.ui.cells import names_kept, run_body, show_frames_from
from blase_lab.ui.completion import complete
from blase_lab.ui.failures import tell_briefly
from blase_lab.ui.notebook import Notebook
from blase_lab.ui.options import KINDS, CellLine, help_of, parse_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from blase_lab.core.records import Step, StepKind
    from blase_lab.project import Project

Magic = TypeVar("Magic", bound="Callable[..., None]")
logger = logging.getLogger(__name__)

_HOOKS = ("pre_run_cell", "post_run_cell")


class Magics:
    """The magics of one shell, and the two hooks around its cells."""

    def __init__(self, shell: Any) -> None:
        """Serve `shell`."""
        self._shell = shell
        self._notebook = Notebook(shell)
        self._raw = ""

    # --- registration ---

    def register(self) -> None:
        """Give the shell its magics, completion and hooks."""
        for kind in KINDS:
            self._shell.register_magic_function(self._cell_magic(kind), "cell", f"blase_{kind}")
        self._shell.register_magic_function(self._line_magic(), "line", "blase")
        for command in _commands():
            self._shell.set_hook("complete_command", self.complete, str_key=command)
        for name in _HOOKS:
            self._shell.events.register(name, getattr(self, name))

    def unregister(self) -> None:
        """Take magics, completion and hooks away again."""
        for kind in KINDS:
            self._shell.magics_manager.magics["cell"].pop(f"blase_{kind}", None)
        self._shell.magics_manager.magics["line"].pop("blase", None)
        for command in _commands():
            self._shell.strdispatchers["complete_command"].strs.pop(command, None)
        for name in _HOOKS:
            self._shell.events.unregister(name, getattr(self, name))

    # --- hooks ---

    def pre_run_cell(self, info: Any) -> None:
        """Remember the cell as it was typed."""
        self._raw = info.raw_cell or ""

    def post_run_cell(self, _result: Any) -> None:
        """Write what the badges show; the user's cell never fails by it."""
        try:
            if self._notebook.has_project():
                self._notebook.project().write_live(self._notebook.kernel_name())
        except BlaseError as error:
            logger.debug("The badges were not updated: %s", error)
        except Exception:
            logger.exception("The badges were not updated")

    def complete(self, _shell: Any, event: Any) -> list[str]:
        """Return completions of options, verbs and step names; none where something fails."""
        try:
            return complete(event.line, event.text_until_cursor, self._notebook)
        except BlaseError:
            return []

    # --- magics ---

    def capture(self, kind: StepKind, line: str, body: str) -> None:
        """Run a cell and make it a step.

        Raises:
            BlaseError: the cell cannot be a step; names and versions are as they were.
        """
        said = parse_line(kind, line)
        if said.wants_help:
            sys.stdout.write(help_of(kind))
            return
        from blase_lab.project import CellText, check_cell

        project = self._notebook.project()
        check_cell(body, kind)
        raw = self._typed(kind, line, body)
        before = dict(self._shell.user_ns)
        known = _versions(project, said, body)
        run_body(self._shell, body, raw=raw)
        cell = CellText(
            kind=kind,
            name=said.name,
            raw=raw,
            body=body,
            options=said.options,
            notebook=self._notebook.path(project),
        )
        with names_kept(self._shell.user_ns, before):
            step = project.capture(cell, self._shell.user_ns)
        self._tell(told_of(project, step, known.get(step.name)))
        self._prove_soon(project, step)

    def _prove_soon(self, project: Project, *steps: Step) -> None:
        """Have steps proven behind the user's back; the user's cell never fails by it."""
        try:
            project.prove_soon(*steps, kernel=self._notebook.kernel_name())
        except Exception:
            logger.exception("The step is not proven")

    def _prove_rest_soon(self, words: list[str]) -> None:
        """Have steps proven that waited for rows, once a verb has built some."""
        if not {"build", "train", "rerun"}.intersection(words[:1]):
            return
        try:
            self._notebook.project().prove_rest_soon(kernel=self._notebook.kernel_name())
        except Exception:
            logger.exception("The steps are not proven")

    def run_verb(self, line: str) -> None:
        """Run one verb of the shell command in this notebook.

        Raises:
            BlaseError: whatever the verb met.
        """
        from blase_lab.ui import verbs
        from blase_lab.ui.cli import run_words
        from blase_lab.ui.doors import NotebookDoor, TerminalDoor

        door = NotebookDoor if self._has_kernel() else TerminalDoor
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise CellOptionError(
                f"The line cannot be read: {error}.", way_out="Close the quotation mark."
            ) from error
        try:
            run_words(words, door(self._notebook.project), prog="%blase")
            self._prove_rest_soon(words)
        except BlaseError:
            raise
        except Exception as error:
            # A fault of ours keeps its trace, without the frames of the command's parser.
            show_frames_from(self._shell, error, str(Path(verbs.__file__).parent))
            raise

    def _has_kernel(self) -> bool:
        """Say whether displays reach a front end; IPython in a terminal prints them one by one."""
        return getattr(self._shell, "kernel", None) is not None

    def _tell(self, text: str) -> None:
        from blase_lab.ui.doors import show

        if not self._has_kernel():
            sys.stdout.write(text + "\n")
            return
        head, _, rest = text.partition(":")
        rich = f"<p><strong>{html.escape(head)}</strong>:{html.escape(rest)}</p>"
        show({"text/plain": text, "text/html": rich})

    def _typed(self, kind: str, line: str, body: str) -> str:
        if self._raw.lstrip().startswith(f"%%blase_{kind}"):
            return self._raw
        return f"%%blase_{kind} {line}".rstrip() + "\n" + body

    def _cell_magic(self, kind: StepKind) -> Callable[[str, str], None]:
        def magic(line: str, cell: str) -> None:
            try:
                self.capture(kind, line, cell)
            except BlaseError as error:
                raise _brief(error, f"%%blase_{kind} {line}".strip()) from None

        magic.__doc__ = help_of(kind)
        return _literally(magic)

    def _line_magic(self) -> Callable[[str], None]:
        def magic(line: str) -> None:
            try:
                self.run_verb(line)
            except BlaseError as error:
                raise _brief(error, f"%blase {line}".strip()) from None

        magic.__doc__ = _LINE_HELP
        return magic


def load_ipython_extension(shell: Any) -> None:
    """Give `shell` the magics; a second time changes nothing."""
    unload_ipython_extension(shell)
    magics = Magics(shell)
    magics.register()
    shell.blase_magics = magics


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics from `shell`."""
    magics = getattr(shell, "blase_magics", None)
    if magics is not None:
        magics.unregister()
        shell.blase_magics = None


def told_of(project: Project, step: Step, before: Step | None) -> str:
    """Return in one line what the capture of a cell came to."""
    title = f"{step.kind} {step.name}@{step.version}"
    (state,) = project.status(names=(step.name,))
    lack = "" if state.documented else f"not documented: {_lack(step)}"
    if before is None or before.version != step.version:
        words = [lack or "documented", _news(step, before)]
        title = f"{title} captured"
    elif before.documentation != step.documentation:
        words = ["new documentation" if step.documentation else "documentation removed", lack]
    else:
        words = [lack or "documented"]
        title = f"{title} unchanged"
    words += ["this version does not train with it"] if step.kind == "loop" else []
    return f"{title}: {'; '.join(word for word in (*words, *step.flags) if word)}"


def _lack(step: Step) -> str:
    from blase_lab.report import only_repeats

    repeats = "its docstring only repeats the name"
    return repeats if only_repeats(step) else "give its function a docstring"


def _news(step: Step, before: Step | None) -> str:
    """Say what makes a version another than the one before."""
    if before is None:
        return "first version"
    found = [each for each in changes(before.leaves, step.leaves) if each.aspect != "environment"]
    words = [sentence(each) for each in found if each.aspect != "documentation"]
    words += ["new documentation"] if before.documentation != step.documentation else []
    return f"changed: {'; '.join(words)}" if words else ""


def _versions(project: Project, said: CellLine, body: str) -> dict[str, Step]:
    """Return the latest versions of the steps that this cell may become."""
    names = {said.name} if said.name else _defined(body)
    found = {}
    for name in names:
        try:
            found[name] = max(project.history(name), key=lambda step: step.version)
        except NotFoundError:
            continue
    return found


def _defined(body: str) -> set[str]:
    try:
        tree = parsed(body)
    except SyntaxError:
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def _brief(error: BlaseError, where: str) -> BlaseError:
    """Show a failure of ours briefly; what the user's own code raised keeps its traceback."""
    return error if hasattr(error, "_render_traceback_") else tell_briefly(error, where)


def _literally(magic: Magic) -> Magic:
    """Let `$` and braces in the line stand for themselves."""
    from IPython.core.magic import no_var_expand

    return cast("Magic", no_var_expand(magic))


def _commands() -> tuple[str, ...]:
    return ("%blase", *(f"%%blase_{kind}" for kind in KINDS))


_LINE_HELP = """\
%blase VERB [OPTIONS]: the verbs of the shell command `blase`, in this notebook.

    %blase init              begin a project in this folder
    %blase status            steps: fresh or stale, documented or not, and why
    %blase build             compute what is not computed yet
    %blase train             train the model, with a live chart
    %blase evaluate          measure the latest run beside a baseline
    %blase impact            what its predictions cost or earn
    %blase runs              all runs
    %blase show | why | history          look at a step or a run
    %blase prove | observed              is a step self-contained, what did it touch
    %blase diff | restore | drop         compare versions, bring one back, leave a step out
    %blase pause | continue | stop RUN   steer a training
    %blase card | rerun | export         document it, run it again, hand it on
    %blase verify | gc | scrub           look after the store

`%blase -h` lists them all, `%blase VERB -h` shows the options of one.
"""
