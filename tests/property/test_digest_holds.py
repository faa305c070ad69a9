"""Digests hold for any value: in another process, another order, another cut."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blase_lab.core.digest import RowsDigest, digest_rows, digest_value, merkle

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
)
keys = st.one_of(st.integers(), st.text())
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner, inner), st.dictionaries(keys, inner)),
    max_leaves=12,
)


def _same(one: object, two: object) -> bool:
    """Compare as digests do: by type and bits."""
    return repr(one) == repr(two)


@settings(deadline=None)
@given(plain, plain)
def test_digests_are_equal_exactly_when_values_are(one: object, two: object) -> None:
    """No two different values share a digest, equal ones always do."""
    if _same(one, two):
        assert digest_value(one) == digest_value(two)
    elif not (isinstance(one, dict) and one == two):
        assert digest_value(one) != digest_value(two) or one == two


@settings(deadline=None)
@given(st.dictionaries(keys, plain), st.randoms())
def test_the_order_of_a_dictionary_counts(table: dict[object, object], chance: object) -> None:
    """Shuffled keys give the same digest exactly when they lie in the same order again."""
    items = list(table.items())
    chance.shuffle(items)  # type: ignore[attr-defined]
    is_same_order = [key for key, _ in items] == list(table)
    assert (digest_value(dict(items)) == digest_value(table)) == is_same_order


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), unique_by=lambda pair: pair[0]), st.randoms())
def test_a_merkle_root_does_not_know_the_order(
    leaves: list[tuple[str, str]], chance: object
) -> None:
    """Shuffled leaves give the same root."""
    mixed = list(leaves)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert merkle(mixed) == merkle(leaves)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 20_000),
    st.lists(st.integers(0, 20_000), max_size=6),
    st.randoms(),
)
def test_rows_digest_the_same_however_they_are_cut(
    rows: int, cuts: list[int], chance: object
) -> None:
    """Any borders, any order, any number of workers."""
    values = np.arange(rows, dtype="i2")
    borders = sorted({0, rows, *(cut for cut in cuts if cut < rows)})
    pieces = list(pairwise(borders))
    chance.shuffle(pieces)  # type: ignore[attr-defined]
    workers = [RowsDigest("i2") for _ in range(3)]
    for number, (start, stop) in enumerate(pieces):
        workers[number % 3].update(start, values[start:stop])
    first, second, third = workers
    assert first.merge(second).merge(third).hexdigest() == digest_rows(values)


PROGRAM = """
from blase_lab.core.digest import digest_value
print(digest_value([{"a", "b", "c", 3, None}, {"x": {1.5, "y"}}, frozenset("hash")]))
"""


def test_a_digest_does_not_know_the_hash_seed() -> None:
    """Another PYTHONHASHSEED, another process: the same digest."""
    found = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
