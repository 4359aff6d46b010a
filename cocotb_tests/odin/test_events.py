"""Each kind of event on the input bus: what it does, and that it takes the declared number of clocks."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.odin.bench import EVENTS, LIMIT, Bench, synapses
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import LIF, MAIN_DEPTH, VIRTS, N

PRE, NEUR = 9, 130
AER_CYCLES = 16  # more than a handshake on the output bus takes

AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)
TO_IDLE = 3  # clocks for a request to pass the synchroniser and to be looked at, and for the acknowledge to be a state
NEURONS = {neur: encode(LIF, lif_izh_sel=1, thr=4) for neur in range(N)}


@cocotb.test(**LIMIT)
async def test_short_events_take_their_clocks(dut: Any) -> None:
    """From REQ to ACK: the declared clocks and those of the synchroniser, the same for every kind."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, sender=AT_ONCE) as bench:
        for name in ("synapse", "tref", "tref_all", "bist"):
            await bench.event(name)
            assert bench.aerin.answered_in == EVENTS[name].cycles + TO_IDLE, name


@cocotb.test(**LIMIT)
async def test_bistability_of_all_takes_its_clocks(dut: Any) -> None:
    """All words of the synapse memory: by far the longest event."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, sender=AT_ONCE) as bench:
        await bench.event("bist_all")
        assert bench.aerin.answered_in == EVENTS["bist_all"].cycles + TO_IDLE


@cocotb.test(**LIMIT)
async def test_scheduled_events_take_their_clocks(dut: Any) -> None:
    """What goes through the scheduler is acknowledged at once; bistability waits until all of it has been processed."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, sender=AT_ONCE) as bench:
        took = {}
        for name, fields in (("spike", {}), ("virtual", {"weight": 1}), ("other", {"virts": 4})):
            begin = bench.clock.cycle()
            await bench.event(name, **fields)
            await bench.event("bist")
            took[name] = bench.clock.cycle() - begin
        for name in ("virtual", "other"):
            assert took["spike"] - took[name] == EVENTS["spike"].cycles - EVENTS[name].cycles, took


@cocotb.test(**LIMIT)
async def test_spike_event_stimulates_all(dut: Any) -> None:
    """With weight 4 from one neuron to all, and threshold 4, all 256 spike, in order."""
    weights = synapses({(PRE, post): 4 for post in range(N)})
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, NEURONS, weights) as bench:
        await bench.event("spike", pre_neur=PRE)
        await bench.clock.cycles(AER_CYCLES * N + EVENTS["spike"].cycles)
        assert bench.output.addrs == list(range(N))


@cocotb.test(**LIMIT)
async def test_virtual_events_excite_inhibit_and_leak(dut: Any) -> None:
    """3 in, 2 out, and a leak of 1 leave nothing; 3 and 1 then reach the threshold of 4."""
    neuron = {NEUR: encode(LIF, lif_izh_sel=1, thr=4, leak_en=1, leak_str=1)}
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, neuron) as bench:
        for fields in ({"weight": 3}, {"weight": 2, "sign": 1}, {"leak": 1}, {"weight": 3}):
            await bench.event("virtual", neur=NEUR, **fields)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert bench.output.addrs == []
        await bench.event("virtual", neur=NEUR, weight=1)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_other_codes_are_virtual_events(dut: Any) -> None:
    """A code of no declared event is pushed to the scheduler as a virtual event: weight 4 is virts 16."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, NEURONS) as bench:
        weight = VIRTS["weight"].lsb
        await bench.aerin.send(EVENTS["other"].encode(neur=NEUR, virts=4 << weight) | 0b010)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_full_scheduler_holds_the_bus(dut: Any) -> None:
    """More virtual events than the main FIFO holds, and a slow output bus: none is lost, none is doubled."""
    n = MAIN_DEPTH + 4
    slow = ReceiverTiming(latency=Clocks(400, 400))
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, NEURONS, sender=AT_ONCE, receiver=slow) as bench:
        for neur in range(n):
            await bench.event("virtual", neur=neur, weight=7)
        await bench.clock.cycles(n * 420)
        assert bench.output.addrs == list(range(n))
