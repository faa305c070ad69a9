"""The REST handlers: authenticated and authorized all, and no GET changes anything.

Opening a project reads its records; none of its code runs in the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

from blase_lab.core.errors import BadNameError, BlaseError, NoProjectError, NotFoundError
from blase_lab.ui.paths import open_project, seen_from

if TYPE_CHECKING:
    from blase_lab.core.records import ProjectView, TrainingView
    from blase_lab.ui.jobs import Jobs

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])
MOST_BODY_BYTES = 65_536
_STATUS: tuple[tuple[type[BlaseError], int], ...] = (
    (NoProjectError, 404),
    (NotFoundError, 404),
    (BadNameError, 400),
    (BlaseError, 409),
)


def guarded(method: Method) -> Method:
    """Let only those in who are logged in and may do this to the server's contents."""
    return cast("Method", authenticated(authorized(method)))


class ControlWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST control."""

    path: str
    run: str
    action: Literal["pause", "continue", "stop"]


class ExportWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST export."""

    path: str
    run: str | None = None


class Failure(msgspec.Struct, frozen=True, rename="camel"):
    """What every refusal answers."""

    code: str
    happened: str
    way_out: str


class Handler(APIHandler):  # type: ignore[misc]
    """The parent of all: who may not read or write the server's contents gets nothing here."""

    auth_resource = "contents"

    @property
    def root(self) -> Path:
        """The folder that the server serves."""
        return Path(self.settings["server_root_dir"]).expanduser().resolve()

    @property
    def jobs(self) -> Jobs:
        """The jobs of this server."""
        jobs: Jobs = self.settings["blase_jobs"]
        return jobs

    async def answer(self, work: Callable[[], object]) -> None:
        """Do `work` off the server's loop and send what it returns, or why it refused."""
        try:
            found = await asyncio.to_thread(work)
        except BlaseError as error:
            self.refuse(error)
            return
        self.finish(msgspec.json.encode(found))

    def wish(self, kind: type[T]) -> T:
        """Return the body of the request, checked.

        Raises:
            HTTPError: 400, it is no such wish; 413, it is too long.
        """
        if len(self.request.body) > MOST_BODY_BYTES:
            raise HTTPError(413, "The request is too long.")
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except msgspec.DecodeError as error:
            raise HTTPError(400, str(error).replace("%", "%%")) from error

    def refuse(self, error: BlaseError) -> None:
        """Answer with what happened and the way out."""
        self.set_status(next(status for kind, status in _STATUS if isinstance(error, kind)))
        self.finish(msgspec.json.encode(Failure(error.code, error.happened, error.way_out)))

    def write_error(self, status_code: int, **facts: Any) -> None:
        """Answer every other refusal in the same form."""
        error = (facts.get("exc_info") or (None, None))[1]
        told = getattr(error, "log_message", None) or self._reason
        way_out = {
            400: "Correct the request.",
            403: "Log in, or ask for the right to do this.",
        }.get(status_code, "Look into the server's log.")
        self.finish(msgspec.json.encode(Failure(f"http-{status_code}", str(told), way_out)))


class ProjectHandler(Handler):
    """GET project: what the side panel and the badges show."""

    @guarded
    async def get(self) -> None:
        """Answer with the ProjectView of a notebook's project."""
        root, path = self.root, self.get_query_argument("path", "")
        await self.answer(lambda: _view(root, path))


class TrainingHandler(Handler):
    """GET training: a training at this moment, read from its event log."""

    @guarded
    async def get(self) -> None:
        """Answer with the TrainingView of one run."""
        root, path = self.root, self.get_query_argument("path", "")
        run = self.get_query_argument("run")
        await self.answer(lambda: _training(root, path, run))


class ControlHandler(Handler):
    """POST control: ask a training to pause, continue or stop."""

    @guarded
    async def post(self) -> None:
        """Write the request; the training reads it between batches."""
        root, wish = self.root, self.wish(ControlWish)
        await self.answer(lambda: _control(root, wish))


class ExportHandler(Handler):
    """POST export: begin to write a bundle."""

    @guarded
    async def post(self) -> None:
        """Answer with the id of the job that writes it."""
        root, wish = self.root, self.wish(ExportWish)
        try:
            folder = await asyncio.to_thread(lambda: _export_folder(root, wish))
        except BlaseError as error:
            self.refuse(error)
            return
        self.finish(msgspec.json.encode({"job": self.jobs.export(folder, wish.run)}))


class JobHandler(Handler):
    """GET jobs: how far an export is."""

    @guarded
    async def get(self) -> None:
        """Answer with the state of one job."""
        job = self.jobs.get(self.get_query_argument("id"))
        if job is None:
            self.refuse(
                NotFoundError("There is no such job.", way_out="Begin the export once more.")
            )
            return
        facts = {"state": job.state, "sentence": job.sentence, "path": _near(self.root, job.path)}
        self.finish(msgspec.json.encode(facts))


def _view(root: Path, path: str) -> ProjectView:
    project = open_project(root, path)
    view, name = project.view(), seen_from(root, project.folder)
    training = view.training and msgspec.structs.replace(view.training, project=name)
    return msgspec.structs.replace(view, root=name, training=training)


def _training(root: Path, path: str, run: str) -> TrainingView:
    project = open_project(root, path)
    view = project.training_view(run)
    if view is None:
        raise NotFoundError(f"Run `{run[:80]}` has no events.", way_out="Train first.")
    return msgspec.structs.replace(view, project=seen_from(root, project.folder))


def _control(root: Path, wish: ControlWish) -> dict[str, str]:
    open_project(root, wish.path).request(wish.run, wish.action)
    return {}


def _export_folder(root: Path, wish: ExportWish) -> Path:
    if wish.run is not None and wish.run.startswith("-"):
        raise NotFoundError("A run has a number or an id.", way_out="Look at `blase runs`.")
    return open_project(root, wish.path).folder


def _near(root: Path, path: str) -> str:
    """Return a path as the server's clients name it, or as it is where it lies outside."""
    place = Path(path)
    return seen_from(root, place) if path and place.resolve().is_relative_to(root) else path


HANDLERS: tuple[tuple[str, type[Handler]], ...] = (
    ("project", ProjectHandler),
    ("training", TrainingHandler),
    ("control", ControlHandler),
    ("export", ExportHandler),
    ("jobs", JobHandler),
)
