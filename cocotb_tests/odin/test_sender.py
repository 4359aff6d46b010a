"""The two ways to send events do the same: the wrapper's player, and Python that wakes up for each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.lib.bus import level
from draupnir.cocotb_tests.lib.changes import Followed
from draupnir.cocotb_tests.lib.player import Player
from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.cocotb_tests.lib.sides import BusSender
from draupnir.cocotb_tests.odin.bench import EVENTS, LIMIT, Bench
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.odin.layout import NEURONS, SYNAPSES
from draupnir.emulator.trace import Trace

BUS = "aerin"
SETTLED = 2000  # After these cycles nothing moves.
AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)
STEADY = ReceiverTiming(latency=Clocks(1, 1), hold=Clocks(0, 0))  # It draws no random numbers.
TIMINGS = (AT_ONCE, SenderTiming(), SenderTiming(gap=Clocks(0, 2, 0.1, 20, 40), setup=Clocks(1, 3), scramble=False))


@cocotb.test(**LIMIT)
async def test_the_player_and_python_move_the_pins_alike(dut: Any) -> None:
    """Both get the same events and random numbers, and each pin moves alike, also between clocks.

    The player needs several lists.
    """
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}, receiver=STEADY) as bench:
        contents = {NEURONS.name: bench.any_neurons(), SYNAPSES.name: bench.any_synapses()}
        recorder = Recorder(bench.pins, bench.edges, Followed(bench.pins))
        recorder.start()
        for timing in TIMINGS:
            events = [bench.any_event() for _ in range(bench.length(Player.n_items + 20))]
            played = []
            for driver in drivers(bench, timing):
                await bench.reset()
                bench.load(contents)
                recorder.rows()
                played.append(await rows(bench, recorder, driver, events))
            same(*played)


@cocotb.test(**LIMIT)
async def test_both_say_what_is_owed(dut: Any) -> None:
    """A chip in reset does not answer the second event."""
    first, second = (EVENTS["virtual"].encode(neur=n) for n in (1, 2))
    async with Bench(dut) as bench:
        for driver in drivers(bench, AT_ONCE):
            assert driver.debt() is None
            sending = cocotb.start_soon(driver.send_all([first, second]))
            for event in (first, second):
                while level(bench.pins["AERIN_ADDR"]) != event:
                    await bench.pins["AERIN_ADDR"].value_change
            bench.pins["RST"].value = 1
            since = bench.clock.cycle()
            await bench.clock.cycles(20)
            assert driver.debt() == f"{BUS}: event {second:#x} sent, ACK has not become 1 since cycle {since}"
            assert driver.overdue() is None
            driver.patience = 10
            assert driver.overdue() == driver.debt()
            bench.pins["RST"].value = 0
            await sending
            assert driver.debt() is None
            assert driver.overdue() is None


def drivers(bench: Bench, timing: SenderTiming) -> Iterator[BusSender]:
    """Yield a sender with the wrapper's player, then one in Python; both draw the same random numbers."""
    pins = bench.pins.bus(BUS)
    player = Player.for_bus(bench.pins.dut, pins.wired)
    assert player is not None
    for way in (player, None):
        yield BusSender(pins, bench.clock, timing, np.random.default_rng(bench.session.seed), player=way)


async def rows(bench: Bench, recorder: Recorder, driver: BusSender, events: Sequence[int]) -> Trace:
    """Send events, and return the levels of all pins until nothing moves any more."""
    await driver.send_all(events)
    await bench.clock.cycles(SETTLED)
    return recorder.rows()


def same(a: Trace, b: Trace) -> None:
    for column in ("inputs", "clk", "outputs", "known_bits"):
        np.testing.assert_array_equal(getattr(a, column), getattr(b, column), column)
    np.testing.assert_array_equal(a.times - a.times[0], b.times - b.times[0], "times")
