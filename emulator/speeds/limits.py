"""Limits of a run: how large its numbers may be, and when a run without a limit of its own ends."""

from __future__ import annotations

from draupnir.emulator.errors import InputError

MAX_CYCLES = (1 << 62) - 1  # clocks of a run, at most

BASE = 10_000_000  # clocks of a run without a limit of its own, plus the following numbers
PER_EVENT = 100_000  # clocks for each event, or for each operation of a host
PER_DELAY = 10_000  # clocks for each clock of the receiver's delay
SPIKES_PER_EVENT = 256  # the most spikes of an event that wait for the receiver, one after the other


class NotAtRest(InputError):
    """A run without a limit of its own ends although the chip is still at work."""


def clock_limit(n_events: int, waits: int = 0, gap: int = 0, ack: int = 0) -> int:
    """Return the clocks after which a run without a limit of its own ends: more than any normal run needs.

    n_events : the number of events
    waits : clocks for which the sender must wait, all together
    gap : clocks that the sender adds to each event
    ack : clocks that the receiver adds to each spike
    """
    per_event = PER_EVENT + gap + SPIKES_PER_EVENT * ack
    return min(BASE + PER_DELAY * ack + per_event * n_events + waits, MAX_CYCLES)


def not_at_rest(n_cycles: int, n_spikes: int) -> str:
    """Return the message for a run that ``clock_limit`` ends; n_spikes : the spikes, or bytes, that the chip sent."""
    return (
        f"stopped after {n_cycles:,} clocks: the chip has not come to rest ({n_spikes:,} spikes so far), though without"
        f" a limit of its own a run has {BASE:,} clocks, {PER_EVENT:,} more for each event, and the buses' delays"
    )
