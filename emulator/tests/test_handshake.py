"""Many clocks of the sender at once, against the same clocks one by one."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from draupnir.emulator.parts.handshake import Delays, Sender, held, send, send_for, unchanged_for

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
    """From cycle 0 on; no event may be requested before cycle ``earliest``."""
    not_before = np.full(len(EVENTS), earliest)
    if sender.req == 1 and sender.n_sent == len(EVENTS):
        return  # it has nothing left to request
    stepped, n_high = sender, 0
    for cycle in range(clocks):
        stepped = send(stepped, delays, EVENTS, 0, held(stepped, not_before, cycle))
        n_high += stepped.req
    after, high = send_for(sender, delays, EVENTS, clocks, held(sender, not_before, 0))
    assert (tuple(after), high) == (tuple(stepped), n_high)


def test_without_limits_nothing_is_held() -> None:
    assert held(Sender(0, 7, 0, 0), np.zeros(0, np.int64), 5) == 0


@given(senders, st.integers(0, 30))
def test_the_pins_stay_for_as_long_as_is_said(sender: Sender, earliest: int) -> None:
    """``unchanged_for`` counts from a clock in which the sender is as it is; the next is clock 1."""
    not_before = np.full(len(EVENTS), earliest)
    same = unchanged_for(sender, EVENTS, held(sender, not_before, 1))
    stepped = sender
    for cycle in range(1, 60):
        stepped = send(stepped, Delays(0, 0, 0, 0), EVENTS, 0, held(stepped, not_before, cycle))
        assert (stepped.req == sender.req) == (cycle < same)
