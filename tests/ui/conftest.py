"""A real JupyterLab, a real project and a real browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab_project import write_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

TOKEN = "a-token-for-tests"
SCREENS = Path(__file__).parents[2] / "build" / "screens"
START_SECONDS = 60
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
)
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab that serves one project."""

    address: str
    folder: Path

    def link(self, place: str) -> str:
        """Return the address of `place` with the token in it."""
        return f"{self.address}/{place}?token={TOKEN}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; a machine without one skips, unless it is to check everything.

    It is closed with its module: while it is open an event loop runs in this thread.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("There is no chromium: install it, or leave out `-m browser`.")
        pytest.skip("There is no chromium.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own storage, large enough for the notebook and the side panel."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with everything of ours."""
    with running_lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture
def lab_without_server(tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab whose server was told to leave our server extension out."""
    with running_lab(tmp_path, "--ServerApp.jpserver_extensions={'blase_lab': False}") as found:
        yield found


@pytest.fixture
def screen(page: Page) -> Callable[[str], None]:
    """Take a picture of the page in light and in dark, for people to look at."""

    def take(name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        for theme in ("Dark", "Light"):
            page.evaluate(
                "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
                f"JupyterLab {theme}",
            )
            page.wait_for_selector(
                f"body[data-jp-theme-light='{json.dumps(theme == 'Light')}']", state="attached"
            )
            page.wait_for_timeout(300)
            page.screenshot(path=SCREENS / f"{name}-{theme.lower()}.png")

    return take


@contextmanager
def running_lab(home: Path, *options: str) -> Iterator[Lab]:
    """Serve a new project from `home`; no kernel and no setting of this machine's is touched."""
    folder = home / "root" / "parcels"
    write_project(folder)
    port = _free_port()
    process = _start(home, port, options)
    lab = Lab(f"http://127.0.0.1:{port}", folder)
    try:
        _wait(lab, process, home / "log")
        yield lab
    finally:
        _end(process)


def _start(home: Path, port: int, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    news = settings / "notification.jupyterlab-settings"
    news.write_text(json.dumps(NO_NEWS), encoding="utf-8")
    folders = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={home / 'root'}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
        *options,
    ]
    environment = {**os.environ, **folders, "BLASE_PROVE": "background"}
    # Under pytest a kernel would leave out what libraries write to standard error past Python.
    environment.pop("PYTEST_CURRENT_TEST", None)
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            words, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    latest = time.monotonic() + START_SECONDS
    while time.monotonic() < latest and process.poll() is None:
        try:
            with urllib.request.urlopen(lab.link("api/status"), timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end; what is left of it and its kernels after 15 s is killed by its id."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
