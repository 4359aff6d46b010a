"""The common part of both kinds of buses of a simulated board: the queue to the chip, and the queue from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from draupnir.emulator.declare import Chip
from draupnir.emulator.parts.handshake import Delays, Environment


@dataclass
class Queues:
    """Two queues of limited depth.

    events : the entries for the chip, two integers each
    more, more_levels : True if the host will send further entries, or further levels
    spikes : (cycle, address or byte) from the chip, at most ``spike_depth`` of them
    quiet : the number of clocks since a bus last moved
    """

    chip: Chip
    event_depth: int
    spike_depth: int
    delays: Delays = Environment().delays
    events: deque[tuple[int, int]] = field(default_factory=deque)
    spikes: deque[tuple[int, int]] = field(default_factory=deque)
    more: bool = False
    more_levels: bool = False
    quiet: int = 0

    def set_delays(self, delays: Delays) -> None:
        """Use other delays from now on."""
        self.delays = delays

    def queue(self, number: int, addr: int, now: int) -> bool:
        """Queue an entry. Returns False if there is no room."""
        if len(self.events) == self.event_depth:
            return False
        self.events.append((self._queued_number(number, now), addr))
        return True

    def _queued_number(self, number: int, now: int) -> int:
        """The first integer of a queued entry, from the number on the line at clock ``now``."""
        return number
