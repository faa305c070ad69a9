"""The files of a store that hold text, and how each is written anew without a secret."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from blase_lab.store import sealed
from blase_lab.store.names import digests_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from blase_lab.store.scrub_text import Clean

    Amend = Callable[[str, dict[str, Any], dict[str, Any]], dict[str, Any]]

Kind = Literal["sealed", "lines", "json", "blob", "loose"]

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ZIP = b"PK\x03\x04"
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("records/*/*.json", "sealed"),
    ("refs/*/*/*.json", "sealed"),
    ("events/*.jsonl", "lines"),
    ("live/*.json", "json"),
    ("control/*.json", "json"),
    ("blobs/*/*", "blob"),
)
_OWN_WAY = frozenset({"records", "refs", "events", "live", "control", "blobs", "checkpoints"})
_NO_TEXT = frozenset({"data", "locks", "FORMAT", "reruns", "quarantine", "tmp"})


@dataclass(frozen=True)
class File:
    """One file of the store."""

    path: Path
    kind: Kind

    def without(self, clean: Clean, renames: Mapping[str, str], amend: Amend) -> bytes | None:
        """Return the file's new bytes; None where nothing of it changes."""
        if not (self._mentioned & renames.keys() or self._may_hold(clean)):
            return None
        texts = _Texts(clean, renames)
        if self.kind == "sealed":
            return self._sealed(texts, amend)
        if self.kind == "lines":
            return self._lines(texts)
        data = self.path.read_bytes()
        new = _json(data, texts) if self.kind == "json" else _bytes(data, texts)
        return None if new == data else new

    def new_name(self, data: bytes) -> str:
        """Return the name that the file has with these bytes: its own, unless content names it."""
        if self.kind == "blob":
            return hashlib.sha256(data).hexdigest()
        if self.kind == "sealed" and self._is_named_by_content:
            return hashlib.sha256(sealed.unsealed(self.path, data)).hexdigest()
        return self.path.stem

    @cached_property
    def _is_named_by_content(self) -> bool:
        return hashlib.sha256(sealed.unseal(self.path)).hexdigest() == self.path.stem

    @cached_property
    def _mentioned(self) -> frozenset[str]:
        return frozenset(digests_in(self.path.read_bytes()))

    def _may_hold(self, clean: Clean) -> bool:
        data = self.path.read_bytes()
        return clean.may_be_in(data) or data.startswith(_ZIP)

    def _sealed(self, texts: _Texts, amend: Amend) -> bytes | None:
        before = msgspec.json.decode(sealed.unseal(self.path))
        after = texts.every(before)
        if after == before:
            return None
        kind = self.path.parent.name if self.path.parent.parent.name == "records" else "ref"
        return sealed.seal_body(msgspec.json.encode(amend(kind, before, after)))

    def _lines(self, texts: _Texts) -> bytes | None:
        bodies, _ = sealed.lines(self.path)
        new = [_json(body, texts) for body in bodies]
        return None if new == bodies else b"".join(map(sealed.line_of, new))


@dataclass(frozen=True)
class _Texts:
    """What happens to each text: the secret goes, and the new names come."""

    clean: Clean
    renames: Mapping[str, str]

    def one(self, text: str) -> str:
        text = self.clean.text(text)
        return _DIGEST.sub(lambda found: self.renames.get(found[0], found[0]), text)

    def every(self, content: Any) -> Any:
        """Return decoded JSON with every text in it seen to."""
        if isinstance(content, str):
            return self.one(content)
        if isinstance(content, list):
            return [self.every(each) for each in content]
        if isinstance(content, dict):
            return {self.one(name): self.every(each) for name, each in content.items()}
        return content


def _json(data: bytes, texts: _Texts) -> bytes:
    try:
        before = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return _bytes(data, texts)
    after = texts.every(before)
    return data if after == before else msgspec.json.encode(after)


def _bytes(data: bytes, texts: _Texts) -> bytes:
    """Return bytes of any kind: text and the texts of a zip are seen to, others stay."""
    if data.startswith(_ZIP):
        return _zip(data, texts)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    return texts.one(text).encode("utf-8")


def _zip(data: bytes, texts: _Texts) -> bytes:
    """Return a zip with its texts seen to; the same bytes for the same zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            members = [(info, old.read(info)) for info in old.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return data
    changed = [(info, _bytes(content, texts)) for info, content in members]
    if [content for _, content in changed] == [content for _, content in members]:
        return data
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for info, content in changed:
            new.writestr(info, content, compress_type=info.compress_type)
    return packed.getvalue()


def is_in_file(path: Path, clean: Clean) -> bool:
    """Say whether a file holds the secret, in its bytes or in a zip's; a link is not followed."""
    if path.is_symlink() or not path.is_file():
        return False
    data = path.read_bytes()
    if not data.startswith(_ZIP):
        return clean.is_in(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            return any(clean.is_in(opened.read(info)) for info in opened.infolist())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return clean.is_in(data)


def files_of(root: Path) -> Iterator[File]:
    """Yield every file of the store that is rewritten in place or under a new name."""
    for pattern, kind in _KINDS:
        for path in sorted(root.glob(pattern)):
            if not path.name.startswith("."):
                yield File(path, kind)
    for path in sorted(root.rglob("*")):
        top = path.relative_to(root).parts[0]
        is_other = top not in _OWN_WAY | _NO_TEXT and not top.startswith("index.sqlite")
        if is_other and path.is_file() and not path.is_symlink():
            yield File(path, "loose")


def renamed(path: Path, name: str) -> Path:
    """Return where an object of this new name lies, beside where it lay."""
    if path.parent.parent.name == "blobs":
        return path.parent.parent / name[:2] / name
    return path.with_name(f"{name}{path.suffix}")
