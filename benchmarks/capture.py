"""What a capture costs: a cell of 200 lines and its 20 helpers, beside pickling the function.

Prints median and p95 in milliseconds: `capture_cell` alone, the whole `Project.capture` with the
version safe in the store, and `cloudpickle.dumps` and `dill.dumps` of the same function (which
know no versions, keep no source and write nothing). Cold: neither the cell nor its helpers (140
more lines) were ever seen. Edited: the cell is new, its helpers are known. Warm: the same again.
Run: `python benchmarks/capture.py [ROUNDS]`.
"""

from __future__ import annotations

import itertools
import linecache
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle  # noqa: TID251 - measured beside us, never stored
import dill  # noqa: TID251 - as above

from blase_lab.capture import CellText, capture_cell
from blase_lab.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 200
HELPERS = 20
_FAR = 100_000
_numbers = itertools.count(1)


def helpers(turn: int) -> str:
    """Return the notebook's other cell: twenty helpers that call one another, and constants."""
    parts = ["import math\nimport numpy as np\n\nLIMIT = 40.0\nWEIGHTS = {'a': 1, 'b': [2, 3]}\n"]
    parts += [
        f"def helper_{each}(values, scale={each}):\n"
        f'    """Helper {each}."""\n'
        f"    found = np.log1p(np.abs(values)) * scale + LIMIT - {turn}\n"
        f"    if scale > {each}:\n        return helper_{max(0, each - 1)}(found)\n"
        f"    return found + WEIGHTS['a'] * math.pi\n"
        for each in range(HELPERS)
    ]
    return "\n\n".join(parts)


def cell(turn: int) -> str:
    """Return a step of 200 lines that calls all the helpers."""
    head = ["def ratio(chunk, *, floor=0.5):", '    """What is left of it."""', "    total = 0"]
    body = [
        f'    total = total + helper_{each % HELPERS}(chunk["c{each}"], scale={each}) / {turn + 2}'
        for each in range(LINES - len(head) - 1)
    ]
    return "\n".join([*head, *body, "    return total"]) + "\n"


def run(text: str, names: dict[str, Any]) -> None:
    """Run a cell as a kernel does."""
    file = f"<cell bench {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec", dont_inherit=True), names)


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    before = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - before)


def one_round(turn: int, project: Project) -> dict[str, float]:
    """Return the milliseconds of each way, for a cell that was never seen before."""
    names: dict[str, Any] = {"__name__": "__main__"}
    body = cell(turn)
    run(helpers(turn), names)
    run(body, names)
    text = CellText(kind="feature", name=None, raw=f"%%blase_feature\n{body}", body=body)
    found = {}
    if turn % 2:
        found["capture_cell, cold"] = milliseconds(
            lambda: capture_cell(text, names, project_folder=project.folder)
        )
    else:
        found["Project.capture, cold"] = milliseconds(lambda: project.capture(text, names))
    found["capture_cell, warm"] = milliseconds(
        lambda: capture_cell(text, names, project_folder=project.folder)
    )
    project.capture(text, names)
    edited = cell(turn + _FAR)
    run(edited, names)
    new = CellText(kind="feature", name=None, raw=f"%%blase_feature\n{edited}", body=edited)
    found["Project.capture, edited"] = milliseconds(lambda: project.capture(new, names))
    run(body, names)
    project.capture(text, names)
    found["Project.capture, warm"] = milliseconds(lambda: project.capture(text, names))
    step = names["ratio"]
    for name, peer in (("cloudpickle.dumps", cloudpickle), ("dill.dumps, recursive", dill)):
        words = {"recurse": True} if peer is dill else {}
        for heat in ("cold", "warm"):
            found[f"{name}, {heat}"] = milliseconds(lambda: peer.dumps(step, **words))  # noqa: B023
    return found


def main() -> None:
    """Print a line for each way."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seen: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Project.init(Path(folder))
        one_round(-1, project)  # imports and lists of packages are read once a process
        for turn in range(rounds):
            for name, value in one_round(turn, project).items():
                seen.setdefault(name, []).append(value)
    width = max(map(len, seen))
    print(f"{'':{width}}  median ms     p95 ms   ({LINES} lines, {HELPERS} helpers)")
    for name, values in sorted(seen.items()):
        p95 = sorted(values)[int(0.95 * (len(values) - 1))]
        print(f"{name:{width}} {statistics.median(values):10.2f} {p95:10.2f}")


if __name__ == "__main__":
    main()
