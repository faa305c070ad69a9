"""The magics in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.kernel,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FEATURE = '''%%blase_feature
LIMIT = 3

def speed(chunk):
    """Miles an hour."""
    return chunk["miles"] / LIMIT
'''


class Kernel:
    """A kernel with the extension loaded in a new project."""

    def __init__(self, client: Any) -> None:
        """Talk through `client`."""
        self._client = client

    def run(self, code: str) -> tuple[str, str, dict[str, Any]]:
        """Return the reply's status, all the text that was shown, and the last error."""
        shown: list[str] = []
        error: dict[str, Any] = {}

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                shown.append(content["text"])
            elif message["msg_type"] == "error":
                error.update(content)
            elif "data" in content:
                shown.append(content["data"].get("text/plain", ""))
                shown.append(content["data"].get("text/html", ""))

        reply = self._client.execute_interactive(code, timeout=60, output_hook=hear)
        return reply["content"]["status"], "\n".join(shown), error

    def inspect(self, code: str) -> str:
        """Return what the help of `code` shows."""
        message = self._client.inspect(code, len(code), reply=True, timeout=30)
        return str(message["content"]["data"].get("text/plain", ""))

    def complete(self, code: str) -> list[str]:
        """Return what Tab offers at the end of `code`."""
        message = self._client.complete(code, len(code), reply=True, timeout=30)
        return list(message["content"]["matches"])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests of this file; each uses names of its own."""
    from jupyter_client.manager import start_new_kernel

    folder: Path = tmp_path_factory.mktemp("cars")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        kernel = Kernel(client)
        assert kernel.run("%load_ext blase_lab\n%blase init --name cars")[0] == "ok"
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy()


def test_a_captured_feature_shows_its_version_and_what_changed(kernel: Kernel) -> None:
    """New, unchanged and changed are told apart."""
    first = kernel.run(FEATURE)[1]
    again = kernel.run(FEATURE.replace("LIMIT = 3", "LIMIT = 3  # miles"))[1]
    second = kernel.run(FEATURE.replace("LIMIT = 3", "LIMIT = 4"))[1]

    assert "feature speed@1 captured: documented; first version" in first
    assert "feature speed@1 unchanged: documented" in again
    assert "feature speed@2 captured: documented; changed:" in second
    assert "LIMIT" in second


def test_another_docstring_alone_is_told_as_new_documentation(kernel: Kernel) -> None:
    """Nothing is called unchanged and changed at once, and no digest of nothing is shown."""
    cell = FEATURE.replace("speed", "worded")
    empty = cell.replace('    """Miles an hour."""\n', "")
    kernel.run(empty)

    written = kernel.run(cell)[1]
    again = kernel.run(cell.replace("Miles an hour.", "Miles in an hour."))[1]
    repeated = kernel.run(cell.replace("Miles an hour.", "Worded."))[1]
    removed = kernel.run(empty)[1]

    assert "feature worded@1: new documentation" in written
    assert "feature worded@1: new documentation" in again
    assert "not documented: its docstring only repeats the name" in repeated
    assert "worded@1: documentation removed; not documented: give its function" in removed


def test_a_loop_is_told_at_once_that_nothing_trains_with_it(kernel: Kernel) -> None:
    """Before anybody waits for it."""
    shown = kernel.run("%%blase_loop\ndef lp(model):\n    return model\n")[1]
    kernel.run("%blase drop lp")

    assert "this version does not train with it" in shown


def test_a_comment_behind_a_verb_is_no_word(kernel: Kernel) -> None:
    """As on the line of a cell magic."""
    status, shown, _ = kernel.run("%blase runs   # all of them")

    assert status == "ok"
    assert "Nothing has been trained yet." in shown


def test_a_syntax_error_leaves_the_kernel_the_names_and_the_versions(kernel: Kernel) -> None:
    """Two lines, no traceback of ours."""
    kernel.run(FEATURE.replace("speed", "steady"))

    status, _, error = kernel.run("%%blase_feature\ndef steady(chunk:\n    return 1\n")
    shown = "\n".join(error["traceback"])

    assert status == "error"
    assert error["ename"] == "CellSyntaxError"
    assert len(error["traceback"]) <= 3
    assert "blase_lab/" not in shown
    assert kernel.run("steady.__name__, 1 + 1")[1].strip().startswith("('steady', 2)")
    assert "steady@1" in kernel.run("%blase status")[1]


def test_an_unknown_option_gives_the_usage_and_a_close_name(kernel: Kernel) -> None:
    """Nothing of the cell was run."""
    status, _, error = kernel.run("%%blase_feature --colums a\nunknown_option_ran = True\n")

    assert status == "error"
    assert error["ename"] == "CellOptionError"
    assert "did you mean --columns?" in "\n".join(error["traceback"])
    assert "Usage: %%blase_feature" in "\n".join(error["traceback"])
    assert "\n".join(error["traceback"]).splitlines()[0] == (
        "%%blase_feature --colums a: There is no option --colums; did you mean --columns?"
    )
    assert "False" in kernel.run("'unknown_option_ran' in globals()")[1]


def test_an_exception_in_the_body_shows_the_users_own_traceback(kernel: Kernel) -> None:
    """With the cell's own lines, and none of ours."""
    status, _, error = kernel.run("%%blase_feature\ndef broken(n):\n    return 1 / n\nbroken(0)\n")
    shown = "\n".join(error["traceback"])

    assert status == "error"
    assert error["ename"] == "ZeroDivisionError"
    assert "broken" in shown
    assert "run_body" not in shown


