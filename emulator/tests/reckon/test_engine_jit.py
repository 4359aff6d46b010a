"""The engine gives the same bits compiled and interpreted, where every index is checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from draupnir.emulator.tests.reckon.engine_stimulus import SAMPLE, digest

ROOT = Path(__file__).resolve().parents[3]


def test_the_engine_gives_the_same_bits_interpreted() -> None:
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "draupnir.emulator.tests.reckon.engine_stimulus"]
    process = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == digest()


def test_fewer_operations_give_another_digest() -> None:
    assert digest(len(SAMPLE) - 1) != digest()
