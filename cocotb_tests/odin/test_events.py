"""Events that are ODIN's own; the rest is in ``cocotb_tests/crossbar/test_events.py``."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import AER_CYCLES, AT_ONCE, OPEN_LOOP, TO_IDLE
from draupnir.cocotb_tests.odin.bench import EVENTS, LIMIT, Bench
from draupnir.emulator.odin.layout import VIRTS

NEUR = 130


@cocotb.test(**LIMIT)
async def test_short_events_take_their_clocks(dut: Any) -> None:
    """REQ to ACK takes the declared clocks, plus those of the synchroniser, the same number for all kinds."""
    async with Bench(dut, OPEN_LOOP, sender=AT_ONCE) as bench:
        for name in ("synapse", "bist"):
            await bench.event(name)
            assert bench.aerin.answered_in == EVENTS[name].cycles + TO_IDLE, name


@cocotb.test(**LIMIT)
async def test_bistability_of_all_takes_its_clocks(dut: Any) -> None:
    """The event visits all words of the synapse memory, and is by far the longest one."""
    async with Bench(dut, OPEN_LOOP, sender=AT_ONCE) as bench:
        await bench.event("bist_all")
        assert bench.aerin.answered_in == EVENTS["bist_all"].cycles + TO_IDLE


@cocotb.test(**LIMIT)
async def test_scheduled_events_take_their_clocks(dut: Any) -> None:
    """Events for the scheduler are acknowledged immediately; bistability waits until all of them are processed."""
    async with Bench(dut, OPEN_LOOP, sender=AT_ONCE) as bench:
        took = {}
        for name, fields in (("spike", {}), ("virtual", {"weight": 1}), ("other", {"virts": 4})):
            begin = bench.clock.cycle()
            await bench.event(name, **fields)
            await bench.event("bist")
            took[name] = bench.clock.cycle() - begin
        for name in ("virtual", "other"):
            assert took["spike"] - took[name] == EVENTS["spike"].cycles - EVENTS[name].cycles, took


@cocotb.test(**LIMIT)
async def test_virtual_events_excite_inhibit_and_leak(dut: Any) -> None:
    """An excitation of 3, an inhibition of 2 and a leak of 1 leave 0. Then 3 and 1 reach the threshold of 4."""
    neuron = {NEUR: Bench.lif(thr=4, leak_en=1, leak_str=1)}
    async with Bench(dut, OPEN_LOOP, neuron) as bench:
        for fields in ({"weight": 3}, {"weight": 2, "sign": 1}, {"leak": 1}, {"weight": 3}):
            await bench.event("virtual", neur=NEUR, **fields)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert bench.output.addrs == []
        await bench.event("virtual", neur=NEUR, weight=1)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert bench.output.addrs == [NEUR]


@cocotb.test(**LIMIT)
async def test_other_codes_are_virtual_events(dut: Any) -> None:
    """An undeclared code goes to the scheduler as a virtual event; weight 4 is virts 16."""
    async with Bench(dut, OPEN_LOOP, {NEUR: Bench.lif(thr=4)}) as bench:
        weight = VIRTS["weight"].lsb
        await bench.aerin.send(EVENTS["other"].encode(neur=NEUR, virts=4 << weight) | 0b010)
        await bench.clock.cycles(4 * AER_CYCLES)
        assert bench.output.addrs == [NEUR]
