"""The bundle is run by a stranger, in an environment that knows nothing of the project."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shell_command import environment

if TYPE_CHECKING:
    from conftest import Notebook

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.keras,
    # The kernel's client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).resolve().parent.parent.parent
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def bundle(notebook: Notebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported folder, away from its project, with the data beside it."""
    place = tmp_path_factory.mktemp("stranger")
    (exported,) = (notebook.folder / "bundles").iterdir()
    shutil.copytree(exported, place / "bundle")
    (place / "data").mkdir()
    shutil.copy(notebook.folder / "people.csv", place / "data" / "people.csv")
    return place / "bundle"


def new_environment(folder: Path) -> Path:
    """Make an empty environment and return its Python."""
    words = [str(UV), "venv", "--quiet", "--python", sys.executable, str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that sees the installed packages and nothing else."""
    python = new_environment(tmp_path_factory.mktemp("environment") / "venv")
    (site,) = (python.parent.parent / "lib").glob("python*/site-packages")
    seen = f"{sysconfig.get_paths()['purelib']}\n{ROOT}\n"
    (site / "seen.pth").write_text(seen, encoding="utf-8")
    return python


def pipeline(
    python: Path, bundle: Path, *, verb: str = "verify"
) -> subprocess.CompletedProcess[str]:
    """Run the bundle's pipeline in a new work folder."""
    words = [str(python), "pipeline.py", verb, "--data", str(bundle.parent / "data")]
    shutil.rmtree(bundle / "work", ignore_errors=True)
    return subprocess.run(
        words,
        cwd=bundle,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_stranger_gets_the_same_bits(bundle: Path, stranger: Path) -> None:
    """`pipeline.py verify` ends with IDENTICAL and 0."""
    done = pipeline(stranger, bundle)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1] == "IDENTICAL"
    assert "DIFFERENT" not in done.stdout


@pytest.mark.parametrize("name", ["steps/age.py", "modules/season.py", "expected.json"])
def test_a_bundle_whose_files_were_changed_is_refused(
    bundle: Path, stranger: Path, tmp_path: Path, *, name: str
) -> None:
    """Before any work, by the file's name."""
    shutil.copytree(bundle, tmp_path / "bundle", ignore=shutil.ignore_patterns("work"))
    changed = tmp_path / "bundle" / name
    changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    done = pipeline(stranger, tmp_path / "bundle")

    assert done.returncode == 1
    assert f"{name} is missing or was changed since the export." in done.stderr
    assert not (tmp_path / "bundle" / "work").exists()


def test_other_data_are_told_apart(bundle: Path, stranger: Path, tmp_path: Path) -> None:
    """The verdict is DIFFERENT and the exit status 1, with the column that differs first."""
    shutil.copytree(bundle.parent, tmp_path / "other", ignore=shutil.ignore_patterns("work"))
    data = tmp_path / "other" / "data" / "people.csv"
    lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    data.write_text("".join([lines[0], *lines[2:], lines[1]]), encoding="utf-8")

    done = pipeline(stranger, tmp_path / "other" / "bundle")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "is not the file of the original" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last == "DIFFERENT: column `age` of `people` differs first"


@pytest.mark.soak
def test_a_clean_install_of_the_pins_gives_the_same_bits(bundle: Path, tmp_path: Path) -> None:
    """Nothing but the bundle's own requirement file and the package's wheel is installed."""
    python = new_environment(tmp_path / "venv")
    install = [str(UV), "pip", "install", "--quiet", "--python", str(python)]
    wheel = [str(UV), "build", "--wheel", "--no-build-isolation", "--quiet", "--out-dir"]
    subprocess.run([*wheel, str(tmp_path)], cwd=ROOT, check=True)
    (built,) = tmp_path.glob("*.whl")
    subprocess.run([*install, "-r", str(bundle / "requirements.txt")], check=True)
    subprocess.run([*install, "--no-deps", str(built)], check=True)

    done = pipeline(python, bundle)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1] == "IDENTICAL"
