"""Pairs of what stands in memory, in a library, in a file or in a variable when a step runs."""

from __future__ import annotations

from capture_pairs import Group, Pair, Side, using

_memory = Group("modules in memory")
_patch = Group("patched libraries")
_read = Group("observed reads")
_same = Group("local modules", differs=False)
_FROM = using("f(x)", "from utils import f")


def _edit(text: str, name: str = "utils") -> str:
    """Write a line that edits a module file, as an editor would."""
    return f"_ = __import__('pathlib').Path('{name}.py').write_text({text!r})"


_RELOAD = "import importlib\nimportlib.reload(utils)"
_DISK = "module on disk differs from the loaded one: utils"

MEMORY: tuple[Pair, ...] = (
    _memory.of(
        "a constant set from a cell",
        "import utils\n---\n§",
        ("pass", "utils.N = 5"),
        use="utils.f(x)",
        files={"utils.py": "N = 1\ndef f(x): return x + N\n"},
    ),
    _memory.of(
        "a constant that the module's own function sets",
        "import utils\n---\n§",
        ("pass", "utils.put(5)"),
        use="utils.f(x)",
        files={"utils.py": "N = 1\ndef put(n):\n    global N\n    N = n\ndef f(x): return x + N\n"},
    ),
    _memory.of(
        "a table of a module, changed from a cell",
        "import utils\n---\n§",
        ("pass", "utils.T['a'] = 5"),
        use="utils.f(x)",
        files={"utils.py": "T = {'a': 1}\ndef f(x): return T['a']\n"},
    ),
    _memory.of(
        "a function of a module, replaced",
        "import utils\n---\n§",
        ("pass", "def g(x): return 0\nutils.g = g"),
        use="utils.f(x)",
        files={"utils.py": "def g(x): return 1\ndef f(x): return g(x)\n"},
    ),
    _memory.of(
        "a function that a module imported, replaced",
        "import utils\n---\n§",
        ("pass", "utils.g = lambda x: 0"),
        use="utils.f(x)",
        files={
            "utils.py": "from deep import g\ndef f(x): return g(x)\n",
            "deep.py": "def g(x): return 1\n",
        },
    ),
    _memory.of(
        "a constant two imports deep, set from a cell",
        "import utils, deep\n---\n§",
        ("pass", "deep.N = 5"),
        use="utils.f(x)",
        files={
            "utils.py": "import deep\ndef f(x): return x + deep.N\n",
            "deep.py": "N = 1\n",
        },
    ),
    _memory.of(
        "a module edited and loaded again",
        "import utils\n---\n§",
        ("pass", f"{_edit('def f(x): return 2')}\n{_RELOAD}"),
        use="utils.f(x)",
        files={"utils.py": "def f(x): return 1\n"},
    ),
    _memory.of(
        "a module edited, with and without loading it again",
        f"import utils\n---\n{_edit('def f(x): return 2')}\n§",
        ("pass", _RELOAD),
        use="utils.f(x)",
        files={"utils.py": "def f(x): return 1\n"},
    ),
    _memory.of(
        "a name imported before the module was loaded again",
        f"import utils\nfrom utils import f\n---\n{_edit('def f(x): return 2')}\n{_RELOAD}\n§",
        ("pass", "from utils import f"),
        use="f(x)",
        files={"utils.py": "def f(x): return 1\n"},
    ),
    _memory.of(
        "a class imported before the module was loaded again",
        f"import utils\nfrom utils import C\n---\n{_edit('class C: n = 2')}\n{_RELOAD}\n§",
        ("pass", "from utils import C"),
        use="C.n",
        files={"utils.py": "class C: n = 1\n"},
    ),
    _memory.of(
        "a module that keeps another's old function",
        f"import utils, deep\n---\n{_edit('def g(x): return 2', 'deep')}\n"
        "import importlib\nimportlib.reload(deep)\n§",
        ("pass", "importlib.reload(utils)"),
        use="utils.f(x)",
        files={
            "utils.py": "from deep import g\ndef f(x): return g(x)\n",
            "deep.py": "def g(x): return 1\n",
        },
    ),
    _memory.of(
        "a method of a module's class, replaced",
        "import utils\n---\n§",
        ("pass", "utils.C.f = lambda self: 2"),
        use="utils.C().f()",
        files={"utils.py": "class C:\n    def f(self): return 1\n"},
    ),
    _memory.of(
        "an attribute of a module's class, set from a cell",
        "import utils\n---\n§",
        ("pass", "utils.C.n = 2"),
        use="utils.C().f()",
        files={"utils.py": "class C:\n    n = 1\n    def f(self): return self.n\n"},
    ),
    _memory.of(
        "a name that a cell put into a module",
        "import utils\n---\n§",
        ("utils.extra = 1", "utils.extra = 2"),
        use="utils.extra + x",
        files={"utils.py": "N = 1\n"},
    ),
)

