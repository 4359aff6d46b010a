"""A chip that lacks what a command needs: one line that says what."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.tools.cli import cli

LACKS = "odin has no {} ({}= of its ChipPackage): {}; emulator/ADDING_A_CHIP.md shows how to add one"


def lacking(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    package = replace(chips.package("odin"), **{part: None})  # type: ignore[arg-type]
    monkeypatch.setattr(chips, "package", lambda name: package)


def test_a_run_without_an_engine_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "engine")
    (tmp_path / "net.toml").write_text("")
    words = ["run", "odin", "--config", str(tmp_path / "net.toml"), "--events", "e.csv"]
    result = CliRunner().invoke(cli, words)
    message = LACKS.format("event-level engine", "engine", "it cannot be run by events")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {message}\n")


def test_a_benchmark_without_workloads_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "workloads")
    result = CliRunner().invoke(cli, ["bench", "odin", "--json", "-o", str(tmp_path / "bench")])
    message = LACKS.format("workloads", "workloads", "nothing can be measured")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {message}\n")


def test_chips_that_do_not_load_are_told_beside_those_that_do(monkeypatch: pytest.MonkeyPatch) -> None:
    declaration = chips.declaration

    def broken(name: str) -> Chip:
        if name == "odin":
            return declaration(name)
        raise InputError(f"{name} does not load")

    monkeypatch.setattr(chips, "declaration", broken)
    result = CliRunner().invoke(cli, ["chips"])
    assert result.exit_code == 2 and result.stdout.startswith("odin      ODIN: 256")
    others = [name for name in chips.names() if name != "odin"]
    assert result.stderr == "".join(f"error: {name} does not load\n" for name in others) and len(others) > 3
    json_result = CliRunner().invoke(cli, ["chips", "--json"])
    assert [chip["name"] for chip in json.loads(json_result.stdout)["chips"]] == ["odin"] and json_result.exit_code == 2
