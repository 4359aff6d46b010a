"""Many clocks of the sender in one step equal the same clocks one by one, and both sides do as their bus's kind."""

from itertools import chain, repeat
from itertools import cycle as endlessly

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.declare import Step, clock_by_clock
from draupnir.emulator.odin.layout import CHIP
from draupnir.emulator.parts.handshake import (
    Delays,
    Receiver,
    Sender,
    enforced_wait,
    receive,
    send,
    send_for,
    unchanged_for,
)

EVENTS = np.array([5, 9, 3])
small = st.integers(0, 6)
senders = st.builds(Sender, st.integers(0, 1), st.just(7), st.integers(0, 3), small)


@given(senders, st.builds(Delays, small, small, small, small), st.integers(0, 20), st.integers(0, 30))
@example(Sender(0, 7, 0, 0), Delays(0, 0, 0, 0), 1, 0)
@example(Sender(0, 7, 0, 4), Delays(4, 2, 0, 0), 4, 0)
@example(Sender(0, 7, 0, 4), Delays(4, 2, 0, 0), 5, 0)
@example(Sender(0, 7, 0, 4), Delays(4, 2, 0, 0), 5, 5)
@example(Sender(0, 7, 3, 0), Delays(0, 0, 0, 0), 9, 0)
def test_many_clocks_without_ack_equal_one_after_the_other(
    sender: Sender, delays: Delays, clocks: int, earliest: int
) -> None:
    """The clocks begin at cycle 0, and no event may be requested before cycle ``earliest``."""
    not_before = np.full(len(EVENTS), earliest)
    if sender.req == 1 and sender.n_sent == len(EVENTS):
        return  # The sender has no more events.
    stepped, n_high = sender, 0
    for cycle in range(clocks):
        stepped = send(stepped, delays, EVENTS, 0, enforced_wait(stepped, not_before, cycle))
        n_high += stepped.req
    skipped, high = send_for(sender, delays, EVENTS, clocks, enforced_wait(sender, not_before, 0))
    assert (tuple(skipped), high) == (tuple(stepped), n_high)


def test_without_limits_nothing_is_held() -> None:
    assert enforced_wait(Sender(0, 7, 0, 0), np.zeros(0, np.int64), 5) == 0


@given(senders, st.integers(0, 30))
def test_the_pins_stay_for_as_long_as_is_said(sender: Sender, earliest: int) -> None:
    """``unchanged_for`` counts from a clock in which the sender is as it is; the next is clock 1."""
    not_before = np.full(len(EVENTS), earliest)
    same = unchanged_for(sender, EVENTS, enforced_wait(sender, not_before, 1))
    stepped = sender
    for cycle in range(1, 60):
        stepped = send(stepped, Delays(0, 0, 0, 0), EVENTS, 0, enforced_wait(stepped, not_before, cycle))
        assert (stepped.req == sender.req) == (cycle < same)


# --- Both sides, against the file of the bus's kind ---------------------------------------------------------------


class OtherSide:
    """The other side of a bus, which follows a level after some clocks."""

    def __init__(self, waits: list[int]) -> None:
        self.level, self._waits = 0, endlessly(waits)
        self._wait = next(self._waits)

    def see(self, level: int) -> None:
        """Do a clock edge, at which the side under test has this level."""
        if level == self.level:
            return
        if self._wait == 0:
            self.level, self._wait = level, next(self._waits)
        else:
            self._wait -= 1


def is_met(step: Step, level: int) -> bool:
    return step.end is not None and step.end[1] == level


@given(st.builds(Delays, small, small, small, small), st.lists(small, min_size=1, max_size=8))
@example(Delays(0, 0, 0, 0), [0])
def test_the_sender_of_kernels_is_that_of_four_phase_buses(delays: Delays, waits: list[int]) -> None:
    timing = SenderTiming(
        Clocks(delays.gap, delays.gap), Clocks(0, 0), Clocks(delays.hold, delays.hold), scramble=False
    )
    items = chain(repeat(None, delays.gap), EVENTS.tolist())
    script = clock_by_clock(CHIP.bus("aerin").sender_script(items, np.random.default_rng(0), timing))
    chip, step, kernel_s = OtherSide(waits), next(script), send(Sender(0, 0, 0, delays.gap), delays, EVENTS, 0)
    for _ in range(100):
        assert dict(step.levels) == {"addr": kernel_s.addr, "req": kernel_s.req}
        chip.see(kernel_s.req)
        kernel_s = send(kernel_s, delays, EVENTS, chip.level)
        step = script.send(is_met(step, chip.level))
    assert kernel_s.n_sent == len(EVENTS)


@given(st.builds(Delays, small, small, small, small), st.lists(small, min_size=1, max_size=8))
@example(Delays(0, 0, 0, 0), [0])
def test_the_receiver_of_kernels_is_that_of_four_phase_buses(delays: Delays, waits: list[int]) -> None:
    timing = ReceiverTiming(Clocks(delays.ack_delay, delays.ack_delay), Clocks(delays.ack_hold, delays.ack_hold))
    script = clock_by_clock(CHIP.bus("aerout").receiver_script(np.random.default_rng(0), timing))
    chip, step, kernel_r = OtherSide(waits), next(script), receive(Receiver(0, delays.ack_delay), delays, 0)
    n_taken = 0
    for _ in range(150):
        assert step.levels["ack"] == kernel_r.ack
        old_level = chip.level
        chip.see(1 - kernel_r.ack)  # The chip raises REQ whenever it may.
        n_taken += old_level > chip.level
        kernel_r = receive(kernel_r, delays, chip.level)
        step = script.send(is_met(step, chip.level))
    assert n_taken > 2
