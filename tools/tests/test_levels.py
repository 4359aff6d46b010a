"""A chip that lacks what a command needs: one line. A module that fails is not taken for one that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from draupnir.emulator.errors import InputError
from draupnir.tools.cli import cli
from draupnir.tools.run import levels

LACKS = "odin has no {} ({}): {}; emulator/ADDING_A_CHIP.md says what it takes"


def test_a_run_without_an_engine_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "find_spec", lambda name: None)
    (tmp_path / "net.toml").write_text("")
    words = ["run", "odin", "--config", str(tmp_path / "net.toml"), "--events", "e.csv"]
    result = CliRunner().invoke(cli, words)
    said = LACKS.format("event-level engine", "emulator/odin/events/engine.py", "it cannot be run by events")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {said}\n")


def test_a_benchmark_without_workloads_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "find_spec", lambda name: None)
    result = CliRunner().invoke(cli, ["bench", "odin", "--json", "-o", str(tmp_path / "bench")])
    said = LACKS.format("workloads", "tools/bench/workloads/odin.py", "nothing can be measured")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {said}\n")


def test_an_import_that_fails_within_a_module_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_module_that_fails.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_there"):
        levels.found("odin", "a_module_that_fails", "engine", "nothing")
    with pytest.raises(InputError, match=r"odin has no engine \(a_module_that_is_not\.py\): nothing;"):
        levels.found("odin", "a_module_that_is_not", "engine", "nothing")
