"""Random traffic in the mode that tinyODIN lacks; all other modes are in ``cocotb_tests/crossbar/test_random.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import IDLE, SLUGGISH
from draupnir.cocotb_tests.odin.bench import LIMIT, Bench


@cocotb.test(**LIMIT)
async def test_random_monitoring(dut: Any) -> None:
    """The output bus shows a neuron and a synapse instead of spikes, with back pressure."""
    watched = {"SPI_OUT_AER_MONITOR_EN": 1, "SPI_MONITOR_NEUR_ADDR": 3, "SPI_MONITOR_SYN_ADDR": 1}
    async with Bench.at_random(dut, {"SPI_OPEN_LOOP": 1, **watched}, IDLE, SLUGGISH) as bench:
        for _ in range(bench.length(150)):
            await bench.aerin.send(bench.any_event(hot=4))
        assert bench.output.events, "nothing was monitored"
