"""A chip between a sender of events and a receiver of spikes, clock by clock, in compiled code.

It is for every chip with both buses, AERIN and AEROUT.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import clocks, pieces, runs
from draupnir.emulator.speeds.loop import Terms, looper, new_shown
from draupnir.emulator.speeds.runs import Buses, BusRun, RunInputs


class ClosedLoop:
    """A closed loop around a chip; clock, stretch : the chip's modules, see ``loop.looper``."""

    def __init__(self, clock: ModuleType, stretch: ModuleType) -> None:
        self._loop = looper(clock, clock, stretch, clocks)

    def run(
        self,
        model: Any,
        events: np.ndarray,
        environment: Environment,
        max_cycles: int | None = None,
        record_rows: bool = False,
        not_before: np.ndarray | None = None,
        buses: Buses | None = None,
        finish: bool = True,
    ) -> BusRun:
        """Send events and receive spikes until the run is complete, or for ``max_cycles`` clocks.

        If ``model.stretch`` is False, every clock runs by itself. SCK, MOSI and RST keep their levels.

        events : (n,) int64, AERIN_ADDR of each event, in order
        environment : the delays of both buses
        max_cycles : clocks, at most; None: a number that is enough for any normal run (``limits.clock_limit``)
        record_rows : True to return the input pins of each clock
        not_before : (n,) int64, for each event the first cycle of the model in which its REQ may be high, or
            ``runs.AT_REST``; None: no limits. An event with AT_REST waits until a run of all events before it would be
            complete. Then the gap begins, as it does for a run that continues that one.
        buses : both buses at the end of the last run, if this run continues it; None: at rest, as after a reset
        finish : True: the run ends before the first edge at which both buses and the chip are at rest. False: it ends
            as soon as REQ of the last event falls, so that a next run can continue it.

        Raises InputError if ``not_before`` is not as long as ``events``, NotAtRest if ``max_cycles`` is None and its
        number is not enough, and Stopped if the work has to stop.
        """
        first_cycle = int(model.registers[0].cycle)
        inputs = runs.run_inputs(model, events, environment, not_before, buses)
        limit = runs.clock_budget(inputs, environment, first_cycle) if max_cycles is None else max_cycles
        burst = new_shown()

        def piece(inputs: RunInputs, clocks: int, bus_words: np.ndarray) -> Any:
            terms = Terms(clocks, finish, model.stretch, record_rows, pieces.WORK)
            return self._loop((model.registers, *model.kernel_state()[1:]), burst, inputs, terms, bus_words)

        ran = runs.run_pieces(piece, inputs, limit)
        cycles, addrs, rows = ran.columns
        run = BusRun(cycles, addrs, first_cycle, ran.n_cycles, ran.done, ran.n_sent, ran.buses, rows)
        return runs.check_at_rest(run, max_cycles)
