"""A chip between a sender of events and a receiver of spikes, event by event. See ``loop.py``."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.loop import Terms, looper, new_shown
from draupnir.emulator.speeds.many_arrays import indexed
from draupnir.emulator.speeds.many_level import ManyLevel
from draupnir.emulator.speeds.runs import Buses, EventRun, RunInputs


class EventLevel:
    """The event level of a chip.

    clock : the chip's module that is the ``pins`` of ``loop.looper``
    steps : the chip's module that is the ``clock``, the ``stretch`` and the ``level`` of ``loop.looper``. It also has
        ``prepare(model, environment, burst)``, which returns the state that its functions take: a named tuple with
        the record of counters as ``counts``, of the type ``COUNTS``; ``statistics(counts)``, which returns these
        counters by name; and ``one_of_many(loops)``, which makes ``run_one`` of ``ManyLevel``

    Its ``many`` is a ``ManyLevel``.
    """

    def __init__(self, clock: ModuleType, steps: ModuleType) -> None:
        self._loop = looper(clock, steps, steps, steps)
        self._steps = steps
        run_one = steps.one_of_many(self._loop.loops)  # type: ignore[attr-defined]
        self.many = ManyLevel(
            clock, steps.__name__, self._arrays, run_one, runs.words_at_rest, steps.COUNTS, steps.statistics
        )

    def prepare(self, model: Any, environment: Environment) -> tuple[Any, np.recarray]:
        """Return the state that the loop takes, and the record of ``new_shown`` in it."""
        burst = new_shown()
        return self._steps.prepare(model, environment, burst), burst

    def _arrays(self, model: Any, environment: Environment) -> Any:
        """The same state for ``ManyLevel``."""
        return indexed(self.prepare(model, environment)[0])

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
        """Send events and receive spikes until the run is complete, or for ``max_cycles`` clocks.

        If ``model.stretch`` is False, every clock runs by itself. The results are the same, and so are all statistics
        but the number of clocks that run at once. Parameters and errors are as in ``ClosedLoop.run``.
        """
        first_cycle = int(model.registers[0].cycle)
        inputs = runs.run_inputs(model, events, environment, not_before, buses)
        limit = runs.clock_budget(inputs, environment, first_cycle) if max_cycles is None else max_cycles
        state, burst = self.prepare(model, environment)

        def piece(inputs: RunInputs, clocks: int, bus_words: np.ndarray) -> Any:
            terms = Terms(clocks, finish, model.stretch, False, pieces.WORK)
            return self._loop(state, burst, inputs, terms, bus_words)

        ran = runs.run_pieces(piece, inputs, limit)
        figures = self._steps.statistics(state.counts[0])
        cycles, addrs, _ = ran.columns
        run = EventRun(cycles, addrs, first_cycle, ran.n_cycles, ran.done, ran.n_sent, ran.buses, figures)
        return runs.check_at_rest(run, max_cycles)
