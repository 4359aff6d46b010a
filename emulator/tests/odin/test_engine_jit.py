"""The engine's lanes give the same bits compiled, interpreted, and compiled with every index checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.tests.odin.engine_stimulus import SENT, digest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_the_engine_gives_the_same_bits_with(setting: str) -> None:
    env = os.environ | {setting: "1", "PYTHONPATH": str(ROOT)}
    env["PYTHONWARNINGS"] = "error::RuntimeWarning"  # an overflow where NumPy would go on
    command = [sys.executable, "-m", "emulator.tests.odin.engine_stimulus"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest()


def test_fewer_events_give_another_digest() -> None:
    assert digest(len(SENT) - 1) != digest()
