"""The lists of steps for the wrapper's player; ``odin/test_sender.py`` tests the pins."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from draupnir.cocotb_tests.lib import player_verilog
from draupnir.cocotb_tests.lib.sides import BusSender
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import SenderTiming
from draupnir.emulator.declare import Script, Step
from draupnir.emulator.odin.layout import CHIP

BUS = CHIP.bus("aerin")
N_ADDRS = 1 << BUS.payload_width
STEADY = SenderTiming(gap=Clocks(3, 3), setup=Clocks(1, 1), req_hold=Clocks(2, 2), scramble=False)
AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)


class Noted:
    """A player of four items at a time, and Python in its place; both only note their steps."""

    n_items = 4

    def __init__(self) -> None:
        self.blocks: list[list[Step]] = []
        self.by_python = 0

    async def play(self, steps: Sequence[Step]) -> None:
        self.blocks.append([*steps])

    async def carry_out(self, script: Script) -> None:
        self.by_python += 1


def play_events(events: Sequence[int], timing: SenderTiming, in_wrapper: bool = True) -> Noted:
    """Send these events, and return the notes on them."""
    noted: Any = Noted()
    pins: Any = SimpleNamespace(name="aerin", wired=BUS)
    clock: Any = SimpleNamespace()
    sender = BusSender(pins, clock, timing, np.random.default_rng(1), player=noted if in_wrapper else None)
    sender._carry_out = noted.carry_out  # type: ignore[method-assign]
    finished(sender.send_all(events))
    return noted


def finished(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def summary(steps: Sequence[Step]) -> list[tuple[int, int, Any]]:
    """Return for each step the address, REQ, and the clocks or the level of ACK that end it."""
    return [(step.levels["addr"], step.levels["req"], step.clocks or step.end) for step in steps]


def test_events_are_played_in_blocks() -> None:
    steps = [
        one
        for event in range(10)
        for one in ((event, 0, 1), (event, 1, ("ack", 1)), (event, 1, 2), (event, 0, ("ack", 0)), (event, 0, 3))
    ]
    assert [summary(block) for block in play_events([*range(10)], STEADY).blocks] == [
        steps[:20],
        steps[20:40],
        steps[40:],
    ]


def test_steps_that_take_no_time_are_left_out() -> None:
    (block,) = play_events([5], AT_ONCE).blocks
    assert summary(block) == [(5, 1, ("ack", 1)), (5, 0, ("ack", 0))]


def test_a_scrambled_address_is_drawn_between_req_hold_and_gap() -> None:
    timing, rng = SenderTiming(), np.random.default_rng(1)
    expected: list[tuple[int, int, Any]] = []
    for event in (5, 6):
        setup, hold, idle, gap = (
            timing.setup.draw(rng), timing.req_hold.draw(rng), int(rng.integers(N_ADDRS)), timing.gap.draw(rng)
        )  # fmt: skip
        whole = [
            (event, 0, setup),
            (event, 1, ("ack", 1)),
            (event, 1, hold),
            (idle, 0, ("ack", 0)),
            (idle, 0, gap),
        ]
        expected += [step for step in whole if step[2] != 0]
    (block,) = play_events([5, 6], timing).blocks
    assert summary(block) == expected


@pytest.mark.parametrize("rude", [SenderTiming(early=1.0), SenderTiming(change=1.0)])
def test_abuse_that_depends_on_the_chip_is_left_to_python(rude: SenderTiming) -> None:
    noted = play_events([5, 6], rude)
    assert (noted.blocks, noted.by_python) == ([], 1)


def test_what_python_carries_out_is_drawn_anew() -> None:
    """A look ahead without a result leaves the generator as it was."""
    pins: Any = SimpleNamespace(name="aerin", wired=BUS)
    sender = BusSender(pins, SimpleNamespace(), SenderTiming(early=1.0), np.random.default_rng(1))
    assert sender._planned([5]) is None
    assert sender._rng.bit_generator.state == np.random.default_rng(1).bit_generator.state


def test_without_the_wrapper_python_sends() -> None:
    noted = play_events([5, 6], STEADY, in_wrapper=False)
    assert (noted.blocks, noted.by_python) == ([], 1)


@pytest.mark.parametrize("event", [-1, N_ADDRS])
def test_an_event_that_does_not_fit_is_refused(event: int) -> None:
    with pytest.raises(ValueError, match=rf"^bus aerin: addr {event:#x} is not within 0..0x1ffff$"):
        player_verilog.StepCode(BUS).encode(Step({"addr": event, "req": 0}, clocks=1))
