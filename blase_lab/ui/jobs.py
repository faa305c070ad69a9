"""Long work that the server does in a process of its own, so that it stays quick itself."""

from __future__ import annotations

import asyncio
import sys
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

MOST = 20
"""Finished jobs that are remembered."""


@dataclass
class Job:
    """One export."""

    folder: Path
    run: str | None
    state: Literal["running", "done", "failed"] = "running"
    sentence: str = "The bundle is being written."
    path: str = ""
    work: asyncio.Task[None] | None = field(default=None, repr=False)


class _Printed(msgspec.Struct):
    path: str
    files: dict[str, str]


class Jobs:
    """The jobs of a server, by id."""

    def __init__(self) -> None:
        """Begin without jobs."""
        self._jobs: dict[str, Job] = {}

    def export(self, folder: Path, run: str | None) -> str:
        """Begin to export a run and return the job's id; the same export is not begun twice."""
        for key, job in self._jobs.items():
            if job.state == "running" and (job.folder, job.run) == (folder, run):
                return key
        self._forget()
        key = uuid.uuid4().hex
        job = self._jobs[key] = Job(folder, run)
        job.work = asyncio.get_running_loop().create_task(_export(job))
        return key

    def get(self, key: str) -> Job | None:
        """Return a job, or None if there is none of this id."""
        return self._jobs.get(key)

    def _forget(self) -> None:
        ended = [key for key, job in self._jobs.items() if job.state != "running"]
        for key in ended[:-MOST]:
            del self._jobs[key]


async def _export(job: Job) -> None:
    words = ["export", *([job.run] if job.run else []), "--project", str(job.folder), "--json"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a file of the project must not stand in for a library
        "-m",
        "blase_lab.ui.cli",
        *words,
        cwd=job.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    try:
        bundle = msgspec.json.decode(printed, type=_Printed)
    except msgspec.DecodeError:
        lines = complaint.decode(errors="replace").strip().splitlines()
        job.sentence = " ".join(lines[-2:]) or f"It ended with exit code {process.returncode}."
        job.state = "failed"
    else:
        job.path = bundle.path
        job.sentence = f"{len(bundle.files)} files are in:"
        job.state = "done"
