"""The steps of ODIN's event level, for ``speeds/loop.py``.

Whole events are taken at once (``event.take``) where nothing can interfere: spike events, all-neurons time references,
bistability. In the clocks between them only controller and buses move. Everything else, a virtual event as well as a
corner that nobody would look for, is run clock by clock on the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from draupnir.emulator.crossbar import events
from draupnir.emulator.crossbar.events import NO_SWEEPS, Machine
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.odin import clock as chip_clock
from draupnir.emulator.odin import controller, scheduler
from draupnir.emulator.odin.clock import IN, calm_clock
from draupnir.emulator.odin.controller import WAIT
from draupnir.emulator.odin.events import event, workspace
from draupnir.emulator.odin.events.statistics import COUNTS
from draupnir.emulator.odin.events.statistics import statistics as statistics
from draupnir.emulator.odin.events.visits import is_free
from draupnir.emulator.odin.events.workspace import Workspace
from draupnir.emulator.odin.planes import memories
from draupnir.emulator.odin.stretch import begin as begin
from draupnir.emulator.odin.stretch import end as end
from draupnir.emulator.odin.stretch import is_idle
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


prepare = events.preparer_of(workspace, COUNTS, lambda r: not r.spi_out_aer_monitor_en and not r.spi_aer_src_ctrl_nneur)


def opener(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop to be called with an array of one record in the place of each record; see ``loop.looper``."""

    @entry
    def opened(
        arrays: Any, bus_spikes: np.recarray, inputs: RunInputs, terms: Any, columns: Any, bus_words: np.ndarray
    ) -> Any:
        ws = Workspace(arrays.ws.planes[0], arrays.ws.word, arrays.ws.fired, arrays.ws.bus_spikes[0])
        state = Machine(arrays.r[0], arrays.neurons, arrays.synapses, ws, arrays.counts[0], arrays.stall)
        return loop(state, bus_spikes[0], inputs, terms, columns, bus_words)

    return opened


# --- Before and after -------------------------------------------------------------------------------------------


@kernel
def load(m: Machine) -> None:
    """Fill the planes from the memories."""
    events.begin_counting(m)
    if m.stall != NO_SWEEPS:
        memories.load_all(m.ws.planes, m.r, m.neurons)


@kernel
def flush(m: Machine) -> None:
    """Bring the memories up to date."""
    events.end_counting(m)
    if m.stall != NO_SWEEPS:
        memories.flush_all(m.ws.planes, m.r, m.neurons, m.synapses)


# --- What can be taken at once ----------------------------------------------------------------------------------


@kernel
def at_once(m: Machine, inputs: RunInputs, bus: Buses, bus_spikes: np.record, limit: int) -> tuple[Buses, int, int]:
    """Take a rest, the clocks up to the next event, or an event, if it begins here; see ``speeds/clocks.py``."""
    if m.stall == NO_SWEEPS:
        return bus, 0, 0
    if not controller.is_waiting(m.r.state):
        return _take(m, inputs, bus, limit)
    clocks = min(_rest_clocks(m.r, inputs, bus), limit)
    if clocks > 0:
        return _rest(m, inputs, bus, clocks), clocks, REST_WORK
    if is_free(m.r, bus.receiver, inputs.delays):
        return _approach(m, inputs, bus, limit)
    return bus, 0, 0


@kernel
def _rest_clocks(r: np.record, inputs: RunInputs, bus: Buses) -> int:
    """Clocks from this one on in which nothing moves but the sender's delay and the turn; 0 if not worth it."""
    sender = bus.sender
    if r.state != WAIT or sender.req == 1:
        return 0
    ended = sender.n_sent == len(inputs.events)
    quiet = FOREVER if ended else max(sender.wait, enforced_wait(sender, inputs.not_before, r.cycle))
    if quiet < WORTH_IT or not is_idle(r) or not is_free(r, bus.receiver, inputs.delays):
        return 0
    return min(quiet, scheduler.unchanged_for(r))


@kernel
def _rest(m: Machine, inputs: RunInputs, bus: Buses, clocks: int) -> Buses:
    """Only the sender's delay and the turn move; returns the buses afterwards."""
    bus = pass_clocks(bus, inputs, clocks, m.r.cycle)[0]
    scheduler.run_on(m.r, clocks)
    m.counts.cycles[WAIT] += clocks
    m.r.cycle += clocks
    return bus


@kernel
def _approach(m: Machine, inputs: RunInputs, bus: Buses, limit: int) -> tuple[Buses, int, int]:
    """Run on while only the controller, the scheduler and the input bus move.

    Call it only where the event level is free (``is_free``). Ends where an event begins, or a rest may.
    """
    r, counts, sender = m.r, m.counts, bus.sender
    first = r.cycle
    last = first + min(limit, pieces.WORK)
    while r.cycle < last and sender.n_sent < len(inputs.events) and controller.is_waiting(r.state):
        pause = enforced_wait(sender, inputs.not_before, r.cycle)
        if r.state == WAIT and sender.req == 0 and max(sender.wait, pause) >= WORTH_IT:
            break
        sender = send(sender, inputs.delays, inputs.events, controller.aerin_ack(r), pause)
        drive(r, IN, Buses(sender, AT_REST, 0))
        counts.cycles[r.state] += 1
        calm_clock(r)
        counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
    return Buses(sender, bus.receiver, bus.req), r.cycle - first, r.cycle - first


@kernel
def _take(m: Machine, inputs: RunInputs, bus: Buses, limit: int) -> tuple[Buses, int, int]:
    """The event that begins here, if it can be taken at once."""
    r = m.r
    if event.clocks_at_most(r, m.stall) > limit or not event.can_take(r, bus.receiver, inputs.delays):
        return bus, 0, 0
    first, in_parts = r.cycle, not scheduler.rst_priority(r)
    whole_event = event.take(r, m.ws, m.neurons, m.synapses, m.counts, inputs.delays, m.stall, bus.receiver)
    bus = events.pass_event(
        r, IN, Buses(bus.sender, whole_event.receiver, whole_event.req), inputs, whole_event.clocks, first
    )
    return bus, whole_event.clocks, whole_event.clocks if in_parts else min(whole_event.clocks // FASTER, MOST_AT_ONCE)


# --- One clock --------------------------------------------------------------------------------------------------


@kernel
def can_stretch(r: np.record) -> bool:
    """Never: what could be stretched is taken at once."""
    return False


@kernel
def stretch(
    r: np.record,
    neurons: np.ndarray,
    synapses: np.ndarray,
    ws: Workspace,
    counts: np.record,
    stall: int,
    clocks: int,
) -> int:
    """No clocks."""
    return 0


clock = events.counted_clock(controller, chip_clock, workspace)
