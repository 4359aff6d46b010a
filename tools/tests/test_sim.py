"""`draupnir sim`: words and exit status, without running a simulator for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtl import toolchain
from tools.cli import cli


def exit_status(*words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(words))
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which PATH leads nowhere."""
    monkeypatch.setenv("PATH", "")
    toolchain.icarus.cache_clear()


def test_no_simulator_is_an_input_error(tmp_path: Path, no_tools: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sim", "odin", "--sim", "icarus", "--test", "neurons", "--report", str(tmp_path / "report"))
    assert exit_status(*words) == 2
    assert "no Icarus Verilog" in error(capsys)


def test_unknown_test_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("sim", "odin", "--test", "nonsense", "--report", str(tmp_path)) == 2
    line = error(capsys)
    assert "--test nonsense" in line and "neurons" in line and "digits" in line
    assert not list(tmp_path.iterdir())


def test_top_without_rtl_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("sim", "odin", "--top", "T", "--test", "neurons", "--report", str(tmp_path)) == 2
    assert "--top T: only with --rtl" in error(capsys)


def test_folder_without_the_chip_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.v").write_text("module a(input b);\nendmodule\n")
    assert exit_status("sim", "odin", "--rtl", str(tmp_path), "--report", str(tmp_path / "report")) == 2
    assert str(tmp_path) in error(capsys)


@pytest.mark.icarus
def test_a_test_that_holds_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sim", "odin", "--sim", "icarus", "--test", "neurons.lif_spikes_at_threshold")
    assert exit_status(*words, "--report", str(tmp_path)) == 0
    assert "1 of 1 tests passed" in capsys.readouterr().out
    assert (tmp_path / "results.xml").is_file()
