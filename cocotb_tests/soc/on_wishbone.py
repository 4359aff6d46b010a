"""The scenarios on Wishbone. pytest runs them through cocotb_tests/tests/test_soc.py."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.soc.bench import SocBench
from draupnir.cocotb_tests.soc.masters import WishboneBusMaster
from draupnir.cocotb_tests.soc.on_axi_lite import LIMIT
from draupnir.cocotb_tests.soc.scenarios import play

GIVEN_UP_AFTER = 2  # clocks; an answer of a register takes more


@cocotb.test(**LIMIT)
async def test_a_spike_travels(dut: Any) -> None:
    await play(SocBench(dut, "wishbone"), "a_spike_travels")


@cocotb.test(**LIMIT)
async def test_each_window_has_its_memory(dut: Any) -> None:
    await play(SocBench(dut, "wishbone"), "each_window_has_its_memory")


@cocotb.test(**LIMIT)
async def test_accesses_do_what_the_map_says(dut: Any) -> None:
    await play(SocBench(dut, "wishbone", waits=True), "accesses_do_what_the_map_says")


@cocotb.test(**LIMIT)
async def test_a_cycle_without_an_end_has_no_answer(dut: Any) -> None:
    """A master that ends its cycle early gets no answer, and its next access gets its own."""
    async with SocBench(dut, "wishbone") as bench:
        assert isinstance(bench.master, WishboneBusMaster)
        marks, mark = (bench.map.register(name) for name in ("MARKS", "QUIET_MARK"))
        for content in range(1, 20):
            await bench.master.give_up(marks.offset, content, n_clocks=GIVEN_UP_AFTER)
            assert await bench.read_at(mark.offset) == (mark.reset, False)
            assert await bench.read_at(marks.offset) == (content, False)
            assert (await bench.read_at(len(bench.map.registers) * 4))[1]
