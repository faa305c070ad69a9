"""What a bundle states about its run: where the data came from, and what must come out again."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from blase_lab.core.errors import NotExportableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blase_lab.core.records import Evaluation, Run, Snapshot, Training
    from blase_lab.replay.facts import Facts

PROBE_ROWS = 10_000
"""So many predictions, evenly spaced, go into the bundle: enough to tell a tolerance."""


def whole(facts: Facts) -> tuple[Training, Run, Evaluation]:
    """Return the records that an export needs, or say which one is missing."""
    if facts.training is None or facts.run is None:
        raise NotExportableError(
            "There is no finished run to export.",
            way_out="Train first: `%blase train`, then `%blase evaluate`.",
        )
    if facts.evaluation is None:
        raise NotExportableError(
            f"Run {facts.run.number} was never evaluated, so a reader could not verify it.",
            way_out="Run `%blase evaluate` first.",
            run=facts.run.id,
        )
    if facts.run.model is None:
        raise NotExportableError(
            f"Run {facts.run.number} kept no model file.",
            way_out="Use layers that Keras can save, train again and export that run.",
            run=facts.run.id,
        )
    return facts.training, facts.run, facts.evaluation


def expected(facts: Facts, *, tolerance: float) -> dict[str, Any]:
    """Return the content of expected.json: digests, metrics, and a probe of the predictions."""
    training, run, evaluation = whole(facts)
    given = training.hyperparameters
    stages = ("source", "clean", "feature", "target")
    made = {name: item for name, item in facts.snapshots.items() if item.stage in stages}
    proofs = [item for item in training.findings if item.grade == "proof"]
    return {
        "run": run.id,
        "number": run.number,
        "order": list(facts.steps),
        "steps": {name: step.digests.root for name, step in facts.steps.items()},
        "columns": {name: item.digest for name, item in made.items()},
        "content": {name: _content(item) for name, item in made.items()},
        "prepared": training.snapshots.get("prepared"),
        "initial weights": run.initial_weights_digest,
        "weights": run.weights_digest,
        "predictions": evaluation.predictions_digest,
        "model": training.model.partition("@")[0],
        "split": evaluation.split,
        "metrics": dict(evaluation.metrics),
        "baseline": dict(evaluation.baseline),
        "probe": _probe(facts),
        "tolerance": tolerance,
        "accepted": [item.step or item.check for item in proofs],
        "hyperparameters": {
            "epochs": given.epochs,
            "batch": given.batch,
            "seed": given.seed,
            "deterministic": given.deterministic,
        },
        "environment": {name: shortened(text) for name, text in training.environment.items()},
    }


def _content(snapshot: Snapshot) -> dict[str, Any]:
    """Return what tells which column of a step differs."""
    columns = {column.name: column.digest for column in snapshot.columns}
    return {"rows": snapshot.rows, "columns": columns}


def _probe(facts: Facts) -> dict[str, list[Any]]:
    if facts.predictions is None:
        return {"rows": [], "values": []}
    values = facts.predictions()
    rows = np.unique(
        np.linspace(0, max(0, len(values) - 1), min(PROBE_ROWS, len(values)), dtype=np.int64)
    )
    return {"rows": rows.tolist(), "values": np.asarray(values, dtype=np.float64)[rows].tolist()}


def data_sheet(facts: Facts, *, project: Path) -> dict[str, Any]:
    """Return the content of data.json: every source with its files, sizes and digests."""
    found = [item for item in facts.snapshots.values() if item.stage == "source"]
    return {"sources": [_source(item, project) for item in found]}


def _source(snapshot: Snapshot, project: Path) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "rows": snapshot.rows,
        "digest": snapshot.digest,
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "dtype": column.dtype,
                "digest": column.digest,
            }
            for column in snapshot.columns
        ],
        "files": [_file(item, project) for item in snapshot.facts.get("files", [])],
    }


def _file(facts: Mapping[str, Any], project: Path) -> dict[str, Any]:
    """Describe a source's file: below the project, in an installed package, or elsewhere."""
    place = project / str(facts["path"])
    inside = place.resolve().is_relative_to(project.resolve())
    package = {"site-packages", "dist-packages"}.intersection(place.parts)
    if inside:
        shown = place.resolve().relative_to(project.resolve()).as_posix()
    elif package:
        shown = PurePath(*place.parts[place.parts.index(package.pop()) + 1 :]).as_posix()
    else:
        shown = shortened(str(place))
    return {
        "path": shown,
        "inside": inside,
        "installed": not inside and shown != shortened(str(place)),
        "bytes": facts.get("bytes"),
        "sha256": facts.get("sha256"),
    }


def shortened(text: str) -> str:
    """Return the text with this person's home folder written as `~`."""
    home = os.path.expanduser("~")  # noqa: PTH111 a text, not a path, is wanted
    if len(PurePath(home).parts) < 2:  # noqa: PLR2004 a root is nobody's home
        return text
    return re.sub(rf"{re.escape(home)}(?=[/\\]|$)", "~", text)
