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


def test_new_values_show_what_they_are_and_a_lost_name_that_it_is_undefined() -> None:
    """What a step reads and nothing defines any more would fail when it runs."""
    found = changes([leaf("function h", "def h(): ...")], [leaf("value h", "undefined")])
    assert [sentence(each) for each in found] == [
        "function `h` is gone",
        "`h` is undefined: nothing has this name any more",
    ]
    assert [sentence(each) for each in changes([], [leaf("value A", "3")])] == [
        "value `A` is new: 3"
    ]


def test_arrays_and_frames_say_in_what_they_differ() -> None:
    """Dtype, shape, kind, or only the content."""
    whole = "ndarray float64 (3,)"
    told = {
        "ndarray float32 (3,)": "changed its dtype float64 → float32",
        "ndarray float32 (4, 2)": "changed its dtype float64 → float32, its shape (3,) → (4, 2)",
        "Series float64 (3,)": "changed its kind ndarray → Series",
        "[1, 2]": "ndarray float64 (3,) → [1, 2]",
    }
    for text, words in told.items():
        (change,) = changes([leaf("value W", whole)], [leaf("value W", text)])
        assert sentence(change) == f"value `W` {words}"


def test_equal_texts_with_other_digests_show_the_digests() -> None:
    """A big array looks the same in one line, but is not."""
    before, after = (
        leaf("value W", "array", digest="a" * 64),
        leaf("value W", "array", digest="b" * 64),
    )
    (change,) = changes([before], [after])
    assert sentence(change) == "value `W` holds other content: array, aaaaaaaa → bbbbbbbb"


def test_code_counts_its_lines_and_shows_the_first_two() -> None:
    """Lines are shown as they were and are; all are counted; long ones are cut."""
    one = Change(
        name="function h", aspect="code", before="def h():\n  a\n", after="def h():\n  b\n"
    )
    two = Change(name="function h", aspect="code", before="a\nb\nc", after="a\nx\ny")
    four = Change(name="function h", aspect="code", before="a\nb\nc\nd", after="w\nx\ny\nz")
    gone = Change(name="function h", aspect="code", before="a\nb", after="a\n")
    long = Change(name="value T", aspect="data", before="x" * 99, after="1")
    assert sentence(one) == "function `h` changed 1 line: a → b"
    assert sentence(two) == "function `h` changed 2 lines: b → x; c → y"
    assert sentence(four) == "function `h` changed 4 lines: a → w; b → x; and 2 more"
    assert sentence(gone) == "function `h` changed 1 line: b → nothing"
    assert sentence(long) == f"value `T` {'x' * 59}… → 1"
    assert sentence(msgspec.structs.replace(long, name="kind")).startswith("kind xxx")