def test_a_cell_without_a_function_is_refused_and_its_names_are_taken_back(kernel: Kernel) -> None:
    """A failure of ours leaves the namespace as it was."""
    status, _, error = kernel.run("%%blase_feature\nleft_behind = 1\n")

    assert status == "error"
    assert error["ename"] == "NoStepError"
    assert "False" in kernel.run("'left_behind' in globals()")[1]


def test_the_last_expression_of_a_captured_cell_is_shown(kernel: Kernel) -> None:
    """As in any cell."""
    body = "%%blase_feature\ndef shown(chunk):\n    return chunk\n'forty' + 'two'\n"

    assert "fortytwo" in kernel.run(body)[1]


def test_help_of_a_magic_is_its_options(kernel: Kernel) -> None:
    """`%%blase_feature?` explains every option."""
    assert "--lookback" in kernel.inspect("%%blase_feature")
    assert "%blase train" in kernel.inspect("%blase")


def test_a_cell_that_asks_for_help_runs_nothing(kernel: Kernel) -> None:
    """Help, and no step."""
    shown = kernel.run("%%blase_feature -h\nhelp_ran = True\n")[1]

    assert "--lookback" in shown
    assert "False" in kernel.run("'help_ran' in globals()")[1]


def test_tab_offers_options_verbs_and_steps(kernel: Kernel) -> None:
    """On both kinds of line."""
    kernel.run(FEATURE.replace("speed", "tabbed"))

    assert "--lookback" in kernel.complete("%%blase_feature x --look")
    assert "minmax" in kernel.complete("%%blase_feature --scale ")
    assert "tabbed" in kernel.complete("%%blase_feature --inputs tab")
    assert "train" in kernel.complete("%blase tr")
    assert "tabbed" in kernel.complete("%blase why tab")


def test_the_line_magic_speaks_as_the_shell_command_does(kernel: Kernel) -> None:
    """The same table in HTML and plain text, the same JSON, the same refusals."""
    status, shown, _ = kernel.run("%blase runs")
    refused = kernel.run("%blase trian")[2]

    assert status == "ok"
    assert "Nothing has been trained yet." in shown
    assert kernel.run("%blase runs --json")[1].strip() == "[]"
    assert "'train'" in "\n".join(refused["traceback"])


def test_a_listing_is_our_own_table_beside_plain_text(kernel: Kernel) -> None:
    """One display with both forms."""
    kernel.run(FEATURE.replace("speed", "listed"))

    shown = kernel.run("%blase status listed")[1]

    assert shown.count('<table class="blase-table"') == 1
    assert "listed@1   feature   fresh   yes" in shown


