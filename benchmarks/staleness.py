"""How long it takes to say which steps are stale, beside digesting all of them again.

Every step has a helper, two scalars, a list, one of five local modules, and numpy. `cold` is the
first check of a process, `warm` the median of later ones with nothing changed, `one edit` the
median with one helper defined again before each, `badges` what a notebook pays after every cell.
The comparison hashes `cloudpickle.dumps` of every step's function, local modules by value.

Run: `python benchmarks/staleness.py [STEPS …]`.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import linecache
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle  # noqa: TID251 - what we are compared with
import numpy as np

from blase_lab.project import CellText, Project

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 31
MODULES = 5
ARRAY_MIB = 64
_numbers = itertools.count(1)


def execute(body: str, names: dict[str, Any]) -> None:
    """Run a cell as a kernel does: under a name of its own, remembered as a line of history."""
    place = f"<cell {next(_numbers)}>"
    names["In"].append(body)
    linecache.cache[place] = (len(body), None, body.splitlines(keepends=True), place)
    exec(compile(body, place, "exec", dont_inherit=True), names)


def cell(number: int) -> str:
    """Return one step with all that it reads."""
    return f'''\
LOW_{number} = {number}
HIGH_{number} = {number}.5
WEIGHTS_{number} = [{number}, 2, 3, 4, 5]

def scaled_{number}(values):
    return (values - LOW_{number}) / HIGH_{number}

def step_{number}(chunk):
    """Step {number} of many."""
    weights = np.asarray(WEIGHTS_{number})
    return local_{number % MODULES}.shifted(scaled_{number}(chunk["x"])) * weights.sum()
'''


def make_project(folder: Path, steps: int) -> tuple[Project, dict[str, Any]]:
    """Return a project with that many features, and the namespace they live in."""
    for number in range(MODULES):
        text = f"LIMIT = {number}\n\ndef shifted(values):\n    return values + LIMIT\n"
        (folder / f"local_{number}.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    names: dict[str, Any] = {"__name__": "__main__", "In": [""]}
    project = Project.init(folder)
    project.bind(names)
    execute("import numpy as np\n" + "".join(f"import local_{n}\n" for n in range(MODULES)), names)
    for number in range(steps):
        body = cell(number)
        execute(body, names)
        raw = f"%%blase_feature --name step_{number}\n{body}"
        said = CellText(kind="feature", name=f"step_{number}", raw=raw, body=body)
        project.capture(said, names)
    return project, names


def milliseconds(
    work: Callable[[], object],
    rounds: int = ROUNDS,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median time of a call."""
    taken = []
    for _ in range(rounds):
        began = clock()
        work()
        taken.append(1000 * (clock() - began))
    return statistics.median(taken)


def digest_all(names: dict[str, Any], steps: int) -> list[str]:
    """Digest every step by cloudpickle."""
    functions = [names[f"step_{number}"] for number in range(steps)]
    return [hashlib.sha256(cloudpickle.dumps(each)).hexdigest() for each in functions]


def measure(steps: int) -> None:
    """Print the times of a project with that many steps."""
    for name in [name for name in sys.modules if name.startswith("local_")]:
        del sys.modules[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        sys.path.insert(0, str(folder))
        _, names = make_project(folder, steps)
        project = Project.open(folder)
        project.bind(names)
        edits = itertools.count(1)

        def edit_and_check() -> None:
            execute(f"def scaled_0(values):\n    return values - {next(edits)}\n", names)
            project.status()

        cold = milliseconds(project.status, 1)
        assert {state.state for state in project.status()} == {"fresh"}
        times = {
            "cold": cold,
            "warm": milliseconds(project.status),
            "warm, processor": milliseconds(project.status, clock=time.process_time),
            "badges": milliseconds(lambda: project.write_live("bench")),
            "one edit": milliseconds(edit_and_check),
        }
        for number in range(MODULES):
            cloudpickle.register_pickle_by_value(names[f"local_{number}"])
        times["cloudpickle"] = milliseconds(lambda: digest_all(names, steps))
        shown = ", ".join(f"{name} {value:.1f} ms" for name, value in times.items())
        ratio = times["warm"] / times["cloudpickle"]
        print(f"{steps} steps: {shown}; warm / cloudpickle {ratio:.2f}")
        sys.path.remove(str(folder))


def measure_array() -> None:
    """Print what a large array costs at every check: its content is digested each time."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        sys.path.insert(0, str(folder))
        project, names = make_project(folder, 1)
        names["TABLE"] = np.zeros(ARRAY_MIB * 2**17)
        body = 'def looked_up(chunk):\n    """From a table."""\n    return TABLE[chunk["x"]]\n'
        execute(body, names)
        said = CellText(kind="feature", name="looked_up", raw="%%blase_feature\n" + body, body=body)
        project.capture(said, names)
        shown = milliseconds(project.status, 5)
        print(f"1 step with an array of {ARRAY_MIB} MiB as a global: warm {shown:.1f} ms")
        sys.path.remove(str(folder))


def main() -> None:
    """Print a line for each number of steps asked for."""
    for steps in [int(word) for word in sys.argv[1:]] or [20, 200]:
        measure(steps)
    measure_array()


if __name__ == "__main__":
    main()
