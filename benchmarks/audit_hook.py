"""What observing costs: loops of reads in a process that never loaded the hook, and in ours.

Each way runs in a process of its own, since Python cannot take an audit hook away again. `idle`:
the hook is there, nothing is observed. `observed`: all of it is. Prints ratios of processor time to
plain Python, from the best of the rounds. Run: `python benchmarks/audit_hook.py [FILES] [ROUNDS]`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

WAYS = ("plain", "idle", "observed")

SETTING = """
import json, os, sys, time
from pathlib import Path
way, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
os.environ["BLASE_BENCHMARK"] = "1"
os.chdir(folder)

def small(count):
    for number in range(count):
        with open(f"{number % 1000}.txt", "rb") as file:
            file.read()

def json_files(count):
    for number in range(count // 4):
        with open(f"table_{number % 20}.json", encoding="utf-8") as file:
            json.load(file)

def environment(count):
    for _ in range(count):
        os.environ.get("BLASE_BENCHMARK")

def arithmetic(count):
    total = 0
    for number in range(count * 40):
        total += number % 7

LOOPS = [small, json_files, environment, arithmetic]

def measure(loop):
    loop(count // 10)
    best = None
    for _ in range(5):
        begun = time.process_time()
        loop(count)
        seconds = time.process_time() - begun
        best = seconds if best is None else min(best, seconds)
    return best

if way == "plain":
    found = [measure(loop) for loop in LOOPS]
else:
    from blase_lab.capture.observe import Watched
    Watched(int, folder=folder)()
    wrap = (lambda f: f) if way == "idle" else (lambda f: Watched(f, folder=folder))
    found = [measure(wrap(loop)) for loop in LOOPS]
print(json.dumps(found))
"""

CALLS = """
import sys, time
from pathlib import Path
from blase_lab.capture.observe import Watched
import numpy, pandas, pyarrow.parquet
def nothing():
    return None
watched = Watched(nothing, folder=Path(sys.argv[1]))
watched()
begun = time.process_time()
for _ in range(500):
    watched()
print((time.process_time() - begun) / 500)
"""

NAMES = (
    "open and read files of 100 bytes",
    "open and parse JSON files of 40 kB",
    "read a variable of the environment",
    "arithmetic, which touches nothing",
)


def write_files(folder: Path) -> None:
    """Write what the loops read."""
    for number in range(1000):
        (folder / f"{number}.txt").write_bytes(b"x" * 100)
    for number in range(20):
        rows = ", ".join(f'{{"x": {row}, "y": "{row}"}}' for row in range(1700))
        (folder / f"table_{number}.json").write_text(f"[{rows}]")


def seconds_of(way: str, folder: Path, files: int) -> list[float]:
    """Return the seconds of each loop in a process of its own."""
    words = [sys.executable, "-c", SETTING, way, str(folder), str(files)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [float(each) for each in done.stdout.strip().strip("[]").split(",")]


def main() -> None:
    """Print the ratios."""
    files, rounds = (int(a) for a in (sys.argv[1:] + ["5000", "5"][len(sys.argv) - 1 :]))
    best = {way: [float("inf")] * len(NAMES) for way in WAYS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_files(folder)
        for _ in range(rounds):
            for way in WAYS:
                found = seconds_of(way, folder, files)
                best[way] = [min(pair) for pair in zip(best[way], found, strict=True)]
        words = [sys.executable, "-c", CALLS, place]
        call = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    print(f"{files:,} files a loop, best of {rounds} rounds; plain Python = 1.00")
    print(f"{'':38s}{'idle':>8s}{'observed':>10s}")
    for name, plain, idle, observed in zip(NAMES, *best.values(), strict=True):
        print(f"{name:38s}{idle / plain:8.2f}{observed / plain:10.2f}")
    print(f"one observed call of a function that does nothing: {call * 1e6:,.0f} microseconds")


if __name__ == "__main__":
    main()
