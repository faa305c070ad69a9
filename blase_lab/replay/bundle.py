"""Export: one folder from which a stranger can make the run again, and be told whether it is equal.

The folder is written under a name that begins with a dot, synced, and renamed: a folder of the
final name is whole, whenever the writer dies.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from blase_lab.core.errors import NotExportableError
from blase_lab.core.records import Bundle, Event, LocalModule, Progress
from blase_lab.replay.expected import data_sheet, expected, shortened, whole
from blase_lab.replay.modules import PACKAGE, holds_secret, step_json, step_module
from blase_lab.replay.notebook import notebook_text
from blase_lab.replay.reads import files_to_copy, read_sheet, told_reads
from blase_lab.replay.requirements import OWN_NAME, UNRELEASED, own_version
from blase_lab.replay.rerun import inside, module_root
from blase_lab.store import (
    Store,
    copy_file,
    make_folder,
    redact,
    remove_tree,
    replace,
    utc_now,
    write_bytes,
)

if TYPE_CHECKING:
    from blase_lab.replay.facts import Facts

Watch = Callable[[Event | Progress], None]
_READABLE = 0o644


@dataclass(frozen=True, kw_only=True)
class BundleParts:
    """What other rooms wrote for the bundle, and how the project is called."""

    title: str
    settings: str
    """The text of `blase.toml`."""
    requirements: str
    notebook: Mapping[str, Any]
    card_html: str
    card_markdown: str
    tolerance: float = 1e-5
    data_files: Mapping[str, Path] = field(default_factory=dict)
    """Relative name → file: sources to be copied into the bundle, if any."""
    read_files: Mapping[str, Path] = field(default_factory=dict)
    """Relative name → file of the project that a step reads: copied where it is small."""


def export_bundle(
    facts: Facts,
    parts: BundleParts,
    *,
    folder: Path,
    store: Store,
    watch: Watch | None = None,
) -> Bundle:
    """Write the bundle under `folder`, which must not exist, and return its record.

    Raises:
        NotExportableError: the folder exists, the run is not finished and evaluated, or a module
            lies outside the project.
    """
    whole(facts)
    if folder.exists():
        raise NotExportableError(
            f"There is something at {folder} already.",
            way_out="Name another folder, or remove that one.",
            folder=str(folder),
        )
    make_folder(folder.parent)
    _clear_abandoned(folder)
    staging = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    remove_tree(staging)
    try:
        files = _write(facts, parts, staging, store=store, watch=watch)
        replace(staging, folder)
    except BaseException:
        remove_tree(staging)
        raise
    return _record(facts, folder, files)


def _record(facts: Facts, folder: Path, files: dict[str, str]) -> Bundle:
    assert facts.run is not None
    created = utc_now()
    text = json.dumps([facts.run.id, str(folder), files, created], sort_keys=True)
    return Bundle(
        id=hashlib.sha256(text.encode()).hexdigest(),
        run=facts.run.id,
        path=str(folder),
        files=files,
        created=created,
    )


def _where(file: Mapping[str, Any]) -> str:
    """Say how a reader gets a source's file."""
    if file["inside"]:
        return "put it below `--data`"
    if file["installed"]:
        return "comes with an installed package"
    return "outside the project, not here"


def _clear_abandoned(folder: Path) -> None:
    """Remove what exports of this name left behind whose process is dead."""
    for left in folder.parent.glob(f".{folder.name}.partial-*"):
        number = left.name.rpartition("-")[2]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            remove_tree(left)


def _write(
    facts: Facts, parts: BundleParts, staging: Path, *, store: Store, watch: Watch | None
) -> dict[str, str]:
    """Write every file into the staging folder; return the sha256 of each."""
    make_folder(staging)
    texts = dict(_texts(facts, parts, store.folder))
    models = dict(_models(facts))
    copied = {**parts.data_files, **files_to_copy(parts.read_files)}
    total = len(texts) + len(models) + len(copied) + 1
    files: dict[str, str] = {}

    def wrote(name: str, digest: str) -> None:
        files[name] = digest
        if watch is not None:
            said = Progress(
                stage="export", done=len(files), total=total, unit="files", sentence=name
            )
            watch(said)

    for name, text in texts.items():
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        write_bytes(inside(staging, name), data, mode=_READABLE)
        wrote(name, hashlib.sha256(data).hexdigest())
    for name, digest in models.items():
        copy_file(store.blobs.path(digest), staging / name, mode=_READABLE)
        wrote(name, digest)
    for name, source in copied.items():
        copy_file(source, inside(staging, name), mode=_READABLE)
        wrote(name, _sha256(source))
    manifest = _manifest(facts, files).encode("utf-8")
    write_bytes(staging / "bundle.json", manifest, mode=_READABLE)
    wrote("bundle.json", hashlib.sha256(manifest).hexdigest())
    return files


def _manifest(facts: Facts, files: Mapping[str, str]) -> str:
    assert facts.run is not None
    return _json({"format": 1, "run": facts.run.id, "files": dict(sorted(files.items()))})


def _models(facts: Facts) -> Iterator[tuple[str, str]]:
    assert facts.run is not None
    if facts.run.model is not None:
        yield "model.keras", facts.run.model
    yield "model.weights.npz", facts.run.weights


