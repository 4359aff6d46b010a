"""The event level's own state beside the chip's, and one clock of both, in which memories are in lanes and rows.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.tinyodin import controller, scheduler
from draupnir.emulator.tinyodin.clock import IN, clock
from draupnir.emulator.tinyodin.controller import POP_NEUR
from draupnir.emulator.tinyodin.events import sweep
from draupnir.emulator.tinyodin.layout import N


class Workspace(NamedTuple):
    """The engine's state beside the model's state; ``sweep.load_all`` fills it. rows : (256, 256) int8, weights."""

    lanes: np.record
    rows: np.ndarray


def new_workspace(bus_spikes: np.recarray) -> Any:
    """Empty lanes, an array of one record, and rows; what an event shows is noted elsewhere."""
    of_arrays: Any = Workspace
    return of_arrays(np.zeros(1, dtype=sweep.LANES).view(np.recarray), np.zeros((N, N), dtype=np.int8))


@outlined
def memory_clock(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, in_lanes: bool
) -> None:
    """A clock in a state that may touch the memories: what it touches leaves the lanes and comes back."""
    sched = scheduler.outputs(r)
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    neur, syn = controller.neur_mem(r, aerin_addr, sched), controller.syn_mem(r, aerin_addr, sched)
    counts.synaptic_operations += int(neur.we == 1 and r.state == POP_NEUR)
    if in_lanes:
        sweep.flush_neuron(ws.lanes, neurons, neur.addr)
    clock(r, neurons, synapses)
    if in_lanes and neur.we:
        sweep.load_neuron(ws.lanes, neurons, neur.addr)
    if in_lanes and syn.we:
        sweep.load_synapses(ws.rows, synapses, syn.addr)
