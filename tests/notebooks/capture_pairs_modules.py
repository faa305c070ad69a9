"""Pairs of local modules: however they are imported, and however deep the edit."""

from __future__ import annotations

from capture_pairs import Group, Pair, Side, using

_local = Group("local modules")
_F = "def f(x): return §\n"
_FROM = using("f(x)", "from utils import f")
_USE = using("utils.f(x)", "import utils")

LOCAL: tuple[Pair, ...] = (
    _local.of("a function imported by name", _FROM, ("x", "-x"), files={"utils.py": _F}),
    _local.of("a function of a module", _USE, ("x", "-x"), files={"utils.py": _F}),
    _local.of(
        "a constant of a module",
        using("utils.N + x", "import utils"),
        ("1", "2"),
        files={"utils.py": "N = §\n"},
    ),
    _local.of(
        "an import inside the body",
        "def step(x):\n    from utils import f\n    return f(x)\n",
        ("x", "-x"),
        files={"utils.py": _F},
    ),
    _local.of(
        "an import in a nested function",
        "def step(x):\n    def g():\n        import utils\n        return utils.f(x)\n"
        "    return g()\n",
        ("x", "-x"),
        files={"utils.py": _F},
    ),
    _local.of(
        "an edit two imports deep",
        _USE,
        ("1", "2"),
        files={
            "utils.py": "from deep import g\ndef f(x): return g(x)\n",
            "deep.py": "def g(x): return §\n",
        },
    ),
    _local.of(
        "an edit behind an import inside a function",
        _USE,
        ("1", "2"),
        files={
            "utils.py": "def f(x):\n    from deep import g\n    return g(x)\n",
            "deep.py": "def g(x): return §\n",
        },
    ),
    _local.of(
        "a relative import in a package",
        using("f(x)", "from pack.a import f"),
        ("1", "2"),
        files={
            "pack/__init__.py": "",
            "pack/a.py": "from .b import g as f\n",
            "pack/b.py": "def g(x): return §\n",
        },
    ),
    _local.of(
        "a relative import two levels up",
        using("f(x)", "from pack.sub.a import f"),
        ("1", "2"),
        files={
            "pack/__init__.py": "",
            "pack/sub/__init__.py": "",
            "pack/sub/a.py": "from ..b import g\ndef f(x): return g(x)\n",
            "pack/b.py": "def g(x): return §\n",
        },
    ),
    _local.of(
        "what a package's door exports",
        using("pack.f(x)", "import pack"),
        ("a", "b"),
        files={
            "pack/__init__.py": "from .§ import f\n",
            "pack/a.py": "def f(x): return 1\n",
            "pack/b.py": "def f(x): return 2\n",
        },
    ),
    _local.of(
        "a star import",
        using("f(x)", "from utils import *"),
        ("1", "2"),
        files={"utils.py": "def f(x): return §\n"},
    ),
    _local.of(
        "a constant of a star import",
        using("x + N", "from utils import *"),
        ("1", "2"),
        files={"utils.py": "N = §\n"},
    ),
    _local.of(
        "a star import inside a module",
        _USE,
        ("1", "2"),
        files={
            "utils.py": "from deep import *\ndef f(x): return g(x)\n",
            "deep.py": "def g(x): return §\n",
        },
    ),
    _local.of(
        "an aliased import",
        using("u.f(x)", "import utils as u"),
        ("x", "-x"),
        files={"utils.py": _F},
    ),
    _local.of(
        "an aliased submodule",
        using("a.f(x)", "import pack.a as a"),
        ("x", "-x"),
        files={"pack/__init__.py": "", "pack/a.py": _F},
    ),
    _local.of(
        "a submodule reached through its package",
        using("pack.a.f(x)", "import pack.a"),
        ("x", "-x"),
        files={"pack/__init__.py": "", "pack/a.py": _F},
    ),
    _local.of(
        "a package without a door",
        using("f(x)", "from space.a import f"),
        ("x", "-x"),
        files={"space/a.py": _F},
    ),
    _local.of(
        "a conditional import",
        using(
            "f(x)", "try:\n    from fast_one import f\nexcept ImportError:\n    from utils import f"
        ),
        ("x", "-x"),
        files={"utils.py": _F},
    ),
    _local.pair(
        "which branch of a conditional import is there",
        *(
            Side(
                (
                    using(
                        "f(x)",
                        "try:\n    from fast import f\nexcept ImportError:\n"
                        "    from utils import f",
                    ),
                ),
                {"utils.py": "def f(x): return 1\n", **more},
            )
            for more in ({}, {"fast.py": "def f(x): return 2\n"})
        ),
    ),
    _local.of(
        "a module named only in text",
        "import importlib\ndef step(x):\n    return importlib.import_module('utils').f(x)\n",
        ("x", "-x"),
        files={"utils.py": _F},
    ),
    _local.of(
        "a class of a module",
        using("C().f(x)", "from utils import C"),
        ("x", "-x"),
        files={"utils.py": "class C:\n    def f(self, x): return §\n"},
    ),
    _local.of(
        "a base class of a module",
        "from utils import B\nclass C(B): pass",
        ("x", "-x"),
        use="C().f(x)",
        files={"utils.py": "class B:\n    def f(self, x): return §\n"},
    ),
    _local.of(
        "an instance of a module's class",
        "from utils import C\nc = C(§)",
        ("1", "2"),
        use="c.n",
        files={"utils.py": "class C:\n    def __init__(self, n): self.n = n\n"},
    ),
    _local.of(
        "a decorator of a module",
        "from utils import deco\n@deco\ndef step(x):\n    return x\n",
        ("1", "2"),
        files={
            "utils.py": "from functools import wraps\ndef deco(f):\n    @wraps(f)\n"
            "    def w(x): return f(x) + §\n    return w\n"
        },
    ),
    _local.of(
        "a partial of a module's function",
        "from functools import partial\nfrom utils import f\nh = partial(f, §)",
        ("1", "2"),
        use="h(x)",
        files={"utils.py": "def f(a, x): return a + x\n"},
    ),
    _local.of(
        "a value that a module read at import",
        using("utils.T['a'] + x", "import utils"),
        ("1", "2"),
        files={
            "utils.py": "import json\nwith open('t.json') as f: T = json.load(f)\n",
            "t.json": '{"a": §}',
        },
    ),
    _local.of(
        "a value that a module's function reads and that was read at import",
        _USE,
        ("1", "2"),
        files={
            "utils.py": "import json\nwith open('t.json') as file: T = json.load(file)\n"
            "def f(x): return T['a']\n",
            "t.json": '{"a": §}',
        },
    ),
    _local.pair(
        "an environment variable that a module read at import",
        *(
            Side(
                (_USE,),
                {"utils.py": "import os\nN = int(os.environ['RATE'])\ndef f(x): return x * N\n"},
                {"RATE": rate},
            )
            for rate in ("2", "3")
        ),
        kernel_only=True,
    ),
)

