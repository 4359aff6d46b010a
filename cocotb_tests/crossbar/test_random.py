"""Random traffic with idle, back pressure, resets during events, and broken rules. All of it depends on the seed alone.

Each chip's bench has the registers in ``drawn_with``, by the test's name.
"""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import GLITCHY, IDLE, LIMIT, RUDE, SLUGGISH, bench_here
from draupnir.emulator.buses.four_phase import ReceiverTiming


@cocotb.test(**LIMIT)
async def test_random_events_with_idle_and_back_pressure(dut: Any) -> None:
    """The events are of all kinds, to all neurons, in open loop."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["open_loop"], IDLE, SLUGGISH) as bench:
        await bench.send_any(100)
        assert bench.output.events, "not one neuron spiked"


@cocotb.test(**LIMIT)
async def test_random_events_in_closed_loop(dut: Any) -> None:
    """Spikes go back into the network through the scheduler, until it is full."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["closed_loop"], IDLE, ReceiverTiming()) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_spikes_from_the_controller(dut: Any) -> None:
    """Output events go out when the controller processes them."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["from_controller"], IDLE, SLUGGISH) as bench:
        await bench.send_any(60)


@cocotb.test(**LIMIT)
async def test_random_resets_in_flight(dut: Any) -> None:
    """Resets come at any moment of an event; configuration and memories survive."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["resets"], IDLE, SLUGGISH) as bench:
        await bench.reset_in_flight(30)


@cocotb.test(**LIMIT)
async def test_random_abuse(dut: Any) -> None:
    """Requests fall early, addresses change, acknowledges come without a request. A reset ends a chip's deadlock."""
    chip = bench_here()
    async with chip.at_random(dut, chip.drawn_with["abuse"], RUDE, GLITCHY) as bench:
        await bench.send_rudely(40)
