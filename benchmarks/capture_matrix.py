"""Who sees a change: our digest beside `inspect.getsource`, cloudpickle and dill.

Every side of every pair of cells runs in a Jupyter kernel of its own. Prints a line a method, and
with `--each` a line a pair. Run: `python benchmarks/capture_matrix.py [--each] [WORD ...]`; words
choose pairs by their group or name.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "notebooks"))

from capture_kernels import METHODS, Outcome, read_pairs, table
from capture_pairs_all import PAIRS


def main(words: list[str]) -> None:
    """Run the chosen pairs and print the table."""
    chosen = [
        pair
        for pair in PAIRS
        if not words or any(word in f"{pair.group} {pair.name}" for word in words)
    ]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = read_pairs(chosen, Path(folder))
    if "--each" in sys.argv:
        for each in outcomes:
            print(_line(each))
    print(table(outcomes))
    print(f"{len(outcomes)} pairs in {time.perf_counter() - began:.0f} s")


def _line(outcome: Outcome) -> str:
    said = {True: "same", False: "other"}
    told = "  ".join(f"{name} {said[outcome.is_equal(name)]:<5}" for name in METHODS)
    truth = "differs" if outcome.pair.differs else "same   "
    return f"{truth}  {told}  {outcome.pair.group}: {outcome.pair.name}"


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if not word.startswith("--")])
