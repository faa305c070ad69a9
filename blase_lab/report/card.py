"""The model info sheet of a run: its sections in order, and the front matter that hubs read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.report import sections
from blase_lab.report.sheet import Card, CardFacts

if TYPE_CHECKING:
    from blase_lab.core.records import Evaluation


def model_card(facts: CardFacts) -> Card:
    """Return the sheet of one run, from records only."""
    made = (
        sections.model(facts),
        sections.data(facts),
        sections.features(facts),
        sections.target(facts),
        sections.split(facts),
        sections.training(facts),
        sections.evaluation(facts),
        sections.impact(facts),
        sections.reproducibility(facts),
    )
    limits = sections.limits(facts, made)
    name, day = facts.training.model, facts.training.created[:10]
    return Card(
        title=f"{name}, run {facts.run.number}",
        subtitle=f"{facts.project} · trained {day} · run {facts.run.id[:12]}",
        highlights=sections.highlights(facts),
        sections=(*made, limits),
        front=_front(facts),
    )


def _front(facts: CardFacts) -> dict[str, object]:
    """Return the metadata block that model hubs read."""
    front: dict[str, object] = {
        "library_name": "keras",
        "tags": ["blase-lab", "keras", "tabular"],
        "model_name": facts.training.model,
        "run": facts.run.id,
        "created": facts.run.created,
    }
    told = facts.evaluation
    if told is not None:
        metrics = [
            {"type": name, "name": f"{name} ({told.split})", "value": value}
            for name, value in told.metrics.items()
        ]
        sources = [item.name for item in facts.snapshots.values() if item.stage == "source"]
        front["model-index"] = [
            {
                "name": facts.training.model,
                "results": [
                    {
                        "task": {"type": _task(told)},
                        "dataset": {"name": ", ".join(sources) or "unknown", "type": "custom"},
                        "metrics": metrics,
                    }
                ],
            }
        ]
    return front


def _task(told: Evaluation) -> str:
    return "tabular-classification" if told.confusion else "tabular-regression"
