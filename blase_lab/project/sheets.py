"""The model info sheet of a run, from the records of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.core.records import Fitted, Split
from blase_lab.project.listing import training_view
from blase_lab.project.observing import observed_by
from blase_lab.project.proofs import proof_of
from blase_lab.project.workspace import in_order
from blase_lab.report import Card, CardFacts, model_card, render_html, render_markdown
from blase_lab.store import make_folder, redact, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from blase_lab.core.records import Training
    from blase_lab.project.workspace import Workspace


def card_of(space: Workspace, training: Training) -> Card:
    """Return the sheet of a run."""
    steps = in_order(map(space.step, training.steps))
    return model_card(
        CardFacts(
            project=space.settings.name,
            training=training,
            run=space.finished_run(training),
            steps={step.name: step for step in steps},
            snapshots=space.snapshots(training),
            split=space.store.ledger.get(Split, training.split),
            fitted=space.store.ledger.get(Fitted, training.fitted),
            evaluation=space.evaluation(training),
            impacts=space.impacts(training),
            verdict=space.verdict(training),
            view=training_view(space, training.id),
            observed=observed_by(space, steps),
            proofs={step.name: found for step in steps if (found := proof_of(space, step))},
        )
    )


def write_card(space: Workspace, run: str | None, *, into: Path | None) -> tuple[Path, Path]:
    """Write the sheet as `model_card.html` and `.md`, by default below `cards/` of the project."""
    training = space.training(run)
    sheet = card_of(space, training)
    folder = into or space.folder / "cards" / f"run-{training.number}"
    make_folder(folder)
    html, markdown = folder / "model_card.html", folder / "model_card.md"
    write_text(html, redact(render_html(sheet)), mode=0o644)
    write_text(markdown, redact(render_markdown(sheet)), mode=0o644)
    return html, markdown
