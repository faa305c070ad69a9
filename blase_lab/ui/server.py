"""The Jupyter server extension: what the side panel and the badges ask for, under /blase-lab/."""

from __future__ import annotations

from typing import Any

ROOT = "blase-lab"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built extension lies."""
    return [{"src": "labextension", "dest": "blase-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell the server which module to load."""
    return [{"module": "blase_lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the handlers to a running server."""
    from jupyter_server.utils import url_path_join

    from blase_lab.ui.handlers import HANDLERS
    from blase_lab.ui.jobs import Jobs

    application = server.web_app
    application.settings["blase_jobs"] = Jobs()
    base = application.settings["base_url"]
    routes = [(url_path_join(base, ROOT, path), handler) for path, handler in HANDLERS]
    application.add_handlers(".*$", routes)
    server.log.info("blase-lab: serving %s", url_path_join(base, ROOT))
