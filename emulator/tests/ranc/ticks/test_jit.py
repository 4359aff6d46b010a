"""The same source gives the same runs compiled and interpreted; interpreted, NumPy checks every index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from draupnir.emulator.tests.ranc.ticks import digests

ROOT = Path(__file__).resolve().parents[4]


def test_both_semantics_give_the_same_interpreted() -> None:
    # An overflow, with which NumPy would go on, is an error.
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::RuntimeWarning"}
    command = [sys.executable, "-m", digests.__name__]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == digests.digest()


def test_another_network_gives_another_digest() -> None:
    assert digests.digest(2) != digests.digest()
