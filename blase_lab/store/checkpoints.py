"""Where a training can be resumed: staged and renamed whole; the last two and the best are kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blase_lab.core.errors import BlaseError, DamagedError
from blase_lab.store import atomic, sealed
from blase_lab.store.manifest import (
    faults,
    read_manifest,
    take_manifest,
    write_manifest,
)
from blase_lab.store.names import check_name, damaged, sha256_of_file

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.store.place import Place

_FOLDER = re.compile(r"(\d+)-(\d+)-(\d+)")
_KEPT = 2
_BEST = "best.json"


class Files(Mapping[str, bytes]):
    """The files of a checkpoint by name, read when asked for and checked against the manifest."""

    def __init__(self, folder: Path) -> None:
        """Look at the files in the folder."""
        self._folder = folder
        self._manifest = read_manifest(folder)

    def __getitem__(self, name: str) -> bytes:
        """Return the bytes of one file; KeyError or DamagedError."""
        entry = self._manifest.of(name)
        if entry is None:
            raise KeyError(name)
        path = self._folder / name
        if sha256_of_file(path) != entry.sha256:
            raise damaged(path, "its sha256 is another.")
        return path.read_bytes()

    def __iter__(self) -> Iterator[str]:
        """Yield the names, sorted."""
        return (entry.path for entry in self._manifest.files)

    def __len__(self) -> int:
        """Return how many files there are."""
        return len(self._manifest.files)


@dataclass(frozen=True)
class Checkpoint:
    """A training at one moment: after `batch` batches of `epoch`."""

    epoch: int
    batch: int
    files: Mapping[str, bytes]
    folder: Path


class Checkpoints:
    """The checkpoints of all runs of one store."""

    def __init__(self, place: Place) -> None:
        """Look at the checkpoints of one store."""
        self._place = place

    def save(  # noqa: PLR0917 where in training, then what: the order of reading
        self,
        run_id: str,
        epoch: int,
        batch: int,
        files: Mapping[str, bytes],
        keep_best: bool = False,  # noqa: FBT001, FBT002 the same
    ) -> None:
        """Return when the checkpoint is safe; older ones but the last two and the best are gone."""
        run = self._place.root / "checkpoints" / check_name(run_id)
        target = self._publish(run, epoch, batch, files)
        if keep_best:
            atomic.write_bytes(run / _BEST, sealed.seal(target.name))
        self._forget_old(run)

    def _publish(  # noqa: PLR0917 where in training, then what
        self, run: Path, epoch: int, batch: int, files: Mapping[str, bytes]
    ) -> Path:
        """Return the folder in which the files are now safe, all of them or none."""
        self._place.guard()
        staged = self._place.root / "tmp" / f"checkpoint-{secrets.token_hex(8)}"
        atomic.make_folder(staged, mode=0o700)
        try:
            for name, data in files.items():
                atomic.write_bytes(staged / check_name(name), data, mode=0o444)
            write_manifest(staged, take_manifest(staged))
            target = run / _next_name(run, epoch, batch)
            atomic.replace(staged, target)
        except BaseException:
            with suppress(OSError, BlaseError):
                atomic.remove_tree(staged)
            raise
        return target

    def latest(self, run_id: str) -> Checkpoint | None:
        """Return the newest checkpoint that is whole, None when there is none."""
        run = self._place.root / "checkpoints" / check_name(run_id)
        whole = (one for one in reversed(_folders(run)) if _is_whole(one))
        return next((_checkpoint(one) for one in whole), None)

    def best(self, run_id: str) -> Checkpoint | None:
        """Return the checkpoint last saved with `keep_best`; DamagedError when it is not whole."""
        run = self._place.root / "checkpoints" / check_name(run_id)
        name = _best_name(run)
        return _checkpoint(run / name) if name else None

    def clear(self, run_id: str) -> None:
        """Take all checkpoints of the run away."""
        self._place.guard()
        atomic.remove_tree(self._place.root / "checkpoints" / check_name(run_id))

    def rewrite(self, folder: Path, changed: Mapping[str, bytes]) -> None:
        """Publish a checkpoint anew with some files changed, then take the old one away."""
        self._place.guard()
        run, (epoch, batch, _) = folder.parent, (int(one) for one in folder.name.split("-"))
        target = self._publish(run, epoch, batch, {**dict(Files(folder)), **changed})
        if _best_name(run) == folder.name:
            atomic.write_bytes(run / _BEST, sealed.seal(target.name))
        atomic.remove_tree(folder)

    def _forget_old(self, run: Path) -> None:
        best = _best_name(run)
        for folder in _folders(run)[:-_KEPT]:
            if folder.name != best:
                atomic.remove_tree(folder)


def _best_name(run: Path) -> str | None:
    path = run / _BEST
    name = sealed.read(path, str) if path.exists() else ""
    return name if _FOLDER.fullmatch(name) and (run / name).is_dir() else None


def _folders(run: Path) -> list[Path]:
    """Return the checkpoints of a run in the order of training."""
    if not run.is_dir():
        return []
    found = [path for path in run.iterdir() if _FOLDER.fullmatch(path.name)]
    return sorted(found, key=lambda path: [int(part) for part in path.name.split("-")])


def _next_name(run: Path, epoch: int, batch: int) -> str:
    start = f"{epoch:06d}-{batch:09d}-"
    taken = [int(path.name.split("-")[2]) for path in _folders(run) if path.name.startswith(start)]
    return f"{start}{max(taken, default=0) + 1:03d}"


def _is_whole(folder: Path) -> bool:
    try:
        return not any(faults(folder, read_manifest(folder)))
    except DamagedError:
        return False


def _checkpoint(folder: Path) -> Checkpoint:
    epoch, batch, _ = (int(part) for part in folder.name.split("-"))
    return Checkpoint(epoch=epoch, batch=batch, files=Files(folder), folder=folder)
