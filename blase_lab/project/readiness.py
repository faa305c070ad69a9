"""What a training needs of its steps: looked at before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blase_lab.core.errors import ModelError, NoStepError
from blase_lab.core.records import Progress
from blase_lab.project.building import build_order, main_source
from blase_lab.report import check_documentation

if TYPE_CHECKING:
    from blase_lab.core.records import Step
    from blase_lab.project.workspace import Watch, Workspace


def ready_model(space: Workspace, name: str | None, *, watch: Watch) -> Step:
    """Return the model step to train, where every other step that a training needs is there too.

    Raises:
        NoStepError: a source, the features, the target or the model is missing or not single.
        UnknownInputError: a feature takes an input that does not exist.
        ModelError: there is a loop step, with which this version does not train.
        UndocumentedError: a step has no documentation and the policy is `required`.
    """
    model = _model(space, name)
    _check_loops(space)
    _check_data_steps(space)
    sentences = check_documentation(
        list(space.steps().values()), policy=space.settings.documentation
    )
    for sentence in sentences:
        watch(Progress(stage="documentation", done=0, total=0, unit="", sentence=sentence))
    return model


def _model(space: Workspace, name: str | None) -> Step:
    models = space.steps("model")
    if name is not None:
        return _named_model(space, name, models)
    if not models:
        raise NoStepError(
            "A training needs a model step, and there is none.",
            way_out="Mark a cell with %%blase_model first.",
        )
    if len(models) > 1:
        raise NoStepError(
            f"A training has one model, and there are {len(models)} model steps.",
            way_out=f"Name one with --model: {', '.join(models)}.",
        )
    return next(iter(models.values()))


def _named_model(space: Workspace, name: str, models: dict[str, Step]) -> Step:
    plain = name.partition("@")[0]
    if plain in models:
        return space.step(name)
    other = space.steps().get(plain)
    if other is None:
        raise space.no_step(plain)
    raise NoStepError(
        f"`{plain}` is a {other.kind} step and no model.",
        way_out=f"Name a model step with --model: {', '.join(models) or 'there is none yet'}.",
    )


def _check_loops(space: Workspace) -> None:
    for name in space.steps("loop"):
        raise ModelError(
            f"`{name}` is a loop step, and this version trains with the model step only.",
            way_out=f"Leave it out with `%blase drop {name}`.",
        )


def _check_data_steps(space: Workspace) -> None:
    steps = space.steps("source", "clean", "feature", "target")
    main_source(steps)
    build_order(steps)
    features = [name for name, step in steps.items() if step.kind == "feature"]
    targets = [name for name, step in steps.items() if step.kind == "target"]
    if not features:
        raise NoStepError(
            "A training needs features, and there is none.",
            way_out="Mark a cell with %%blase_feature first.",
        )
    if not targets:
        raise NoStepError(
            "A training needs a target, and there is none.",
            way_out="Mark a cell with %%blase_target first.",
        )
    if len(targets) > 1:
        raise NoStepError(
            f"A training has one target, and there are {len(targets)}: {', '.join(targets)}.",
            way_out="Leave the others out with `%blase drop NAME`.",
        )
