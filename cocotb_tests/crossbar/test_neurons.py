"""Leaky integrate-and-fire neurons of both chips. Spikes are counted by hand, all else is compared in lockstep."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import LIMIT, OPEN_LOOP, QUIET, SPIKE_QUIET, bench_here

NEUR, PRE = 7, 5


@cocotb.test(**LIMIT)
async def test_lif_spikes_at_threshold(dut: Any) -> None:
    """The weight is 7 and the threshold is 10, so every second event makes the neuron spike."""
    chip = bench_here()
    async with chip(dut, OPEN_LOOP, {NEUR: chip.lif(thr=10)}) as bench:
        for _ in range(6):
            await bench.event("virtual", neur=NEUR, weight=7)
        await bench.clock.cycles(2 * QUIET)
        assert bench.output.addrs == [NEUR] * 3


@cocotb.test(**LIMIT)
async def test_disabled_neuron_falls_back_in_silence(dut: Any) -> None:
    """A disabled neuron becomes 0 at its threshold, and sends no spike."""
    chip = bench_here()
    async with chip(dut, OPEN_LOOP, {NEUR: chip.lif(thr=5, core=4, neur_disable=1)}) as bench:
        await bench.event("virtual", neur=NEUR, weight=3)
        await bench.clock.cycles(QUIET)
        assert (bench.core(NEUR), bench.output.addrs) == (0, [])


@cocotb.test(**LIMIT)
async def test_spike_comes_back_through_the_scheduler(dut: Any) -> None:
    """The spike of one neuron makes a second one spike in closed loop, and that makes a third one spike."""
    chip = bench_here()
    neurons = {neur: chip.lif(thr=6) for neur in (NEUR, 100, 30)}
    async with chip(dut, {}, neurons, chip.synapses({(NEUR, 100): 6, (100, 30): 6})) as bench:
        await bench.event("virtual", neur=NEUR, weight=7)
        await bench.clock.cycles(3 * SPIKE_QUIET)
        assert bench.output.addrs == [NEUR, 100, 30]


@cocotb.test(**LIMIT)
async def test_zero_threshold_spikes_at_every_access(dut: Any) -> None:
    """A neuron with threshold 0 also spikes at a time reference."""
    chip = bench_here()
    async with chip(dut, OPEN_LOOP, {NEUR: chip.lif(thr=0)}) as bench:
        await bench.event("tref", neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_controller_sends_what_it_has_processed(dut: Any) -> None:
    """SPI_AER_SRC_CTRL_nNEUR is 1: the chip also sends the input spike, and each spike as it is processed."""
    chip = bench_here()
    synapses = chip.synapses({(PRE, 100): 6})
    async with chip(dut, {"SPI_AER_SRC_CTRL_nNEUR": 1}, {100: chip.lif(thr=6)}, synapses) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(3 * SPIKE_QUIET)
        assert bench.output.addrs == [PRE, 100]
