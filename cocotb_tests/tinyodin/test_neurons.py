"""What neurons do with stimulation and time: spikes counted by hand, and everything else in lockstep."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.tinyodin.bench import LIMIT, Bench, synapses
from draupnir.emulator.codec import encode
from draupnir.emulator.tinyodin.layout import LIF

NEUR, PRE = 7, 5
QUIET = 30  # cycles in which a short event reaches the output bus
ALL = 560  # cycles in which a spike event does
OPEN_LOOP = {"SPI_OPEN_LOOP": 1}


def lif(**fields: int) -> dict[int, int]:
    """One neuron at NEUR."""
    return {NEUR: encode(LIF, **fields)}


@cocotb.test(**LIMIT)
async def test_lif_spikes_at_threshold(dut: Any) -> None:
    """Weight 7 against threshold 10: every second event spikes."""
    async with Bench(dut, OPEN_LOOP, lif(thr=10)) as bench:
        for _ in range(6):
            await bench.event("virtual", neur=NEUR, weight=7)
        await bench.clock.cycles(2 * QUIET)
        assert bench.output.addrs == [NEUR] * 3


@cocotb.test(**LIMIT)
async def test_potential_saturates(dut: Any) -> None:
    """At 2047 and at -2048; a threshold from 2048 on is never met."""
    neurons = {1: encode(LIF, thr=2048, core=2045), 2: encode(LIF, thr=2048, core=-2046)}
    async with Bench(dut, OPEN_LOOP, neurons) as bench:
        await bench.event("virtual", neur=1, weight=7)
        await bench.event("virtual", neur=2, weight=-8)
        await bench.clock.cycles(QUIET)
        assert (bench.core(1), bench.core(2), bench.output.addrs) == (2047, -2048, [])


@cocotb.test(**LIMIT)
async def test_leak_goes_to_zero_from_either_side(dut: Any) -> None:
    """From 20 and from -20, in steps of 6."""
    neurons = {1: encode(LIF, thr=2047, core=20, leak_str=6), 2: encode(LIF, thr=2047, core=-20, leak_str=6)}
    async with Bench(dut, OPEN_LOOP, neurons) as bench:
        left = []
        for _ in range(5):
            for neur in (1, 2):
                await bench.event("tref", neur=neur)
            await bench.clock.cycles(QUIET)
            left.append((bench.core(1), bench.core(2)))
        assert left == [(14, -14), (8, -8), (2, -2), (0, 0), (0, 0)]


@cocotb.test(**LIMIT)
async def test_disabled_neuron_falls_back_in_silence(dut: Any) -> None:
    """At its threshold a disabled neuron is set to 0, and nobody hears of it."""
    async with Bench(dut, OPEN_LOOP, lif(thr=5, core=4, neur_disable=1)) as bench:
        await bench.event("virtual", neur=NEUR, weight=3)
        await bench.clock.cycles(QUIET)
        assert (bench.core(NEUR), bench.output.addrs) == (0, [])


@cocotb.test(**LIMIT)
async def test_zero_threshold_spikes_at_every_access(dut: Any) -> None:
    """Also at a time reference, and when the SPI writes it."""
    async with Bench(dut, OPEN_LOOP, lif(thr=0)) as bench:
        await bench.event("tref", neur=NEUR)
        await bench.clock.cycles(QUIET)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_spike_comes_back_through_the_scheduler(dut: Any) -> None:
    """In closed loop the spike of one neuron makes the next one spike, and that one another."""
    chain = synapses({(NEUR, 100): 6, (100, 30): 6})
    neurons = {neur: encode(LIF, thr=6) for neur in (NEUR, 100, 30)}
    async with Bench(dut, {}, neurons, chain) as bench:
        await bench.event("virtual", neur=NEUR, weight=7)
        await bench.clock.cycles(3 * ALL)
        assert bench.output.addrs == [NEUR, 100, 30]


@cocotb.test(**LIMIT)
async def test_controller_sends_what_it_has_processed(dut: Any) -> None:
    """SPI_AER_SRC_CTRL_nNEUR = 1: also the spike that came in, and each after its 512 clocks."""
    neurons = {100: encode(LIF, thr=6)}
    async with Bench(dut, {"SPI_AER_SRC_CTRL_nNEUR": 1}, neurons, synapses({(PRE, 100): 6})) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(3 * ALL)
        assert bench.output.addrs == [PRE, 100]
