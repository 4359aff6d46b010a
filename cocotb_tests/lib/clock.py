"""A chip's clock, and the count of its cycles."""

from __future__ import annotations

from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import NullTrigger, Timer
from cocotb.utils import get_sim_steps, get_sim_time

PERIOD_NS = 10
STEPS = 64  # of the simulator's time in a period, at least: drivers move pins at fractions of it


class ChipClock:
    """A clock that runs in the simulator without waking Python, and is counted by the time.

    It is low for half a period, then rises for the first time; ``cycle`` counts rising edges from there.

    Its period is 10 ns, or 64 steps of the simulator's time where these are longer.

    handle : the clock pin
    half : the control that starts the wrapper's clock (``lib.wrapper``); None: cocotb's, which costs twice as much
    """

    def __init__(self, handle: Any, half: Any = None) -> None:
        self.period = max(STEPS, get_sim_steps(PERIOD_NS, "ns", round_mode="ceil"))
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

    async def cycles(self, n: int) -> None:
        """Wait for ``n`` rising edges and then half a period, so that what follows is far from any rising edge.

        With n = 0 it does not wait at all: a reaction to a change that the clock caused comes after that edge anyway.
        """
        if n <= 0:
            await NullTrigger()
            return
        edge = self.first_edge + (self.cycle() + n - 1) * self.period
        await Timer(edge + self.period // 2 - get_sim_time("step"), "step")
