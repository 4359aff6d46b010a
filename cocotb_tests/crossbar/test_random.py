"""Random traffic with idle, back pressure, reset in mid-flight and abuse; the seed decides all of it.

Each chip's bench says with which registers: ``drawn_with``, by the test's name.
"""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import GLITCHY, IDLE, LIMIT, RUDE, SLUGGISH, bench_here
from draupnir.emulator.buses.four_phase import ReceiverTiming


@cocotb.test(**LIMIT)
async def test_random_events_with_idle_and_back_pressure(dut: Any) -> None:
    """Any event of any kind, any neuron, open loop."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["open_loop"], IDLE, SLUGGISH) as bench:
        await bench.send_any(100)
        assert bench.output.events, "not one neuron spiked"


@cocotb.test(**LIMIT)
async def test_random_events_in_closed_loop(dut: Any) -> None:
    """Spikes come back through the scheduler, until it is full."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["closed_loop"], IDLE, ReceiverTiming()) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_spikes_from_the_controller(dut: Any) -> None:
    """Output events at the time when the controller processes them."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["from_controller"], IDLE, SLUGGISH) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_resets_in_flight(dut: Any) -> None:
    """Resets at any moment of an event; configuration and memories survive."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["resets"], IDLE, SLUGGISH) as bench:
        await bench.reset_in_flight(30)


@cocotb.test(**LIMIT)
async def test_random_abuse(dut: Any) -> None:
    """Requests dropped early, addresses that change, acknowledges without request; a reset frees what is stuck."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["abuse"], RUDE, GLITCHY) as bench:
        await bench.send_rudely(40)
