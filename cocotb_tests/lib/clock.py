"""A chip's clocks, the count of their cycles, and the edges that the chip uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import NullTrigger, Timer
from cocotb.utils import get_sim_steps, get_sim_time

from draupnir.emulator.declare import Chip

PERIOD_NS = 10
STEPS = 64  # of the simulator's time in a period, at least: drivers move pins at fractions of it


class ChipClock:
    """A clock that runs in the simulator without waking Python, and is counted by the time.

    It rests for half a period, then has its first edge; ``cycle`` counts the edges of this kind from there. These are
    rising edges, but for a clock of which the chip uses the fall alone: that one rests high, and its falls count.

    Its period is 64 steps of the simulator's time at least, and an even number of them.

    handle : the clock pin
    half : the control that starts the wrapper's clock (``lib.wrapper``); None: cocotb's, which costs twice as much
    period_ns : its period in nanoseconds
    idle : the level at which it rests, 0 or 1 (``UsedClock.idle``)
    """

    def __init__(self, handle: Any, half: Any = None, period_ns: float = PERIOD_NS, idle: int = 0) -> None:
        self.period = max(STEPS, get_sim_steps(period_ns, "ns", round_mode="ceil"))
        self.period += self.period % 2
        self.first_edge, self.idle = 0, idle
        self._handle, self._half = handle, half
        self._own: Clock | None = None

    def start(self) -> None:
        self.first_edge = get_sim_time("step") + self.period // 2
        if self._half is None:
            self._own = Clock(self._handle, self.period, "step", impl="gpi")
            self._own.start(start_high=bool(self.idle))
        else:
            self._half.value = self.period // 2

    def stop(self) -> None:
        """Let the clock stand still; the wrapper's runs on."""
        if self._own is not None:
            self._own.stop()

    def cycle(self, time: int | None = None) -> int:
        """Number of edges up to and at a time in steps, or up to now."""
        now = get_sim_time("step") if time is None else time
        return max(0, (now - self.first_edge) // self.period + 1)

    async def before_edge(self) -> None:
        """Wait until one step before the next edge: whatever moves earlier, another clock's edge too, is over."""
        edge = self.first_edge + self.cycle() * self.period
        wait = edge - 1 - get_sim_time("step")
        if wait > 0:
            await Timer(wait, "step")

    async def cycles(self, n: int) -> None:
        """Wait for ``n`` edges and then half a period, so that what follows is far from any edge that counts.

        With n = 0 it does not wait at all: a reaction to a change that the clock caused comes after that edge anyway.
        """
        if n <= 0:
            await NullTrigger()
            return
        edge = self.first_edge + (self.cycle() + n - 1) * self.period
        await Timer(edge + self.period // 2 - get_sim_time("step"), "step")


class ClockEdges:
    """The moments at which clocks have edges that the chip uses, told by the time alone.

    clocks : by pin, all of them
    """

    def __init__(self, chip: Chip, clocks: Mapping[str, ChipClock]) -> None:
        self._clocks = [(clock, clocks[clock.pin.name]) for clock in chip.clocks]

    def between(self, after: int, until: int) -> tuple[np.ndarray, np.ndarray]:
        """The moments after a time in steps, up to and with another: (n,) int64, and their edges: (n,) uint8."""
        times, edges = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
        for declared, clock in self._clocks:
            used = (declared.rise, declared.fall)[:: -1 if declared.idle else 1]
            for edge, first in zip(used, (clock.first_edge, clock.first_edge + clock.period // 2), strict=True):
                if edge:
                    n_before, n = ((time - first) // clock.period + 1 for time in (after, until))
                    times.append(first + clock.period * np.arange(max(0, n_before), max(0, n), dtype=np.int64))
                    edges.append(np.full(len(times[-1]), edge, np.uint8))
        moments, place = np.unique(np.concatenate(times), return_inverse=True)
        together = np.zeros(len(moments), np.uint8)
        np.bitwise_or.at(together, place, np.concatenate(edges))
        return moments, together

    def ahead(self) -> Iterator[tuple[int, int]]:
        """The moments after now, for ever: the time in steps, and the edges."""
        until = get_sim_time("step")
        while True:
            after, until = until, until + max(clock.period for _, clock in self._clocks)
            times, edges = self.between(after, until)
            yield from zip(times.tolist(), edges.tolist(), strict=True)

    def count(self, until: int | None = None) -> int:
        """Return how many moments there are up to a time in steps, or up to now."""
        return len(self.between(-1, get_sim_time("step") if until is None else until)[0])
