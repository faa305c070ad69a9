"""Project: the verbs, the same in Python, in the notebook and in the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from blase_lab.core.errors import NotFoundError
from blase_lab.core.records import (
    Bundle,
    Change,
    Chunks,
    Control,
    Evaluation,
    Impact,
    Observed,
    ProjectView,
    Proof,
    Run,
    RunSummary,
    Sameness,
    Snapshot,
    SplitName,
    Step,
    StepState,
    TrainingView,
    Verdict,
)
from blase_lab.project import listing, observing, restoring, sameness, steps, versions
from blase_lab.project.proofs import proof_of
from blase_lab.project.settings import Settings, find_folder, read_settings, write_settings
from blase_lab.project.workspace import Watch, Workspace, unwatched
from blase_lab.store import Store, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blase_lab.capture import CellText
    from blase_lab.project.restoring import Restored, Source
    from blase_lab.project.versions import Comparison, Version
    from blase_lab.store import ScrubReport, SweepReport, VerifyReport


class Project:
    """A folder with a `blase.toml` and a store: what was captured, built, trained and judged.

    Verbs that work on a run take its number (`"3"`), its id, or None for the latest.
    """

    def __init__(self, workspace: Workspace) -> None:
        """Wrap a workspace; use `Project.init` or `Project.open`."""
        self._space = workspace

    # --- opening ---

    @classmethod
    def init(cls, folder: Path | str = ".", *, name: str | None = None) -> Project:
        """Make `folder` a project, or open the one that is there; nothing is overwritten."""
        place = Path(folder).resolve()
        place.mkdir(parents=True, exist_ok=True)
        write_settings(place, name or place.name or "project")
        Store.create(place)
        return cls.open(place)

    @classmethod
    def open(cls, folder: Path | str = ".") -> Project:
        """Open the project of this folder, or of the nearest one above it.

        Raises:
            NoProjectError: there is none, or it was never begun with `blase init`.
            ConfigError: its `blase.toml` cannot be understood.
        """
        place = find_folder(Path(folder))
        settings = read_settings(place)
        return cls(Workspace(folder=place, settings=settings, store=Store.open(place)))

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self._space.folder

    @property
    def settings(self) -> Settings:
        """What `blase.toml` says."""
        return self._space.settings

    @property
    def store(self) -> Store:
        """The project's store."""
        return self._space.store

    def bind(self, namespace: Mapping[str, object] | None, *, notebook: str | None = None) -> None:
        """Judge staleness by these live names from now on."""
        self._space.namespace = namespace
        self._space.notebook = notebook

    # --- steps ---

    def capture(self, cell: CellText, namespace: Mapping[str, object]) -> Step:
        """Make a step of a cell whose body has run in `namespace`; the store holds it on return.

        Raises:
            CellError: the cell cannot be a step; the earlier version stays as it was.
        """
        return steps.capture(self._space, cell, namespace)

    def adopt(self, found: Sequence[Step]) -> None:
        """Publish steps of another project or bundle as they are."""
        steps.adopt(self._space, found)

    def drop(self, name: str) -> Step:
        """Leave a step out of the project from now on; its versions stay in the history."""
        return steps.drop(self._space, name)

    def status(self, *, names: Sequence[str] | None = None) -> tuple[StepState, ...]:
        """Return each step with its version, and why it is stale where it is."""
        return steps.states(self._space, names)

    def prove(self, *names: str, watch: Watch | None = None) -> tuple[Proof, ...]:
        """Try steps in clean processes, each its closure alone, and say what came of each.

        Raises:
            NotFoundError: one of `names` is no step of the project.
        """
        from blase_lab.project.proving import prove_all

        steps.refresh(self._space)
        chosen = map(self._space.step, names) if names else self._space.steps().values()
        return prove_all(self._space, chosen, watch=watch or unwatched)

    def prove_soon(self, *found: Step, kernel: str) -> None:
        """Have steps proven in the background, and the badges of this kernel mended then.

        Nothing happens where `blase.toml` says `prove = "off"`.
        """
        from blase_lab.project.proving_queue import PROVER

        for step in found:
            PROVER.add(self._space, step, live_state=listing.live_name(kernel))

    def prove_rest_soon(self, *, kernel: str) -> None:
        """Have those steps proven in the background that have no proof, or waited for rows."""
        from blase_lab.project.proving_queue import without_rows

        self.prove_soon(*without_rows(self._space), kernel=kernel)

    def proof(self, name: str) -> Proof | None:
        """Return the proof of this version of a step; None while there is none."""
        return proof_of(self._space, self._space.step(name))

    def why(self, name: str) -> tuple[Change, ...]:
        """Return what differs between a step as captured and its code as it stands now."""
        return steps.stale_changes(self._space, self._space.step(name))

    def same_as(self, name: str) -> Sameness:
        """Return a step beside its captured version, or a run beside an equal or earlier one.

        Raises:
            NotFoundError: no step or run is called so, or the run is the first.
        """
        if name.partition("@")[0] in self.store.refs.names("step"):
            return sameness.same_step(self._space, name)
        try:
            run = self._space.training(name)
        except NotFoundError:
            raise self._space.no_step(name) from None
        return sameness.same_run(self._space, run.id)

    def reused(self, snapshots: Sequence[Snapshot], *, since: str) -> tuple[Sameness, ...]:
        """Return why data was not computed anew by a build that began at `since`."""
        return sameness.reused(self._space, snapshots, since)

    def observed(self, *names: str) -> dict[str, Observed | None]:
        """Return what each step touched when it ran, beside its rows; None before it has run."""
        return observing.report(self._space, names)

    def history(self, name: str) -> tuple[Step, ...]:
        """Return every version of a step, oldest first."""
        return self._space.history(name)

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return every version of a step, oldest first, each with what it changed."""
        return versions.versions(self._space, name)

    def compare(self, before: str, after: str | None = None) -> Comparison:
        """Return what differs between two versions; of a name alone, between its last two."""
        return versions.compare(self._space, before, after)

    def diff(self, before: str, after: str | None = None) -> str:
        """Return a unified diff of two versions; of a name alone, of its last two."""
        return versions.unified(self.compare(before, after))

    def source(self, name: str) -> Source:
        """Return a version's function with all it rests on, as Python that can be executed."""
        return restoring.source(self._space, name)

    def restore(
        self, name: str, *, into: Path | None = None, with_helpers: bool = False
    ) -> Restored:
        """Return the cell of a version, ready to be run again; `into` writes it to a new file.

        Raises:
            BadNameError: the file exists already; nothing was written.
        """
        found = restoring.restore(self._space, name, with_helpers=with_helpers)
        return found if into is None else restoring.write(found, into)

    def show(self, what: str) -> Step | Snapshot | RunSummary:
        """Return the step, version or run of this name."""
        return listing.show(self._space, what)

    # --- building and training ---

    def plan(self, *names: str) -> dict[str, Chunks]:
        """Return the chunk plan of every step that was built, by name."""
        from blase_lab.project.building import planned

        return planned(self._space, names)

    def build(
        self, *names: str, watch: Watch | None = None, cluster: str | None = None
    ) -> tuple[Snapshot, ...]:
        """Bring the data steps up to date, computing only what changed.

        `cluster` is the address of a `dask.distributed` scheduler.

        Raises:
            OverBudgetError: a step cannot fit into the memory budget; nothing of it was done.
            CellError: a step's code is at fault.
        """
        from blase_lab.project.building import build

        steps.refresh(self._space)
        return build(self._space, names, watch=watch or unwatched, cluster=cluster).all()

    def train(  # noqa: PLR0913 - the wishes of a person, each by its name
        self,
        *,
        epochs: int | None = None,
        batch: int | None = None,
        seed: int | None = None,
        model: str | None = None,
        resume: str | None = None,
        accept: Sequence[str] = (),
        watch: Watch | None = None,
    ) -> Run:
        """Build what is missing and train; or go on with the run `resume`, to the same last bit.

        Raises:
            UndocumentedError: a step has no documentation and the policy is `required`.
            LeakageError: something gives the target away and is not in `accept`.
            TrainingError: the model does not fit, or the run cannot be resumed.
        """
        from blase_lab.project import training

        if resume is not None:
            return training.resume(self._space, resume, watch=watch or unwatched)
        steps.refresh(self._space)
        wishes = training.Wishes(
            epochs=epochs, batch=batch, seed=seed, model=model, accept=tuple(accept)
        )
        return training.train(self._space, wishes, watch=watch or unwatched)

    def evaluate(
        self, run: str | None = None, *, split: SplitName = "test", watch: Watch | None = None
    ) -> Evaluation:
        """Predict a split, keep the predictions, and measure them beside a baseline."""
        from blase_lab.project import training

        return training.evaluate(self._space, run, split=split, watch=watch or unwatched)

    def impact(self, run: str | None = None, *, watch: Watch | None = None) -> tuple[Impact, ...]:
        """Return what a run's predictions cost or earn by the user's own functions."""
        from blase_lab.project import training

        return training.impact(self._space, run, watch=watch or unwatched)

    def request(self, run: str, action: Literal["pause", "continue", "stop"]) -> None:
        """Ask a running training to pause, go on or stop, from any process.

        Raises:
            NotFoundError: there is no such run, or it has ended.
        """
        training = self._space.training(run)
        listing.check_open(self._space, training)
        self.store.control.put(training.id, Control(action=action, at=utc_now()))

    # --- reading ---

    def runs(self) -> tuple[RunSummary, ...]:
        """Return every run, newest first."""
        return listing.runs(self._space)

    def evaluation(self, run: str | None = None) -> Evaluation | None:
        """Return the latest evaluation of a run, on the test split if there is one."""
        return self._space.evaluation(self._space.training(run))

    def verdict(self, run: str | None = None) -> Verdict | None:
        """Return the latest verdict on a run."""
        return self._space.verdict(self._space.training(run))

    def bundles(self, run: str | None = None) -> tuple[Bundle, ...]:
        """Return the bundles that were exported of a run, oldest first."""
        training = self._space.training(run)
        found = self.store.ledger.list(Bundle)
        return tuple(each for each in found if each.run == training.id)

    def snapshots(self, run: str | None = None) -> dict[str, Snapshot]:
        """Return the Snapshots that a run rests on, by name, the source first."""
        return self._space.snapshots(self._space.training(run))

    def view(self) -> ProjectView:
        """Return what the side panel and the badges show."""
        return listing.project_view(self._space)

    def training_view(self, run: str | None = None) -> TrainingView | None:
        """Return a training as its dashboard shows it; None before it starts."""
        return listing.training_view(self._space, run)

    def write_live(self, kernel: str) -> None:
        """Leave the states of the steps, as this kernel's names make them, for the badges."""
        listing.write_live(self._space, kernel)

    # --- sheet, rerun, export ---

    def card(self, run: str | None = None, *, into: Path | None = None) -> tuple[Path, Path]:
        """Write the model info sheet of a run as HTML and Markdown; return both paths."""
        from blase_lab.project.sheets import write_card

        return write_card(self._space, run, into=into)

    def rerun(
        self, run: str | None = None, *, as_captured: bool = False, watch: Watch | None = None
    ) -> Verdict:
        """Make a run again in a clean process, with its steps as they stand now, and judge it.

        Steps that were added since take no part; `as_captured` takes the versions and the settings
        of the run itself.
        """
        from blase_lab.project.replaying import rerun

        return rerun(self._space, run, as_captured=as_captured, watch=watch or unwatched)

    def export(
        self, run: str | None = None, *, into: Path | None = None, watch: Watch | None = None
    ) -> Bundle:
        """Write the bundle of a run: a pinned pipeline that a stranger can run and verify."""
        from blase_lab.project.replaying import export

        return export(self._space, run, into=into, watch=watch or unwatched)

    # --- the store ---

    def verify(self, *, watch: Watch | None = None) -> VerifyReport:
        """Hash every byte of the store again; what is damaged is named and set aside."""
        return self.store.verify(watch=watch)

    def scrub(self, value: str | None = None, *, apply: bool = False) -> ScrubReport:
        """Say where a secret, or what looks like one, stands; with `apply`, take it out.

        Raises:
            StoreError: a training or a build goes on; nothing was changed.
        """
        from blase_lab.project.scrubbing import scrub

        return scrub(self._space, value, apply=apply)

    def gc(self, *, delete: bool = False) -> SweepReport:
        """Say what nothing refers to any more; with `delete`, remove it."""
        return self.store.sweep(dry_run=not delete)
