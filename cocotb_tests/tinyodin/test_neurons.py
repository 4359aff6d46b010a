"""Neurons of tinyODIN alone, by hand and in lockstep; the rest is in ``cocotb_tests/crossbar/test_neurons.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import OPEN_LOOP, QUIET
from draupnir.cocotb_tests.tinyodin.bench import LIMIT, Bench


@cocotb.test(**LIMIT)
async def test_potential_saturates(dut: Any) -> None:
    """The limits are 2047 and -2048; a threshold from 2048 on is never met."""
    neurons = {1: Bench.lif(thr=2048, core=2045), 2: Bench.lif(thr=2048, core=-2046)}
    async with Bench(dut, OPEN_LOOP, neurons) as bench:
        await bench.event("virtual", neur=1, weight=7)
        await bench.event("virtual", neur=2, weight=-8)
        await bench.clock.cycles(QUIET)
        assert (bench.core(1), bench.core(2), bench.output.addrs) == (2047, -2048, [])


@cocotb.test(**LIMIT)
async def test_leak_goes_to_zero_from_either_side(dut: Any) -> None:
    """Potentials of 20 and -20 move in steps of 6."""
    neurons = {1: Bench.lif(thr=2047, core=20, leak_str=6), 2: Bench.lif(thr=2047, core=-20, leak_str=6)}
    async with Bench(dut, OPEN_LOOP, neurons) as bench:
        potentials = []
        for _ in range(5):
            for neur in (1, 2):
                await bench.event("tref", neur=neur)
            await bench.clock.cycles(QUIET)
            potentials.append((bench.core(1), bench.core(2)))
        assert potentials == [(14, -14), (8, -8), (2, -2), (0, 0), (0, 0)]
