"""A secret out of history: write-once files are written anew without it, and what names them.

Objects that are named by their content (blobs, some records) get another name when they change;
then all that mentions the old name changes too. The order makes a kill harmless: first the new
objects, then what refers to them, last the old ones are taken away, those that mention others
first. The same scrub begun again finds the same names and ends the work.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import StoreError
from blase_lab.core.records import Record
from blase_lab.store import atomic, locks, owners
from blase_lab.store.checkpoints import Checkpoints
from blase_lab.store.clock import utc_now
from blase_lab.store.index import Index
from blase_lab.store.ledger import Ledger
from blase_lab.store.manifest import MANIFEST
from blase_lab.store.scrub_files import File, files_of, is_in_file, renamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blase_lab.store.place import Place
    from blase_lab.store.scrub_files import Amend
    from blase_lab.store.scrub_text import Clean

_MOST_TURNS = 100
_WHOLE = ("reruns/*", "quarantine/*", "tmp/*", "*/.*.partial", "*/*/.*.partial", "*/*/*/.*.partial")
"""What is disposable, or was left by a dead process: it is taken away whole."""


class Scrubbed(Record, frozen=True, kw_only=True, tag="scrub"):
    """That a secret was removed: when, and from how many places; never what it was."""

    places: int
    renamed: int
    created: str


class ScrubReport(Record, frozen=True, kw_only=True):
    """Where a secret stands or stood, relative to the store; never the secret itself."""

    places: tuple[str, ...] = ()
    """What is, or would be, rewritten or taken away."""
    left: tuple[str, ...] = ()
    """What holds one and cannot be rewritten, with the way out."""
    is_dry_run: bool = True


@dataclass
class _Plan:
    """The new bytes of every file that changes, and the new name of what is named by content."""

    changed: dict[Path, bytes] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    moved: list[Path] = field(default_factory=list)
    """Files that get another name, each before those that mention it."""
    checkpoints: dict[Path, dict[str, bytes]] = field(default_factory=dict)
    removed: list[Path] = field(default_factory=list)

    @property
    def paths(self) -> list[Path]:
        """Every place that is touched."""
        return sorted({*self.changed, *self.checkpoints, *self.removed})


class Scrub:
    """One secret, or all of a shape, to be taken out of one store."""

    def __init__(self, place: Place, clean: Clean, amend: Amend | None = None) -> None:
        """Take out what `clean` takes out of a text; `amend` may add to a record that changed."""
        self._place = place
        self._clean = clean
        self._amend = amend or _as_it_is

    def find(self) -> ScrubReport:
        """Return where the secret stands; nothing is changed."""
        return self._report(self._plan(), is_dry_run=True)

    def apply(self) -> ScrubReport:
        """Rewrite every place; on return no text of the store holds the secret.

        StoreError, before anything is changed, while a training or a build goes on.
        """
        self._place.guard()
        with locks.locked(self._place.root / "locks" / "scrub.lock") as is_ours:
            _refuse_while_busy(self._place.root, is_ours=is_ours)
            plan = self._plan()
            report = self._report(plan, is_dry_run=False)
            if plan.paths:
                self._write(plan)
                self._remember(plan)
        return report

    # --- what will change -------------------------------------------------------------------------

    def _plan(self) -> _Plan:
        """Return what changes; names change until no text mentions an old one."""
        plan = _Plan()
        files = list(files_of(self._place.root))
        for _ in range(_MOST_TURNS):
            before = dict(plan.renames)
            for file in files:
                self._plan_file(plan, file)
            if plan.renames == before:
                break
        for folder in sorted(self._place.root.glob("checkpoints/*/*-*-*")):
            self._plan_checkpoint(plan, folder)
        plan.removed = [path for path in self._disposable() if self._is_below(path)]
        return plan

    def _plan_file(self, plan: _Plan, file: File) -> None:
        new = file.without(self._clean, plan.renames, self._amend)
        if new is None:
            return
        plan.changed[file.path] = new
        name = file.new_name(new)
        if name == file.path.stem:
            return
        if file.path not in plan.moved:
            plan.moved.append(file.path)
        plan.renames[file.path.stem] = name

    def _plan_checkpoint(self, plan: _Plan, folder: Path) -> None:
        found = {}
        for path in sorted(each for each in folder.iterdir() if each.name != MANIFEST):
            new = File(path, "loose").without(self._clean, {}, self._amend)
            if new is not None:
                found[path.name] = new
        if found:
            plan.checkpoints[folder] = found

    def _disposable(self) -> list[Path]:
        return sorted({path for each in _WHOLE for path in self._place.root.glob(each)})

    def _is_below(self, path: Path) -> bool:
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        return any(is_in_file(each, self._clean) for each in files)

    def _report(self, plan: _Plan, *, is_dry_run: bool) -> ScrubReport:
        root = self._place.root
        places = tuple(path.relative_to(root).as_posix() for path in plan.paths)
        return ScrubReport(places=places, left=tuple(self._left(plan)), is_dry_run=is_dry_run)

    def _left(self, plan: _Plan) -> Iterator[str]:
        """Yield what holds the secret and is no text that could be rewritten."""
        root = self._place.root
        for path in sorted(root.glob("data/*/z/**/zarr.json")):
            if is_in_file(path, self._clean):
                name = path.relative_to(root).as_posix()
                yield f"{name}: in built data; drop the column, build again, then `blase gc`"
        for file in files_of(root):
            is_kept = file.kind in {"blob", "loose"} and file.path not in plan.changed
            if is_kept and is_in_file(file.path, self._clean):
                yield f"{file.path.relative_to(root).as_posix()}: it is no text"

    # --- the change -------------------------------------------------------------------------------

    def _write(self, plan: _Plan) -> None:
        for path in plan.moved:
            target = renamed(path, plan.renames[path.stem])
            with suppress(FileExistsError):
                atomic.link_new(target, plan.changed[path])
        for path in sorted(plan.changed.keys() - set(plan.moved)):
            mode = path.stat().st_mode & 0o777
            atomic.write_bytes(path, plan.changed[path], mode=mode)
        for folder, files in plan.checkpoints.items():
            Checkpoints(self._place).rewrite(folder, files)
        for path in reversed(plan.moved):
            atomic.remove(path)
        for path in plan.removed:
            atomic.remove_tree(path)

    def _remember(self, plan: _Plan) -> None:
        ledger = Ledger(self._place)
        Index(self._place, ledger).rebuild()
        ledger.put(Scrubbed(places=len(plan.paths), renamed=len(plan.renames), created=utc_now()))


def _as_it_is(_kind: str, _before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return after


def _refuse_while_busy(root: Path, *, is_ours: bool) -> None:
    if not is_ours:
        raise _busy("another scrub of this project goes on")
    for path in sorted((root / "locks").glob("*.lock")):
        if path.stem not in {"scrub", "staging"} and locks.is_locked(path):
            raise _busy(f"a running process holds {path.stem!r}")
    for folder in sorted((root / "tmp").glob("*")):
        owner = owners.owner_of(folder)
        if owner is not None and owners.is_alive(owner):
            raise _busy(f"process {owner.pid} is writing data")


def _busy(sentence: str) -> StoreError:
    return StoreError(
        f"Nothing was scrubbed: {sentence}.",
        way_out="Wait for its end, or stop it (`blase stop`), then scrub again.",
    )
