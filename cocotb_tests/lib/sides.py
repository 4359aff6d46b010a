"""Drivers for both sides of a bus of any kind, and a monitor.

The file of the bus's kind (``draupnir.emulator.buses``) has the steps of each side, with timing and broken rules. The
drivers here carry the steps out, and Python sleeps until a step is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Protocol

import cocotb
import numpy as np
from cocotb.triggers import First

from draupnir.cocotb_tests.lib.bus import BusPins
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.cocotb_tests.lib.player import Player
from draupnir.emulator.declare import Script, Step, next_step

PATIENCE = 100_000  # the largest number of cycles that a side waits


class Owing(Protocol):
    """An object that can say what it still waits for."""

    def overdue(self) -> str | None: ...

    def debt(self) -> str | None: ...


class Side:
    """A side of a bus that carries out scripts.

    timing : the timing for the bus's kind; None for a side that keeps the protocol
    patience : the largest number of cycles until the chip has done what it owes
    """

    def __init__(
        self,
        pins: BusPins,
        clock: ChipClock,
        timing: Any = None,
        rng: np.random.Generator | None = None,
        patience: int = PATIENCE,
    ) -> None:
        self._pins, self._clock, self.patience, self.timing = pins, clock, patience, timing
        self._rng = rng or np.random.default_rng(0)
        self._waits: tuple[Step, int] | None = None  # for the end of a step, since a cycle
        self._levels: Mapping[str, int] = {}  # the levels that this script drove last

    async def _carry_out(self, script: Script) -> None:
        self._levels = {}
        step = next(script, None)
        while step is not None:
            step = next_step(script, step.clocks != 0 and await self._step(step))

    async def _step(self, step: Step) -> bool:
        """Carry out a step. Return True if the level that it waits for has come."""
        self._drive(step.levels)
        if step.end is None:
            await self._clock.cycles(step.clocks or 1)
            return False
        self._waits = step, self._clock.cycle()
        met = await (self._at_edges(step) if self._pins.wired.kind.clocked else self._at_any_time(step))
        self._waits = None
        return met

    def _drive(self, levels: Mapping[str, int]) -> None:
        """Set the pins of the roles whose levels change: each pin that is set costs time in the simulator."""
        self._pins.drive({role: level for role, level in levels.items() if self._levels.get(role) != level})
        self._levels = levels

    async def _at_any_time(self, step: Step) -> bool:
        """React as soon as the other side moves. A step that waits for no level lasts for a clock edge."""
        assert step.end is not None
        if self._pins.shows(step.end):
            await self._clock.cycles(1)
            return True
        change = self._pins.change(step.end[0])
        if step.clocks is not None:
            await First(change, cocotb.start_soon(self._clock.cycles(step.clocks)))
            return self._pins.shows(step.end)
        await change
        while not self._pins.shows(step.end):
            await change
        return True

    async def _at_edges(self, step: Step) -> bool:
        """Sample the other side immediately before each clock edge, as a flip-flop does."""
        assert step.end is not None
        clocks, met = 0, False
        while not met and clocks != step.clocks:
            await self._clock.before_edge()
            met = self._pins.shows(step.end)
            if not met and step.clocks is None:
                await self._pins.change(step.end[0])  # It sleeps until the level changes.
            else:
                await self._clock.cycles(1)
            clocks += 1
        return met

    def debt(self) -> str | None:
        """Return what the chip still owes to this side, or None."""
        waits = self._waiting()
        if waits is None or not waits[0].debt:
            return None
        return f"{self._pins.name}: {waits[0].debt} since cycle {waits[1]}"

    def overdue(self) -> str | None:
        """Return what the chip has owed for longer than ``patience``, or None."""
        waits = self._waiting()
        return self.debt() if waits and self._clock.cycle() - waits[1] > self.patience else None

    def _waiting(self) -> tuple[Step, int] | None:
        """Return the step whose end this side waits for, and the cycle since which it has waited."""
        return self._waits


class BusSender(Side):
    """The sending side of a bus into the chip.

    player : the wrapper's player, for ``send_all``; None if Python carries out each step

    Attribute: ``answered_in``, the number of cycles from the moment at which the last item of ``send`` was on the bus
    until the chip reacted.
    """

    def __init__(self, *args: Any, player: Player | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._player, self._played = player, list[Step]()
        self.answered_in = 0
        self._has_answer = True

    async def send(self, item: int) -> None:
        """Send one item as soon as possible, and then wait for the gap after it, if the kind has one.

        If the timing breaks rules, this may end before the chip has answered.

        Raises ValueError for an item that does not fit the bus.
        """
        self._has_answer = False
        await self._carry_out(self._script([item]))

    async def send_all(self, items: Sequence[int]) -> None:
        """Send items, one after the other. This is faster than ``send``, unless broken rules depend on the chip.

        Raises ValueError for an item that does not fit the bus.
        """
        if self._player is None:
            await self._carry_out(self._script(items))
            return
        for first in range(0, len(items), self._player.n_items):
            block = items[first : first + self._player.n_items]
            steps = self._planned(block)
            if steps is None:
                await self._carry_out(self._script(block))
            else:
                self._played = steps
                await self._player.play(steps)
                self._played = []

    def _script(self, items: Sequence[int]) -> Script:
        return self._pins.wired.sender_script(iter(items), self._rng, self.timing)

    def _planned(self, items: Sequence[int]) -> list[Step] | None:
        """Return the steps for some items; None if they depend on the chip's timing, or if there are too many.

        With None, no random number has been drawn.
        """
        rng_state = self._rng.bit_generator.state
        script, steps = self._script(items), list[Step]()
        step = next(script, None)
        while step is not None and len(steps) <= Player.n_steps:
            _, end, clocks, _ = step
            if end is not None and clocks is not None:
                break
            if clocks != 0:
                steps.append(step)
            step = next_step(script, end is not None)
        if step is None and len(steps) <= Player.n_steps:
            return steps
        self._rng.bit_generator.state = rng_state
        return None

    async def _step(self, step: Step) -> bool:
        began = self._clock.cycle()
        met = await super()._step(step)
        if step.debt and met and not self._has_answer:
            self._has_answer, self.answered_in = True, self._clock.cycle() - began
        return met

    def _waiting(self) -> tuple[Step, int] | None:
        if not self._played or self._player is None:
            return super()._waiting()
        played = self._player.n_finished()
        step = self._played[played] if played < len(self._played) else None
        if step is None or step.end is None or self._pins.shows(step.end):
            return None
        return step, self._clock.cycle(self._player.since())


class BusReceiver(Side):
    """The receiving side of a bus out of the chip. From ``start`` on it receives all items, without an end.

    It reads ``timing`` when it starts; a new timing acts from the next ``start`` on.
    """

    _task: Any = None

    def start(self) -> None:
        """Start to receive, or start again."""
        if self._task is not None:
            self._task.cancel()
        self._waits = None
        self._task = cocotb.start_soon(self._carry_out(self._pins.wired.receiver_script(self._rng, self.timing)))


class BusMonitor:
    """Collect the items that pass over a bus.

    events : (cycle, item) for each item; the cycle is the number of edges of the bus's clock so far. If the kind's
        sides sample at edges, the edge at which the item passed counts, too.
    """

    def __init__(self, pins: BusPins, clock: ChipClock) -> None:
        self._pins, self._clock = pins, clock
        self.events: list[tuple[int, int]] = []

    def start(self) -> None:
        self._watch = self._pins.wired.monitor()
        cocotb.start_soon(self._at_edges() if self._pins.wired.kind.clocked else self._at_any_time())

    @property
    def addrs(self) -> list[int]:
        """Return the items without their cycles; on an address-event bus they are addresses."""
        return [item for _, item in self.events]

    async def _at_edges(self) -> NoReturn:
        while True:
            await self._clock.before_edge()
            self._look(self._clock.cycle() + 1)
            await self._clock.cycles(1)

    async def _at_any_time(self) -> NoReturn:
        while True:
            self._look(self._clock.cycle())
            await self._pins.change(self._pins.wired.kind.strobe)

    def _look(self, cycle: int) -> None:
        """Note an item that passes now. An unknown level does not count as 1, and an unknown item does not count."""
        levels = {role.name: self._pins.level(role.name) for role in self._pins.wired.kind.roles}
        item = self._watch.send({role: level or 0 for role, level in levels.items()})
        if item is not None and levels[self._pins.wired.payload] is not None:
            self.events.append((cycle, item))
