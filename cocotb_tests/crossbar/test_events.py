"""Kinds of event on the input bus that both chips have: their effects, and the clocks that they take."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import AER_CYCLES, AT_ONCE, LIMIT, OPEN_LOOP, TO_IDLE, bench_here
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming
from draupnir.emulator.crossbar.layout import N

PRE = 9
SLOW = ReceiverTiming(latency=Clocks(900, 900), hold=Clocks(1, 1))


@cocotb.test(**LIMIT)
async def test_time_references_take_their_clocks(dut: Any) -> None:
    """REQ to ACK takes the declared clocks, plus those of the synchroniser."""
    async with bench_here()(dut, OPEN_LOOP, sender=AT_ONCE) as bench:
        for name in ("tref", "tref_all"):
            await bench.event(name)
            assert bench.aerin.answered_in == bench.kind_of(name).cycles + TO_IDLE, name


@cocotb.test(**LIMIT)
async def test_spike_event_stimulates_all(dut: Any) -> None:
    """One neuron has weight 4 to all, and all thresholds are 4, so all 256 neurons spike, in order."""
    chip = bench_here()
    neurons = {neur: chip.lif(thr=4) for neur in range(N)}
    async with chip(dut, OPEN_LOOP, neurons, chip.synapses({(PRE, post): 4 for post in range(N)})) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(AER_CYCLES * N + bench.kind_of("spike").cycles)
        assert bench.output.addrs == list(range(N))


@cocotb.test(**LIMIT)
async def test_full_scheduler_holds_the_bus(dut: Any) -> None:
    """There are more virtual events than the main FIFO holds, and a slow output bus; no event is lost or doubled."""
    chip = bench_here()
    neurons = {neur: chip.lif(thr=1) for neur in range(16)}
    async with chip(dut, OPEN_LOOP, neurons, sender=AT_ONCE, receiver=SLOW) as bench:
        n = bench.model.depth + 4
        for i in range(n):
            await bench.event("virtual", neur=i % 16, weight=7)
        bench.aerout.timing = ReceiverTiming()
        bench.aerout.start()
        await bench.clock.cycles(n * 20 + 1000)
        assert bench.output.addrs == [i % 16 for i in range(n)]


@cocotb.test(**LIMIT)
async def test_virtual_event_of_no_weight_is_a_spike(dut: Any) -> None:
    """A virtual event of weight 0 is the same word as a neuron's spike: it reaches all neurons through the synapses."""
    chip = bench_here()
    neurons = {neur: chip.lif(thr=4) for neur in range(N)}
    async with chip(dut, OPEN_LOOP, neurons, chip.synapses({(PRE, 200): 5})) as bench:
        await bench.event("virtual", neur=PRE, weight=0)
        await bench.clock.cycles(bench.kind_of("spike").cycles + 2 * AER_CYCLES)
        assert bench.output.addrs == [200]