PATCHES: tuple[Pair, ...] = (
    _patch.of(
        "statistics.mean replaced",
        "import statistics\n§",
        ("pass", "statistics.mean = lambda x: 0"),
        use="statistics.mean(x)",
        kernel_only=True,
    ),
    _patch.of(
        "what statistics.variance calls replaced",
        "import statistics\n§",
        ("pass", "statistics._ss = lambda x, c=None: (int, 0, 0, 2)"),
        use="statistics.variance(x)",
        kernel_only=True,
    ),
    _patch.of(
        "statistics.mean made another function of its own module",
        "import statistics\n§",
        ("pass", "statistics.mean = statistics.median"),
        use="statistics.mean(x)",
        kernel_only=True,
    ),
    _patch.of(
        "a function replaced by a mock",
        "import statistics\nfrom unittest.mock import Mock\n§",
        ("pass", "statistics.mean = Mock(return_value=3)"),
        use="statistics.mean(x)",
        kernel_only=True,
    ),
    _patch.of(
        "a number of a library",
        "import math\n§",
        ("pass", "math.pi = 3"),
        use="math.pi * x",
        kernel_only=True,
    ),
    _patch.of(
        "a method of all frames replaced",
        "import pandas as pd\n§",
        ("pass", "pd.DataFrame.mean = lambda self: 0"),
        use="x.mean()",
        kernel_only=True,
    ),
    _patch.of(
        "a function of an installed package replaced",
        "import sys\nsys.path.insert(0, '../site-packages')\nimport blase_probe_c\n§",
        ("pass", "blase_probe_c.mean = lambda x: 0"),
        use="blase_probe_c.mean(x)",
        files={"../site-packages/blase_probe_c.py": "def mean(x): return x\n"},
        kernel_only=True,
    ),
    _patch.of(
        "a name of an installed package, imported after it was replaced",
        "import sys\nsys.path.insert(0, '../site-packages')\nimport blase_probe_d\n§\n"
        "from blase_probe_d import mean",
        ("pass", "blase_probe_d.mean = lambda x: 0"),
        use="mean(x)",
        files={"../site-packages/blase_probe_d.py": "def mean(x): return x\n"},
        kernel_only=True,
    ),
)


def _reads(
    code: str, sides: tuple[tuple[str, str], tuple[str, str]], body: str
) -> tuple[Side, Side]:
    """Write two sides that differ in a file and a variable only."""
    first, second = (
        Side((using(code, body),), {"t.json": text}, {"RATE": rate}, sample="2")
        for text, rate in sides
    )
    return first, second


