"""The environment of a chip with AER buses: when the sender raises REQ, how long the receiver takes to ACK.

All delays are in clocks, counted from the clock whose edge is the first to see the other side's change; with 0 the
answer comes before that same edge, which is the earliest that anything outside the chip can do.

These are the two sides of ``draupnir.emulator.buses.four_phase`` where all delays are constant, for kernels: a property
test holds them to that file, clock by clock.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.delays import LONGEST_DELAY

FOREVER = 1 << 62  # more clocks than anybody runs


class Delays(NamedTuple):
    """An environment as kernels take it; see ``Environment``."""

    gap: int
    hold: int
    ack_delay: int
    ack_hold: int


@dataclass(frozen=True)
class Environment:
    """A sender on the input bus and a receiver on the output bus, both four-phase, both with constant delays in clocks.

    gap : the sender raises REQ, and sets the address with it, this long after the last ACK fell (or after the start)
    hold : the sender drops REQ this long after ACK rose; the address stays until the next REQ
    ack_delay : the receiver raises ACK this long after REQ rose
    ack_hold : the receiver drops ACK this long after REQ fell

    Raises InputError for a delay that is not within 0..LONGEST_DELAY.
    """

    gap: int = 1
    hold: int = 1
    ack_delay: int = 1
    ack_hold: int = 1

    def __post_init__(self) -> None:
        for f in fields(self):
            clocks = getattr(self, f.name)
            if not 0 <= clocks <= LONGEST_DELAY:
                raise InputError(f"handshake: {f.name} is {clocks}; a delay is 0..{LONGEST_DELAY} clocks")

    @property
    def delays(self) -> Delays:
        return Delays(*astuple(self))


class Sender(NamedTuple):
    """The sender between two clocks.

    n_sent : events whose REQ has been dropped; wait : clocks left of the delay that runs, or will run next
    """

    req: int
    addr: int
    n_sent: int
    wait: int


class Receiver(NamedTuple):
    """The receiver between two clocks; ``wait`` as for the sender."""

    ack: int
    wait: int


@kernel
def held(s: Sender, not_before: np.ndarray, cycle: int) -> int:
    """Clocks, from ``cycle`` on, in which the next event's REQ may not rise yet.

    not_before : (n,) int64, the first cycle in which REQ of each event may be high; or empty: there is no such limit
    """
    return max(0, not_before[s.n_sent] - cycle) if s.n_sent < len(not_before) else 0


@kernel
def send(s: Sender, delays: Delays, events: np.ndarray, ack: int, wait_for: int = 0) -> Sender:
    """The sender in the next clock, before whose edge the chip shows ``ack``.

    events : addresses, in order; wait_for : see ``held``, for that clock
    """
    if s.req == 1:
        if ack == 0:
            return s
        if s.wait > 0:
            return Sender(1, s.addr, s.n_sent, s.wait - 1)
        return Sender(0, s.addr, s.n_sent + 1, delays.gap)
    if ack == 1 or s.n_sent == len(events):
        return s
    if s.wait > 0:
        return Sender(0, s.addr, s.n_sent, s.wait - 1)
    if wait_for > 0:
        return s
    return Sender(1, events[s.n_sent], s.n_sent, delays.hold)


@kernel
def receive(s: Receiver, delays: Delays, req: int) -> Receiver:
    """The receiver in the next clock, before whose edge the chip shows ``req``."""
    if req == s.ack:
        return s
    if s.wait > 0:
        return Receiver(s.ack, s.wait - 1)
    return Receiver(req, delays.ack_hold if req == 1 else delays.ack_delay)


@kernel
def unchanged_for(s: Sender, events: np.ndarray, wait_for: int = 0) -> int:
    """Clocks, from this one on, for which the sender's pins stay as they are if ACK stays low.

    wait_for : see ``held``, for the clock after this one
    """
    return FOREVER if s.req == 1 or s.n_sent == len(events) else max(s.wait, wait_for) + 1


@kernel
def send_for(s: Sender, delays: Delays, events: np.ndarray, clocks: int, wait_for: int = 0) -> tuple[Sender, int]:
    """The sender ``clocks`` clocks on, if ACK stays low; and for how many of the last of them REQ was high.

    wait_for : see ``held``, for the next clock
    """
    if s.req == 1:
        return s, clocks
    if s.n_sent == len(events):
        return s, 0
    pause = max(s.wait, wait_for)
    if pause >= clocks:
        return Sender(0, s.addr, s.n_sent, max(0, s.wait - clocks)), 0
    return Sender(1, events[s.n_sent], s.n_sent, delays.hold), clocks - pause
