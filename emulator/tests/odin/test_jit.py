"""The same source gives the same bits compiled, interpreted, and compiled with every index checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.tests.odin.stimulus import digest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("setting", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_the_model_gives_the_same_bits_with(setting: str) -> None:
    env = os.environ | {setting: "1", "PYTHONPATH": str(ROOT)}
    env["PYTHONWARNINGS"] = "error::RuntimeWarning"  # an overflow where NumPy would go on
    command = [sys.executable, "-m", "emulator.tests.odin.stimulus"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest()


def test_another_stimulus_gives_another_digest() -> None:
    assert digest(1999) != digest()
