"""The REST handlers of a real Jupyter server on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.project import CellText, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "a-token-for-tests"
BODY = 'def speed(chunk):\n    """Miles an hour."""\n    return chunk["miles"] / 2\n'


class Server:
    """A running server and the way to ask it."""

    def __init__(self, address: str, root: Path) -> None:
        """Ask the server at `address`, which serves `root`."""
        self.address = address
        self.root = root

    def ask(
        self, verb: str, /, *, body: object = None, token: str | None = TOKEN, **query: str
    ) -> tuple[int, Any]:
        """Return the status and the JSON of one request."""
        address = f"{self.address}/blase-lab/{verb}?{urllib.parse.urlencode(query)}"
        headers = {"Authorization": f"token {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Jupyter server that serves a folder with one project."""
    home = tmp_path_factory.mktemp("server")
    root = home / "root"
    project = Project.init(root / "flights", name="flights")
    namespace: dict[str, object] = {}
    exec(BODY, namespace)
    cell = CellText(
        kind="feature",
        name=None,
        raw="%%blase_feature\n" + BODY,
        body=BODY,
        options={},
        notebook="a.ipynb",
    )
    project.capture(cell, namespace)
    port = _free_port()
    process = _start(home, root, port)
    running = Server(f"http://127.0.0.1:{port}", root)
    try:
        _wait(running, process)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _start(home: Path, root: Path, port: int) -> subprocess.Popen[bytes]:
    folders = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    words = [
        sys.executable,
        "-m",
        "jupyter_server",
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.jpserver_extensions={'blase_lab': True}",
    ]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(words, env={**os.environ, **folders}, stdout=log, stderr=log)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            server.ask("project", token=None)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    log = (server.root.parent / "log").read_text(errors="replace")
    pytest.fail(f"The server did not start:\n{log[-4000:]}")


@pytest.mark.parametrize("path", ["project", "training", "jobs"])
def test_nobody_reads_without_a_token(server: Server, path: str) -> None:
    """403, in our own form."""
    status, answer = server.ask(path, token=None)

    assert status == 403
    assert set(answer) == {"code", "happened", "wayOut"}


@pytest.mark.parametrize("path", ["control", "export"])
def test_nobody_writes_without_a_token(server: Server, path: str) -> None:
    """403 before the body is looked at."""
    assert server.ask(path, token=None, body={})[0] == 403


@pytest.mark.parametrize("path", ["control", "export"])
def test_a_get_changes_nothing(server: Server, path: str) -> None:
    """Writing needs POST."""
    assert server.ask(path)[0] == 405


def test_a_folder_without_a_project_is_404_in_json(server: Server) -> None:
    """With the way out."""
    status, answer = server.ask("project", path="elsewhere/a.ipynb")

    assert status == 404
    assert answer["code"] == "store-no-project"
    assert "blase init" in answer["wayOut"]


def test_the_project_of_a_notebook_is_a_project_view(server: Server) -> None:
    """Names are camelCase, the folder is the server's."""
    status, view = server.ask("project", path="flights/a.ipynb")

    assert status == 200
    assert (view["name"], view["root"]) == ("flights", "flights")
    assert view["steps"][0]["name"] == "speed"
    assert view["steps"][0]["cell"] == "%%blase_feature\n" + BODY
    assert view["runs"] == []


@pytest.mark.parametrize("path", ["../a.ipynb", "flights/../../a.ipynb", "/etc/a.ipynb"])
def test_a_path_outside_the_servers_folder_finds_nothing(server: Server, path: str) -> None:
    """Refused, whatever is there."""
    status, answer = server.ask("project", path=path)

    assert status in (400, 404)
    assert str(server.root.parent) not in answer["happened"].replace(str(server.root), "")


def test_a_control_for_an_unknown_run_is_404(server: Server) -> None:
    """Nothing is written."""
    status, answer = server.ask(
        "control", body={"path": "flights/a.ipynb", "run": "7", "action": "stop"}
    )

    assert status == 404
    assert answer["code"] == "store-not-found"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"path": "flights", "run": "1", "action": "delete"},
        {"path": "flights", "run": "1", "action": "stop", "more": 1},
        ["path"],
    ],
)
def test_a_wish_that_is_none_is_400(server: Server, body: object) -> None:
    """Unknown, missing and wrong fields are refused."""
    status, answer = server.ask("control", body=body)

    assert status == 400
    assert answer["code"] == "http-400"


def test_a_training_that_is_none_is_404(server: Server) -> None:
    """In our own form."""
    assert server.ask("training", path="flights", run="1")[0] == 404


def test_an_export_that_cannot_be_ends_as_failed_with_its_reason(server: Server) -> None:
    """The job runs in a process of its own and tells why it stopped."""
    status, answer = server.ask("export", body={"path": "flights/a.ipynb", "run": None})
    assert status == 200

    for _ in range(600):
        job = server.ask("jobs", id=answer["job"])[1]
        if job["state"] != "running":
            break
        time.sleep(0.1)

    assert job["state"] == "failed"
    assert "Nothing has been trained yet" in job["sentence"]


def test_an_unknown_job_is_404(server: Server) -> None:
    """Ids are not guessed."""
    assert server.ask("jobs", id="nothing")[0] == 404
