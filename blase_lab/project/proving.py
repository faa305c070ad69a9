"""Proving a step: which rows it is tried on, and what is kept of the result."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blase_lab.capture.prove.child import Question, bytes_of_frame, frame_of_bytes
from blase_lab.capture.prove.judge import ENTRY, Judged, Trial, ask, judge
from blase_lab.capture.prove.live import Frozen, frozen
from blase_lab.core.errors import BlaseError
from blase_lab.core.records import Progress, Proof, Snapshot
from blase_lab.data import ChosenTable, StepJob, input_specs, read_frame, read_source
from blase_lab.project.building import inputs_of, listed, main_source
from blase_lab.project.proofs import NOT_CALLED, keep, proof_of
from blase_lab.project.workspace import Watch, Workspace, unwatched
from blase_lab.store import redact, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from blase_lab.core.records import Step

ROWS = 200
_LOOKED_THROUGH = 1_000
_MOST_BYTES = 8 << 20
_MODEL_SECONDS = 60.0
_SLOW = frozenset({"tensorflow", "keras"})
"""Packages that a clean process loads only for a person who waits for it."""
_MODEL_ENTRY = "blase_lab.project.proving_model"
_HEADS: dict[tuple[str, str], bytes] = {}
"""The first rows of sources that are not built, by folder and root digest."""


@dataclass(frozen=True)
class Sample:
    """The rows that a step is tried on, or why there are none."""

    chunk: bytes | None = None
    why_not: str = ""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a proof may take, and what ends it before."""

    seconds: float
    cancel: threading.Event = field(default_factory=threading.Event)
    is_asked: bool = False
    """Whether a person waits: then models are built too, and TensorFlow is loaded for them."""


def prove_all(
    space: Workspace, steps: Iterable[Step], *, watch: Watch = unwatched
) -> tuple[Proof, ...]:
    """Prove steps one after the other and return what came of each; Ctrl-C leaves no process."""
    chosen = list(steps)
    limits = Limits(seconds=space.settings.prove_seconds, is_asked=True)
    found = []
    for place, step in enumerate(chosen):
        watch(_progress(place, len(chosen), step.name))
        found.append(prove(space, step, limits=limits, live=live_of(space, step)))
    if chosen:
        watch(_progress(len(chosen), len(chosen), chosen[-1].name))
    return tuple(found)


def prove(
    space: Workspace, step: Step, *, limits: Limits | None = None, live: Frozen | None = None
) -> Proof:
    """Return whether a step's closure alone does what the step does; the store keeps the answer.

    `live` is a copy of the notebook's process from the moment of capture. Without it, what was
    found beside a notebook before is not taken back. A cancelled proof is not kept.
    """
    limits = limits or Limits(seconds=space.settings.prove_seconds)
    started = time.monotonic()
    try:
        before = proof_of(space, step)
        judged = _judged(space, step, limits=limits, live=live)
    finally:
        if live is not None:
            live.end()
    proof = Proof(
        step=step.name,
        version=step.version,
        root=step.digests.root,
        state=judged.state,
        hidden=judged.hidden,
        sentence=redact(judged.sentence),
        rows=judged.rows,
        seconds=round(time.monotonic() - started, 3),
        created=utc_now(),
    )
    if limits.cancel.is_set():
        return proof
    return before if before is not None and _is_weaker(proof, before, live) else keep(space, proof)


def _is_weaker(proof: Proof, before: Proof, live: Frozen | None) -> bool:
    """Say whether a proof saw less than the one before it: no call, or no notebook beside it."""
    if proof.sentence.startswith(NOT_CALLED):
        return True
    is_alone = live is None and proof.state in {"self-contained", "not proven"}
    return is_alone and before.state == "needs hidden"


def live_of(space: Workspace, step: Step) -> Frozen | None:
    """Return a copy of this process that can call the step's live function, where it is of use."""
    if space.namespace is None or step.kind not in {"feature", "target", "clean"}:
        return None
    function = space.namespace.get(step.closure.function)
    return frozen(function) if callable(function) else None


def _judged(space: Workspace, step: Step, *, limits: Limits, live: Frozen | None) -> Judged:
    """Ask what fits the kind of the step; what is certain without a call is said in any case."""
    sample = Sample()
    calls = 0
    seconds = limits.seconds
    extra: dict[str, Any] = {}
    entry = ENTRY
    if step.kind in {"feature", "target", "clean"}:
        sample = sample_of(space, step, limits)
        calls = 0 if sample.chunk is None else 2
    elif step.kind == "source":
        calls = 2
    elif _SLOW & step.closure.packages.keys() or step.kind == "model":
        if not limits.is_asked:
            return Judged("not proven", f"{NOT_CALLED}`blase prove` builds models.")
        seconds = max(seconds, _MODEL_SECONDS)
        extra["inputs"] = _model_inputs(space) if step.kind == "model" else None
        calls, entry = (2, _MODEL_ENTRY) if extra["inputs"] else (0, ENTRY)
    question = _question(space, step, calls=calls, chunk=sample.chunk, **extra)
    judged = judge(
        Trial(
            question=question,
            entry=entry,
            live=live if calls else None,
            known=frozenset(space.namespace or ()),
            flags=step.flags,
            seconds=seconds,
            cancel=limits.cancel,
        )
    )
    if sample.why_not and judged.state == "not proven":
        return Judged("not proven", NOT_CALLED + sample.why_not)
    return judged


