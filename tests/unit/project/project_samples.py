"""One small project for the tests of the whole house: 6,000 people, five features, a tiny model.

The cells are text, so that a test process, a kernel and a shell can all make the same project.
"""

from __future__ import annotations

import itertools
import linecache
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from blase_lab.core.records import Hyperparameters, Training
from blase_lab.project import CellText, Project

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from blase_lab.core.records import OptionValue, Step, StepKind

ROWS = 6_000
_numbers = itertools.count(1)

SETTINGS = """\
name = "visits"
seed = 7
memory = "256MiB"

[split]
by = "hash"
"""

HELPERS = '''\
import numpy as np

CENTRE = 40.0

def centred(values):
    """Years away from the middle of life."""
    return values - CENTRE
'''

SEASON = '''\
"""Which quarter of the year a time is in."""


def quarter(times):
    """1 to 4."""
    return times.dt.quarter
'''


@dataclass(frozen=True)
class Cell:
    """A marked cell: its kind, options and body."""

    kind: StepKind
    body: str
    options: dict[str, OptionValue] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The cell as it stands in a notebook."""
        words = [f"%%blase_{self.kind}"]
        for name, value in self.options.items():
            shown = ",".join(value) if isinstance(value, list) else str(value)
            words.append(f"--{name} {shown}")
        return " ".join(words) + "\n" + self.body


SOURCE = Cell("source", 'def people():\n    """Visitors of a shop."""\n    return "people.csv"\n')
CLEAN = Cell(
    "clean", 'def aged(chunk):\n    """People of known age."""\n    return chunk["age"].notna()\n'
)
AGE = Cell(
    "feature",
    'def age(chunk):\n    """Age around the middle."""\n    return centred(chunk["age"])\n',
)
REGION = Cell(
    "feature",
    'def region(chunk):\n    """Where they live."""\n    return chunk["region"]\n',
    {"scale": "category"},
)
INCOME = Cell(
    "feature",
    'def income(chunk):\n    """Log of the income."""\n    return np.log1p(chunk["income"])\n',
)
PREVIOUS = Cell(
    "feature",
    "def previous(chunk):\n"
    '    """Age of the region\'s visitor before; known when this one comes in."""\n'
    '    return chunk.groupby("region")["age"].shift(1)\n',
    {"lookback": 2, "group": "region"},
)
QUARTER = Cell(
    "feature",
    "from season import quarter\n\n"
    'def part_of_year(chunk):\n    """The quarter."""\n    return quarter(chunk["seen"])\n',
)
TARGET = Cell(
    "target",
    'def bought(chunk):\n    """1 where more than 20 was spent."""\n'
    '    return (chunk["spent"] > 20).astype("int32")\n',
)
MODEL = Cell(
    "model",
    '''\
def net(inputs):
    """One small hidden layer, and an embedding of the region."""
    import keras

    tensors = inputs.tensors()
    parts = []
    for name, tensor in tensors.items():
        known = inputs[name].categories
        if known:
            tensor = keras.layers.Flatten()(keras.layers.Embedding(known, 2)(tensor))
        parts.append(tensor)
    hidden = keras.layers.Dense(8, activation="relu")(keras.layers.Concatenate()(parts))
    chance = keras.layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model(tensors, chance)
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(name="auc")])
    return model
''',
    {"epochs": 2, "batch": 256},
)
IMPACT = Cell(
    "impact",
    'def profit(predictions, frame):\n    """A letter costs 1; who buys brings a tenth."""\n'
    '    return (predictions > 0.5) * (0.1 * frame["spent"] - 1.0)\n',
    {"unit": "EUR"},
)
LEAK = Cell(
    "feature",
    'def receipt(chunk):\n    """What they spent, rounded: the target in disguise."""\n'
    '    return chunk["spent"].round(1)\n',
)

DATA_CELLS = (SOURCE, CLEAN, AGE, REGION, INCOME, PREVIOUS, TARGET)
CELLS = (*DATA_CELLS, MODEL, IMPACT)
"""Enough to train, without the local module (which needs the folder on sys.path)."""


def undocumented(cell: Cell) -> Cell:
    """Return the cell without its docstring."""
    lines = [line for line in cell.body.splitlines(keepends=True) if '"""' not in line]
    return replace(cell, body="".join(lines))


def people(rows: int = ROWS) -> pd.DataFrame:
    """Return visitors whose spending follows from age, region and income, with some noise."""
    import pandas as pd

    rng = np.random.default_rng(3)
    age = rng.normal(40, 12, rows).round(1)
    region = rng.choice(["north", "south", "east", "west"], rows)
    income = rng.lognormal(10, 0.5, rows).round(0)
    drive = 0.06 * (age - 40) + 0.9 * (region == "north") + np.log(income) - 10.2
    spent = np.exp(3 + 0.5 * drive + rng.normal(0, 0.4, rows)).round(2)
    age[rng.random(rows) < 0.04] = np.nan
    seen = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(rows) * 80, "min")
    return pd.DataFrame(
        {"age": age, "region": region, "income": income, "spent": spent, "seen": seen}
    )


def lay_out(folder: Path, *, settings: str = SETTINGS, rows: int = ROWS) -> Path:
    """Write the data, the settings and the local module into a folder; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    people(rows).to_csv(folder / "people.csv", index=False)
    (folder / "blase.toml").write_text(settings, encoding="utf-8")
    (folder / "season.py").write_text(SEASON, encoding="utf-8")
    return folder


def new_names() -> dict[str, object]:
    """Return the names of a notebook whose ordinary cell has run."""
    names: dict[str, object] = {"__name__": "__main__"}
    execute(HELPERS, names)
    return names


def execute(body: str, names: dict[str, object]) -> None:
    """Run an ordinary cell as a kernel does: compiled under a name of its own in the line cache."""
    file = f"<visits {next(_numbers)}>"
    linecache.cache[file] = (len(body), None, body.splitlines(keepends=True), file)
    exec(compile(body, file, "exec", dont_inherit=True), names)


def capture(project: Project, cell: Cell, names: dict[str, object]) -> Step:
    """Run a cell's body in `names` and capture it, as its magic does."""
    execute(cell.body, names)
    text = CellText(
        kind=cell.kind,
        name=None,
        raw=cell.text,
        body=cell.body,
        options=dict(cell.options),
        notebook=None,
    )
    return project.capture(text, names)


def new_project(
    folder: Path, cells: Iterable[Cell] = CELLS, *, settings: str = SETTINGS, rows: int = ROWS
) -> tuple[Project, dict[str, object]]:
    """Return a project with these cells captured, and the names they ran in."""
    project = Project.init(lay_out(folder, settings=settings, rows=rows))
    names = new_names()
    for cell in cells:
        capture(project, cell, names)
    return project, names


def put_training(project: Project, **other: Any) -> Training:
    """Record a training without training it."""
    training = Training(
        id="r",
        number=1,
        steps={},
        snapshots={},
        prepared="p",
        split="s",
        fitted="f",
        inputs=(),
        target="late",
        model="net@1",
        hyperparameters=Hyperparameters(epochs=2, batch=32, seed=1),
        rows={},
        environment={},
        created="2026-01-01T00:00:00+00:00",
    )
    training = msgspec.structs.replace(training, **other)
    project.store.ledger.put(training, id=training.id)
    return training