def _texts(facts: Facts, parts: BundleParts, project: Path) -> Iterator[tuple[str, str | bytes]]:
    """Yield every text of the bundle under its relative name."""
    data = {**data_sheet(facts, project=project), "reads": read_sheet(facts, parts.read_files)}
    words = _words(facts, parts, data)
    yield "steps/__init__.py", PACKAGE
    for name, step in facts.steps.items():
        yield f"steps/{name}.py", _without_secrets(step_module(step), f"step `{name}`")
        yield f"steps/{name}.json", step_json(step)
    yield from _modules(facts)
    yield "data.json", _json(data)
    yield "expected.json", _json(expected(facts, tolerance=parts.tolerance))
    yield "blase.toml", _clean(parts.settings)
    yield "requirements.txt", parts.requirements
    yield "notebook.ipynb", notebook_text(parts.notebook)
    yield "model_card.html", _clean(parts.card_html)
    yield "model_card.md", _clean(parts.card_markdown)
    for name in ("pipeline.py", "README.md", "Dockerfile"):
        yield name, template(f"{name}.txt").format(**words)


def template(name: str) -> str:
    """Return the text of one of the room's templates."""
    place = resources.files("blase_lab.replay") / "templates" / name
    return place.read_text(encoding="utf-8")


def _modules(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the author's own modules as they are imported; two of one name must be equal."""
    found: dict[str, LocalModule] = {}
    for step in facts.steps.values():
        for module in step.closure.modules:
            path = _module_path(module)
            known = found.setdefault(path, module)
            if known.source != module.source:
                raise NotExportableError(
                    f"The steps rest on two versions of the module `{module.name}`.",
                    way_out="Run all cells that import it again, train and export that run.",
                    module=module.name,
                )
    for path, module in found.items():
        yield f"modules/{path}", _without_secrets(module.source, f"module `{module.name}`")


def _module_path(module: LocalModule) -> str:
    """Return where the module lies below `modules/`: its import root becomes that folder."""
    base = Path("/")
    return inside(base, module.path).relative_to(module_root(base, module)).as_posix()


def _without_secrets(source: str, what: str) -> str:
    """Return the source as it is; code cannot be redacted without becoming other code."""
    if holds_secret(source):
        raise NotExportableError(
            f"The {what} holds what looks like a password, key or token.",
            way_out="Read it from an environment variable, run the cell again, train and export.",
            what=what,
        )
    return source


def _clean(text: str) -> str:
    return shortened(redact(text))


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=True) + "\n"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as reading:
        while piece := reading.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _words(facts: Facts, parts: BundleParts, data: Mapping[str, Any]) -> dict[str, object]:
    """Return what the templates are filled with."""
    assert facts.run is not None
    version = own_version()
    is_hashed = "--hash=" in parts.requirements
    python = ".".join(platform.python_version_tuple()[:2])
    option = "--require-hashes " if is_hashed else ""
    return {
        "title": re.sub(r"[^\w .,:()-]", "", parts.title),
        "number": facts.run.number,
        "version": version,
        "own": OWN_NAME if version == UNRELEASED else f"{OWN_NAME}=={version}",
        "created": utc_now()[:10],
        "python": python,
        "install": f"{option}-r requirements.txt",
        "hashed": " and the hashes of its files" if is_hashed else " (NOT hashed)",
        "tag": re.sub(r"[^a-z0-9]+", "-", parts.title.lower()).strip("-") or "bundle",
        "tolerance": parts.tolerance,
        "metrics": _metrics(facts),
        "sources": _sources(data),
        "reads": told_reads(data["reads"]),
        **_data_words(data, parts),
    }


def _data_words(data: Mapping[str, Any], parts: BundleParts) -> dict[str, str]:
    """Return what the commands of the README need for sources that are not in the bundle."""
    files = [file for source in data["sources"] for file in source["files"]]
    asked = any(file["inside"] and file["path"] not in parts.data_files for file in files)
    outside = [file["path"] for file in files if not file["inside"] and not file["installed"]]
    mounts = " -v /path/to/data:/data:ro" if asked else ""
    mounts += "".join(f' -v "{path}:{path}:ro"' for path in outside if path.startswith("/"))
    asked |= any(file["inside"] and file["copy"] is None for file in data["reads"])
    told = "\n`/path/to/data` is the folder in which the files listed under Data lie.\n"
    elsewhere = "\nA file outside the project must lie at the place that is listed under Data.\n"
    return {
        "data_option": " --data /path/to/data" if asked else "",
        "mounts": mounts,
        "container_words": " verify --work /home/runner/work --data /data" if asked else "",
        "data_note": (told if asked else "") + (elsewhere if outside else ""),
    }


def _metrics(facts: Facts) -> str:
    assert facts.evaluation is not None
    told = facts.evaluation
    lines = [f"| metric ({told.split}, {told.rows:,} rows) | this model | {told.baseline_name} |"]
    lines.append("|---|---|---|")
    for name, value in told.metrics.items():
        other = f"{told.baseline[name]:.4g}" if name in told.baseline else "-"
        lines.append(f"| {name} | {value:.4g} | {other} |")
    return "\n".join(lines)


def _sources(data: Mapping[str, Any]) -> str:
    lines = []
    for source in data["sources"]:
        lines.append(f"- `{source['name']}`: {source['rows']:,} rows, digest `{source['digest']}`")
        for file in source["files"]:
            where = _where(file)
            lines.append(f"  - `{file['path']}` ({where}), sha256 `{file['sha256']}`")
    return "\n".join(lines) or "No source was recorded."
