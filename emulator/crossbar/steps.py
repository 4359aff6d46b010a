"""The steps of the event levels of ODIN and tinyODIN, for ``speeds/loop.py``: rests, the way to an event, events.

A chip's ``events/event.py`` takes whole events at once where nothing can interfere. In the clocks between them only
controller and buses move. Everything else, a virtual event as well as a corner that nobody would look for, is run clock
by clock on the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.crossbar import events
from draupnir.emulator.crossbar.controller import is_quiet
from draupnir.emulator.crossbar.events import NO_SWEEPS, Machine, Workspace
from draupnir.emulator.crossbar.layout import WAIT
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.parts.handshake import FOREVER, Receiver, enforced_wait, send
from draupnir.emulator.speeds import pieces
from draupnir.emulator.speeds.loop import drive, pass_clocks
from draupnir.emulator.speeds.runs import Buses, RunInputs

LONGEST_WORK = 1  # work of a clock
REST_WORK = 8  # how much work a rest is, see ``pieces.WORK``
FASTER = 8  # by which a clock of an event that is taken at once is less work
MOST_AT_ONCE = 1 << 12  # work of an event at once
WORTH_IT = 8  # clocks of rest that are looked for
AT_REST = Receiver(0, 0)  # its pin


def opener(loops: ModuleType) -> Callable[..., Any]:
    """Compile a loop to be called with an array of one record in the place of each record; see ``loop.looper``."""

    @entry
    def opened(
        arrays: Any, bus_spikes: np.recarray, inputs: RunInputs, terms: Any, columns: Any, bus_words: np.ndarray
    ) -> Any:
        ws = Workspace(arrays.ws.cells[0], arrays.ws.fired, arrays.ws.bus_spikes[0])
        state = Machine(arrays.r[0], arrays.memories, ws, arrays.counts[0], arrays.stall)
        return loops.loop(state, bus_spikes[0], inputs, terms, columns, bus_words)

    return opened


# --- What can be taken at once ----------------------------------------------------------------------------------


def at_once_of(clock: ModuleType, event: ModuleType) -> Callable[..., tuple[Buses, int, int]]:
    """Make a chip's ``at_once``: a rest, the clocks up to the next event, or an event; see ``speeds/clocks.py``.

    clock : the chip's module; its ``calm_clock`` is a clock in which nothing comes from the SPI or the output bus
    event : the chip's module with ``is_free(record, receiver, delays)``, which is True if nothing is under way but what
        controller and scheduler do by themselves; ``can_take``, with the same arguments, and
        ``clocks_at_most(record, stall)`` of the event that begins with this clock; ``take(machine, receiver, delays)``,
        which runs this event, and returns the receiver, AEROUT_REQ as it was seen last, and the clocks that it ran one
        by one
    """
    controller, scheduler = clock.controller, clock.scheduler

    @kernel
    def rest_clocks(r: np.record, inputs: RunInputs, bus: Buses) -> int:
        """Clocks from this one on in which nothing moves but the sender's delay and the turn; 0 if not worth it."""
        sender = bus.sender
        if r.state != WAIT or sender.req == 1:
            return 0
        ended = sender.n_sent == len(inputs.events)
        quiet = FOREVER if ended else max(sender.wait, enforced_wait(sender, inputs.not_before, r.cycle))
        is_idle = is_quiet(r, field(r.inputs, clock.IN.AERIN_REQ)) and scheduler.outputs(r).empty == 1
        if quiet < WORTH_IT or not is_idle or not event.is_free(r, bus.receiver, inputs.delays):
            return 0
        return min(quiet, scheduler.unchanged_for(r))

    @kernel
    def rest(m: Machine, inputs: RunInputs, bus: Buses, clocks: int) -> Buses:
        """Only the sender's delay and the turn move; returns the buses afterwards."""
        bus = pass_clocks(bus, inputs, clocks, m.r.cycle)[0]
        scheduler.run_on(m.r, clocks)
        m.counts.cycles[WAIT] += clocks
        m.r.cycle += clocks
        return bus

    @kernel
    def approach(m: Machine, inputs: RunInputs, bus: Buses, limit: int) -> tuple[Buses, int, int]:
        """Run on while only the controller, the scheduler and the input bus move.

        Call it only where the event level is free (``event.is_free``). Ends where an event begins, or a rest may.
        """
        r, counts, sender = m.r, m.counts, bus.sender
        first = r.cycle
        last = first + min(limit, pieces.WORK)
        while r.cycle < last and sender.n_sent < len(inputs.events) and controller.is_waiting(r.state):
            pause = enforced_wait(sender, inputs.not_before, r.cycle)
            if r.state == WAIT and sender.req == 0 and max(sender.wait, pause) >= WORTH_IT:
                break
            sender = send(sender, inputs.delays, inputs.events, controller.aerin_ack(r), pause)
            drive(r, clock.IN, Buses(sender, AT_REST, 0))
            counts.cycles[r.state] += 1
            clock.calm_clock(r)
            counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        return Buses(sender, bus.receiver, bus.req), r.cycle - first, r.cycle - first

    @kernel
    def take(m: Machine, inputs: RunInputs, bus: Buses, limit: int) -> tuple[Buses, int, int]:
        """The event that begins here, if it can be taken at once."""
        r, counts = m.r, m.counts
        if event.clocks_at_most(r, m.stall) > limit or not event.can_take(r, bus.receiver, inputs.delays):
            return bus, 0, 0
        state, first = r.state, r.cycle
        counts.n_sweeps += 1
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
        receiver, req, one_by_one = event.take(m, bus.receiver, inputs.delays)
        clocks = r.cycle - first
        counts.cycles[state] += clocks
        bus = events.pass_event(r, clock.IN, Buses(bus.sender, receiver, req), inputs, clocks, first)
        return bus, clocks, max(one_by_one, min(clocks // FASTER, MOST_AT_ONCE))

    @kernel
    def at_once(m: Machine, inputs: RunInputs, bus: Buses, bus_spikes: np.record, limit: int) -> tuple[Buses, int, int]:
        if m.stall == NO_SWEEPS:
            return bus, 0, 0
        if not controller.is_waiting(m.r.state):
            return take(m, inputs, bus, limit)
        clocks = min(rest_clocks(m.r, inputs, bus), limit)
        if clocks > 0:
            return rest(m, inputs, bus, clocks), clocks, REST_WORK
        if event.is_free(m.r, bus.receiver, inputs.delays):
            return approach(m, inputs, bus, limit)
        return bus, 0, 0

    return at_once


# --- One clock --------------------------------------------------------------------------------------------------


@kernel
def can_stretch(r: np.record) -> bool:
    """Never: what could be stretched is taken at once."""
    return False


@kernel
def stretch(
    r: np.record, memories: tuple[np.ndarray, ...], ws: Workspace, counts: np.record, stall: int, clocks: int
) -> int:
    """No clocks."""
    return 0
