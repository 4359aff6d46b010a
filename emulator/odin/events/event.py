"""One event of ODIN at once, with all that its 512 clocks do: to neurons, synapses, scheduler and output bus.

With the bursts on, a spike event is taken in parts (parts.py). How neurons are visited: visits.py.

Source: controller.v, scheduler.v, aer_out.v, as in controller.py, scheduler.py, aer_out.py.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from draupnir.emulator.crossbar.events import Machine, Workspace
from draupnir.emulator.crossbar.fire import NeuronVisit
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import controller, scheduler
from draupnir.emulator.odin.clock import IN
from draupnir.emulator.odin.controller import BIST, POP_NEUR, TREF, WAIT, WAIT_REQDN
from draupnir.emulator.odin.events import workspace as odin_workspace
from draupnir.emulator.odin.events.parts import parts_of
from draupnir.emulator.odin.events.visits import EVENT_CLOCKS, fire, row, stimulate
from draupnir.emulator.odin.events.visits import is_free as is_free
from draupnir.emulator.odin.events.workspace import NO_SPIKE
from draupnir.emulator.odin.layout import N_SYN, N
from draupnir.emulator.odin.planes import izh, lif, sweep
from draupnir.emulator.odin.planes.memories import keep_last_neuron
from draupnir.emulator.odin.scheduler import SCHED
from draupnir.emulator.parts.handshake import Delays, Receiver

ROW_CLOCKS = 2 * N // N_SYN  # of a row of synapses in a bistability event


# --- When -------------------------------------------------------------------------------------------------------


@kernel
def can_take(r: np.record) -> bool:
    """Tell whether the event that begins with this clock can be taken at once if the chip ``is_free``."""
    state = r.state
    if r.ctrl_cnt != 0 or r.neur_cnt != 0 or (state != POP_NEUR and state != BIST and state != TREF):
        return False
    single = controller.is_single(field(r.inputs, IN.AERIN_ADDR))
    stale = state == POP_NEUR and scheduler.rst_priority(r) and r.main_empty  # the first spike overwrites what is shown
    return not (state == TREF and single) and not stale


@kernel
def clocks_at_most(r: np.record, stall: int) -> int:
    """The clocks, at most, of the event that begins with this clock."""
    return ROW_CLOCKS * N if r.state == BIST else EVENT_CLOCKS + N * stall


# --- Whole events -----------------------------------------------------------------------------------------------


@kernel
def _whole_spike_event(
    r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray, counts: np.record, pre: int, stall: int
) -> tuple[int, int]:
    """Returns its clocks, and how many neurons spiked; pre : the neuron whose spike it is"""
    row(ws, synapses, pre)
    stimulate(r, ws, neurons, synapses, pre)
    counts.weight_steps += sweep.n_moved(ws.cells)
    counts.synaptic_operations += N
    n_fired = sweep.list_ones(ws.cells.spike, ws.fired)
    return fire(r, ws, counts, n_fired, NeuronVisit(0, N, N - 1, stall, True)), n_fired


@kernel
def _tref_event(r: np.record, ws: Workspace, counts: np.record, stall: int) -> tuple[int, int]:
    """Returns its clocks, and how many neurons spiked."""
    if ws.cells.any_lif:
        lif.leak_lif(ws.cells)
    if ws.cells.any_izh:
        izh.step_izh(ws.cells)
    n_fired = sweep.list_ones(ws.cells.spike, ws.fired)
    return fire(r, ws, counts, n_fired, NeuronVisit(0, N, N - 1, stall, False)), n_fired


@kernel
def _bist_event(r: np.record, ws: Workspace, synapses: np.ndarray, counts: np.record) -> int:
    """One row, or all."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    single = controller.is_single(aerin_addr)
    first = controller.neur_of(aerin_addr) if single else 0
    last = first if single else N - 1
    for pre in range(first, last + 1):
        row(ws, synapses, pre)
        sweep.bistable_row(ws.cells, pre, r.spi_update_unmapped_syn)
        counts.weight_steps += sweep.n_moved(ws.cells)
    clocks = ROW_CLOCKS * (last + 1 - first)
    scheduler.run_on(r, clocks)
    return clocks


# --- Any of them ------------------------------------------------------------------------------------------------


def taker(workspace: ModuleType) -> Callable[..., tuple[Receiver, int, int]]:
    """Make ``take``: the event that begins with this clock, where ``can_take``; see ``crossbar/steps.py``.

    workspace : the chip's module with ``memory_clock``, ``begin_tref`` and ``visited``
    """
    spike_event_in_parts = parts_of(workspace)

    @kernel
    def take(m: Machine, receiver: Receiver, delays: Delays) -> tuple[Receiver, int, int]:
        r, ws, counts = m.r, m.ws, m.counts
        neurons, synapses = m.memories[0], m.memories[1]
        first_state, begin = r.state, r.cycle
        req, one_by_one = 0, 0
        if first_state == BIST:
            r.cycle += _bist_event(r, ws, synapses, counts)
        elif first_state == TREF:
            keep_last_neuron(ws.cells, neurons)
            workspace.begin_tref(r, ws, neurons)
            clocks, n_fired = _tref_event(r, ws, counts, m.stall)
            workspace.visited(r, ws, neurons, n_fired, NO_SPIKE, 0, N)
            r.cycle += clocks
        elif scheduler.rst_priority(r):
            pre = field(scheduler.outputs(r).data_out, SCHED.addr)
            clocks, n_fired = _whole_spike_event(r, ws, neurons, synapses, counts, pre, m.stall)
            workspace.visited(r, ws, neurons, n_fired, pre, 0, N)
            r.cycle += clocks
        else:
            receiver, req = spike_event_in_parts(r, ws, m.memories, counts, delays, m.stall, receiver)
            one_by_one = r.cycle - begin
        r.state = WAIT if first_state == POP_NEUR else WAIT_REQDN
        r.ctrl_cnt = r.cycle - begin if first_state == BIST else EVENT_CLOCKS
        r.neur_cnt = 0
        return receiver, req, one_by_one

    return take


take = taker(odin_workspace)