_JSON, _OS = "import json", "import os"
READS: tuple[Pair, ...] = (
    _read.pair(
        "a file that the step reads",
        *_reads("json.loads(open('t.json').read())", (("1", ""), ("2", "")), _JSON),
        kernel_only=True,
    ),
    _read.pair(
        "a file that pandas reads",
        *_reads(
            "len(pd.read_csv('t.json'))", (("a\n1", ""), ("a\n1\n2", "")), "import pandas as pd"
        ),
        kernel_only=True,
    ),
    _read.pair(
        "a file that a helper reads through a path",
        *_reads(
            "h() + x",
            (("1", ""), ("2", "")),
            "from pathlib import Path\nP = Path('t.json')\ndef h(): return int(P.read_text())",
        ),
        kernel_only=True,
    ),
    _read.pair(
        "an environment variable",
        *_reads("x * int(os.environ['RATE'])", (("", "2"), ("", "3")), _OS),
        kernel_only=True,
    ),
    _read.pair(
        "an environment variable with a default",
        *_reads("x * int(os.getenv('RATE', '1'))", (("", "2"), ("", "3")), _OS),
        kernel_only=True,
    ),
    Group("observed reads", differs=False).pair(
        "a file that nobody reads",
        *_reads("x + len(os.environ['RATE'])", (("1", "2"), ("2", "2")), _OS),
        kernel_only=True,
    ),
    Group("observed reads", differs=False).pair(
        "a variable that nobody reads",
        *_reads("json.loads(open('t.json').read())", (("1", "2"), ("1", "3")), _JSON),
        kernel_only=True,
    ),
)

_CACHE = "import utils\n---\n§"
_CALL = ("pass", "utils.f(1)\nutils.f(2)")
SAME: tuple[Pair, ...] = (
    _same.of(
        "a module's comments and docstrings",
        _FROM,
        ("def f(x): return x\n", '"""Doc."""\n# why\n\ndef f(x):\n    """Doc."""\n    return x\n'),
        files={"utils.py": "§"},
    ),
    _same.of(
        "a module loaded again unchanged",
        "import utils\n§",
        ("pass", _RELOAD),
        use="utils.f(x)",
        files={"utils.py": "def f(x): return 1\n"},
    ),
    _same.of(
        "a name imported before the module was loaded again unchanged",
        "import utils\nfrom utils import f\n§",
        ("pass", _RELOAD),
        use="f(x)",
        files={"utils.py": "def f(x): return 1\n"},
    ),
    _same.of(
        "a dictionary that a module fills itself",
        _CACHE,
        _CALL,
        use="utils.f(x)",
        files={"utils.py": "T = {}\ndef f(x):\n    T[x] = 1\n    return x\n"},
    ),
    _same.of(
        "a list that a module fills itself",
        _CACHE,
        _CALL,
        use="utils.f(x)",
        files={"utils.py": "T = []\ndef f(x):\n    T.append(x)\n    return x\n"},
    ),
    _same.of(
        "a value that a module makes at its first use",
        _CACHE,
        _CALL,
        use="utils.f(x)",
        files={
            "utils.py": "T = None\ndef f(x):\n    global T\n    if T is None:\n"
            "        T = [1]\n    return x\n"
        },
    ),
    _same.of(
        "a cache of functools in a module",
        _CACHE,
        _CALL,
        use="utils.f(x)",
        files={"utils.py": "from functools import cache\n@cache\ndef f(x): return x\n"},
    ),
    _same.of(
        "a cache of functools in the notebook",
        "from functools import cache\n@cache\ndef h(x): return x\n§",
        ("pass", "h(1); h(2)"),
        use="h(x)",
    ),
    _same.of(
        "a logger of a module",
        "import utils\n---\n§",
        ("pass", "utils.LOG.setLevel(10)"),
        use="utils.f(x)",
        files={
            "utils.py": "import logging\nLOG = logging.getLogger('a')\n"
            "def f(x):\n    LOG.debug('x')\n    return x\n"
        },
    ),
    _same.of(
        "a local module that nobody uses",
        "import other\n",
        ("1", "2"),
        use="x + 1",
        files={"other.py": "N = §\n"},
    ),
    _same.of(
        "a library used before",
        "import statistics\n§",
        ("pass", "statistics.mean([1])"),
        use="statistics.mean(x)",
    ),
)

ALL = (*MEMORY, *PATCHES, *READS, *SAME)
