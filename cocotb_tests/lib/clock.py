"""A chip's clocks, the count of their cycles, and the edges that the chip uses."""

from __future__ import annotations

from collections.abc import Mapping
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

    It is low for half a period, then rises for the first time; ``cycle`` counts rising edges from there.

    Its period is 64 steps of the simulator's time at least, and an even number of them.

    handle : the clock pin
    half : the control that starts the wrapper's clock (``lib.wrapper``); None: cocotb's, which costs twice as much
    period_ns : its period in nanoseconds
    """

    def __init__(self, handle: Any, half: Any = None, period_ns: float = PERIOD_NS) -> None:
        self.period = max(STEPS, get_sim_steps(period_ns, "ns", round_mode="ceil"))
        self.period += self.period % 2
        self.first_edge = 0
        self._handle, self._half = handle, half
        self._own: Clock | None = None

    def start(self) -> None:
        self.first_edge = get_sim_time("step") + self.period // 2
        if self._half is None:
            self._own = Clock(self._handle, self.period, "step", impl="gpi")
            self._own.start(start_high=False)
        else:
            self._half.value = self.period // 2

    def stop(self) -> None:
        """Let the clock stand still; the wrapper's runs on."""
        if self._own is not None:
            self._own.stop()

    def cycle(self, time: int | None = None) -> int:
        """Number of rising edges up to and at a time in steps, or up to now."""
        now = get_sim_time("step") if time is None else time
        return max(0, (now - self.first_edge) // self.period + 1)

    async def before_edge(self) -> None:
        """Wait until a quarter of a period before the next rising edge; not at all if it is nearer."""
        edge = self.first_edge + self.cycle() * self.period
        wait = edge - self.period // 4 - get_sim_time("step")
        if wait > 0:
            await Timer(wait, "step")

    async def cycles(self, n: int) -> None:
        """Wait for ``n`` rising edges and then half a period, so that what follows is far from any rising edge.

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
            for edge, first in (
                (declared.rise, clock.first_edge),
                (declared.fall, clock.first_edge + clock.period // 2),
            ):
                if edge:
                    n_before, n = ((time - first) // clock.period + 1 for time in (after, until))
                    times.append(first + clock.period * np.arange(max(0, n_before), max(0, n), dtype=np.int64))
                    edges.append(np.full(len(times[-1]), edge, np.uint8))
        moments, place = np.unique(np.concatenate(times), return_inverse=True)
        together = np.zeros(len(moments), np.uint8)
        np.bitwise_or.at(together, place, np.concatenate(edges))
        return moments, together

    def count(self, until: int | None = None) -> int:
        """Return how many moments there are up to a time in steps, or up to now."""
        return len(self.between(-1, get_sim_time("step") if until is None else until)[0])
