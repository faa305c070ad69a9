"""Publishes versions of one ref as fast as it can; prints each version that it won."""

from __future__ import annotations

import sys
from pathlib import Path

from blase_lab.core.errors import VersionTakenError
from blase_lab.store import Store


def main(folder: Path, who: str, last: int) -> None:
    """Publish until the ref stands at `last`."""
    store = Store.open(folder)
    while True:
        expected = len(store.refs.versions("step", "age"))
        if expected >= last:
            return
        try:
            version = store.refs.publish("step", "age", who, expected=expected)
        except VersionTakenError:
            continue
        sys.stdout.write(f"{version}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
