"""A network that never spikes after a reset, and never stops without one, in lockstep with the golden model."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.wrapped_snn_network.bench import LIMIT, Bench


@cocotb.test(**LIMIT)
async def test_no_input_makes_it_spike(dut: Any) -> None:
    """Not even the largest input, for as long as one likes."""
    async with Bench(dut) as bench:
        bench.pins["in_signal"].value = 0xFFFF
        assert set(await bench.levels("out_spk", 200)) == {0}


@cocotb.test(**LIMIT)
async def test_random_inputs_and_resets(dut: Any) -> None:
    async with Bench(dut) as bench:
        for _ in range(300):
            bench.pins["in_signal"].value = int(bench.rng.integers(1 << 16))
            bench.pins["reset"].value = int(bench.rng.random() < 0.05)
            await bench.clock.cycles(int(bench.rng.integers(1, 5)))
    assert bench.lockstep.counts.cycles > 300
