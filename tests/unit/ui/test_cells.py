"""The body of a captured cell runs as any cell does."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from blase_lab.core.errors import BlaseError, NoStepError
from blase_lab.ui.cells import names_kept, run_body

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "%%blase_feature speed\n"


@pytest.fixture
def shell() -> Iterator[Any]:
    """A shell without history on disk."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()


def test_the_body_defines_its_names_in_the_users_namespace(shell: Any) -> None:
    """Also with a magic and empty lines in it."""
    body = "\n\nx = 3\n%config InteractiveShell.ast_node_interactivity\ndef f(): return x\n"

    run_body(shell, body, raw=HEAD + body)

    assert shell.user_ns["f"]() == 3


def test_the_source_of_a_function_is_known_under_the_cells_own_line_numbers(shell: Any) -> None:
    """`inspect` and the debugger see the cell as the user does: the magic is line 1."""
    body = "\n# speed\ndef speed(chunk):\n    return chunk\n"

    run_body(shell, body, raw=HEAD + body)
    speed = shell.user_ns["speed"]

    assert inspect.getsource(speed) == "def speed(chunk):\n    return chunk\n"
    assert speed.__code__.co_firstlineno == 4


def test_the_last_expression_is_shown(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """As in any cell."""
    run_body(shell, "y = 2\ny + 40\n", raw=HEAD + "y = 2\ny + 40\n")

    assert "42" in capsys.readouterr().out


def test_an_error_shows_the_users_own_frames_only(shell: Any) -> None:
    """None of ours stands in the traceback."""
    body = "def f():\n    return 1 / 0\n\nf()\n"

    with pytest.raises(ZeroDivisionError) as failure:
        run_body(shell, body, raw=HEAD + body)
    shown = "\n".join(failure.value._render_traceback_())  # type: ignore[attr-defined]

    assert "return 1 / 0" in shown
    assert "run_body" not in shown
    assert "line 3" in shown.replace(", in f", "").replace("cell line", "line")


def test_an_empty_body_does_nothing(shell: Any) -> None:
    """No line, no error."""
    run_body(shell, "", raw=HEAD)


def test_a_failure_of_ours_gives_the_names_back() -> None:
    """New names go, changed ones return, IPython's own stay."""
    namespace: dict[str, object] = {"a": 1, "b": 2, "_": 0}

    def fail() -> None:
        with names_kept(namespace, {"a": 1, "b": 2, "_": 0}):
            namespace.update(a=9, c=3, _=5)
            raise NoStepError("No function.", way_out="Define one.")

    with pytest.raises(BlaseError):
        fail()

    assert namespace == {"a": 1, "b": 2, "_": 5}
