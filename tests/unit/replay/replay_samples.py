"""One small run as records, for the tests of replay; every digest can be made to differ."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from blase_lab.core.records import (
    Closure,
    Column,
    Definition,
    Digests,
    Evaluation,
    Hyperparameters,
    Leaf,
    LocalModule,
    Run,
    Shard,
    Snapshot,
    Split,
    SplitPolicy,
    Step,
    StepKind,
    Training,
)
from blase_lab.replay import BundleParts, Facts, captured_notebook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from blase_lab.store import Store

NOW = "2026-03-01T12:00:00.000000+00:00"
BAND = "def band(miles):\n    return int(miles // 500)"
CELL = (
    "%%blase_feature\ndef distance_band(chunk):\n"
    '    """Distance in bands of 500 miles."""\n    return chunk["distance"].map(band)'
)


def digest(text: str) -> str:
    """Return a digest of the text."""
    return hashlib.sha256(text.encode()).hexdigest()


def step(
    name: str,
    kind: StepKind,
    cell: str,
    *,
    needs: Sequence[Definition] = (),
    modules: tuple[LocalModule, ...] = (),
) -> Step:
    """Return the step of a cell whose own definition follows the magic line."""
    own = Definition(name=name, origin="function", source=cell.split("\n", 1)[1])
    definitions = (*needs, own)
    leaves = tuple(
        Leaf(
            name=f"{item.origin} {item.name}",
            aspect="code",
            digest=digest(item.source),
            text=item.source,
        )
        for item in definitions
    )
    root = digest("".join(item.source for item in definitions))
    return Step(
        name=name,
        version=1,
        kind=kind,
        cell=cell,
        options={},
        documentation=f"What {name} is for.",
        closure=Closure(function=name, definitions=definitions, modules=modules),
        leaves=leaves,
        digests=Digests(
            code=root,
            documentation="",
            parameters="",
            environment="",
            data="",
            seed="",
            root=root,
        ),
        created=NOW,
    )


def sample_steps(
    *, band: str = BAND, modules: tuple[LocalModule, ...] = (), path: str = "data/flights.csv"
) -> dict[str, Step]:
    """Return a source, a feature with a helper, a target and a model."""
    helper = Definition(name="band", origin="function", source=band)
    made = (
        step("flights", "source", f'%%blase_source\ndef flights():\n    return "{path}"'),
        step("distance_band", "feature", CELL, needs=(helper,), modules=modules),
        step("late", "target", '%%blase_target\ndef late(chunk):\n    return chunk["delay"] > 15'),
        step("net", "model", "%%blase_model\ndef net(inputs):\n    return dense(inputs)"),
    )
    return {each.name: each for each in made}


def snapshot(name: str, stage: Any, content: str, **more: Any) -> Snapshot:
    """Return a snapshot of two shards whose content is that of the text."""
    shards = tuple(
        Shard(start=place * 8192, stop=place * 8192 + 8192, key="k", digest=digest(part))
        for place, part in enumerate((content.split("|", maxsplit=1)[0], content))
    )
    return Snapshot(
        id=digest(name + content),
        stage=stage,
        name=name,
        step=None,
        rows=16_384,
        columns=(Column(name=name, kind="number", dtype="float64", digest=digest(content)),),
        shards=shards,
        digest=digest(name + content),
        data=digest("tree" + content),
        created=NOW,
        **more,
    )


def sample_facts(**other: str) -> Facts:
    """Return complete facts; each keyword replaces the content of one stage by another."""
    names = {"flights": "source", "distance_band": "feature", "late": "target"}
    snapshots = {
        name: snapshot(name, stage, other.get(name, f"{name}|rest"))
        for name, stage in names.items()
    }
    snapshots["prepared"] = snapshot("prepared", "prepared", other.get("prepared", "prepared"))
    metrics = {"auc": float(other.get("auc", "0.7412"))}
    values = np.linspace(0.1, 0.9, 500) * float(other.get("scale", "1"))
    run = Run(
        id=digest("run" + other.get("run", "")),
        number=3,
        state="finished",
        epochs=2,
        batches=10,
        seconds=1.0,
        history={"loss": [0.5, float(other.get("loss", "0.4"))]},
        weights=digest("weights file"),
        model=digest("model file"),
        weights_digest=digest("weights" + other.get("weights", "")),
        initial_weights_digest=digest("initial" + other.get("initial", "")),
        optimizer_digest=digest("optimizer"),
        ledger_digest=digest("ledger" + other.get("loss", "")),
        peak_bytes=1,
        created=NOW,
    )
    evaluation = Evaluation(
        id=digest("evaluation"),
        run=run.id,
        split="test",
        rows=500,
        metrics=metrics,
        intervals={},
        baseline={"auc": 0.70},
        baseline_name="logistic regression",
        predictions=digest("p"),
        predictions_digest=digest(values.tobytes().hex()),
        created=NOW,
    )
    return Facts(
        steps=sample_steps(band=other.get("band", BAND)),
        snapshots=snapshots,
        split=Split(
            id="s",
            policy=SplitPolicy(),
            snapshot="s",
            digest=digest("split" + other.get("split", "")),
            rows={"train": 1},
            created=NOW,
        ),
        training=sample_training(run.id, **other),
        run=run,
        evaluation=evaluation,
        predictions=lambda: values,
    )


def sample_training(identity: str, **other: str) -> Training:
    """Return the training record of the sample."""
    return Training(
        id=identity,
        number=3,
        steps={},
        snapshots={"prepared": digest("prepared" + other.get("prepared", "prepared"))},
        prepared="p",
        split="s",
        fitted="f",
        inputs=(),
        target="late",
        model="net",
        hyperparameters=Hyperparameters(epochs=2, batch=32, seed=int(other.get("seed", "7"))),
        rows={"train": 400},
        environment={"python": "3.11.9", "cpu flags": other.get("cpu", "avx2")},
        created=NOW,
    )


def sample_parts(facts: Facts) -> BundleParts:
    """Return what other rooms would write for the bundle."""
    notebook = captured_notebook(
        list(facts.steps.values()), ["build", "train"], parameters={}, title="Run 3"
    )
    return BundleParts(
        title="Flights",
        settings='name = "flights"\n',
        requirements="numpy==2.3.0 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        notebook=notebook,
        card_html="<!DOCTYPE html><title>card</title>",
        card_markdown="# card\n",
    )


def stored(facts: Facts, folder: Path) -> tuple[Facts, Store]:
    """Return the facts with a model and weights that a store in the folder holds."""
    from blase_lab.store import Store

    store = Store.create(folder)
    assert facts.run is not None
    model, weights = store.blobs.put(b"keras file"), store.blobs.put(b"npz file")
    run = msgspec.structs.replace(facts.run, model=model, weights=weights)
    return Facts(**{**vars(facts), "run": run}), store
