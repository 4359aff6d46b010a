"""A bar on a terminal, nothing in a pipe."""

import io

import pytest

from draupnir.tools.terminal.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _count_to(total: int) -> None:
    with progress("replay", total) as advance:
        for _ in range(total):
            advance(1)


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    _count_to(3)
    assert pipe.getvalue() == ""


def test_a_terminal_gets_what_is_done_and_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    _count_to(3000)
    assert "replay" in terminal.getvalue()
    assert "of 3,000 clocks" in terminal.getvalue()


def test_an_error_inside_comes_out() -> None:
    with pytest.raises(ZeroDivisionError), progress("replay", 1):
        raise ZeroDivisionError
