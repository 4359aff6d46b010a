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
STEPS = 64  # steps of simulated time in a period, at least, because drivers move pins at fractions of it


class ChipClock:
    """A clock that runs in the simulator without waking Python. Its cycles follow from the time.

    It has its first edge after half a period. ``cycle`` counts the edges of this kind. They are rising edges, or
    falling edges if the chip uses only the fall of this clock.

    handle : the clock pin
    half : the control that starts the wrapper's clock (``lib.wrapper``); None for cocotb's clock, which is half as fast
    period_ns : the period in nanoseconds: an even number of steps of the simulator, at least 64
    idle : the level before the first edge, 0 or 1 (``UsedClock.idle``)
    n_edges : the edges in a period that the chip uses, 1 or 2 (``UsedClock.n_edges``)
    """

    def __init__(
        self, handle: Any, half: Any = None, period_ns: float = PERIOD_NS, idle: int = 0, n_edges: int = 1
    ) -> None:
        self.period = max(STEPS, get_sim_steps(period_ns, "ns", round_mode="ceil"))
        self.period += self.period % 2
        self._to_middle = self.period // (2 * n_edges)
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
        """Stop the clock; the wrapper's clock goes on."""
        if self._own is not None:
            self._own.stop()

    def cycle(self, time: int | None = None) -> int:
        """Return the number of edges up to a time in steps, with this time; None for now."""
        now = get_sim_time("step") if time is None else time
        return max(0, (now - self.first_edge) // self.period + 1)

    async def before_edge(self) -> None:
        """Wait until one step before the next edge. All earlier changes, also by other clocks, are then complete."""
        edge = self.first_edge + self.cycle() * self.period
        wait = edge - 1 - get_sim_time("step")
        if wait > 0:
            await Timer(wait, "step")

    async def cycles(self, n: int) -> None:
        """Wait for ``n`` edges, and then for half the time to the next edge that the chip uses.

        With n = 0 it does not wait: a reaction to a change that the clock caused comes after this edge in any case.
        """
        if n <= 0:
            await NullTrigger()
            return
        edge = self.first_edge + (self.cycle() + n - 1) * self.period
        await Timer(edge + self._to_middle - get_sim_time("step"), "step")


class ClockEdges:
    """The moments at which clocks have edges that the chip uses. They follow from the time.

    clocks : pin -> clock, for all clocks
    """

    def __init__(self, chip: Chip, clocks: Mapping[str, ChipClock]) -> None:
        self._clocks = [(clock, clocks[clock.pin.name]) for clock in chip.clocks]

    def moments(self, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the moments t in steps with start < t <= end: (n,) int64, and their edges: (n,) uint8."""
        times, edges = list[np.ndarray](), list[np.ndarray]()
        for clock_declaration, clock in self._clocks:
            edges_in_period = (clock_declaration.rise, clock_declaration.fall)[:: -1 if clock_declaration.idle else 1]
            for edge, first in zip(
                edges_in_period, (clock.first_edge, clock.first_edge + clock.period // 2), strict=True
            ):
                if edge:
                    n_before, n = ((time - first) // clock.period + 1 for time in (start, end))
                    times.append(first + clock.period * np.arange(max(0, n_before), max(0, n), dtype=np.int64))
                    edges.append(np.full(len(times[-1]), edge, np.uint8))
        if len(times) == 1:  # one clock, of which the chip uses one edge
            return times[0], edges[0]
        moments, place = np.unique(np.concatenate(times), return_inverse=True)
        together = np.zeros(len(moments), np.uint8)
        np.bitwise_or.at(together, place, np.concatenate(edges))
        return moments, together

    def ahead(self) -> Iterator[tuple[int, int]]:
        """Yield all moments after now: the time in steps, and the edges."""
        end = get_sim_time("step")
        while True:
            start, end = end, end + max(clock.period for _, clock in self._clocks)
            times, edges = self.moments(start, end)
            yield from zip(times.tolist(), edges.tolist(), strict=True)

    def count(self, end: int | None = None) -> int:
        """Return the number of moments up to a time in steps, with this time; None for now."""
        return len(self.moments(-1, get_sim_time("step") if end is None else end)[0])
