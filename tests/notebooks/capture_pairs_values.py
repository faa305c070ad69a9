"""Pairs of globals: scalars, containers, arrays, frames, times, generators, Keras objects."""

from __future__ import annotations

from capture_pairs import Group, Pair, using

_value = Group("values")
_library = Group("values of libraries")
_same = Group("values", differs=False)
_NP = "import numpy as np\n"
_PD = "import pandas as pd\n"
_SPARSE = "import scipy.sparse as sp\nimport numpy as np\n"
_KERAS = "import keras\nkeras.utils.set_random_seed(1)\n"

PLAIN: tuple[Pair, ...] = (
    _value.of("a global", "LIMIT = §", ("3", "4"), use="x + LIMIT"),
    _value.of("a global's type", "LIMIT = §", ("1", "True"), use="x * LIMIT"),
    _value.of("the sign of zero", "LIMIT = §", ("0.0", "-0.0"), use="x * LIMIT"),
    _value.of("a byte", "T = §", ("b'a'", "b'b'"), use="x + T"),
    _value.of("text becomes bytes", "T = §'a'", ("", "b"), use="x == T"),
    _value.of("a list mutated in place", "T = [1]§", ("", "\nT.append(2)"), use="x in T"),
    _value.of(
        "a list mutated in a later cell", "T = [1]\n---\n§", ("pass", "T.append(2)"), use="x in T"
    ),
    _value.of("a tuple becomes a list", "T = §", ("(1, 2)", "[1, 2]"), use="x + T"),
    _value.of("an item deep in a list", "T = [[1, {'a': (2, §)}]]", ("3", "4"), use="T[0][1]['a']"),
    _value.of(
        "one item of a long list",
        "T = list(range(20000))\nT[12345] = §",
        ("0", "1"),
        use="T[x]",
    ),
    _value.of("a dictionary's value", "T = {1: §}", ("2", "3"), use="T[x]"),
    _value.of(
        "the order of a dictionary", "T = {§}", ("1: 1, 2: 2", "2: 2, 1: 1"), use="list(T)[x]"
    ),
    _value.of("a set's element", "T = {'a', §}", ("'b'", "'c'"), use="x in T"),
    _value.of("a frozen set's element", "T = frozenset(['a', §])", ("1", "2"), use="x in T"),
    _value.of("a range", "T = range(§)", ("3", "4"), use="x in T"),
    _value.of(
        "a default dictionary's factory",
        "from collections import defaultdict\nT = defaultdict(§)",
        ("int", "float"),
        use="T[x]",
    ),
    _value.of(
        "a decimal's digits",
        "from decimal import Decimal\nT = Decimal('§')",
        ("1.0", "1.00"),
        use="str(T)",
    ),
    _value.of(
        "a compiled pattern",
        "import re\nT = re.compile('§')",
        ("a+", "a*"),
        use="T.match(x)",
    ),
    _value.of(
        "a compiled pattern's flags",
        "import re\nT = re.compile('a', §)",
        ("0", "re.I"),
        use="T.match(x)",
    ),
    _value.of(
        "a path",
        "from pathlib import PurePosixPath\nT = PurePosixPath('§')",
        ("a/b", "a/c"),
        use="T.name",
    ),
    _value.of(
        "a date and time",
        "import datetime as dt\nT = dt.datetime(2024, 1, 1, 0, 0, §)",
        ("0", "1"),
        use="x > T",
    ),
    _value.of(
        "a time zone",
        "import datetime as dt\nfrom zoneinfo import ZoneInfo\n"
        "T = dt.datetime(2024, 1, 1, tzinfo=ZoneInfo('§'))",
        ("Europe/Berlin", "Europe/Paris"),
        use="T.utcoffset()",
    ),
    _value.of(
        "a zone of its own",
        "from zoneinfo import ZoneInfo\nT = ZoneInfo('§')",
        ("Europe/Berlin", "Asia/Tokyo"),
        use="x.astimezone(T)",
    ),
    _value.of(
        "a span of time",
        "import datetime as dt\nT = dt.timedelta(§)",
        ("1", "1, 1"),
        use="x + T",
    ),
    _value.of(
        "which attribute is fetched",
        "from operator import attrgetter\nT = attrgetter('§')",
        ("real", "imag"),
        use="T(x)",
    ),
    _value.of(
        "which item is fetched",
        "from operator import itemgetter\nT = itemgetter(§)",
        ("0", "1"),
        use="sorted(x, key=T)",
    ),
    _value.of(
        "a table read with globals()",
        "T = §",
        ("1", "2"),
        use="x + globals()['T']",
        flag="dynamic: globals()",
    ),
    _value.of(
        "an expression in text",
        "T = §",
        ("1", "2"),
        use="eval('x + T')",
        flag="dynamic: eval()",
    ),
    _value.of(
        "a name of the main module",
        "T = §",
        ("1", "2"),
        use="__import__('__main__').T",
        flag="dynamic: __import__()",
    ),
    _value.of(
        "an iterator half used",
        "T = iter([1, 2])\nnext(T)\n§",
        ("pass", "next(T)"),
        use="list(T)",
        flag="opaque: holds a list_iterator",
    ),
)

