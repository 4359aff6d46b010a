"""A second process finds all machine code that the first one has kept, and compiles nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from draupnir.emulator.tests.odin import engine_stimulus as odin_events
from draupnir.emulator.tests.odin import stimulus as odin_clocks
from draupnir.emulator.tests.reckon import engine_stimulus as reckon_events
from draupnir.emulator.tests.reckon import stimulus as reckon_clocks

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from numba.core import event
import {name} as stimulus

class Compilations(event.Listener):
    def on_start(self, event):
        print("compiles", event.data["dispatcher"].py_func.__qualname__)

    def on_end(self, event):
        pass

event.register("numba:compile", Compilations())
print(stimulus.digest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("stimulus", [odin_events, odin_clocks, reckon_events, reckon_clocks])
def test_a_second_start_compiles_nothing(stimulus: ModuleType) -> None:
    first = stimulus.digest()
    program = PROGRAM.format(name=stimulus.__name__)
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert output.splitlines() == [first]
