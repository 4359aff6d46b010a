"""The steps of tinyODIN's event level, for ``speeds/loop.py``.

Where nothing can interfere, the neurons of a spike or of a time reference to all are taken at once (``sweep``), but for
the last, whose clocks also end the event. The only irregularity among them is a spike on the output bus, which stops
the controller's counters for as long as the receiver takes; with constant delays that is one number. Everything else,
a virtual event as well as a corner that nobody would look for, is run clock by clock on the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from draupnir.emulator.crossbar import events
from draupnir.emulator.crossbar.controller import SYN
from draupnir.emulator.crossbar.events import NO_SWEEPS, CrossbarStatistics, Machine
from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel, outlined
from draupnir.emulator.parts.fifo import clock_main, n_main
from draupnir.emulator.parts.handshake import Delays, Receiver
from draupnir.emulator.speeds.loop import show
from draupnir.emulator.speeds.runs import Buses, RunInputs, counters, read_counters
from draupnir.emulator.tinyodin import clock as chip_clock
from draupnir.emulator.tinyodin import controller, scheduler
from draupnir.emulator.tinyodin import stretch as stretches
from draupnir.emulator.tinyodin.clock import IN
from draupnir.emulator.tinyodin.controller import POP_NEUR, TREF, WAIT
from draupnir.emulator.tinyodin.events import sweep, workspace
from draupnir.emulator.tinyodin.events.workspace import Workspace
from draupnir.emulator.tinyodin.layout import PTR_BITS, N, State
from draupnir.emulator.tinyodin.scheduler import FILL_FULL, SCHED
from draupnir.emulator.tinyodin.stretch import begin as begin
from draupnir.emulator.tinyodin.stretch import end as end
from draupnir.emulator.tinyodin.stretch import is_undisturbed

EVENT_WORK = 64  # how much work an event at once is: see ``pieces.WORK``
LONGEST_WORK = 8  # how much work a rest is


COUNTS = counters(CrossbarStatistics, State)
statistics = partial(read_counters, CrossbarStatistics, State)
prepare = events.preparer_of(workspace, COUNTS, lambda r: not r.spi_aer_src_ctrl_nneur)


def opener(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop to be called with an array of one record in the place of each record; see ``loop.looper``."""

    @entry
    def opened(
        arrays: Any, bus_spikes: np.recarray, inputs: RunInputs, terms: Any, columns: Any, bus_words: np.ndarray
    ) -> Any:
        ws = Workspace(arrays.ws.lanes[0], arrays.ws.rows)
        state = Machine(arrays.r[0], arrays.neurons, arrays.synapses, ws, arrays.counts[0], arrays.stall)
        return loop(state, bus_spikes[0], inputs, terms, columns, bus_words)

    return opened


# --- Before and after -------------------------------------------------------------------------------------------


@kernel
def load(m: Machine) -> None:
    """Fill lanes and rows from the memories."""
    events.begin_counting(m)
    if m.stall != NO_SWEEPS:
        sweep.load_all(m.ws.lanes, m.ws.rows, m.neurons, m.synapses)


@kernel
def flush(m: Machine) -> None:
    """Bring the neuron memory up to date."""
    events.end_counting(m)
    if m.stall != NO_SWEEPS:
        sweep.flush_all(m.ws.lanes, m.neurons)


# --- Events at once ---------------------------------------------------------------------------------------------


@kernel
def at_once(m: Machine, inputs: RunInputs, bus: Buses, bus_spikes: np.record, limit: int) -> tuple[Buses, int, int]:
    """Take the event that begins here, if nothing can interfere; see ``speeds/clocks.py``."""
    r = m.r
    if m.stall == NO_SWEEPS or controller.is_waiting(r.state) or limit < N * (2 + m.stall):
        return bus, 0, 0
    if not can_sweep(r, field(r.inputs, IN.AERIN_ADDR), bus.receiver, inputs.delays):
        return bus, 0, 0
    first = r.cycle
    clocks = _visit(r, m.neurons, m.synapses, m.ws, m.counts, bus_spikes, m.stall)
    return events.pass_event(r, IN, bus, inputs, clocks, first), clocks, EVENT_WORK


@kernel
def can_sweep(r: np.record, aerin_addr: int, receiver: Receiver, delays: Delays) -> bool:
    """Tell whether the neurons of the event that begins with this clock can be taken at once."""
    begins = r.ctrl_cnt == 0 and r.neur_cnt == 0 and r.spi_max_neur > 0
    visits_all = r.state == POP_NEUR or (r.state == TREF and controller.names_all(aerin_addr))
    bus = receiver.ack == 0 and receiver.wait == delays.ack_delay
    return begins and visits_all and bus and is_undisturbed(r)


@outlined
def _visit(
    r: np.record,
    neurons: np.ndarray,
    synapses: np.ndarray,
    ws: Workspace,
    counts: np.record,
    bus_spikes: np.record,
    stall: int,
) -> int:
    """All neurons but the last; returns the clocks."""
    n_neurons = r.spi_max_neur
    last = n_neurons - 1
    lanes = ws.lanes
    sweep.flush_neuron(lanes, neurons, last)
    r.neur_state = wide(neurons[last, 0])
    if r.state == POP_NEUR:
        pre = field(scheduler.outputs(r).data_out, SCHED.addr)
        r.synarray_rdata = wide(synapses[pre << SYN.pre.shift | last >> GROUP_BITS, 0])
        sweep.stimulate(lanes, ws.rows[pre], n_neurons)
        counts.synaptic_operations += n_neurons
    else:
        sweep.leak(lanes, n_neurons)
    stalls = _fire(r, lanes, bus_spikes, n_neurons, stall) if sweep.total(lanes.spike, n_neurons) else 0
    clocks = 2 * n_neurons + stalls
    counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
    counts.stalls += stalls
    counts.n_sweeps += 1
    counts.cycles[r.state] += clocks
    r.neur_cnt = n_neurons
    r.ctrl_cnt = 2 * n_neurons
    r.cycle += clocks
    return clocks


@outlined
def _fire(r: np.record, lanes: np.record, bus_spikes: np.record, n_neurons: int, stall: int) -> int:
    """Scheduler and output bus as spikes come; returns the clocks for which the counters stood still.

    The last neuron's spike stalls them afterwards: it is left on the bus, with REQ.
    """
    stalls = 0
    for n in range(n_neurons):
        if lanes.spike[n]:
            if r.spi_open_loop_sync == 0:
                if r.main_fill_cnt != FILL_FULL:
                    clock_main(r, True, False, n << SCHED.addr.shift, PTR_BITS)
                else:
                    r.n_dropped += 1
            r.aerout_addr = n
            if n < n_neurons - 1:
                show(bus_spikes, r.cycle + 2 * n + 2 + stalls, n)
                stalls += stall
    last_spikes = wide(lanes.spike[n_neurons - 1])
    r.aerout_req = last_spikes
    r.aerout_ctrl_busy = last_spikes
    return stalls


# --- One clock, or a rest ----------------------------------------------------------------------------------------


@kernel
def can_stretch(r: np.record) -> bool:
    """Tell whether a rest begins here; the inputs are those of the coming clock."""
    return r.state == WAIT and stretches.can_stretch(r)


@kernel
def stretch(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, stall: int, clocks: int
) -> int:
    """Rest for at most ``clocks`` clocks; returns how many, perhaps none."""
    clocks = stretches.stretch(r, neurons, synapses, clocks)
    counts.cycles[WAIT] += clocks
    return clocks


clock = events.counted_clock(controller, chip_clock, workspace)
