"""One clock of the event level, in which the memories are in lanes.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.tinyodin import controller, scheduler
from draupnir.emulator.tinyodin.clock import IN, clock
from draupnir.emulator.tinyodin.controller import POP_NEUR
from draupnir.emulator.tinyodin.events import sweep


@outlined
def memory_clock(
    r: np.record, memories: tuple[np.ndarray, np.ndarray], ws: Workspace, counts: np.record, in_lanes: bool
) -> None:
    """A clock in a state that may touch the memories: what it touches leaves the lanes and comes back."""
    neurons, synapses = memories
    sched = scheduler.outputs(r)
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    neur, syn = controller.neur_mem(r, aerin_addr, sched), controller.syn_mem(r, aerin_addr, sched)
    counts.synaptic_operations += int(neur.we == 1 and r.state == POP_NEUR)
    if in_lanes:
        sweep.flush_neuron(ws.cells, neurons, neur.addr)
    clock(r, neurons, synapses)
    if in_lanes and neur.we:
        sweep.load_neuron(ws.cells, neurons, neur.addr)
    if in_lanes and syn.we:
        sweep.load_synapses(ws.cells, synapses, syn.addr)
