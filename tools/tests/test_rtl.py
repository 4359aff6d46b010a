"""`draupnir rtl`: parameters by name, and what is said to wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from draupnir.tools.cli import cli


def rtl(*words: object) -> Result:
    return CliRunner().invoke(cli, ["rtl", *map(str, words)])


def test_a_smaller_chip_is_written(tmp_path: Path) -> None:
    words = ("--set", "n_neurons=64", "--set", "izh=no", "--set", "bursts=no")
    result = rtl("odin", *words, "--output", tmp_path)
    assert result.exit_code == 0, result.output
    path = tmp_path / "odin" / "ODIN.v"
    assert result.output.startswith(f"{path}: ")
    assert "module ODIN(" in path.read_text()


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("n_neuron=64", "--set n_neuron=64: right is NAME=N, and odin has n_neurons, izh, bursts, sdsp"),
        ("izh", "--set izh: right is NAME=N, and odin has n_neurons, izh, bursts, sdsp"),
        ("izh=maybe", "--set izh=maybe: right is yes or no"),
        ("n_neurons=many", "--set n_neurons=many: right is a number"),
        ("n_neurons=64 --set n_neurons=128", "--set n_neurons=128: n_neurons is given twice"),
        ("n_neurons=65", "odin: n_neurons 65; must be one of 64, 128, 256"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_written(setting: str, line: str, tmp_path: Path) -> None:
    result = rtl("odin", "--set", *setting.split(), "--output", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"error: {line}\n")
    assert list(tmp_path.iterdir()) == []
