"""Connections: which are near, and what is said where a project is offline."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import TYPE_CHECKING

from blase_lab.core.errors import OfflineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blase_lab.capture.observe.notes import Notes

_NEAR = frozenset({"", "localhost", "ip6-localhost"})


def address_of(family: object, address: object) -> tuple[str, str]:
    """Return host and port of an address; a unix socket's is its path, or nothing."""
    if isinstance(address, tuple) and len(address) > 1:
        host = address[0]
        return host.decode() if isinstance(host, bytes) else str(host), str(address[1])
    if family == getattr(socket, "AF_UNIX", -1) and isinstance(address, str | bytes):
        return f"unix:{os.fsdecode(address)}", ""
    return "unix:" if address is None else str(address), ""


def is_near(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    if host.startswith("unix:") or host.lower() in _NEAR or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse(notes: Sequence[Notes], host: str, port: str) -> None:
    """Raise where one of the observed calls belongs to a project that is offline.

    Raises:
        OfflineError: it does; each such call remembers it, should somebody catch it inside.
    """
    offline = [each for each in notes if each.offline]
    if not offline:
        return
    step = next((each.step for each in offline if each.step), "")
    place = f"{host}:{port}" if port else host
    error = OfflineError(
        f"Step `{step}` opened a connection to {place}, and blase.toml says offline = true."
        if step
        else f"A step opened a connection to {place}, and blase.toml says offline = true.",
        way_out="Read from a file of the project instead, or remove that line of blase.toml.",
        host=host,
        port=port,
    )
    for each in offline:
        each.refused = each.refused or error
    raise error