_SITE = "import site\nsite.addsitedir('../site-packages')\n---\n"
_FINDER = """
import sys
from importlib.machinery import PathFinder
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "lib" / "src"

class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return PathFinder.find_spec(name, [str(HERE)]) if name == "blase_probe_b" else None

def install():
    sys.meta_path.append(Finder)
"""


def _installed(name: str) -> dict[str, str]:
    """Write the files with which an installer says that it installed a package."""
    there = f"../site-packages/{name}-1.0.dist-info"
    return {
        f"{there}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{there}/RECORD": f"{name}.pth,,\n",
        f"{there}/top_level.txt": f"{name}\n",
    }


EDITABLE: tuple[Pair, ...] = (
    _local.of(
        "an editable install",
        _SITE + using("f(x)", "from blase_probe_a import f"),
        ("x", "-x"),
        files={
            **_installed("blase_probe_a"),
            "../site-packages/blase_probe_a.pth": "../lib/src\n",
            "../lib/src/blase_probe_a/__init__.py": "from blase_probe_a.inner import f\n",
            "../lib/src/blase_probe_a/inner.py": _F,
        },
        kernel_only=True,
    ),
    _local.of(
        "an editable install with a finder, imported inside the body",
        f"{_SITE}def step(x):\n    from blase_probe_b.inner import f\n    return f(x)\n",
        ("x", "-x"),
        files={
            **_installed("blase_probe_b"),
            "../site-packages/blase_probe_b.pth": "import blase_finder; blase_finder.install()\n",
            "../site-packages/blase_finder.py": _FINDER,
            "../lib/src/blase_probe_b/__init__.py": "",
            "../lib/src/blase_probe_b/inner.py": _F,
        },
        kernel_only=True,
    ),
)

ALL = (*LOCAL, *EDITABLE)
