"""Limits: how large the numbers of a run may be, and how long a run goes on that nobody has limited."""

from __future__ import annotations

from draupnir.emulator.errors import InputError

MAX_CYCLES = (1 << 62) - 1  # clocks of a run, at most

BASE = 10_000_000  # clocks that a run may take without a word
PER_EVENT = 100_000  # and so many more for each event, or operation of a host
PER_DELAY = 10_000  # and so many more for each clock by which the receiver of spikes is slow
SPIKES_PER_EVENT = 256  # that may wait for the receiver, one after the other


class NotAtRest(InputError):
    """A run without a limit of its own was stopped: the chip was still at work."""


def clock_limit(n_events: int, waits: int = 0, gap: int = 0, ack: int = 0) -> int:
    """Clocks after which a run is taken to go on for ever, if nobody has said how long it may take.

    n_events : that are sent; waits : clocks for which the sender waits by order
    gap : clocks that the sender adds to each event; ack : clocks that the receiver adds to each spike
    """
    per_event = PER_EVENT + gap + SPIKES_PER_EVENT * ack
    return min(BASE + PER_DELAY * ack + per_event * n_events + waits, MAX_CYCLES)


def not_at_rest(n_cycles: int, n_spikes: int) -> str:
    """Return what is said of a run that ``clock_limit`` ended. n_spikes : spikes, or bytes, that the chip sent in it"""
    return (
        f"stopped after {n_cycles:,} clocks: the chip has not come to rest ({n_spikes:,} spikes so far), though without"
        f" a limit of its own a run has {BASE:,} clocks, {PER_EVENT:,} more for each event, and the buses' delays"
    )