def test_staleness_follows_the_live_names(kernel: Kernel) -> None:
    """Another cell redefines a value that the step reads."""
    kernel.run("%%blase_feature\ntop = 5\ndef live(chunk):\n    return chunk * top\n")
    kernel.run("top = 6")

    shown = kernel.run("%blase status live")[1]

    assert "stale" in shown
    assert "top" in shown


def test_the_badges_are_written_after_each_cell(kernel: Kernel) -> None:
    """Within a moment."""
    shown = kernel.run(
        "import pathlib\nprint(sum('kernel-' in p.name for p in pathlib.Path('.blase').rglob('*')))"
    )[1]

    assert int(shown.strip()) >= 1


def test_loading_twice_and_unloading_leave_no_second_hook(kernel: Kernel) -> None:
    """One hook, and none after unloading."""
    count = "sum('blase' in repr(h) for h in get_ipython().events.callbacks['post_run_cell'])"
    kernel.run("%reload_ext blase_lab")

    assert kernel.run(count)[1].strip().splitlines()[0] == "1"
    kernel.run("%unload_ext blase_lab")
    assert kernel.run(count)[1].strip().splitlines()[0] == "0"
    kernel.run("%load_ext blase_lab")


LONG = """
import time
from blase_lab.core.records import Progress
from blase_lab.ui.progress import NotebookScreen, Watcher

with Watcher(NotebookScreen(), verb="build") as watch:
    watch(Progress(stage="plan", done=0, total=0, unit="", sentence="Four shards."))
    for done in range(5):
        watch(Progress(stage="speed", done=done, total=4, unit="shards"))
        time.sleep(0.6)
"""


def test_long_work_shows_one_bar_that_is_replaced(kernel: Kernel) -> None:
    """After two seconds, in the cell that began the work; the last state stays."""
    kinds: list[str] = []
    texts: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if "data" in message["content"]:
            kinds.append(message["msg_type"])
            texts.append(message["content"]["data"]["text/plain"])

    kernel._client.execute_interactive(LONG, timeout=60, output_hook=hear)

    assert kinds[:2] == ["display_data", "display_data"]
    assert set(kinds[2:]) == {"update_display_data"}
    assert texts[0] == "Four shards."
    assert texts[-1].startswith("speed: 4 of 4 shards")


BUSY = """
from pathlib import Path
from blase_lab.core.records import Hyperparameters, Training
from blase_lab.project import Project
from blase_lab.ui.controls import Controls
import time

project = Project.open(Path.cwd())
training = Training(
    id="b" * 32, number=1, steps={}, snapshots={}, prepared="", split="", fitted="", inputs=(),
    target="late", model="net", hyperparameters=Hyperparameters(epochs=2, batch=32, seed=1),
    rows={}, environment={}, created="2026-01-01T00:00:00+00:00",
)
project.store.ledger.put(training, id=training.id)
controls = Controls(project, training.id)
controls.show()
print("pause is", controls._buttons["pause"].comm.comm_id)
end = time.monotonic() + 20
while project.store.control.get(training.id) is None and time.monotonic() < end:
    time.sleep(0.05)
print("asked for", project.store.control.get(training.id).action)
controls.close("The end.")
"""


def test_a_button_works_while_the_kernel_is_busy(kernel: Kernel) -> None:
    """A subshell handles the press; the request reaches the training before its cell ends."""
    client = kernel._client
    client.control_channel.send(client.session.msg("create_subshell_request", {}))
    subshell = client.get_control_msg(timeout=30)["content"]["subshell_id"]
    texts: list[str] = []

    def press(message: dict[str, Any]) -> None:
        text = message["content"].get("text", "")
        texts.append(text)
        if "pause is" in text:
            words = {"method": "custom", "content": {"event": "click"}}
            comm = text.split("pause is")[1].split()[0]
            click = client.session.msg("comm_msg", {"comm_id": comm, "data": words})
            click["header"]["subshell_id"] = subshell
            client.shell_channel.send(click)

    client.execute_interactive(BUSY, timeout=60, output_hook=press)

    assert "asked for pause" in "".join(texts)
