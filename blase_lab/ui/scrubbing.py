"""`blase scrub`: a secret asked of a person, a variable or a file, and what was found of it.

It is never an argument, which a shell's history and a list of processes would show.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blase_lab.core.errors import CellOptionError
from blase_lab.ui.tables import Listing

if TYPE_CHECKING:
    from blase_lab.store import ScrubReport

_WAY_OUT = "Give one of --value (it asks), --from-env NAME or --from-file FILE."


def secret(*, value: bool, from_env: str | None, from_file: Path | None) -> str | None:
    """Return the secret that is meant; None where none is named.

    Raises:
        CellOptionError: several are named, or the one named is empty.
    """
    named = [value, from_env is not None, from_file is not None]
    if named.count(True) > 1:
        raise CellOptionError("The secret is named twice.", way_out=_WAY_OUT)
    if not any(named):
        return None
    found = _read(from_env, from_file).strip("\r\n")
    if not found:
        raise CellOptionError("The secret that is named is empty.", way_out=_WAY_OUT)
    return found


def _read(from_env: str | None, from_file: Path | None) -> str:
    if from_env is not None:
        return os.environ.get(from_env, "")
    if from_file is None:
        return getpass.getpass("The secret to look for (it is not shown): ")
    if from_file == Path("-"):
        return sys.stdin.read()
    try:
        return from_file.read_text(encoding="utf-8")
    except OSError as error:
        raise CellOptionError(
            f"{from_file} cannot be read: {error.strerror}.", way_out=_WAY_OUT
        ) from error


def listing(report: ScrubReport) -> Listing | None:
    """List the places; None where there is none."""
    done = "would be rewritten" if report.is_dry_run else "rewritten"
    rows = [(place, done) for place in report.places]
    for each in report.left:
        where, _, what = each.partition(": ")
        rows.append((where, what))
    return Listing("Secrets", ("where", "what"), tuple(rows)) if rows else None


def sentence(report: ScrubReport) -> str:
    """Say how many places there are, and what to do."""
    count, left = len(report.places), len(report.left)
    rest = f" {left:,} more you have to mend yourself." if left else ""
    if report.is_dry_run:
        way = " Nothing was changed; add --apply." if count else ""
        return f"{count:,} places in the store hold it.{way}{rest}"
    way = " Change the secret where it is valid: others may have seen it." if count else ""
    return f"{count:,} places in the store were rewritten.{way}{rest}"
