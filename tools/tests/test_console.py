"""The console on which tables are printed: its colours and its width."""

from __future__ import annotations

import pytest

from draupnir.tools.terminal.console import console

RED = "\x1b[31m"


def test_no_color_switches_colours_off(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    console().print("[red]word[/red]")
    assert RED in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    console().print("[red]word[/red]")
    assert RED not in capsys.readouterr().out


def test_a_line_is_as_wide_as_columns_says(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    console().print("one two three four five six seven")
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == ["one two three four", "five six seven"]
