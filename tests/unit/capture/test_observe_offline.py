"""Connections are listed, and refused beyond this machine where the project is offline."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from blase_lab.capture.observe import Watched, observing
from blase_lab.core.errors import CellError, OfflineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAR = ("192.0.2.1", 9)  # an address for documentation: nobody answers there
pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts([FAR[0], "127.0.0.1"])]


def connect() -> None:
    """Try to connect to another machine."""
    with socket.socket() as line:
        line.settimeout(0.05)
        line.connect(FAR)


def send() -> None:
    """Send to another machine without connecting."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"", FAR)


REACHING: dict[str, tuple[str, Callable[[], Any]]] = {
    "connect": ("192.0.2.1:9", connect),
    "sendto": ("192.0.2.1:9", send),
    "getaddrinfo": ("example.org:443", lambda: socket.getaddrinfo("example.org", 443)),
    "gethostbyname": ("example.org", lambda: socket.gethostbyname("example.org")),
}


@pytest.mark.parametrize("name", REACHING)
def test_an_offline_project_refuses_at_the_moment_of_connecting(name: str, tmp_path: Path) -> None:
    """With a sentence that names the step, the place, and the way out."""
    place, reach = REACHING[name]

    def step() -> Any:
        return reach()

    watched = Watched(step, folder=tmp_path, offline=True)
    with pytest.raises(OfflineError) as caught:
        watched()

    assert caught.value.code == "cell-offline"
    assert isinstance(caught.value, CellError)
    assert caught.value.happened == (
        f"Step `step` opened a connection to {place}, and blase.toml says offline = true."
    )
    assert [each.name for each in watched.take_notes()] == [place]


def test_code_that_catches_everything_does_not_hide_it(tmp_path: Path) -> None:
    """It is raised again at the end of the call, also where another error came of it."""

    def swallow() -> int:
        try:
            connect()
        except Exception:  # noqa: BLE001 - the cheat under test
            return 1
        return 0

    def translate() -> None:
        try:
            connect()
        except Exception as error:
            raise KeyError("no data") from error

    for cheat in (swallow, translate):
        with pytest.raises(OfflineError):
            Watched(cheat, folder=tmp_path, offline=True)()


def test_a_thread_of_the_call_is_refused_too(tmp_path: Path) -> None:
    """The error ends the thread, and then the call."""

    def step() -> None:
        def quiet() -> None:
            with pytest.raises(OfflineError):
                connect()

        thread = threading.Thread(target=quiet)
        thread.start()
        thread.join()

    with pytest.raises(OfflineError):
        Watched(step, folder=tmp_path, offline=True)()


def test_within_the_machine_all_is_allowed_and_listed(tmp_path: Path) -> None:
    """Loopback by number or name, and unix sockets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def step() -> None:
            socket.getaddrinfo("localhost", port)
            socket.create_connection(("127.0.0.1", port)).close()
            with socket.socket(socket.AF_UNIX) as line, pytest.raises(OSError, match="No such"):
                line.connect("nobody.sock")

        watched = Watched(step, folder=tmp_path, offline=True)
        watched()

    assert [(each.kind, each.name) for each in watched.take_notes()] == [
        ("socket", f"127.0.0.1:{port}"),
        ("socket", "unix:nobody.sock"),
    ]


def test_a_port_that_the_call_opens_is_listed(tmp_path: Path) -> None:
    """Nothing leaves the machine by it."""

    def step() -> None:
        with socket.socket() as line:
            line.bind(("127.0.0.1", 0))

    watched = Watched(step, folder=tmp_path, offline=True)
    watched()

    assert [each.name for each in watched.take_notes()] == ["127.0.0.1:0"]


def test_a_reader_in_c_that_is_told_another_machine_is_refused(tmp_path: Path) -> None:
    """Its sockets are not seen, but its argument is."""
    import pyarrow.parquet as pq

    watched = Watched(lambda: pq.read_table("s3://bucket/x"), folder=tmp_path, offline=True)
    with pytest.raises(OfflineError):
        watched()

    assert [each.name for each in watched.take_notes()] == ["s3://bucket"]


def test_where_the_project_is_not_offline_it_is_only_listed(tmp_path: Path) -> None:
    """The step gets whatever the network says."""

    def step() -> None:
        try:
            connect()
        except OSError:
            return

    watched = Watched(step, folder=tmp_path)
    watched()

    assert [each.name for each in watched.take_notes()] == ["192.0.2.1:9"]


def test_others_are_not_refused(tmp_path: Path) -> None:
    """Neither afterwards nor on other threads."""
    with observing(tmp_path, offline=True):
        found: list[BaseException | None] = []
        begin = threading.Event()

        def other() -> None:
            begin.wait(20)
            try:
                send()
            except OSError as error:
                found.append(error)

        import contextvars

        thread = threading.Thread(target=other)
        contextvars.Context().run(thread.start)
        begin.set()
        thread.join()
    assert not any(isinstance(each, OfflineError) for each in found)
