"""A chip between a sender of events and a receiver of spikes, clock by clock, at compiled speed.

For every chip with both buses, AERIN and AEROUT.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import clocks, runs
from draupnir.emulator.speeds.loop import Terms, looper, new_shown
from draupnir.emulator.speeds.runs import Buses, BusRun, Given


class ClosedLoop:
    """Runs a chip; ``clock`` and ``stretch`` are the chip's modules, see ``loop.looper``."""

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
        """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

        With ``model.stretch`` False every clock is run by itself.

        max_cycles : None: as many as should do (``limits.clock_limit``); NotAtRest is raised if they do not
        events : (n,) int64, AERIN_ADDR of each, in order; environment : the delays of both buses
        not_before : (n,) int64, the first cycle of the model in which REQ of each may be high; None: no limits
        buses : where the run before left them; None: at rest, as after a reset or a run that was done
        finish : True: the run ends before the first edge at which both buses and the chip are at rest; False: as soon
        as the last event's REQ has been dropped, for the next run to go on from there
        SCK, MOSI and RST stay as they are. Raises InputError if ``not_before`` is not as long as ``events``.
        """
        first_cycle = int(model.registers[0].cycle)
        given = runs.given(model, events, environment, not_before, buses)
        most = runs.limited(given, environment, first_cycle) if max_cycles is None else max_cycles
        shown = new_shown()

        def piece(given: Given, clocks: int, left: np.ndarray) -> Any:
            terms = Terms(clocks, finish, model.stretch, record_rows)
            return self._loop((model.registers, *model.kernel_state()[1:]), shown, given, terms, left)

        whole = runs.in_pieces(piece, given, most)
        cycles, addrs, rows = whole.columns
        run = BusRun(cycles, addrs, first_cycle, whole.n_cycles, whole.done, whole.n_sent, whole.buses, rows)
        return runs.check_at_rest(run, max_cycles)
