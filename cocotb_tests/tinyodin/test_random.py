"""Random traffic with idle, back pressure, reset in mid-flight and abuse; the seed decides all of it."""

from __future__ import annotations

from typing import Any

import cocotb

from cocotb_tests.tinyodin.bench import LIMIT, Bench, random_neurons, random_synapses
from golden.stimulus import Clocks, ReceiverTiming, SenderTiming

IDLE = SenderTiming(gap=Clocks(0, 6, 0.1, 20, 200), setup=Clocks(0, 3), req_hold=Clocks(0, 3))
SLUGGISH = ReceiverTiming(latency=Clocks(0, 20, 0.05, 100, 600), hold=Clocks(0, 10))
RUDE = SenderTiming(early=0.3, early_after=Clocks(1, 8), change=0.1, impatient=0.2, impatient_low=Clocks(1, 2))
GLITCHY = ReceiverTiming(pulse=0.2, glitch=Clocks(0, 300), glitch_clocks=Clocks(1, 4))


def random_bench(dut: Any, registers: dict[str, int], sender: SenderTiming, receiver: ReceiverTiming) -> Bench:
    """A bench whose memories are drawn from its seed."""
    bench = Bench(dut, sender=sender, receiver=receiver)
    bench.configured_as(registers, random_neurons(bench.rng), random_synapses(bench.rng))
    return bench


@cocotb.test(**LIMIT)
async def test_random_events_with_idle_and_back_pressure(dut: Any) -> None:
    """Any event of any kind, any neuron, open loop."""
    async with random_bench(dut, {"SPI_OPEN_LOOP": 1, "SPI_MAX_NEUR": 200}, IDLE, SLUGGISH) as bench:
        for _ in range(bench.length(100)):
            await bench.aerin.send(bench.any_event())
        assert bench.output.events, "not one neuron spiked"


@cocotb.test(**LIMIT)
async def test_random_events_in_closed_loop(dut: Any) -> None:
    """Spikes come back through the scheduler, until it is full."""
    async with random_bench(dut, {"SPI_MAX_NEUR": 60}, IDLE, ReceiverTiming()) as bench:
        for _ in range(bench.length(60)):
            await bench.aerin.send(bench.any_event())


@cocotb.test(**LIMIT)
async def test_random_spikes_from_the_controller(dut: Any) -> None:
    """Output events at the time when the controller has processed them."""
    async with random_bench(dut, {"SPI_AER_SRC_CTRL_nNEUR": 1, "SPI_MAX_NEUR": 40}, IDLE, SLUGGISH) as bench:
        for _ in range(bench.length(60)):
            await bench.aerin.send(bench.any_event())


@cocotb.test(**LIMIT)
async def test_random_resets_in_flight(dut: Any) -> None:
    """Resets at any moment of an event; configuration and memories survive."""
    async with random_bench(dut, {"SPI_MAX_NEUR": 255}, IDLE, SLUGGISH) as bench:
        for _ in range(bench.length(30)):
            sending = cocotb.start_soon(bench.aerin.send(bench.any_event()))
            await bench.clock.cycles(int(bench.rng.integers(1, 400)))
            await bench.reset(int(bench.rng.integers(1, 6)))
            await sending


@cocotb.test(**LIMIT)
async def test_random_abuse(dut: Any) -> None:
    """Requests dropped early, addresses that change, acknowledges without request; a reset frees what is stuck."""
    async with random_bench(dut, {"SPI_OPEN_LOOP": 1, "SPI_MAX_NEUR": 99}, RUDE, GLITCHY) as bench:
        for _ in range(bench.length(40)):
            sending = cocotb.start_soon(bench.aerin.send(bench.any_event()))
            await bench.clock.cycles(700)
            if not sending.done():
                await bench.reset()
            await sending
