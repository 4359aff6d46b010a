"""Random traffic with idle, back pressure, reset in mid-flight and abuse; the seed decides all of it."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.crossbar import GLITCHY, IDLE, RUDE, SLUGGISH
from draupnir.cocotb_tests.odin.bench import LIMIT, Bench
from draupnir.emulator.buses.four_phase import ReceiverTiming


@cocotb.test(**LIMIT)
async def test_random_events_with_idle_and_back_pressure(dut: Any) -> None:
    """Any event of any kind, any neuron, open loop."""
    async with Bench.drawn(dut, {"SPI_OPEN_LOOP": 1, "SPI_BURST_TIMEREF": 200}, IDLE, SLUGGISH) as bench:
        await bench.send_any(150)


@cocotb.test(**LIMIT)
async def test_random_events_in_closed_loop(dut: Any) -> None:
    """Spikes come back through the scheduler, until it is full."""
    async with Bench.drawn(dut, {"SPI_SYN_SIGN": 0x5A << 96}, IDLE, ReceiverTiming()) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_monitoring(dut: Any) -> None:
    """The output bus shows a neuron and a synapse instead of spikes, with back pressure."""
    watched = {"SPI_OUT_AER_MONITOR_EN": 1, "SPI_MONITOR_NEUR_ADDR": 3, "SPI_MONITOR_SYN_ADDR": 1}
    async with Bench.drawn(dut, {"SPI_OPEN_LOOP": 1, **watched}, IDLE, SLUGGISH) as bench:
        for _ in range(bench.length(150)):
            await bench.aerin.send(bench.any_event(hot=4))
        assert bench.output.events, "nothing was monitored"


@cocotb.test(**LIMIT)
async def test_random_spikes_from_the_controller(dut: Any) -> None:
    """Output events at the time when the controller processes them."""
    async with Bench.drawn(dut, {"SPI_AER_SRC_CTRL_nNEUR": 1}, IDLE, SLUGGISH) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_resets_in_flight(dut: Any) -> None:
    """Resets at any moment of an event; configuration and memories survive."""
    async with Bench.drawn(dut, {"SPI_BURST_TIMEREF": 50}, IDLE, SLUGGISH) as bench:
        await bench.reset_in_flight(30)


@cocotb.test(**LIMIT)
async def test_random_abuse(dut: Any) -> None:
    """Requests dropped early, addresses that change, acknowledges without request; a reset frees what is stuck."""
    async with Bench.drawn(dut, {"SPI_OPEN_LOOP": 1}, RUDE, GLITCHY) as bench:
        await bench.send_rudely(40)
