"""What the wrapper's sender is given to send; ``odin/test_sender.py`` has it move pins."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from draupnir.cocotb_tests.lib.aer import AerDriver
from draupnir.cocotb_tests.lib.sender import Planned
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import SenderTiming

N_ADDRS = 1 << 17
STEADY = SenderTiming(gap=Clocks(3, 3), setup=Clocks(1, 1), req_hold=Clocks(2, 2), scramble=False)


class Noted:
    """A sender of four events at a time, and Python's way, both of which only note what they are given."""

    size = 4

    def __init__(self) -> None:
        self.blocks: list[list[Planned]] = []
        self.singly: list[int] = []

    async def send(self, events: Sequence[Planned]) -> None:
        self.blocks.append([*events])

    async def send_singly(self, event: int) -> None:
        self.singly.append(event)


def sent(events: Sequence[int], timing: SenderTiming, in_wrapper: bool = True) -> Noted:
    """What became of these events."""
    noted: Any = Noted()
    pins: Any = SimpleNamespace(name="aerin", addr=range(17))
    clock: Any = SimpleNamespace()
    driver = AerDriver(pins, clock, timing, np.random.default_rng(1), sender=noted if in_wrapper else None)
    driver.send = noted.send_singly  # type: ignore[method-assign]
    finished(driver.send_all(events))
    return noted  # type: ignore[no-any-return]


def finished(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run what waits for nothing."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_events_are_sent_in_blocks() -> None:
    events = [*range(10)]
    assert sent(events, STEADY).blocks == [
        [Planned(event, 1, 2, event, 3) for event in block] for block in (events[:4], events[4:8], events[8:])
    ]


def test_a_scrambled_address_is_drawn_between_req_hold_and_gap() -> None:
    timing, rng = SenderTiming(), np.random.default_rng(1)
    drawn = []
    for event in (5, 6):
        setup, req_hold, idle = timing.setup.draw(rng), timing.req_hold.draw(rng), int(rng.integers(N_ADDRS))
        drawn.append(Planned(event, setup, req_hold, idle, timing.gap.draw(rng)))
    assert sent([5, 6], timing).blocks == [drawn]


@pytest.mark.parametrize("rude", [SenderTiming(early=0.1), SenderTiming(change=0.1), SenderTiming(impatient=0.1)])
def test_abuse_is_left_to_python(rude: SenderTiming) -> None:
    noted = sent([5, 6], rude)
    assert (noted.blocks, noted.singly) == ([], [5, 6])


def test_without_the_wrapper_python_sends() -> None:
    noted = sent([5, 6], STEADY, in_wrapper=False)
    assert (noted.blocks, noted.singly) == ([], [5, 6])


@pytest.mark.parametrize("event", [-1, N_ADDRS])
def test_an_event_that_does_not_fit_is_refused(event: int) -> None:
    with pytest.raises(ValueError, match=rf"^aerin: event {event:#x} is not within 0..0x1ffff$"):
        sent([0, event], STEADY)
