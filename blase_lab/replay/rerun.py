"""Run the captured notebook again in a fresh process that inherits nothing it does not need.

The parent (`execute`) starts `python -m blase_lab.replay.rerun FOLDER` in its own session and
reads one line a cell from it; the child (`main`) hands the notebook to papermill, whose kernel is
the same interpreter, named in the folder's own Jupyter path.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from blase_lab.core.errors import NotExportableError, RerunFailedError
from blase_lab.core.records import Event, LocalModule, Progress
from blase_lab.replay.executed import CleanNotebooks
from blase_lab.replay.notebook import notebook_text
from blase_lab.replay.process import Child
from blase_lab.store import copy_file, make_folder, redact, write_text

Watch = Callable[[Event | Progress], None]

MARK = "::blase-rerun:: "
"""Begins every line of the child that is meant for the parent."""
NOTEBOOK, EXECUTED, SETTINGS = "notebook.ipynb", "executed.ipynb", "blase.toml"
_JUPYTER = ".jupyter"
_PLAN = ".rerun.json"
_LAST_LINES = 20
ALLOWED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "CUDA_VISIBLE_DEVICES"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_ENABLE_ONEDNN_OPTS"),
    *("TF_DETERMINISTIC_OPS", "TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH"),
    *("ONEDNN_MAX_CPU_ISA", "XLA_FLAGS", "KERAS_BACKEND"),
)
"""What a rerun may inherit: where things are, and what is known to change numbers."""


@dataclass(frozen=True)
class ExecutedNotebook:
    """A notebook that ran to its end, with its outputs."""

    path: Path
    cells: int
    seconds: float


def write_rerun_folder(
    folder: Path,
    *,
    notebook: Mapping[str, Any],
    settings: str,
    modules: Iterable[LocalModule] = (),
    files: Mapping[str, Path] | None = None,
) -> Path:
    """Return `folder`, which then holds all that the notebook needs but its absolute sources.

    `modules` keep their place relative to the project's folder; `files` maps relative names that
    the steps read to the real files, which are linked, and copied where links cannot be made.
    """
    make_folder(folder)
    write_text(folder / NOTEBOOK, notebook_text(notebook))
    write_text(folder / SETTINGS, settings)
    roots = []
    for module in modules:
        place = inside(folder, module.path)
        make_folder(place.parent)
        write_text(place, module.source)
        roots.append(str(module_root(folder, module)))
    for name, source in (files or {}).items():
        _bring(source, inside(folder, name))
    write_text(folder / _PLAN, json.dumps({"roots": list(dict.fromkeys(roots))}))
    _write_kernel(folder)
    return folder


def inside(folder: Path, relative: str) -> Path:
    """Return the path of a relative name, which must stay below the folder."""
    pure = PurePosixPath(relative)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\\" in relative:
        raise NotExportableError(
            f"The path `{relative}` does not lie in the project's folder.",
            way_out="Move the file into the project's folder and capture the step again.",
            path=relative,
        )
    return folder.joinpath(*pure.parts)


def module_root(folder: Path, module: LocalModule) -> Path:
    """Return the folder from which the module is imported under its name."""
    parts = PurePosixPath(module.path).parts
    is_package = parts[-1] == "__init__.py"
    levels = len(module.name.split(".")) + (1 if is_package else 0)
    return folder.joinpath(*parts[: max(0, len(parts) - levels)])


def _bring(source: Path, place: Path) -> None:
    make_folder(place.parent)
    try:
        place.symlink_to(source.resolve())
    except OSError:
        copy_file(source, place)


def _write_kernel(folder: Path) -> None:
    """Name this very interpreter as the kernel, below the folder's own Jupyter path."""
    place = folder / _JUPYTER / "kernels" / "python3"
    make_folder(place)
    launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": launch, "display_name": "Python 3 (ipykernel)", "language": "python"}
    write_text(place / "kernel.json", json.dumps(kernel))


