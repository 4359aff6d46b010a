"""A spike acts at its tick, and a reset or a tick at the wrong time does what it does in the original."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.ranc.bench import LIMIT, Bench

SUMS = {"connections": 0b11, "weight_0": 1, "positive_threshold": 100, "negative_threshold": -100}


@cocotb.test(**LIMIT)
@cocotb.parametrize(tick=[0, 1, 3])
async def test_a_packet_for_tick_n_acts_n_and_one_ticks_later(dut: Any, tick: int) -> None:
    async with Bench(dut) as bench:
        bench.set_neurons({(0, 0): SUMS})
        await bench.send(bench.place(0), axon=1, tick=tick)
        for n in range(5):
            await bench.tick()
            assert bench.potential(0, 0) == (n >= tick)


@cocotb.test(**LIMIT)
async def test_two_axons_wait_in_one_word(dut: Any) -> None:
    async with Bench(dut) as bench:
        bench.set_neurons({(0, 0): SUMS})
        for axon in (0, 1):
            await bench.send(bench.place(0), axon=axon)
        assert bench.spikes(0) == [0b11]
        await bench.tick()
        assert bench.potential(0, 0) == 2


@cocotb.test(**LIMIT)
async def test_a_tick_for_a_busy_core_is_lost_and_only_a_reset_ends_the_error(dut: Any) -> None:
    async with Bench(dut) as bench:
        error = bench.pins["token_controller_error"]
        bench.pins["tick"].value = 1
        await bench.clock.cycles(2)
        bench.pins["tick"].value = 0
        assert error.value == 1
        await bench.clock.cycles(bench.tick_clocks)
        assert error.value == 1
        await bench.reset()
        assert error.value == 0


@cocotb.test(**LIMIT)
async def test_a_reset_empties_the_present_tick_only(dut: Any) -> None:
    """Two packets wait, and the reset clears the word of one of them."""
    async with Bench(dut) as bench:
        for tick in (0, bench.sizes.n_ticks - 1):
            await bench.send(bench.place(0), axon=1, tick=tick)
        assert bench.spikes(0) == [0b10, 0b10]
        await bench.reset()
        assert bench.spikes(0) == [0b10]
