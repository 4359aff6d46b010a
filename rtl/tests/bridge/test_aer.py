"""Both sides of the event buses move in exactly the clocks that emulator/parts/handshake.py describes.

The SPI master shows exactly the levels of emulator/buses/spi.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator.buses import spi
from draupnir.emulator.parts.handshake import Delays, Receiver, Sender, enforced_wait, receive, send
from draupnir.emulator.spi import frames
from draupnir.rtl.bridge.aer import BridgeAerReceiver, BridgeAerSender
from draupnir.rtl.bridge.chip_clock import ChipClockGate
from draupnir.rtl.bridge.spi_master import BridgeSpiMaster
from draupnir.rtl.tests.simulate import run_clocked

ADDR_BITS = 9
DELAYS = [Delays(0, 0, 0, 0), Delays(1, 1, 1, 1), Delays(3, 0, 0, 5), Delays(0, 4, 7, 1)]


@pytest.mark.parametrize("delays", DELAYS)
def test_the_sender_is_that_of_the_handshake(delays: Delays) -> None:
    sender, rng = BridgeAerSender(ADDR_BITS), np.random.default_rng(1)
    events = rng.integers(1 << ADDR_BITS, size=40)
    not_before = np.cumsum(rng.integers(0, 40, size=40))

    async def bench(ctx: Any) -> None:
        expected, n_taken, now = Sender(0, 0, 0, delays.gap), 0, 0
        ctx.set(sender.gap, delays.gap)
        ctx.set(sender.hold, delays.hold)
        for _ in range(1500):
            ack, stb = int(rng.random() < 0.5), int(rng.random() < 0.7)
            ctx.set(sender.ack, ack)
            ctx.set(sender.stb, stb)
            ctx.set(sender.i.valid, n_taken < len(events))
            ctx.set(sender.now, now)
            ctx.set(sender.i.payload.addr, int(events[min(n_taken, len(events) - 1)]))
            ctx.set(sender.i.payload.cycle, int(not_before[min(n_taken, len(events) - 1)]))
            assert ctx.get(sender.starved) == (not expected.req and not ack and n_taken == len(events))
            n_taken += ctx.get(sender.i.ready)
            await ctx.tick()
            if stb:
                expected = send(expected, delays, events, ack, enforced_wait(expected, not_before, now))
                now += 1
            assert (ctx.get(sender.req), ctx.get(sender.addr)) == (expected.req, expected.addr)
        assert expected.n_sent == len(events)

    run_clocked(sender, bench)


def test_an_event_waits_for_its_cycle_also_across_the_counter_s_end() -> None:
    sender = BridgeAerSender(ADDR_BITS)

    async def bench(ctx: Any) -> None:
        now, cycle = (1 << 32) - 5, 7
        ctx.set(sender.stb, 1)
        ctx.set(sender.i.valid, 1)
        ctx.set(sender.i.payload.cycle, cycle)
        while not ctx.get(sender.req):
            ctx.set(sender.now, now % (1 << 32))
            await ctx.tick()
            now += 1
        assert now == (1 << 32) + cycle + 1  # The event goes out in the clock of its cycle.

    run_clocked(sender, bench)


def test_a_sender_forgets() -> None:
    sender = BridgeAerSender(ADDR_BITS)

    async def bench(ctx: Any) -> None:
        ctx.set(sender.stb, 1)
        ctx.set(sender.i.valid, 1)
        await ctx.tick()
        assert ctx.get(sender.req) == 1
        ctx.set(sender.i.valid, 0)
        ctx.set(sender.forget, 1)
        await ctx.tick()
        assert ctx.get(sender.req) == 0

    run_clocked(sender, bench)


@pytest.mark.parametrize("delays", DELAYS)
def test_the_receiver_is_that_of_the_handshake_and_takes_each_spike_once(delays: Delays) -> None:
    receiver, rng = BridgeAerReceiver(ADDR_BITS), np.random.default_rng(2)

    async def bench(ctx: Any) -> None:
        expected, req, req_before, n_seen, n_taken = Receiver(0, delays.ack_delay), 0, 0, 0, 0
        ctx.set(receiver.ack_delay, delays.ack_delay)
        ctx.set(receiver.ack_hold, delays.ack_hold)
        for now in range(1500):
            if rng.random() < 0.4:  # REQ follows ACK, as in a chip.
                req = 1 - expected.ack if req == expected.ack else req
            moves = int(rng.random() < 0.8), int(rng.random() < 0.8)
            ctx.set(receiver.req, req)
            ctx.set(receiver.addr, now % 300)
            ctx.set(receiver.now, now)
            ctx.set(receiver.stb, moves[0])
            ctx.set(receiver.o.ready, moves[1])
            if ctx.get(receiver.o.valid):
                n_taken += 1
                spike = ctx.get(receiver.o.payload)
                assert (spike.cycle, spike.addr) == (now, now % 300)
            await ctx.tick()
            if all(moves):
                n_seen += req and not req_before
                req_before = req
                expected = receive(expected, delays, req)
            assert ctx.get(receiver.ack) == expected.ack
        assert n_taken == n_seen > 50

    run_clocked(receiver, bench)


@pytest.mark.parametrize("half", [1, 2, 5])
def test_the_chip_s_clock_stops_and_its_pins_change_as_it_falls(half: int) -> None:
    clock = ChipClockGate(half)

    async def bench(ctx: Any) -> None:
        rng, levels, strobes = np.random.default_rng(3), [], []
        for _ in range(400):
            ctx.set(clock.go, int(rng.random() < 0.5))
            levels.append(ctx.get(clock.clk))
            strobes.append(ctx.get(clock.stb))
            await ctx.tick()
        rises = [i for i in range(1, 400) if levels[i] > levels[i - 1]]
        falls = [i for i in range(1, 400) if levels[i] < levels[i - 1]]
        begins = [i for i in range(399) if strobes[i]]
        assert falls == [i + 1 for i in begins[1:]]  # At the first one it is already low.
        assert rises[: len(begins) - 1] == [i + 1 + half for i in begins[: len(rises)]][: len(begins) - 1]
        assert min(np.diff(sorted(rises + falls))) >= half and len(rises) > 20

    run_clocked(clock, bench)


@pytest.mark.parametrize("half", [1, 3])
def test_the_spi_master_sends_and_takes_bytes(half: int) -> None:
    master, bytes_out, answers = BridgeSpiMaster(), [0xA5, 0x00, 0xFF, 0x31], [0x3C, 0x81, 0x00, 0xFE]

    async def bench(ctx: Any) -> None:
        rng, bytes_in, sampled = np.random.default_rng(4), [], []
        ctx.set(master.half, half)
        for byte, answer in zip(bytes_out, answers, strict=True):
            ctx.set(master.i.payload, byte)
            ctx.set(master.i.valid, 1)
            await ctx.tick()
            ctx.set(master.i.valid, 0)
            falls, last_sck = 0, 0
            while ctx.get(master.busy):
                sck = ctx.get(master.sck)
                if sck and not last_sck:
                    sampled.append(ctx.get(master.mosi))
                falls += last_sck and not sck
                last_sck = sck
                ctx.set(master.miso, answer >> (7 - falls) & 1 if falls < 8 else 0)
                ctx.set(master.stb, int(rng.random() < 0.6))
                await ctx.tick()
            assert ctx.get(master.sck) == 0
            bytes_in.append(ctx.get(master.miso_byte))
        assert bytes_in == answers
        assert sampled == [byte >> i & 1 for byte in bytes_out for i in reversed(range(8))]

    run_clocked(master, bench)


@pytest.mark.parametrize("half", [1, 2, 5])
def test_the_spi_master_shows_the_levels_of_the_bus_and_takes_miso_where_it_says(half: int) -> None:
    master, rng = BridgeSpiMaster(), np.random.default_rng(half)
    bytes_out = [0xA5, 0x00, 0xFF, *rng.integers(256, size=5).tolist()]

    async def bench(ctx: Any) -> None:
        ctx.set(master.half, half)
        for byte in bytes_out:
            ctx.set(master.i.payload, byte)
            ctx.set(master.i.valid, 1)
            await ctx.tick()
            ctx.set(master.i.valid, 0)
            levels, miso = [], []
            while ctx.get(master.busy):
                stb, bit = int(rng.random() < 0.6), int(rng.integers(2))
                ctx.set(master.stb, stb)
                ctx.set(master.miso, bit)
                await ctx.tick()
                if stb:
                    levels.append({"mosi": ctx.get(master.mosi), "sck": ctx.get(master.sck)})
                    miso.append(bit)  # MISO at the levels before these
            halves = list(spi.levels(frames.msb_first(byte, 8)))
            assert levels[:-1] == [each for each in halves for _ in range(half)]
            assert levels[-1]["sck"] == spi.LOW["sck"]
            end_of_first = [(2 * bit + 1) * half for bit in range(8)]
            assert ctx.get(master.miso_byte) == frames.number([miso[i] for i in end_of_first])

    run_clocked(master, bench)
