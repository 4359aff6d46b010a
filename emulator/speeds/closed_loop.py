"""A chip between a sender of events and a receiver of spikes, clock by clock, at compiled speed.

For every chip with both buses, AERIN and AEROUT.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.parts.crossbar import Crossbar
from draupnir.emulator.parts.handshake import FOREVER, Environment, held, receive, send, send_for, unchanged_for
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.runs import Buses, BusRun, Given, driven, keep, new_column, put, undriven

LONGEST_VISIT = 512  # clocks of a stretch that are work; in longer ones nothing moves


class ClosedLoop:
    """Runs a chip; ``clock`` and ``stretch`` are the chip's modules, see ``_looper``."""

    def __init__(self, clock: ModuleType, stretch: ModuleType) -> None:
        self._loop = _looper(clock, stretch)

    def run(
        self,
        model: Crossbar,
        events: np.ndarray,
        environment: Environment,
        max_cycles: int | None = None,
        record_rows: bool = False,
        not_before: np.ndarray | None = None,
        buses: Buses | None = None,
        finish: bool = True,
    ) -> BusRun:
        """Send events and take spikes until all is done, or for ``max_cycles`` clocks.

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

        def piece(given: Given, clocks: int, left: np.ndarray) -> Any:
            return self._loop(model.kernel_state(), given, left, clocks, finish, record_rows)

        whole = runs.in_pieces(piece, given, most)
        cycles, addrs, rows = whole.columns
        run = BusRun(cycles, addrs, first_cycle, whole.n_cycles, whole.done, whole.n_sent, whole.buses, rows)
        return runs.check_at_rest(run, max_cycles)  # type: ignore[no-any-return]


def _looper(clock: ModuleType, stretch: ModuleType) -> Callable[..., Any]:
    """The compiled clocks of a piece of a run: spike cycles, spike addresses, rows, clocks taken, done.

    clock, stretch : as for ``drive.driver``; ``clock`` also has the positions of the pins, IN and OUT, and
    ``at_rest(record)``: nothing queued, nothing under way
    """

    @entry
    def loop(
        state: Any,
        given: Given,
        left: np.ndarray,
        max_cycles: int,
        finish: bool,
        record_rows: bool,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, bool]:
        r = state[0]
        cycles, addrs, rows = new_column(), new_column(), new_column()
        n_spikes, n_cycles, work, done = 0, 0, 0, False
        longest = pieces.WORK if record_rows else FOREVER
        others = undriven(clock.IN, r.inputs)
        events, not_before, delays, (sender, receiver, req_before) = given
        stretch.begin(r)
        while n_cycles < max_cycles and work < pieces.WORK:
            shown = clock.outputs(r)
            ack, req = field(shown, clock.OUT.AERIN_ACK), field(shown, clock.OUT.AEROUT_REQ)
            if req == 1 and req_before == 0:
                cycles = put(cycles, n_spikes, r.cycle)
                addrs = put(addrs, n_spikes, field(shown, clock.OUT.AEROUT_ADDR))
                n_spikes += 1
            req_before = req
            if sender.n_sent == len(events):
                done = not finish or ((ack | req | receiver.ack) == 0 and clock.at_rest(r))
                if done:
                    break
            sender = send(sender, delays, events, ack, held(sender, not_before, r.cycle))
            receiver = receive(receiver, delays, req)
            r.inputs = others | driven(clock.IN, sender, receiver)
            taken = 0
            if stretch.can_stretch(r):
                same = unchanged_for(sender, events, held(sender, not_before, r.cycle + 1))
                taken = stretch.stretch(*state, min(same, max_cycles - n_cycles, longest))
            if taken == 0:
                clock.clock(*state)
                taken = 1
            sender = send_for(sender, delays, events, taken - 1, held(sender, not_before, r.cycle - taken + 1))[0]
            work += taken if record_rows else min(taken, LONGEST_VISIT)
            if record_rows:
                for _ in range(taken):
                    rows = put(rows, n_cycles, r.inputs)
                    n_cycles += 1
            else:
                n_cycles += taken
        stretch.end(r)
        keep(left, sender, receiver, req_before)
        n_rows = n_cycles if record_rows else 0
        return cycles[:n_spikes], addrs[:n_spikes], rows[:n_rows], n_cycles, done

    return loop
