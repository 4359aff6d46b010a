"""The common part of both kinds of a simulated board's buses: what waits for the chip, and what has come from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from draupnir.emulator.declare import Chip
from draupnir.emulator.parts.handshake import Delays, Environment


@dataclass
class Queues:
    """Two queues of limited depth.

    events : (when, what) that wait; more : others will come
    spikes : (cycle, what) that were taken; at most ``spike_depth`` of them
    quiet : clocks since anything moved
    """

    chip: Chip
    event_depth: int
    spike_depth: int
    delays: Delays = Environment().delays
    events: deque[tuple[int, int]] = field(default_factory=deque)
    spikes: deque[tuple[int, int]] = field(default_factory=deque)
    more: bool = False
    quiet: int = 0

    def set_delays(self, delays: Delays) -> None:
        """Take other delays from now on."""
        self.delays = delays

    def queue(self, at: int, addr: int, now: int) -> bool:
        """Let an event wait; False if there is no room."""
        if len(self.events) == self.event_depth:
            return False
        self.events.append((self._when(at, now), addr))
        return True

    def _when(self, at: int, now: int) -> int:
        """Return what came over the line, as it is queued at clock ``now``."""
        return at
