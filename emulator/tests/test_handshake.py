"""Many clocks of the sender at once, against the same clocks one by one."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.handshake import Delays, Sender, send, send_for

EVENTS = np.array([5, 9, 3])
small = st.integers(0, 6)
senders = st.builds(Sender, st.integers(0, 1), st.just(7), st.integers(0, 3), small)


@given(senders, st.builds(Delays, small, small, small, small), st.integers(0, 20))
@example(Sender(0, 7, 0, 0), Delays(0, 0, 0, 0), 1)
@example(Sender(0, 7, 0, 4), Delays(4, 2, 0, 0), 4)
@example(Sender(0, 7, 0, 4), Delays(4, 2, 0, 0), 5)
@example(Sender(0, 7, 3, 0), Delays(0, 0, 0, 0), 9)
def test_many_clocks_without_ack_equal_one_after_the_other(sender: Sender, delays: Delays, clocks: int) -> None:
    if sender.req == 1 and sender.n_sent == len(EVENTS):
        return  # it has nothing left to request
    stepped, n_high = sender, 0
    for _ in range(clocks):
        stepped = send(stepped, delays, EVENTS, 0)
        n_high += stepped.req
    after, high = send_for(sender, delays, EVENTS, clocks)
    assert (tuple(after), high) == (tuple(stepped), n_high)
