"""A chip between a sender of events and a receiver of spikes, event by event: see ``loop.py``."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import runs
from draupnir.emulator.speeds.loop import Terms, looper, new_shown
from draupnir.emulator.speeds.runs import Buses, EventRun, Given


class EventLevel:
    """Runs a chip by events.

    clock : the chip's module, the ``pins`` of ``loop.looper``
    steps : the chip's module that is both the loop's ``clock``, ``stretch`` and ``level``; and has
    ``prepare(model, environment, shown)``, which returns the state that its functions take; the dtype COUNTS
    of the record of counters, fifth of the state; ``statistics(counts)``, which names them
    """

    def __init__(self, clock: ModuleType, steps: ModuleType) -> None:
        self._loop = looper(clock, steps, steps, steps)
        self._steps = steps

    def run(
        self,
        model: Any,
        events: np.ndarray,
        environment: Environment,
        max_cycles: int | None = None,
        not_before: np.ndarray | None = None,
        buses: Buses | None = None,
        finish: bool = True,
    ) -> EventRun:
        """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

        With ``model.stretch`` False every clock is run by itself, with the same results and the same statistics but
        for what was taken at once. All parameters are as in ``ClosedLoop.run``.
        """
        first_cycle = int(model.registers[0].cycle)
        given = runs.given(model, events, environment, not_before, buses)
        most = runs.limited(given, environment, first_cycle) if max_cycles is None else max_cycles
        shown = new_shown()
        state = self._steps.prepare(model, environment, shown)

        def piece(given: Given, clocks: int, left: np.ndarray) -> Any:
            return self._loop(state, shown, given, Terms(clocks, finish, model.stretch, False), left)

        whole = runs.in_pieces(piece, given, most)
        figures = self._steps.statistics(state.counts[0])
        cycles, addrs, _ = whole.columns
        run = EventRun(cycles, addrs, first_cycle, whole.n_cycles, whole.done, whole.n_sent, whole.buses, figures)
        return runs.check_at_rest(run, max_cycles)
