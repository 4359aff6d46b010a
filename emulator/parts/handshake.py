"""The environment of a chip with AER buses: when the sender raises REQ, and when the receiver answers with ACK.

All delays are in clocks. They count from the first clock edge at which the other side's change is visible. With a delay
of 0 the answer comes before this same edge, which is the earliest possible moment outside of the chip.

These are the two sides of ``draupnir.emulator.buses.four_phase`` with constant delays, for kernels. A property test
holds them to that file, clock by clock.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.delays import LONGEST_DELAY

FOREVER = 1 << 62  # more clocks than any run has


class Delays(NamedTuple):
    """An environment in the form that kernels take; see ``Environment``."""

    gap: int
    hold: int
    ack_delay: int
    ack_hold: int


@dataclass(frozen=True)
class Environment:
    """A sender on the input bus and a receiver on the output bus, both four-phase, both with constant delays in clocks.

    gap : from the fall of ACK, or from the start, to the rise of REQ; the address changes together with REQ
    hold : from the rise of ACK to the fall of REQ; the address stays until the next REQ
    ack_delay : from the rise of REQ to the rise of ACK
    ack_hold : from the fall of REQ to the fall of ACK

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
        """The same delays in the form that kernels take."""
        return Delays(self.gap, self.hold, self.ack_delay, self.ack_hold)


class Sender(NamedTuple):
    """The sender between two clocks.

    req : 0 or 1; addr : the address on the bus
    n_sent : the number of events whose REQ has fallen
    wait : the remaining clocks of the present delay, or the clocks of the next one
    """

    req: int
    addr: int
    n_sent: int
    wait: int


class Receiver(NamedTuple):
    """The receiver between two clocks; ack : 0 or 1; wait : as for the sender."""

    ack: int
    wait: int


@kernel
def enforced_wait(s: Sender, not_before: np.ndarray, cycle: int) -> int:
    """Return the number of clocks from ``cycle`` on in which REQ of the next event may not rise yet.

    not_before : (n,) int64, the first cycle in which REQ of each event may be high; empty if there are no limits
    """
    return max(0, not_before[s.n_sent] - cycle) if s.n_sent < len(not_before) else 0


@kernel
def send(s: Sender, delays: Delays, events: np.ndarray, ack: int, wait_for: int = 0) -> Sender:
    """Return the sender in the next clock, before whose edge the chip shows ``ack``.

    events : (n,) int64, addresses in order
    wait_for : the result of ``enforced_wait`` for that clock
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
    """Return the receiver in the next clock, before whose edge the chip shows ``req``."""
    if req == s.ack:
        return s
    if s.wait > 0:
        return Receiver(s.ack, s.wait - 1)
    return Receiver(req, delays.ack_hold if req == 1 else delays.ack_delay)


@kernel
def unchanged_for(s: Sender, events: np.ndarray, wait_for: int = 0) -> int:
    """Return the number of clocks from this one on in which the sender's pins do not change if ACK stays low.

    wait_for : the result of ``enforced_wait`` for the clock after this one
    """
    return FOREVER if s.req == 1 or s.n_sent == len(events) else max(s.wait, wait_for) + 1


@kernel
def send_for(s: Sender, delays: Delays, events: np.ndarray, clocks: int, wait_for: int = 0) -> tuple[Sender, int]:
    """Return the sender ``clocks`` clocks later, if ACK stays low, and the number of last clocks in which REQ is high.

    wait_for : the result of ``enforced_wait`` for the next clock
    """
    if s.req == 1:
        return s, clocks
    if s.n_sent == len(events):
        return s, 0
    pause = max(s.wait, wait_for)
    if pause >= clocks:
        return Sender(0, s.addr, s.n_sent, max(0, s.wait - clocks)), 0
    return Sender(1, events[s.n_sent], s.n_sent, delays.hold), clocks - pause
