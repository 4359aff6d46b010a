"""The same source gives the same bits compiled and interpreted; interpreted, NumPy checks every index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from draupnir.emulator.tests.odin import engine_stimulus, stimulus

ROOT = Path(__file__).resolve().parents[3]
MODULES = [stimulus, pytest.param(engine_stimulus, marks=pytest.mark.slow)]


@pytest.mark.parametrize("module", MODULES)
def test_clock_and_event_level_give_the_same_bits_interpreted(module: ModuleType) -> None:
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    env["PYTHONWARNINGS"] = "error::RuntimeWarning"  # An overflow, with which NumPy would go on, is then an error.
    command = [sys.executable, "-m", module.__name__]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == module.digest()


def test_another_stimulus_gives_another_digest() -> None:
    assert stimulus.digest(1999) != stimulus.digest()
    assert engine_stimulus.digest(len(engine_stimulus.SENT) - 1) != engine_stimulus.digest()
