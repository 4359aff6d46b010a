"""A simulated board whose golden model takes packets out of a FIFO. rtl/bridge/packets.py is the same in hardware."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from draupnir.emulator.speeds import pieces
from draupnir.emulator.trace import column
from draupnir.rtl.bridge.protocol import buses
from draupnir.tools.host.simulated.buses import number_near
from draupnir.tools.host.simulated.model import AT_ONCE, ModelBoard
from draupnir.tools.host.simulated.queues import Queues


@dataclass
class PacketBuses(Queues):
    """The FIFO, the queue of levels, and the observer of the outputs, between two clocks.

    events : (cycle, packet) of the packets in the FIFO, or in the queue behind it; levels : (cycle, levels)
    spikes : (cycle, levels of the outputs)
    """

    levels: deque[tuple[int, int]] = field(default_factory=deque)
    _is_empty: bool = True
    _data: int = 0
    _pulled: int = 0
    _outputs: int = 0
    _has_changed: bool = False

    def __post_init__(self) -> None:
        self._buses = buses(self.chip)

    @property
    def pins(self) -> int:
        """The input pins of the FIFO, packed."""
        levels = {"empty": int(self._is_empty), "data": self._data}
        word = self.chip.input_word
        return sum(levels[role] << word[self._buses.packets[role].name].lsb for role in levels)

    def queue(self, number: int, addr: int, now: int) -> bool:
        """Queue a packet, or levels. Returns False if there is no room."""
        is_levels = bool(addr & self._buses.levels_bit)
        entries = self.levels if is_levels else self.events
        if len(entries) == self.event_depth:
            return False
        pins = self._buses.levels_in if is_levels else (self._buses.packets["data"],)
        entries.append((number_near(number, now), addr & ((1 << sum(pin.width for pin in pins)) - 1)))
        return True

    def forget(self) -> None:
        """Discard the queued packets and levels, and take the outputs as 0."""
        self.events.clear()
        self.levels.clear()
        self._is_empty, self._outputs = True, 0

    @property
    def must_wait(self) -> bool:
        """True if the chip's clock must stop: to wait for a packet or levels, or for room for the outputs."""
        is_late = (self.more and not self.events) or (self.more_levels and not self.levels)
        return is_late or len(self.spikes) >= self.spike_depth

    def change_inputs(self, now: int) -> int | None:
        """Move the inputs before clock ``now``. Returns the new levels of the pins of no bus, or None for the old."""
        self.quiet = 0 if self._is_moving or self._has_changed else self.quiet + 1
        self._has_changed = False
        self._data, self._is_empty = self._pulled, not (self.events and self.events[0][0] <= now)
        return self.levels.popleft()[1] if self.levels and self.levels[0][0] <= now else None

    @property
    def _is_moving(self) -> bool:
        return not self._is_empty or bool(self.events) or bool(self.levels)

    def unchanged_for(self, now: int) -> int:
        """The number of clocks from ``now`` on, at least 1, in which no input moves unless the chip pulls."""
        times = [self.levels[0][0]] if self.levels else []
        times += [self.events[0][0]] if self.events and self._is_empty else []
        if self.more_levels and not self.levels:
            times.append(now + 1)
        return max(1, min(times) - now) if times else AT_ONCE

    def clocks_until_pull(self, rows: np.ndarray) -> int:
        """The number of clocks up to a pull, or until the queue of outputs is full; all clocks if neither comes.

        rows : the outputs before each rise
        """
        pulls = np.flatnonzero(self._pulls(rows))[:1] + 1
        fills = np.flatnonzero(self._changes(rows))[self.spike_depth - len(self.spikes) - 1 :][:1] + 1
        return int(min([len(rows), *pulls.tolist(), *fills.tolist()]))

    def see(self, rows: np.ndarray, first: int) -> None:
        """Note the outputs before the rises of clocks that have passed, from clock ``first`` on."""
        outputs, changes = self._levels_of(rows), self._changes(rows)
        for i in np.flatnonzero(changes).tolist():
            self.spikes.append((first + i, int(outputs[i])))
        self._count_quiet(changes)
        self._outputs = int(outputs[-1])
        if self._pulls(rows)[-1]:
            self._pulled = self.events.popleft()[1]

    def _count_quiet(self, changes: np.ndarray) -> None:
        """Count the clocks after the first, whose inputs ``change_inputs`` has moved."""
        moves = np.flatnonzero(changes[:-1]) + 1
        if self._is_moving and len(changes) > 1:
            self.quiet = 0
        elif len(moves):
            self.quiet = len(changes) - 1 - int(moves[-1])
        else:
            self.quiet += len(changes) - 1
        self._has_changed = bool(changes[-1])

    def _pulls(self, rows: np.ndarray) -> np.ndarray:
        pull = column(self.chip.output_word, self._buses.packets["pull"].name, rows)
        return pull & (not self._is_empty)

    def _levels_of(self, rows: np.ndarray) -> np.ndarray:
        levels, lsb = np.zeros(len(rows), np.int64), 0
        for pin in self._buses.levels_out:
            levels |= column(self.chip.output_word, pin.name, rows) << lsb
            lsb += pin.width
        return levels

    def _changes(self, rows: np.ndarray) -> np.ndarray:
        changes: np.ndarray = np.diff(self._levels_of(rows), prepend=self._outputs) != 0
        return changes


class PacketBoard(ModelBoard):
    """A board whose chip is a golden model that takes packets."""

    _aer: PacketBuses

    def _make_buses(self, event_depth: int, spike_depth: int) -> PacketBuses:
        return PacketBuses(self._chip, event_depth, spike_depth)

    @property
    def busy(self) -> bool:
        """True if the chip has clocks to run."""
        return self._n_remaining > 0 and not self._aer.must_wait

    def _run(self, at_most: int) -> None:
        """Run the remaining clocks, but not more than ``at_most``, and stop if the clock must wait for the host."""
        end = self._now + min(self._n_remaining, at_most)
        while self._now < end and not self._aer.must_wait:
            pieces.check_stop()
            first = self._now
            levels = self._aer.change_inputs(first)
            if levels is not None:
                self._levels = self._input_pins(levels)
            clocks = min(self._aer.unchanged_for(first), end - first, AT_ONCE)
            snapshot = self._model.snapshot()
            rows = self._drive(clocks)
            n = self._aer.clocks_until_pull(rows)
            if n < clocks:
                self._model.restore(snapshot)
                self._now = first
                self._drive(n)
            self._aer.see(rows[:n], first)
            self._n_remaining -= n