def _question(space: Workspace, step: Step, **parts: Any) -> Question:
    return Question(
        closure=step.closure,
        folder=str(space.folder),
        seed=1,
        offline=space.settings.offline,
        **parts,
    )


# --- the rows -------------------------------------------------------------------------------------


def sample_of(space: Workspace, step: Step, limits: Limits) -> Sample:
    """Return the first rows of a step's inputs: of its Snapshots, else of the source itself."""
    try:
        frame = _built_rows(space, step)
        if frame is None:
            frame = _head_rows(space, step, limits)
        if isinstance(frame, str):
            return Sample(why_not=frame)
        if not len(frame):
            return Sample(why_not="cleaning keeps none of the first rows.")
        return Sample(bytes_of_frame(frame))
    except BlaseError as error:
        return Sample(why_not=error.happened)
    except (OSError, ValueError, TypeError, NotImplementedError, StopIteration) as error:
        return Sample(why_not=f"no rows could be read ({type(error).__name__}: {error}).")


def _built_rows(space: Workspace, step: Step) -> pd.DataFrame | str | None:
    """Return rows of Snapshots; None while the source is not built, else why there are none."""
    steps = space.steps("source", "clean", "feature", "target")
    source = _built(space, main_source(steps))
    if source is None:
        return None
    inputs = [source]
    for name in inputs_of(step):
        found = _built(space, steps[name]) if name in steps else None
        if found is None:
            return f"its input `{name}` has not been built."
        inputs.append(found)
    cleaned = [each for each in steps.values() if each.kind == "clean"]
    kept = _built(space, cleaned[-1]) if cleaned and step.kind != "clean" else None
    job = StepJob(step=step, function=len, inputs=tuple(inputs))
    frame = read_frame(
        space.store,
        inputs,
        job.columns,
        start=0,
        stop=min(source.rows, _rows_within(inputs, _LOOKED_THROUGH)),
        kept=kept,
    )
    return frame.head(_rows_within(inputs, ROWS))


def _rows_within(inputs: Iterable[Snapshot], most: int) -> int:
    """Return how many rows a sample may have: an image a row is a large one."""
    values = sum(math.prod(column.shape) for each in inputs for column in each.columns)
    return max(1, min(most, _MOST_BYTES // (8 * max(values, 1))))


def _built(space: Workspace, step: Step) -> Snapshot | None:
    for snapshot_id in space.store.index.snapshots(step.name):
        found = space.store.ledger.get(Snapshot, snapshot_id)
        if found.step == step.digests.root and space.store.arrays.has(found.data):
            return found
    return None


def _head_rows(space: Workspace, step: Step, limits: Limits) -> pd.DataFrame | str:
    """Return the first rows of the main source, which a clean process names or reads."""
    if inputs_of(step):
        return f"its input `{inputs_of(step)[0]}` has not been built."
    source = main_source(space.steps("source"))
    key = (str(space.folder), source.digests.root)
    if key not in _HEADS:
        found = _head_of(space, source, limits)
        if isinstance(found, str):
            return found
        _HEADS[key] = bytes_of_frame(found)
    frame = frame_of_bytes(_HEADS[key])
    wanted = listed(step, "columns")
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        return f"no Snapshot is built, and the source alone has no column `{missing[0]}`."
    return _chosen(frame, wanted)


def _chosen(frame: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    return frame[wanted] if wanted else frame


def _head_of(space: Workspace, source: Step, limits: Limits) -> pd.DataFrame | str:
    question = _question(space, source, calls=1, head_rows=ROWS)
    trial = Trial(question=question, seconds=limits.seconds, cancel=limits.cancel)
    reply = ask(trial, until=time.monotonic() + limits.seconds)
    answer = reply.answer
    chosen = listed(source, "columns")
    if answer is not None and answer.head is not None:
        return _chosen(frame_of_bytes(answer.head), chosen)
    if answer is None or not answer.places:
        return f"nothing is built yet, and source `{source.name}` gave no rows alone."
    places = list(answer.places)
    table = read_source(places if len(places) > 1 else places[0], folder=space.folder)
    return (ChosenTable(table, chosen) if chosen else table).head(ROWS)


def _model_inputs(space: Workspace) -> tuple[Any, ...] | None:
    try:
        return tuple(input_specs(space.snapshot("prepared")))
    except BlaseError:
        return None


def _progress(done: int, total: int, name: str) -> Progress:
    return Progress(stage="prove", done=done, total=total, unit="steps", sentence=name)
