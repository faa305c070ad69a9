"""Whether a call drew from a global random generator without seeding it."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _of_numpy() -> object:
    loaded: Any = sys.modules.get("numpy.random")
    if not hasattr(loaded, "get_state"):  # not imported yet, or just being imported
        return None
    state = loaded.get_state(legacy=False)
    inner = state["state"]
    if "key" not in inner:  # somebody has put another kind of generator there
        return repr(state)
    return (inner["key"].tobytes(), inner.get("pos"), state["has_gauss"], state["gauss"])


_STATES: dict[str, Callable[[], object]] = {"random": random.getstate, "numpy.random": _of_numpy}
"""The global generators whose state can be compared, by the name in the observation."""


class Generators:
    """The global generators as they were when a call began, or began to count."""

    def __init__(self) -> None:
        """Look at their states."""
        self._before = {name: state() for name, state in _STATES.items()}
        self._drawn = set[str]()
        self._seeded = set[str]()

    def seed(self, name: str) -> None:
        """Take note that the call seeds a generator: what it drew before counts, the rest not."""
        if self._has_moved(name):
            self._drawn.add(name)
        self._seeded.add(name)

    def is_seeded(self, name: str) -> bool:
        """Tell whether the call has seeded a generator."""
        return name in self._seeded

    def settle(self) -> None:
        """Take note of all that was drawn up to now."""
        self._drawn |= {name for name in self._before if self._has_moved(name)}

    def look_again(self) -> None:
        """Let what was drawn since `settle` not count: it was the import of a library."""
        self._before = {name: state() for name, state in _STATES.items()}

    def drawn(self) -> set[str]:
        """Return the generators that the call drew from before it seeded them."""
        self.settle()
        return self._drawn

    def _has_moved(self, name: str) -> bool:
        before = self._before.get(name)
        return name not in self._seeded and before is not None and _STATES[name]() != before
