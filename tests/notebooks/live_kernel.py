"""A real kernel for tests: cells go in, what a person would see comes out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Shown:
    """What one cell came to."""

    status: str = "ok"
    texts: list[str] = field(default_factory=list)
    error: str = ""
    """The kind of the error."""
    lines: list[str] = field(default_factory=list)
    """The error as the notebook shows it."""

    @property
    def text(self) -> str:
        """All that was shown in plain text."""
        return "\n".join(self.texts)

    @property
    def told(self) -> str:
        """The error as one text."""
        return "\n".join(self.lines)


class Kernel:
    """A kernel in a folder."""

    def __init__(self, client: Any) -> None:
        """Talk through `client`."""
        self._client = client

    def run(self, code: str, *, timeout: float = 240) -> Shown:
        """Run a cell to its end, whatever comes of it."""
        shown = Shown()

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                shown.texts.append(content["text"])
            elif message["msg_type"] == "error":
                shown.error, shown.lines = content["ename"], content["traceback"]
            elif "data" in content:
                shown.texts.append(content["data"].get("text/plain", ""))

        reply = self._client.execute_interactive(code, timeout=timeout, output_hook=hear)
        shown.status = reply["content"]["status"]
        return shown

    def must(self, code: str) -> str:
        """Run a cell that must end well and return what it showed."""
        shown = self.run(code)
        assert shown.status == "ok", f"{code}\n{shown.told}"
        return shown.text

    def start(self, code: str) -> str:
        """Begin a cell and do not wait for it; `finish` does."""
        return str(self._client.execute(code))

    def finish(self, message: str, *, timeout: float = 240) -> str:
        """Wait for a cell that was begun and return the status of its end."""
        while True:
            reply = self._client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == message:
                return str(reply["content"]["status"])


@contextmanager
def kernel_in(folder: Path) -> Iterator[Kernel]:
    """Give a kernel that stands in `folder` with the extension loaded; it ends with the block."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        kernel = Kernel(client)
        kernel.must("%load_ext blase_lab\n%blase init")
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy()
