"""Only names that can be nothing but a name become a path."""

from __future__ import annotations

import pytest

from blase_lab.core.errors import BadNameError
from blase_lab.store.names import check_digest, check_name, digests_in


@pytest.mark.parametrize("name", ["age_bucket", "größe", "age@3", "v1.2", "a-b+c=d", "3", "_x"])
def test_ordinary_names_pass(name: str) -> None:
    """Python names in any script, versions and numbers are names."""
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "a:b", ".hidden", "-x", "a ", "a.", "CON", "nul.txt", "Lpt1",
     "a\0b", "a\nb", "x" * 181],
)  # fmt: skip
def test_paths_devices_and_hidden_names_are_refused(name: str) -> None:
    """Nothing that could be a path, a device or a hidden file is a name."""
    with pytest.raises(BadNameError):
        check_name(name)


def test_equal_letters_are_one_name() -> None:
    """A letter with its accent apart is the composed letter."""
    assert check_name("gro\u0308sse") == check_name("grösse")


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 63 + "\n"])
def test_what_is_no_digest_is_refused(digest: str) -> None:
    """A digest is 64 lower-case hex digits and nothing else."""
    with pytest.raises(BadNameError):
        check_digest(digest)


def test_digests_are_found_in_text() -> None:
    """Every whole digest is found, a longer run of hex digits is not one."""
    text = f'{{"a":"{"1" * 64}","b":["{"2" * 64}"],"c":"{"3" * 65}"}}'
    assert digests_in(text.encode()) == {"1" * 64, "2" * 64}
