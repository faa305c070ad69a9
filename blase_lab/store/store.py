"""The store of one project: all its parts behind one door."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from blase_lab.core.errors import FormatError, NoProjectError, StoreError
from blase_lab.store import atomic, locks
from blase_lab.store.arrays import Arrays
from blase_lab.store.blobs import Blobs
from blase_lab.store.checkpoints import Checkpoints
from blase_lab.store.control import Control
from blase_lab.store.events import Events
from blase_lab.store.index import Index
from blase_lab.store.ledger import Ledger
from blase_lab.store.live import Live
from blase_lab.store.names import check_name
from blase_lab.store.place import FORMAT, FORMAT_BYTES, Place
from blase_lab.store.refs import Refs
from blase_lab.store.scrub import Scrub, ScrubReport
from blase_lab.store.scrub_text import WithoutShapes, WithoutValue
from blase_lab.store.sweep import SweepReport, sweep
from blase_lab.store.verify import VerifyReport, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from blase_lab.core.records import Progress
    from blase_lab.store.scrub_files import Amend

FOLDER = ".blase"
_NEWER = "Install a newer blase-lab: `pip install --upgrade blase-lab`."


class _Format(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    min_reader: int


class Store:
    """All that a project remembers, under `.blase` in its folder."""

    def __init__(self, folder: Path, *, is_writable: bool = True) -> None:
        """Use a store that exists; `create` and `open` are the doors."""
        self.folder = folder
        self.root = folder / FOLDER
        place = Place(root=self.root, is_writable=is_writable)
        self._place = place
        self.blobs = Blobs(place)
        self.ledger = Ledger(place)
        self.refs = Refs(place)
        self.arrays = Arrays(place)
        self.events = Events(place)
        self.control = Control(place)
        self.checkpoints = Checkpoints(place)
        self.live = Live(place)
        self.index = Index(place, self.ledger)

    @classmethod
    def create(cls, folder: Path) -> Store:
        """Return the store of the folder, made where there is none; FORMAT is written last."""
        folder = folder.resolve()
        atomic.make_folder(folder)
        root = atomic.make_folder(folder / FOLDER, mode=0o700)
        if not (root / "FORMAT").exists():
            for part in ("tmp", "data", "blobs", "records", "refs", "events"):
                atomic.make_folder(root / part, mode=0o700)
            atomic.write_bytes(root / "FORMAT", FORMAT_BYTES, mode=0o444)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Return the store of the folder; NoProjectError, or FormatError when it is too new."""
        folder = folder.resolve()
        path = folder / FOLDER / "FORMAT"
        if not path.is_file():
            raise NoProjectError(
                f"There is no project in {folder}.",
                way_out="Make one with `blase init`, or go to a project's folder.",
                folder=str(folder),
            )
        found = _read_format(path)
        if found.min_reader > FORMAT:
            raise FormatError(
                f"The store has format {found.format}; this version reads up to {FORMAT}.",
                way_out=_NEWER,
                format=found.format,
            )
        return cls(folder, is_writable=found.format == FORMAT)

    @property
    def is_writable(self) -> bool:
        """Whether this version may write to the store."""
        return self._place.is_writable

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the name alone for as long as the block lasts; StoreError when it is held."""
        self._place.guard()
        path = self.root / "locks" / f"{check_name(name)}.lock"
        with locks.locked(path) as is_ours:
            if not is_ours:
                raise StoreError(
                    f"Another process of this project holds {name!r} already.",
                    way_out="Wait until it has ended, or stop it.",
                    name=name,
                )
            yield

    def is_locked(self, name: str) -> bool:
        """Say whether a living process holds the name; nothing is changed by asking."""
        path = self.root / "locks" / f"{check_name(name)}.lock"
        return path.exists() and locks.is_locked(path)

    def salt(self, fresh: str = "") -> str:
        """Return the text that this project's digests of secret values are mixed with.

        The first one who gives a `fresh` one decides it for good; '' where nobody did.
        """
        path = self.root / "salt"
        if fresh and self.is_writable and not path.exists():
            with suppress(FileExistsError):
                atomic.link_new(path, fresh.encode("ascii"), mode=0o400)
        return path.read_text(encoding="ascii") if path.exists() else ""

    def verify(self, *, watch: Callable[[Progress], None] | None = None) -> VerifyReport:
        """Return what is damaged after every byte was read; it is quarantined, never deleted."""
        return verify(self._place, watch)

    def sweep(
        self, *, dry_run: bool = True, grace_hours: float = 24, roots: Iterable[str] = ()
    ) -> SweepReport:
        """Return what nothing refers to; without `dry_run` it is moved to quarantine."""
        return sweep(self._place, roots, dry_run=dry_run, grace_hours=grace_hours)

    def scrub(
        self, value: str | None = None, *, dry_run: bool = True, amend: Amend | None = None
    ) -> ScrubReport:
        """Return where the value stands, or all of a secret's shape; else rewrite every place.

        Without `dry_run` no text of the store holds it on return. StoreError, before anything is
        changed, while a training or a build goes on.
        """
        clean = WithoutShapes() if value is None else WithoutValue(value)
        scrub = Scrub(self._place, clean, amend)
        return scrub.find() if dry_run else scrub.apply()

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border as the folder it stands for."""
        return (Store.open, (self.folder,))


def _read_format(path: Path) -> _Format:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Format)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{path} cannot be understood: {error}.",
            way_out='Restore it: format 1 holds {"format":1,"min_reader":1}.',
            path=str(path),
        ) from error
