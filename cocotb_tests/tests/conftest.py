"""The options of the benches: chip, source, simulator, seed, waveforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.cocotb_tests.runner import SIMULATORS


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cocotb benches")
    group.addoption("--chip", default="odin", help="the chip, default odin")
    group.addoption("--rtl", type=Path, help="a folder of Verilog; without it, our own RTL")
    group.addoption("--top", help="its top module, if it cannot be told by its ports")
    group.addoption("--sim", choices=SIMULATORS, help="one simulator; without it, both")
    group.addoption("--seed", type=int, default=1, help="of random tests, default 1")
    group.addoption("--waves", action="store_true", help="write waveforms")
