"""The documentation gate: exploring is never blocked, training for keeps is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from blase_lab.core.errors import UndocumentedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blase_lab.core.records import Step, StepKind

Policy = Literal["required", "warn", "off"]

ASKED_AT_ONCE = 3
"""No more steps than this are asked about in one message."""

_PLACEHOLDERS = frozenset({"", "todo", "to do", "tbd", "fixme", "xxx"})
_QUESTIONS: dict[StepKind, str] = {
    "source": "where the data come from, which period, and what one row is",
    "clean": "which rows are removed and why",
    "feature": "what it is for, its unit, and when it is known at prediction time",
    "target": "what is predicted, over which horizon, and who decided the label",
    "model": "why this model, and which baseline it must beat",
    "loss": "what it punishes and why the stock loss does not do",
    "metric": "what a good value means to the reader",
    "callback": "what it changes during training",
    "loop": "how it differs from the stock training loop",
    "impact": "its unit, its threshold, what it assumes of costs, and who agreed",
}


def is_documented(step: Step) -> bool:
    """Say whether the docstring says anything: not empty, not `todo`, not the name repeated."""
    return _words(step.documentation) not in _PLACEHOLDERS and not only_repeats(step)


def only_repeats(step: Step) -> bool:
    """Say whether there is a docstring, and it holds nothing but the step's name."""
    words = _words(step.documentation)
    return words != "" and words.replace(_words(step.name), "").strip() == ""


def _words(text: str) -> str:
    """Return lower-case words with single spaces: `age_bucket` and `Age bucket.` are equal."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


def question(step: Step) -> str:
    """Return the sentence that says what to write, for one undocumented step."""
    cause = "its docstring only repeats the name; " if only_repeats(step) else ""
    return f"`{step.name}` ({step.kind}): {cause}say {_QUESTIONS[step.kind]}."


def check_documentation(steps: Sequence[Step], policy: Policy) -> tuple[str, ...]:
    """Return one sentence a step that still lacks documentation, when the policy is `warn`.

    `off` asks nothing. `required` returns () when everything is documented.

    Raises:
        UndocumentedError: policy `required`; names every step and asks about three at most.
    """
    lacking = [step for step in steps if policy != "off" and not is_documented(step)]
    sentences = tuple(question(step) for step in lacking)
    if policy == "required" and lacking:
        raise _refused(lacking, sentences, total=len(steps))
    return sentences


def _refused(lacking: Sequence[Step], sentences: Sequence[str], *, total: int) -> UndocumentedError:
    names = ", ".join(f"`{step.name}`" for step in lacking)
    asked = " ".join(sentences[:ASKED_AT_ONCE])
    more = len(lacking) - ASKED_AT_ONCE
    later = f" {more} more will be asked about next." if more > 0 else ""
    verb = "has" if len(lacking) == 1 else "have"
    return UndocumentedError(
        f"{len(lacking)} of {total} steps {verb} no documentation: {names}.",
        way_out=f"Write a docstring in the cell and run it again. {asked}{later}",
        steps=[step.name for step in lacking],
    )