def rerun_environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of the rerun: the allowed names, and Jupyter kept in the folder."""
    jupyter = folder / _JUPYTER
    plan = folder / _PLAN
    roots = json.loads(plan.read_text(encoding="utf-8"))["roots"] if plan.is_file() else []
    inherited = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    own = {
        "JUPYTER_PATH": str(jupyter),
        "JUPYTER_DATA_DIR": str(jupyter),
        "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "IPYTHONDIR": str(jupyter / "ipython"),
        "MPLBACKEND": "Agg",
        "PYTHONUNBUFFERED": "1",
        "BLASE_PROVE": "off",  # what is made again was proven where it was captured
    }
    paths = {"PYTHONPATH": os.pathsep.join(roots)} if roots else {}
    return {**inherited, **own, **paths, **(extra or {})}


def execute(
    folder: Path,
    *,
    watch: Watch | None = None,
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> ExecutedNotebook:
    """Run the folder's notebook from the top in a fresh process and keep it with its outputs.

    `watch` gets a Progress as each cell begins. Raises RerunFailedError with the cell's number,
    its first line and the last line of its error; also when `timeout` seconds have passed. No
    process of the rerun outlives the call.
    """
    folder = folder.resolve()
    started = time.monotonic()
    # -P: a module beside the notebook must not hide one that papermill needs.
    words = [sys.executable, "-P", "-m", "blase_lab.replay.rerun", str(folder)]
    seen = _Seen(watch)
    with Child(words, folder=folder, environment=rerun_environment(folder, environment)) as child:
        for line in child.lines(timeout):
            seen.take(line)
    if child.timed_out:
        raise _too_late(seen, folder, timeout or 0.0)
    if child.code != 0 or seen.failed is not None:
        raise _failed(seen, folder, child.code)
    return ExecutedNotebook(folder / EXECUTED, seen.cells, time.monotonic() - started)


class _Seen:
    """What the parent has read from the child so far."""

    def __init__(self, watch: Watch | None) -> None:
        self.watch = watch
        self.cell = 0
        self.cells = 0
        self.line = ""
        self.failed: dict[str, Any] | None = None
        self.rest: list[str] = []

    def take(self, line: str) -> None:
        """Understand one line of the child; keep the last ones that are not for us."""
        if not line.startswith(MARK):
            self.rest = [*self.rest, line.rstrip()][-_LAST_LINES:]
            return
        said = json.loads(line.removeprefix(MARK))
        self.failed = said.get("failed", self.failed)
        if "cell" not in said:
            return
        self.cell, self.cells, self.line = said["cell"], said["cells"], said["line"]
        if self.watch is not None:
            self.watch(
                Progress(
                    stage="rerun",
                    done=self.cell - 1 + int(said.get("end", False)),
                    total=self.cells,
                    unit="cells",
                    sentence=_shown(self.line),
                )
            )


def _shown(line: str) -> str:
    """Return the line of a cell as a bar tells it: a verb without the options to be filled in."""
    return line.partition(" --")[0] if "{" in line else line


def _too_late(seen: _Seen, folder: Path, timeout: float) -> RerunFailedError:
    return RerunFailedError(
        f"The captured notebook was stopped after {timeout:g} s in cell {seen.cell} of "
        f"{seen.cells}: `{seen.line}`.",
        way_out="Give more time, or fewer epochs.",
        cell=seen.cell,
        line=seen.line,
        error="timeout",
        notebook=str(folder / EXECUTED),
    )


def _failed(seen: _Seen, folder: Path, code: int | None) -> RerunFailedError:
    ended = next((line for line in reversed(seen.rest) if line), f"the process ended with {code}")
    said = {"cell": seen.cell, "line": seen.line, "error": ended, **(seen.failed or {})}
    return RerunFailedError(
        f"Cell {said['cell']} of {seen.cells} of the captured notebook failed: "
        f"`{said['line']}` gave {said['error']}.",
        way_out=f"Open {folder / EXECUTED} to see the whole error, mend the step and run again.",
        notebook=str(folder / EXECUTED),
        **said,
    )


# --- the child ----------------------------------------------------------------------------------


def _say(**said: object) -> None:
    sys.stdout.write(MARK + json.dumps(said) + "\n")
    sys.stdout.flush()


def first_line(source: str) -> str:
    """Return the first line of a cell that says something."""
    lines = (line.strip() for line in source.splitlines())
    return next((line for line in lines if line), "")


def _run_notebook(folder: Path, started: dict[str, Any]) -> None:
    import papermill
    from papermill.iorw import papermill_io

    papermill_io.register(str(folder / EXECUTED), CleanNotebooks())
    cells = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))["cells"]

    def begin(*, cell: Mapping[str, Any], cell_index: int) -> None:
        started.update(cell=cell_index + 1, line=first_line(str(cell["source"])))
        _say(cells=len(cells), **started)

    papermill.execute_notebook(
        str(folder / NOTEBOOK),
        str(folder / EXECUTED),
        cwd=str(folder),
        kernel_name="python3",
        progress_bar=False,
        on_cell_start=begin,
    )
    _say(cells=len(cells), end=True, **{**started, "cell": len(cells)})


def main(words: list[str]) -> int:
    """Execute the notebook of the folder named; 0 when every cell ran."""
    from nbclient.exceptions import CellControlSignal, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    started: dict[str, Any] = {"cell": 0, "line": ""}
    try:
        _run_notebook(Path(words[0]), started)
    except PapermillExecutionError as error:
        said = redact(f"{error.ename}: {error.evalue}".strip().splitlines()[-1])
        line = first_line(error.source)
        _say(failed={"cell": error.cell_index + 1, "line": line, "error": said})
        return 1
    except (DeadKernelError, CellControlSignal, OSError, RuntimeError) as error:
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        _say(failed={**started, "error": last})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
