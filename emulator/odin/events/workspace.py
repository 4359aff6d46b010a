"""One clock of the event level, in which the memories are in planes.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import controller, scheduler
from draupnir.emulator.odin.clock import IN, clock
from draupnir.emulator.odin.controller import POP_NEUR, SYNAPSE
from draupnir.emulator.odin.layout import N_SYN, N
from draupnir.emulator.odin.planes import memories

LAST_GROUP = N // N_SYN - 1


@kernel
def _n_weights_changed(old_word: int, new_word: int) -> int:
    bits = old_word ^ new_word
    n = 0
    while bits:
        n += int(bits & 0xF != 0)
        bits >>= 4
    return n


@outlined
def memory_clock(
    r: np.record, neurons: np.ndarray, synapses: np.ndarray, ws: Workspace, counts: np.record, in_planes: bool = True
) -> None:
    """A clock in a state that may touch the memories: what it touches leaves the planes and comes back."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, aerin_addr, sched)
    if in_planes:
        memories.flush_neuron(ws.cells, neurons, neur.addr)
        memories.flush_flags(ws.cells, r, neur.addr // N_SYN)
        memories.flush_flags(ws.cells, r, syn.addr & LAST_GROUP)
        memories.flush_synapses(ws.cells, synapses, syn.addr)
        memories.word_of(neurons, neur.addr, ws.cells.word)
    old_word = wide(synapses[syn.addr, 0])
    stimulates = neur.we == 1 and neur.event == 1 and (r.state == POP_NEUR or r.state == SYNAPSE)
    learns = r.spi_gate_activity_sync == 0
    clock(r, neurons, synapses)
    counts.synaptic_operations += int(stimulates)
    if learns:
        counts.weight_steps += _n_weights_changed(old_word, wide(synapses[syn.addr, 0]))
    if neur.we and in_planes:
        memories.load_neuron(ws.cells, neurons, neur.addr, ws.cells.word)
        memories.load_flags(ws.cells, r, neur.addr // N_SYN)
    if syn.we and in_planes:
        memories.load_synapses(ws.cells, synapses, syn.addr)
