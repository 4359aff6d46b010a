"""Events that are worked out by hand (``by_hand.py``), and the clocks of an event, in lockstep with the model."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.sne.bench import LIMIT, QUICK_RECEIVER, QUICK_SENDER, Bench, SlowEngine
from draupnir.cocotb_tests.sne.by_hand import JOBS, new_layer, packets, uniform
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.stream import StreamReceiverTiming
from draupnir.emulator.sne.layer import BANKS, LAST_KERNELS, kernel_packet, kernels_of
from draupnir.emulator.sne.layout import LayerKind
from draupnir.emulator.sne.words import CORNERS_IN_WORD, spike

CLOCKS = {LayerKind.DEFAULT: 72, LayerKind.OPT_CONV: 23}  # of an event, until the next one begins


@cocotb.test(**LIMIT)
@cocotb.parametrize(job=[*JOBS])
async def test_by_hand(dut: Any, job: str) -> None:
    """The receiver does not wait, because that would change the order of spikes in two groups."""
    async with Bench(dut, JOBS[job].layer, receiver=QUICK_RECEIVER) as bench:
        assert await bench.send(JOBS[job].words) == JOBS[job].events


@cocotb.test(**LIMIT)
@cocotb.parametrize(job=["all_groups", "barrier"])
async def test_the_order_of_events_is_the_same_on_clocks_that_run_apart(dut: Any, job: str) -> None:
    async with SlowEngine(dut, JOBS[job].layer, receiver=QUICK_RECEIVER) as bench:
        assert await bench.send(JOBS[job].words) == JOBS[job].events


@cocotb.test(**LIMIT)
async def test_a_receiver_that_waits_loses_no_event(dut: Any) -> None:
    """The FIFOs of the groups are full, and the sequence of all neurons stands still."""
    job = JOBS["all_groups"]
    async with Bench(dut, job.layer, receiver=StreamReceiverTiming(pause=Clocks(40, 40))) as bench:
        assert await bench.send(job.words) == job.events


@cocotb.test(**LIMIT)
@cocotb.parametrize(kind=[*CLOCKS])
async def test_the_clocks_of_an_event(dut: Any, kind: int) -> None:
    """Two equal spikes have the same outcome, as many clocks apart as a sequence takes."""
    layer = new_layer(LayerKind(kind), uniform(), vth=27)
    words = packets(layer, (0, [spike(3, 3, 0), spike(9, 9, 0)]))
    async with Bench(dut, layer, QUICK_SENDER, QUICK_RECEIVER) as bench:
        await bench.send(words)
        _, *cycles = [cycle for cycle, _ in bench.output.events]
        assert len(cycles) == 18
        assert cycles[9] - cycles[0] == CLOCKS[LayerKind(kind)]


@cocotb.test(**LIMIT)
@cocotb.parametrize(n=[8, 224, 256])
async def test_packets_write_the_kernels(dut: Any, n: int) -> None:
    """More than 224 kernels are written, too, but then the writing side never ends, and a second packet goes astray."""
    packet = kernel_packet(np.random.default_rng(n).integers(-8, 8, (n, 3, 3)))
    async with Bench(dut, new_layer(LayerKind.OPT_CONV, kernels_of(packet[1:])), loads=False) as bench:
        for is_first in (True, False):
            await bench.send(packet)
            words = [bench.word("weight_mem", i // BANKS, copy=i % BANKS) for i in range(n)]
            words += [bench.word("weight_sram_o", i) for i in range(n // CORNERS_IN_WORD)]
            assert (words == packet[1:]) == (is_first or n <= LAST_KERNELS)
