"""Where the store lies, and whether this version may write to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blase_lab.core.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
FORMAT_BYTES = b'{"format":1,"min_reader":1}\n'


@dataclass(frozen=True)
class Place:
    """The store's folder; every part of the store asks it before writing."""

    root: Path
    is_writable: bool = True

    def guard(self) -> None:
        """Raise FormatError when the store was made by a later format than ours."""
        if not self.is_writable:
            raise FormatError(
                "This store was written in a later format than 1, so it is only read here.",
                way_out="Install a newer blase-lab to write to it.",
                root=str(self.root),
            )
