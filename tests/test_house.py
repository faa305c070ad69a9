"""The house is enforced: floors, sizes, names, and what loading the package may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "blase_lab"
SCRIPTS = ROOT / "labextension" / "src"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "_version.py")

FILE_LINES, SCRIPT_LINES, BODY_LINES, PARAMETERS, NESTING = 400, 200, 40, 6, 3
HEAVY = ("tensorflow", "keras", "pandas", "dask", "distributed", "zarr")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager"}

LONG_FILES: dict[str, str] = {}
MANY_PARAMETERS = {
    "project/door.py:train": "the wishes of a person, each by its name",
    "ui/verbs/training.py:train": "the same wishes, each an option of the command",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    """Yield every function of the package with its place."""
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{path.relative_to(PACKAGE).as_posix()}:{node.name}", node


def body_lines(node: Function) -> int:
    """Count the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def nesting(node: ast.AST, depth: int = 0) -> int:
    """Return how deep the blocks of a function are nested; an `elif` is no deeper than its `if`."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        is_block = isinstance(child, ast.If | ast.For | ast.While | ast.With | ast.Try)
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, nesting(child, depth + (is_block and not is_elif)))
    return deepest


def test_no_file_is_longer_than_a_person_reads_in_one_go() -> None:
    """Python files stay within 400 lines and TypeScript files within 200."""
    long = {
        path.relative_to(PACKAGE).as_posix(): count
        for path in MODULES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    scripts = [
        path.name
        for pattern in ("*.ts", "*.tsx")
        for path in SCRIPTS.rglob(pattern)
        if "generated" not in path.parts
        and len(path.read_text(encoding="utf-8").splitlines()) > SCRIPT_LINES
    ]
    assert set(long) <= set(LONG_FILES), long
    assert scripts == []


def test_function_bodies_are_short_and_flat() -> None:
    """A body has at most 40 lines and three levels of blocks."""
    long = {place: body_lines(node) for place, node in functions() if body_lines(node) > BODY_LINES}
    deep = {place: nesting(node) for place, node in functions() if nesting(node) > NESTING}
    assert long == {}
    assert deep == {}


def test_functions_take_few_parameters() -> None:
    """A function takes at most six parameters, and more than two of them by name only."""
    many = {}
    for place, node in functions():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([each for each in arguments if each.arg not in ("self", "cls")])
        if count > PARAMETERS:
            many[place] = count
    assert set(many) <= set(MANY_PARAMETERS), many


def test_every_public_thing_says_what_it_promises() -> None:
    """Modules, public classes and public functions have a docstring."""
    silent = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if ast.get_docstring(tree) is None:
            silent.append(path.name)
        silent += [
            f"{path.name}:{node.name}"
            for node in tree.body
            if isinstance(node, Function | ast.ClassDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ]
    assert silent == []


def test_no_room_is_a_junk_drawer() -> None:
    """No module is called utils, helpers, common, misc or manager."""
    assert [path for path in MODULES if path.stem in FORBIDDEN_NAMES] == []


def test_only_the_store_opens_files_for_writing() -> None:
    """Writing happens in store/atomic.py; everywhere else goes through it."""
    writing = re.compile(r"\.write_(?:text|bytes)\(|open\([^)\n]*[\"'][wax]b?\+?[\"']")
    ours = re.compile(r"atomic\.write_|\bstore\.write_")
    found = []
    for path in MODULES:
        if path.is_relative_to(PACKAGE / "store") or path.is_relative_to(PACKAGE / "testing"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if writing.search(line) and not ours.search(line):
                found.append(f"{path.relative_to(PACKAGE)}:{number}")
    assert found == []


def test_rooms_keep_to_their_floors() -> None:
    """No room imports a sibling or an upper floor, nor a library that is not its own."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("statement", ["import blase_lab", "from blase_lab import BlaseError"])
def test_importing_the_package_loads_no_heavy_library(statement: str) -> None:
    """`import blase_lab` loads none of tensorflow, keras, pandas, dask, distributed, zarr."""
    code = f"import sys; {statement}; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_loading_the_extension_loads_no_heavy_library() -> None:
    """`%load_ext blase_lab` loads none of tensorflow, keras, pandas, dask, distributed, zarr."""
    code = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'blase_lab')\n"
        f"print([n for n in {HEAVY} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_pins_name_no_package_index() -> None:
    """Requirement files hold hashes and no address."""
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
