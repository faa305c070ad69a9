"""A store with one secret in every kind of file."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

from blase_lab.core.records import (
    Bundle,
    Closure,
    Continued,
    Control,
    Definition,
    Digests,
    Ended,
    Leaf,
    Step,
)
from blase_lab.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'hunter2 "über" \\ 42'
_DIGESTS = Digests(**dict.fromkeys(Digests.__struct_fields__, "0" * 64))


def step(name: str, cell: str) -> Step:
    """Return a small step with this cell."""
    return Step(
        name=name,
        version=1,
        kind="source",
        cell=cell,
        options={},
        documentation="",
        closure=Closure(
            function=name, definitions=(Definition(name=name, origin="value", source=cell),)
        ),
        leaves=(Leaf(name=f"function {name}", aspect="code", digest="1" * 64, text=cell),),
        digests=_DIGESTS,
        created="2026-01-01T00:00:00.000000+00:00",
    )


def full_store(folder: Path) -> Store:
    """Return a store that holds the secret in records, blobs, refs, logs and what is left over."""
    store = Store.create(folder)
    held = store.ledger.put(step("fetch", f"%%blase_source\npassword = '{SECRET}'"))
    store.refs.publish("step", "fetch", held, expected=0)
    plain = store.ledger.put(step("plain", "%%blase_source\nx = 1"))
    store.refs.publish("step", "plain", plain, expected=0)
    store.blobs.put(b"\x00\xffweights")
    store.blobs.put_text("nothing to see")
    text = store.blobs.put_text(f"token: {SECRET}\n")
    listed = store.blobs.put_text(json.dumps({"text": text}))
    files = {"list": listed, "zip": store.blobs.put(_zip())}
    store.ledger.put(Bundle(id="bundle", run="run", path="/x", files=files, created="2026"))
    store.events.append("run", Continued(at="2026", epoch=1, batch=1))
    said = f"failed with {SECRET}"
    store.events.append("run", Ended(at="2026", state="failed", epoch=1, batch=1, sentence=said))
    store.live.put("states-1", json.dumps({"cell": SECRET}).encode())
    store.control.put("run", Control(action="stop", at=SECRET))
    notes = json.dumps({"said": SECRET}, separators=(",", ":")).encode()
    store.checkpoints.save("run", 1, 1, {"notes.json": notes, "w.npz": b"\x00\xff"}, keep_best=True)
    store.checkpoints.save("run", 1, 2, {"notes.json": b'{"said":"nothing"}'})
    _leave_over(store.root)
    return store


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("config.json", json.dumps({"key": SECRET}))
        new.writestr("weights.bin", b"\xff\xfe\x00\x01")
    return packed.getvalue()


def _leave_over(root: Path) -> None:
    for name in ("reruns/run-1/executed.ipynb", "quarantine/damaged-1.json", "tmp/dead/x.jsonl"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"printed {SECRET}\n", encoding="utf-8")
    (root / "notes.txt").write_text(f"kept {SECRET}\n", encoding="utf-8")


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file by its relative name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def holds(folder: Path, secret: str) -> list[str]:
    """Return every file that holds the secret: in its bytes, in a zip's, or in its JSON."""
    spelled = [each.encode() for each in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])]
    spelled.append(json.dumps(secret, ensure_ascii=False)[1:-1].encode())
    return [
        name
        for name, data in bytes_below(folder).items()
        if any(one in content for content in _contents(data) for one in spelled)
    ]


def _contents(data: bytes) -> list[bytes]:
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return [data]
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return [data, *(opened.read(each) for each in opened.namelist())]
