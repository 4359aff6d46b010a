"""The examples of Brian2 and NEST: Draupnir's floating point gives every spike that the simulator gave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.tools.cli import cli
from draupnir.tools.tests.simulators import python_with

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "mapping"


@pytest.mark.parametrize("package", ["brian2", "nest"])
def test_a_simulator_s_spikes_are_those_of_the_float_reference(package, tmp_path, monkeypatch):
    python = python_with(package)
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, str(EXAMPLES / "digits.py")], check=True)
    subprocess.run([python, str(EXAMPLES / f"{package}_digits.py")], check=True)
    assert np.load(f"{package}_spikes.npz")["spikes"].sum() > 100
    options = ["--samples", f"{package}_samples.npz", "--reference", f"{package}_spikes.npz", "-o", "build"]
    result = CliRunner().invoke(cli, ["map", "tinyodin", f"{package}.npz", *options])
    assert result.exit_code == 0, result.output
    assert "float reference equal to the recording in 40 of 40 samples" in result.output
