"""Neurons of tinyODIN alone, by hand and in lockstep; the rest is in ``cocotb_tests/crossbar/test_neurons.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import OPEN_LOOP, QUIET, SPIKE_QUIET
from draupnir.cocotb_tests.tinyodin.bench import LIMIT, Bench

NEUR, PRE = 7, 5


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


@cocotb.test(**LIMIT)
async def test_zero_threshold_spikes_at_every_access(dut: Any) -> None:
    """A neuron with threshold 0 also spikes at a time reference, and when the SPI writes it."""
    async with Bench(dut, OPEN_LOOP, {NEUR: Bench.lif(thr=0)}) as bench:
        await bench.event("tref", neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_controller_sends_what_it_has_processed(dut: Any) -> None:
    """SPI_AER_SRC_CTRL_nNEUR is 1: the chip also sends the input spike, and each spike after its 512 clocks."""
    neurons = {100: Bench.lif(thr=6)}
    async with Bench(dut, {"SPI_AER_SRC_CTRL_nNEUR": 1}, neurons, Bench.synapses({(PRE, 100): 6})) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(3 * SPIKE_QUIET)
        assert bench.output.addrs == [PRE, 100]
