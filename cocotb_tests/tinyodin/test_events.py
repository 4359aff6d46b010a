"""Events that are tinyODIN's own; the rest is in ``cocotb_tests/crossbar/test_events.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import AER_CYCLES, AT_ONCE, OPEN_LOOP, TO_IDLE
from draupnir.cocotb_tests.tinyodin.bench import LIMIT, Bench
from draupnir.emulator.crossbar.layout import N

PRE, NEUR = 9, 13
NEURONS = {neur: Bench.lif(thr=4) for neur in range(N)}


@cocotb.test(**LIMIT)
async def test_scheduled_events_take_their_clocks(dut: Any) -> None:
    """Events for the scheduler are acknowledged immediately; the next event waits until they are processed."""
    async with Bench(dut, OPEN_LOOP, NEURONS, sender=AT_ONCE) as bench:
        took = {}
        for name in ("spike", "virtual"):
            await bench.event(name, **({"weight": 1, "neur": 1} if name == "virtual" else {"pre_neur": 7}))
            begin = bench.clock.cycle()
            await bench.event("virtual", neur=NEUR, weight=7)
            while not bench.output.addrs:
                await bench.clock.cycles(1)
            took[name] = bench.clock.cycle() - begin
            await bench.clock.cycles(AER_CYCLES)
            bench.output.events.clear()
        assert (
            took["spike"] - took["virtual"]
            > bench.kind_of("spike").cycles - bench.kind_of("virtual").cycles - AER_CYCLES
        ), took


@cocotb.test(**LIMIT)
async def test_max_neur_is_the_last_neuron_visited(dut: Any) -> None:
    """A time reference to all takes fewer clocks, and a spike event stimulates all neurons up to this one, in order."""
    weights = Bench.synapses({(PRE, post): 4 for post in range(N)})
    async with Bench(dut, {**OPEN_LOOP, "SPI_MAX_NEUR": 149}, NEURONS, weights, sender=AT_ONCE) as bench:
        await bench.event("tref_all")
        assert bench.aerin.answered_in == 2 * 150 + TO_IDLE
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(AER_CYCLES * N + bench.kind_of("spike").cycles)
        assert bench.output.addrs == list(range(150))


@cocotb.test(**LIMIT)
async def test_virtual_events_are_signed(dut: Any) -> None:
    """3 and -5 leave -2, and a leak of 1 leaves -1. Then 7 and -2 reach the threshold of 4."""
    neuron = {NEUR: Bench.lif(thr=4, leak_str=1)}
    async with Bench(dut, OPEN_LOOP, neuron) as bench:
        for name, fields in (("virtual", {"weight": 3}), ("virtual", {"weight": -5}), ("tref", {})):
            await bench.event(name, neur=NEUR, **fields)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert (bench.core(NEUR), bench.output.addrs) == (-1, [])
        await bench.event("virtual", neur=NEUR, weight=7)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert (bench.core(NEUR), bench.output.addrs) == (0, [NEUR])


@cocotb.test(**LIMIT)
async def test_neuron_255_has_no_time_reference_of_its_own(dut: Any) -> None:
    """Its address means all neurons."""
    neurons = {neur: Bench.lif(thr=2000, core=100, leak_str=1) for neur in range(N)}
    async with Bench(dut, OPEN_LOOP, neurons) as bench:
        await bench.event("tref", neur=254)
        await bench.event("tref", neur=255)
        assert {bench.core(neur) for neur in range(N) if neur != 254} == {99}
        assert bench.core(254) == 98
