"""Our own store keeps the contract that we ship for others."""

from __future__ import annotations

from blase_lab.testing.contract import StoreContract


class TestStore(StoreContract):
    """The store in a folder keeps every promise of the suite."""
