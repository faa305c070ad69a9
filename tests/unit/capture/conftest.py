"""A notebook in an empty project folder."""

from __future__ import annotations

import linecache
import sys
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, __file__.rpartition("/")[0])
from cells import Notebook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    """Give a notebook whose folder is on the path, and forget its modules afterwards.

    A fresh kernel knows no cells: those of earlier tests leave the line cache.
    """
    for name in [name for name in linecache.cache if name.startswith("<")]:
        del linecache.cache[name]
    before = set(sys.modules)
    sys.path.insert(0, str(tmp_path))
    yield Notebook(tmp_path)
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if str(tmp_path) in file:
            del sys.modules[name]
