"""Each kind of event on the input bus: what it does, and that it takes the declared number of clocks."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.tinyodin.bench import EVENTS, LIMIT, Bench, synapses
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.codec import encode
from draupnir.emulator.tinyodin.layout import LIF, MAIN_DEPTH, N

PRE, NEUR = 9, 13
AER_CYCLES = 16  # more than a handshake on the output bus takes
AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)
TO_IDLE = 3  # clocks for a request to pass the synchroniser and to be looked at, and for the acknowledge to be a state
OPEN_LOOP = {"SPI_OPEN_LOOP": 1}
NEURONS = {neur: encode(LIF, thr=4) for neur in range(N)}


@cocotb.test(**LIMIT)
async def test_time_references_take_their_clocks(dut: Any) -> None:
    """From REQ to ACK: the declared clocks and those of the synchroniser; fewer with fewer neurons."""
    async with Bench(dut, OPEN_LOOP, sender=AT_ONCE) as bench:
        for name in ("tref", "tref_all"):
            await bench.event(name)
            assert bench.aerin.answered_in == EVENTS[name].cycles + TO_IDLE, name
        await bench.write_register("SPI_MAX_NEUR", 99)
        await bench.event("tref_all")
        assert bench.aerin.answered_in == 2 * 100 + TO_IDLE


@cocotb.test(**LIMIT)
async def test_scheduled_events_take_their_clocks(dut: Any) -> None:
    """What goes through the scheduler is acknowledged at once; the next event waits in the scheduler behind it."""
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
        assert took["spike"] - took["virtual"] > EVENTS["spike"].cycles - EVENTS["virtual"].cycles - AER_CYCLES, took


@cocotb.test(**LIMIT)
async def test_spike_event_stimulates_all_up_to_the_last(dut: Any) -> None:
    """With weight 4 from one neuron to all, and threshold 4, all up to SPI_MAX_NEUR spike, in order."""
    weights = synapses({(PRE, post): 4 for post in range(N)})
    async with Bench(dut, {**OPEN_LOOP, "SPI_MAX_NEUR": 149}, NEURONS, weights) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(AER_CYCLES * N + EVENTS["spike"].cycles)
        assert bench.output.addrs == list(range(150))


@cocotb.test(**LIMIT)
async def test_virtual_events_are_signed(dut: Any) -> None:
    """3 in, 5 out leave -2; a leak of 1 leaves -1; 7 and -2 then reach the threshold of 4."""
    neuron = {NEUR: encode(LIF, thr=4, leak_str=1)}
    async with Bench(dut, OPEN_LOOP, neuron) as bench:
        for name, fields in (("virtual", {"weight": 3}), ("virtual", {"weight": -5}), ("tref", {})):
            await bench.event(name, neur=NEUR, **fields)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert (bench.core(NEUR), bench.output.addrs) == (-1, [])
        await bench.event("virtual", neur=NEUR, weight=7)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert (bench.core(NEUR), bench.output.addrs) == (0, [NEUR])


@cocotb.test(**LIMIT)
async def test_virtual_event_of_no_weight_is_a_spike(dut: Any) -> None:
    """Weight 0 cannot be told from a neuron's spike: it reaches all neurons through the synapses."""
    async with Bench(dut, OPEN_LOOP, NEURONS, synapses({(PRE, 200): 5})) as bench:
        await bench.event("virtual", neur=PRE, weight=0)
        await bench.clock.cycles(EVENTS["spike"].cycles + 2 * AER_CYCLES)
        assert bench.output.addrs == [200]


@cocotb.test(**LIMIT)
async def test_neuron_255_has_no_time_reference_of_its_own(dut: Any) -> None:
    """Its address means all neurons."""
    neurons = {neur: encode(LIF, thr=2000, core=100, leak_str=1) for neur in range(N)}
    async with Bench(dut, OPEN_LOOP, neurons) as bench:
        await bench.event("tref", neur=254)
        await bench.event("tref", neur=255)
        assert {bench.core(neur) for neur in range(N) if neur != 254} == {99}
        assert bench.core(254) == 98


@cocotb.test(**LIMIT)
async def test_full_scheduler_holds_the_bus(dut: Any) -> None:
    """More virtual events than the FIFO holds, and a slow output bus: SCHED_FULL rises, none is lost or doubled."""
    n = MAIN_DEPTH + 4
    slow = ReceiverTiming(latency=Clocks(900, 900), hold=Clocks(1, 1))
    neurons = {neur: encode(LIF, thr=1) for neur in range(16)}
    async with Bench(dut, OPEN_LOOP, neurons, sender=AT_ONCE, receiver=slow) as bench:
        for i in range(n):
            await bench.event("virtual", neur=i % 16, weight=7)
        bench.aerout.timing = ReceiverTiming()
        bench.aerout.start()
        await bench.clock.cycles(n * 20 + 1000)
        assert bench.output.addrs == [i % 16 for i in range(n)]
