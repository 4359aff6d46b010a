"""Ticks, timing errors, targets at the wrong time, and the output bus."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.reckon.bench import LIMIT, Bench
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming
from draupnir.golden.recipes.reckon_contents import Network

SMALL = Network(n_inp=6, n_rec=8, n_out=3, winp=(40, 120), thr=(200, 500))
NO_LEARNING = {"SPI_DO_EPROP": 0}


@cocotb.test(**LIMIT)
async def test_local_ticks(dut: Any) -> None:
    """Local ticks do not begin a sample, but they continue a sample that an external tick has begun."""
    async with Bench(dut, SMALL, {**NO_LEARNING, "SPI_LOCAL_TICK": 1, "SPI_CYCLES_PER_TICK": 150}) as bench:
        await bench.begin()
        await bench.clock.cycles(400)
        assert not bench.answers.events
        await bench.write_register("SPI_LOCAL_TICK", 0)
        await bench.tick()
        await bench.write_register("SPI_LOCAL_TICK", 1)
        for _ in range(3):
            await bench.events(2)
            await bench.clock.cycles(150)
        bench.set(SAMPLE=0)
        await bench.clock.cycles(400)
        assert len(bench.answers.events) == 1


@cocotb.test(**LIMIT)
async def test_a_timing_error_is_told(dut: Any) -> None:
    """A tick during a timestep raises TIMING_ERROR_RDY, and only a reset lowers it."""
    async with Bench(dut, SMALL, {**NO_LEARNING, "SPI_TIMING_MODE": 1}) as bench:
        await bench.begin()
        await bench.tick()
        await bench.clock.cycles(100)
        assert bench.pins["TIMING_ERROR_RDY"].value == 0
        for _ in range(3):
            await bench.tick()
        assert bench.pins["TIMING_ERROR_RDY"].value == 1
        bench.set(SAMPLE=0)
        await bench.reset()
        await bench.write_register("SPI_TIMING_MODE", 1)
        assert bench.pins["TIMING_ERROR_RDY"].value == 0


@cocotb.test(**LIMIT)
async def test_a_timing_error_halts(dut: Any) -> None:
    """The chip with SPI_ERROR_HALT does nothing until a reset, whatever happens at its pins."""
    async with Bench(dut, SMALL, {**NO_LEARNING, "SPI_ERROR_HALT": 1}) as bench:
        await bench.begin()
        await bench.events(3)
        for _ in range(3):
            await bench.tick()
        for _ in range(2):
            await bench.tick()
            await bench.clock.cycles(100)
            assert bench.pins["TIMING_ERROR_RDY"].value == 1  # The chip is in state IDLE.
        bench.set(SAMPLE=0)
        await bench.tick()
        await bench.clock.cycles(100)
        assert not bench.answers.events


@cocotb.test(**LIMIT)
async def test_events_at_a_tick(dut: Any) -> None:
    """Input events come at all distances from a tick. In the clock of the tick they are lost."""
    async with Bench(dut, SMALL, {"SPI_FORCE_TRACES": 1, **NO_LEARNING}) as bench:
        await bench.begin()
        for phase in range(bench.length(10)):
            sending = cocotb.start_soon(bench.event(phase % 6))
            await bench.clock.cycles(phase)
            await bench.timestep()
            await sending
        await bench.end()


@cocotb.test(**LIMIT)
async def test_output_bus(dut: Any) -> None:
    """The chip sends label or potentials, at each timestep or once, to a receiver that makes the chip wait."""
    slow = ReceiverTiming(latency=Clocks(0, 30), hold=Clocks(0, 30))
    async with Bench(dut, SMALL, NO_LEARNING, receiver=slow) as bench:
        expected = 0
        for per_timestep, label_only in ((0, 0), (0, 1), (1, 0), (1, 1)):
            await bench.write_register("SPI_SEND_PER_TIMESTEP", per_timestep)
            await bench.write_register("SPI_SEND_LABEL_ONLY", label_only)
            await bench.sample(3, n_events=3, teach=99)
            expected += (3 if per_timestep else 1) * (1 if label_only else 2 * 3)
            assert len(bench.answers.events) == expected


@cocotb.test(**LIMIT)
async def test_targets_at_the_wrong_time(dut: Any) -> None:
    """The chip does not request a label that has already come; a second label changes nothing."""
    async with Bench(dut, SMALL) as bench:
        await bench.begin()
        await bench.events(3)
        await bench.timestep()
        await bench.target(1)
        await bench.target(2)
        bench.set(TARGET_VALID=1)
        await bench.clock.cycles(5)
        for _ in range(2):
            await bench.events(3)
            await bench.timestep()
        bench.set(TARGET_VALID=0)
        await bench.end()
