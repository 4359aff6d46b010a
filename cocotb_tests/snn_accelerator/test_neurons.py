"""Spikes that are worked out by hand, and random inputs, in lockstep with the golden model."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.snn_accelerator.bench import LIMIT, Bench

LEAST = 17  # a leak of a half: 16 leads to 31, and 17 to 32, which is the threshold


@cocotb.test(**LIMIT)
@cocotb.parametrize(level=[LEAST - 1, LEAST])
async def test_a_constant_input_reaches_the_threshold_or_never_does(dut: Any, level: int) -> None:
    async with Bench(dut) as bench:
        bench.pins["in1"].value = level
        potentials = await bench.levels("state1", 200)
        assert any(potentials) == (level == LEAST)


@cocotb.test(**LIMIT)
async def test_a_reset_leaves_the_slow_neurons_at_their_potential(dut: Any) -> None:
    """All potentials are 32. After the reset the 64 slow neurons still reach the threshold, and no other one."""
    async with Bench(dut) as bench:
        bench.pins["in1"].value = 32
        await bench.clock.cycles(200)
        bench.pins["reset"].value = 1
        bench.pins["in1"].value = 0
        await bench.clock.cycles(3)
        bench.pins["reset"].value = 0
        potentials = await bench.levels("state1", 6)
        assert next(filter(None, potentials)) == 64


@cocotb.test(**LIMIT)
async def test_random_inputs_and_resets(dut: Any) -> None:
    async with Bench(dut) as bench:
        for _ in range(300):
            bench.pins["in1"].value = int(bench.rng.integers(256))
            bench.pins["reset"].value = int(bench.rng.random() < 0.05)
            await bench.clock.cycles(int(bench.rng.integers(1, 5)))
    assert bench.lockstep.counts.cycles > 300
