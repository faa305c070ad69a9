"""Records: what is written can be read, and nothing else can."""

from __future__ import annotations

import msgspec
import pytest

from blase_lab.core import records
from blase_lab.core.errors import BlaseError, OverBudgetError

CLOSURE = records.Closure(
    function="f",
    definitions=(records.Definition(name="f", origin="function", source="def f(): ..."),),
)
DIGESTS = records.Digests(
    code="c", documentation="d", parameters="p", environment="e", data="a", seed="s", root="r"
)
STEP = records.Step(
    name="f",
    version=1,
    kind="feature",
    cell="",
    options={"lookback": 3, "columns": ["a", "b"]},
    documentation="",
    closure=CLOSURE,
    leaves=(records.Leaf(name="function f", aspect="code", digest="c"),),
    digests=DIGESTS,
    created="2024-01-01T00:00:00Z",
)
EVENTS = (
    records.Paused(at="t", epoch=1, batch=2),
    records.Metered(at="t", cpu_percent=1.5, memory_bytes=2, memory_budget_bytes=3),
    records.Ended(at="t", state="finished", epoch=1, batch=1, sentence="Done."),
)


def test_a_step_comes_back_from_json_as_it_was() -> None:
    """Names are camelCase in JSON, and the tag names the kind."""
    data = msgspec.json.encode(STEP)
    assert msgspec.json.decode(data, type=records.Step) == STEP
    assert msgspec.json.decode(data)["type"] == "step"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_told_by_its_tag(event: records.Event) -> None:
    """The union decodes to the right kind."""
    assert msgspec.json.decode(msgspec.json.encode(event), type=records.Event) == event


def test_an_unknown_field_is_refused_with_its_path() -> None:
    """A record of a later version is not half read."""
    data = msgspec.json.encode(STEP).replace(b'"function":"f"', b'"function":"f","more":1')
    with pytest.raises(msgspec.ValidationError, match=r"more.*closure"):
        msgspec.json.decode(data, type=records.Step)


def test_a_record_cannot_be_changed() -> None:
    """What is remembered stays."""
    with pytest.raises(AttributeError):
        STEP.name = "g"  # type: ignore[misc]


def test_an_error_says_what_happened_and_the_way_out_across_processes() -> None:
    """It reduces to its parts and back."""
    error = OverBudgetError("One row needs 300 bytes.", way_out="Raise memory.", needed=300)
    make, parts = error.__reduce__()
    again = make(*parts)  # type: ignore[operator,misc]
    assert str(again) == "One row needs 300 bytes. Raise memory."
    assert (again.facts, again.code, isinstance(again, BlaseError)) == (
        {"needed": 300},
        "plan-over-budget",
        True,
    )