LIBRARIES: tuple[Pair, ...] = (
    _library.of("an array's element", _NP + "W = np.array([1, §])", ("2", "3"), use="x + W"),
    _library.of("an array's dtype", _NP + "W = np.zeros(3, '§')", ("f8", "f4"), use="x + W"),
    _library.of("an array's shape", _NP + "W = np.zeros(§)", ("(2, 3)", "(3, 2)"), use="x @ W"),
    _library.of(
        "one element of a large array",
        _NP + "W = np.zeros(10**6)\nW[654321] = §",
        ("0", "1"),
        use="x + W.sum()",
    ),
    _library.of("an array of text", _NP + "W = np.array(['a', '§'])", ("b", "c"), use="x in W"),
    _library.of(
        "an array of objects",
        _NP + "W = np.array([{'a': §}, None], dtype=object)",
        ("1", "2"),
        use="W[0]['a']",
    ),
    _library.of("a NumPy scalar's type", _NP + "W = np.§(1)", ("float32", "float64"), use="x + W"),
    _library.of(
        "a cell of a frame",
        _PD + "D = pd.DataFrame({'a': [1, §], 'b': ['x', 'y']})",
        ("2", "3"),
        use="D.a.sum() + x",
    ),
    _library.of("a column's name", _PD + "D = pd.DataFrame({'§': [1]})", ("a", "b"), use="D.sum()"),
    _library.of(
        "a column's dtype",
        _PD + "D = pd.DataFrame({'a': [1, 2]}).astype('§')",
        ("int64", "int32"),
        use="D.a",
    ),
    _library.of(
        "a frame's index",
        _PD + "D = pd.DataFrame({'a': [1, 2]}, index=[0, §])",
        ("1", "2"),
        use="D.a",
    ),
    _library.of(
        "a frame changed in place",
        _PD + "D = pd.DataFrame({'a': [1, 2]})\n---\n§",
        ("pass", "D.loc[0, 'a'] = 7"),
        use="D.a",
    ),
    _library.of(
        "the order of categories",
        _PD + "D = pd.Series(pd.Categorical(['a'], categories=[§], ordered=True))",
        ("'a', 'b'", "'b', 'a'"),
        use="D > 'a'",
    ),
    _library.of(
        "a sparse matrix's element",
        _SPARSE + "W = sp.csr_matrix(np.array([[0, §], [2, 0]]))",
        ("1", "3"),
        use="W @ x",
    ),
    _library.of(
        "a sparse matrix's format",
        _SPARSE + "W = sp.csr_matrix(np.eye(2)).§()",
        ("tocsr", "tocsc"),
        use="W.indptr, W.format",
    ),
    _library.of(
        "a sparse array's place",
        _SPARSE + "W = sp.coo_array(([1.0], ([0], [§])), shape=(2, 2))",
        ("0", "1"),
        use="W @ x",
    ),
    _library.of(
        "a generator's seed",
        _NP + "R = np.random.default_rng(§)",
        ("1", "2"),
        use="x + R.random()",
    ),
    _library.of(
        "a generator that was drawn from",
        _NP + "R = np.random.default_rng(1)\n---\n§",
        ("pass", "R.random()"),
        use="x + R.random()",
    ),
    _library.of(
        "an old generator's seed",
        _NP + "R = np.random.RandomState(§)",
        ("1", "2"),
        use="x + R.rand()",
    ),
    _library.of(
        "the standard library's generator",
        "import random\nR = random.Random(§)",
        ("1", "2"),
        use="x + R.random()",
    ),
    _library.of(
        "a fitted estimator",
        "from sklearn.preprocessing import StandardScaler\nS = StandardScaler().fit([[1], [§]])",
        ("2", "3"),
        use="S.transform(x)",
    ),
    _library.of("which ufunc", "from numpy import § as f", ("add", "subtract"), use="f(x, 1)"),
    _library.of("a polynomial", _NP + "P = np.poly1d([1, §])", ("2", "3"), use="P(x)"),
)

