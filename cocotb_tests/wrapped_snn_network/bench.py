"""wrapped_snn_network's bench: 16 inputs, and the golden model in lockstep."""

from __future__ import annotations

from typing import Any

from draupnir.cocotb_tests.lib.bench import ChipBench, Limit
from draupnir.emulator.wrapped_snn_network.chip import Model

LIMIT: Limit = {"timeout_time": 1, "timeout_unit": "ms"}


class Bench(ChipBench):
    """``async with Bench(dut) as bench:`` gives the chip after a reset, and checks everything at the end."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut, Model())
        self.hold(())
