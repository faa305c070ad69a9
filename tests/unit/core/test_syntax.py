"""Python is read as a tree whatever else goes on, and refused in one way."""

from __future__ import annotations

import sys
import threading

import pytest

from blase_lab.core.syntax import compiled, lines_of, parsed


def test_many_threads_may_read_python_at_once() -> None:
    """Python 3.11.7 counts a tree's depth for all threads together; nobody hears of it."""
    failures: list[BaseException] = []
    before = sys.getswitchinterval()

    def work(number: int) -> None:
        try:
            for turn in range(40):
                parsed(f"x = {number * 1000 + turn}\n" + "y = [[(1, 2)]] + f(a)[0]\n" * 60)
        except BaseException as error:  # noqa: BLE001 - whatever a thread met is shown below
            failures.append(error)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert failures == []


def test_a_tree_that_python_could_not_count_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads at once may make Python itself fail; the second attempt does not."""
    attempts = []
    whole = compile

    def failing(*args: object, **kwargs: object) -> object:
        attempts.append(args)
        if len(attempts) == 1:
            raise SystemError("AST constructor recursion depth mismatch (before=63, after=50)")
        return whole(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr("ast.compile", failing, raising=False)
    assert len(parsed("a_name_of_this_test = 1").body) == 1
    assert len(attempts) == 2


@pytest.mark.parametrize(
    "source", ["x = (", "x = 'a\x00b'", "x = '\ud800'", "(" * 3000 + ")" * 3000, "-" * 50_000 + "1"]
)
def test_what_python_refuses_is_a_syntax_error(source: str) -> None:
    """Null bytes, lone surrogates and what is nested too deeply too."""
    with pytest.raises(SyntaxError):
        parsed(source)
    with pytest.raises(SyntaxError):
        compiled(source)


def test_lines_end_where_python_ends_them() -> None:
    """A form feed or a line separator inside a string is no new line."""
    source = "a = '\x0c\u2028\x1c'\r\nb = 1\rc = 2\n"
    assert lines_of(source) == ["a = '\x0c\u2028\x1c'", "b = 1", "c = 2"]
    assert [node.lineno for node in parsed(source).body] == [1, 2, 3]
    assert lines_of("") == []
