"""The identity of code: blind to how it is written, awake to what it does."""

from __future__ import annotations

import ast
import itertools
import linecache
import os
import subprocess
import sys
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blase_lab.capture import digest

_numbers = itertools.count(1)

names = st.sampled_from(["x", "y", "LIMIT"])
numbers = st.integers(-9, 9)
leaves = st.one_of(
    names, numbers.map(lambda n: f"({n})"), st.sampled_from(["'a'", "1.5", "f'{x}'"])
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "==", "and"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda part: f"[{part} for x in (1, 2)]"),
        inner.map(lambda part: f"(lambda y=1: {part})"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else None)"),
    ),
    max_leaves=6,
)
programs = st.lists(expressions, min_size=1, max_size=4).map(
    lambda parts: (
        "def step(x, y=2):\n"
        + "".join(f"    v{place} = {part}\n" for place, part in enumerate(parts))
        + "    return v0\n"
    )
)


def function_of(source: str) -> Any:
    """Run a source as a cell and return its step."""
    name = f"<cell property {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": "__main__", "LIMIT": 3}
    exec(compile(source, name, "exec", dont_inherit=True), scope)
    return scope["step"]


def rewritten(source: str) -> list[str]:
    """Write the same program in other ways."""
    body = source.partition("\n")[2]
    return [
        "# a comment\n\n" + source.replace("\n", "  # so\n"),
        ast.unparse(ast.parse(source)),
        f'def step(x: int, y: "a hint" = 2) -> None:\n    """A docstring."""\n\n{body}',
        "import math\n\ndef other(): return math.pi\n\n" + source,
        source.replace("    v", "    pass\n    v", 1),
        source.replace("    ", "\t"),
    ]


@settings(max_examples=60, deadline=None)
@given(programs)
def test_rewriting_a_function_keeps_its_digest(source: str) -> None:
    """Comments, docstrings, hints, layout and neighbours do not count."""
    digests = {digest(function_of(each)) for each in [source, *rewritten(source)]}
    assert len(digests) == 1


@settings(max_examples=60, deadline=None)
@given(programs, numbers, numbers)
def test_another_constant_gives_another_digest(source: str, one: int, two: int) -> None:
    """A constant of the body, a default and a global all count."""
    sources = [f"{source}    # {n}\n".replace("return v0", f"return v0, {n}") for n in (one, two)]
    first, second = (digest(function_of(each)) for each in sources)
    assert (first == second) == (one == two)


@settings(max_examples=60, deadline=None)
@given(programs)
def test_a_function_has_one_digest_however_often_it_is_made(source: str) -> None:
    """Two live functions of one source are the same code."""
    assert digest(function_of(source)) == digest(function_of(source))


PROGRAM = """
import linecache
from blase_lab.capture import digest
source = "S = {'a', 'b', 'c'}\\nclass C:\\n    n = {'x', 'y'}\\n"
source += "def step(x):\\n    return x in S or C.n\\n"
linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
scope = {"__name__": "__main__"}
exec(compile(source, "<cell>", "exec"), scope)
print(digest(scope["step"]), digest(scope["C"]))
"""


def test_the_identity_does_not_know_the_hash_seed() -> None:
    """A class from a notebook and a set literal: the same digest in every process."""
    found = set()
    for seed in ("0", "7"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
