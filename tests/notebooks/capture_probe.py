"""What a kernel says of a step: our digest and flags, and the digests of three peers.

Run inside a kernel with `runpy`, so that the notebook's own names stay as they are.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import pickletools
from pathlib import Path
from typing import Any

import cloudpickle
import dill

import blase_lab


def report(namespace: dict[str, Any], sample: str = "") -> str:
    """Return JSON: the digest, the flags and the peers' digests of the name `step`."""
    step = namespace["step"]
    given = (eval(sample, namespace),) if sample else None
    found = blase_lab.inspect(step, sample=given)
    peers = {"getsource": _source, "cloudpickle": cloudpickle.dumps, "dill": _dill}
    digests = {"blase": found.digest} | {name: _digest(peer, step) for name, peer in peers.items()}
    return json.dumps({"digests": digests, "flags": found.flags})


def _source(step: Any) -> bytes:
    return inspect.getsource(step).encode()


def _dill(step: Any) -> bytes:
    data: bytes = dill.dumps(step, recurse=True)
    return data


def _digest(peer: Any, step: Any) -> str:
    """Digest what a peer gives, without the process number and the folder that are in it."""
    try:
        data = peer(step)
    except Exception as error:  # noqa: BLE001 - a peer that gives up has no digest
        return f"failed: {type(error).__name__}"
    if peer is not _source:
        data = repr(
            [
                (code.name, argument)
                for code, argument, _ in pickletools.genops(data)
                if code.name != "FRAME"
            ]
        ).encode()
    for chance in (f"ipykernel_{os.getpid()}", str(Path.cwd())):
        data = data.replace(chance.encode(), b"here")
    return hashlib.sha256(data).hexdigest()
