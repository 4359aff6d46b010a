"""Random traffic with idle, back pressure, reset in mid-flight and abuse; the seed decides all of it."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.lib.crossbar import GLITCHY, IDLE, RUDE, SLUGGISH
from draupnir.cocotb_tests.tinyodin.bench import LIMIT, Bench
from draupnir.emulator.buses.four_phase import ReceiverTiming


@cocotb.test(**LIMIT)
async def test_random_events_with_idle_and_back_pressure(dut: Any) -> None:
    """Any event of any kind, any neuron, open loop."""
    async with Bench.drawn(dut, {"SPI_OPEN_LOOP": 1, "SPI_MAX_NEUR": 200}, IDLE, SLUGGISH) as bench:
        await bench.send_any(100)
        assert bench.output.events, "not one neuron spiked"


@cocotb.test(**LIMIT)
async def test_random_events_in_closed_loop(dut: Any) -> None:
    """Spikes come back through the scheduler, until it is full."""
    async with Bench.drawn(dut, {"SPI_MAX_NEUR": 60}, IDLE, ReceiverTiming()) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_spikes_from_the_controller(dut: Any) -> None:
    """Output events at the time when the controller has processed them."""
    async with Bench.drawn(dut, {"SPI_AER_SRC_CTRL_nNEUR": 1, "SPI_MAX_NEUR": 40}, IDLE, SLUGGISH) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_resets_in_flight(dut: Any) -> None:
    """Resets at any moment of an event; configuration and memories survive."""
    async with Bench.drawn(dut, {"SPI_MAX_NEUR": 255}, IDLE, SLUGGISH) as bench:
        await bench.reset_in_flight(30)


@cocotb.test(**LIMIT)
async def test_random_abuse(dut: Any) -> None:
    """Requests dropped early, addresses that change, acknowledges without request; a reset frees what is stuck."""
    async with Bench.drawn(dut, {"SPI_OPEN_LOOP": 1, "SPI_MAX_NEUR": 99}, RUDE, GLITCHY) as bench:
        await bench.send_rudely(40)