KERAS: tuple[Pair, ...] = (
    _library.of(
        "a layer's configuration",
        _KERAS + "L = keras.layers.Dense(§)",
        ("2", "3"),
        use="L(x)",
        keras=True,
    ),
    _library.of(
        "a model's activation",
        _KERAS + "M = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation='§')])",
        ("relu", "tanh"),
        use="M(x)",
        keras=True,
    ),
    _library.of(
        "one weight of a model",
        _KERAS + "M = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "w = M.get_weights()\nw[0][1, 0] += §\nM.set_weights(w)",
        ("0.0", "0.5"),
        use="M(x)",
        keras=True,
    ),
    _library.of(
        "a layer class of the notebook",
        _KERAS + "class Twice(keras.layers.Layer):\n    def call(self, x):\n        return x * §\n"
        "L = Twice()",
        ("2", "3"),
        use="L(x)",
        keras=True,
    ),
    _library.of(
        "an optimizer's rate",
        _KERAS + "O = keras.optimizers.SGD(§)",
        ("0.1", "0.2"),
        use="O.learning_rate",
        keras=True,
    ),
    Group("values of libraries", differs=False).of(
        "a model made again in one kernel",
        _KERAS + "for _ in range(§):\n    keras.utils.set_random_seed(1)\n"
        "    i = keras.Input((2,))\n    M = keras.Model(i, keras.layers.Dense(2)(i))",
        ("1", "2"),
        use="M(x)",
        keras=True,
    ),
)

SAME: tuple[Pair, ...] = (
    _same.of("a global that nobody reads", "N = §", ("1", "2"), use="x + 1"),
    _same.of("the order of a set", "T = {§}", ("'a', 'b', 'c'", "'c', 'b', 'a'"), use="x in T"),
    _same.of("how a global is written", "T = §", ("1000.0", "1e3"), use="x + T"),
    _same.of("a value made otherwise", "T = §", ("[0, 1, 2]", "list(range(3))"), use="T[x]"),
    _same.of("an item set twice", "T = {'a': 1}\n§", ("pass", "T['a'] = 1"), use="T['a']"),
    _same.of(
        "equal arrays made otherwise",
        _NP + "W = §",
        ("np.arange(3)", "np.array([0, 1, 2])"),
        use="x + W",
    ),
    _same.of(
        "an array's layout in memory",
        _NP + "W = np.arange(6).reshape(2, 3)\nW = §",
        ("W", "np.asfortranarray(W)"),
        use="x @ W",
    ),
    _same.of(
        "equal frames made otherwise",
        _PD + "D = pd.DataFrame(§)",
        ("{'a': [1, 2]}", "[[1], [2]], columns=['a']"),
        use="D.a",
    ),
    _same.of(
        "the order in which a sparse matrix was filled",
        _SPARSE + "W = sp.coo_matrix(§, shape=(2, 2))",
        ("([1, 2], ([0, 1], [0, 1]))", "([2, 1], ([1, 0], [1, 0]))"),
        use="W @ x",
    ),
    _same.of(
        "unsorted indices of a sparse matrix",
        _SPARSE + "W = sp.csr_matrix(§, shape=(1, 2))",
        ("([1, 2], [0, 1], [0, 2])", "([2, 1], [1, 0], [0, 2])"),
        use="W @ x",
    ),
    _same.of(
        "a generator made twice",
        _NP + "R = np.random.default_rng(§)",
        ("3", "1 + 2"),
        use="x + R.random()",
    ),
    _same.of(
        "a pattern compiled twice",
        "import re\n§\nT = re.compile('a')",
        ("", "re.purge()"),
        use="T.match(x)",
    ),
    _same.of(
        "a zone's time, loaded past the cache",
        "import datetime as dt\nfrom zoneinfo import ZoneInfo\n"
        "T = dt.datetime(2024, 1, 1, tzinfo=ZoneInfo§('Europe/Berlin'))",
        ("", ".no_cache"),
        use="T.utcoffset()",
    ),
    _same.two(
        "a frame and a column of numbers with gaps",
        (
            f"{_PD}D = pd.Series([1.0, None])",
            f"{_PD}{_NP}D = pd.Series([1.0, np.nan])",
        ),
        use="D.sum()",
    ),
    _same.two(
        "scalars of the default type",
        (using("x + 1.5"), using("x + 15e-1")),
    ),
)

ALL = (*PLAIN, *LIBRARIES, *KERAS, *SAME)
