"""The executed notebook on the disk: with its outputs, without the secrets they may show."""

from __future__ import annotations

import json
from pathlib import Path

from blase_lab.store import redact, write_text


class CleanNotebooks:
    """How papermill writes the notebook while it runs: whole, and redacted each time."""

    def read(self, path: str) -> str:
        """Return the notebook's text."""
        return Path(path).read_text(encoding="utf-8")

    def listdir(self, path: str) -> list[str]:
        """Return the names beside the notebook."""
        return [str(each) for each in Path(path).iterdir()]

    def write(self, text: str, path: str) -> None:
        """Write the notebook; each text in it is redacted by itself, so that it stays JSON."""
        clean = json.dumps(_redacted(json.loads(text)), indent=1, ensure_ascii=False)
        write_text(Path(path), clean + "\n")

    def pretty_path(self, path: str) -> str:
        """Return the path as it is."""
        return path


def _redacted(content: object) -> object:
    if isinstance(content, str):
        return redact(content)
    if isinstance(content, list):
        return [_redacted(each) for each in content]
    if isinstance(content, dict):
        return {name: _redacted(each) for name, each in content.items()}
    return content
