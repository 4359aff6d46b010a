"""The scenarios on AXI4-Lite. pytest runs them through cocotb_tests/tests/test_soc.py."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.bench import Limit
from draupnir.cocotb_tests.soc.bench import SocBench
from draupnir.cocotb_tests.soc.scenarios import play

LIMIT: Limit = {"timeout_time": 20, "timeout_unit": "ms"}  # two million clocks of the bus


@cocotb.test(**LIMIT)
async def test_a_spike_travels(dut: Any) -> None:
    await play(SocBench(dut, "axi4-lite"), "a_spike_travels")


@cocotb.test(**LIMIT)
async def test_queues_have_an_end(dut: Any) -> None:
    await play(SocBench(dut, "axi4-lite", waits=True), "queues_have_an_end")


@cocotb.test(**LIMIT)
async def test_accesses_do_what_the_map_says(dut: Any) -> None:
    await play(SocBench(dut, "axi4-lite", waits=True), "accesses_do_what_the_map_says")
