"""Why two identities differ, in sentences."""

from __future__ import annotations

import msgspec

from blase_lab.core.lineage import changes, sentence
from blase_lab.core.records import Aspect, Change, Leaf


def leaf(name: str, text: str, *, aspect: Aspect = "code", digest: str | None = None) -> Leaf:
    """Make a leaf whose digest follows its text."""
    return Leaf(name=name, aspect=aspect, digest=digest or f"digest of {text}", text=text)


def test_only_leaves_that_differ_become_changes_code_first() -> None:
    """Equal digests are no change, whatever the text; code stands before packages."""
    before = [leaf("package numpy", "2.3", aspect="environment"), leaf("value A", "1")]
    after = [leaf("package numpy", "2.4", aspect="environment"), leaf("value A", "2")]
    assert changes(before, before) == ()
    assert [sentence(each) for each in changes(before, after)] == [
        "value `A` 1 → 2",
        "numpy 2.3 → 2.4",
    ]


def test_new_and_gone_leaves_say_so() -> None:
    """One side lacks it."""
    one = [leaf("function h", "def h(): ...")]
    assert [sentence(each) for each in changes([], one)] == ["function `h` is new"]
    assert [sentence(each) for each in changes(one, [])] == ["function `h` is gone"]


def test_equal_texts_with_other_digests_show_the_digests() -> None:
    """A big array looks the same in one line, but is not."""
    before, after = (
        leaf("value W", "array", digest="a" * 64),
        leaf("value W", "array", digest="b" * 64),
    )
    (change,) = changes([before], [after])
    assert sentence(change) == "value `W` array (aaaaaaaa) → array (bbbbbbbb)"


def test_code_counts_its_lines_and_shows_a_single_one() -> None:
    """One line is shown as it was and is; more are counted; long ones are cut."""
    one = Change(
        name="function h", aspect="code", before="def h():\n  a\n", after="def h():\n  b\n"
    )
    two = Change(name="function h", aspect="code", before="a\nb\nc", after="a\nx\ny")
    gone = Change(name="function h", aspect="code", before="a\nb", after="a\n")
    long = Change(name="value T", aspect="data", before="x" * 99, after="1")
    assert sentence(one) == "function `h` changed 1 line: a → b"
    assert sentence(two) == "function `h` changed 2 lines"
    assert sentence(gone) == "function `h` changed 1 line: b → nothing"
    assert sentence(long) == f"value `T` {'x' * 59}… → 1"
    assert sentence(msgspec.structs.replace(long, name="kind")).startswith("kind xxx")
