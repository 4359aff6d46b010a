"""The examples of Brian2 and NEST: Draupnir's floating point gives every spike that the simulator gave."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.tools.cli import cli

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "mapping"


def python_with(package: str) -> str:
    """A Python that has the simulator: this one, or the one that BRIAN2_PYTHON or NEST_PYTHON names."""
    python = os.environ.get(f"{package.upper()}_PYTHON")
    if python is None and find_spec(package) is None:
        pytest.skip(f"{package} is not installed, and {package.upper()}_PYTHON names no Python that has it")
    return python or sys.executable


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
