"""The event level's own state beside the chip's, and one clock of both, in which memories are in planes.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import controller, scheduler
from draupnir.emulator.odin.clock import IN, clock
from draupnir.emulator.odin.controller import POP_NEUR, SYNAPSE
from draupnir.emulator.odin.layout import N_SYN, N
from draupnir.emulator.odin.planes import memories, record

LAST_GROUP = N // N_SYN - 1


class Workspace(NamedTuple):
    """The engine's state beside the model's: ``new_workspace``.

    word : (4,) int64, a neuron's memory word; fired : (256,) int64, neurons that spike in an event, in order
    bus_spikes : spikes seen on the output bus during an event, with their cycles
    """

    planes: np.record
    word: np.ndarray
    fired: np.ndarray
    bus_spikes: np.record


def new_workspace(bus_spikes: np.recarray) -> Any:
    """A workspace with arrays of one record; ``memories.load_all`` fills its planes.

    bus_spikes : the record of ``loop.new_shown``
    """
    of_arrays: Any = Workspace
    return of_arrays(record.new_planes(), np.zeros(record.N_LIMBS, np.int64), np.zeros(N, np.int64), bus_spikes)


# --- One clock --------------------------------------------------------------------------------------------------


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
        memories.flush_neuron(ws.planes, neurons, neur.addr)
        memories.flush_flags(ws.planes, r, neur.addr // N_SYN)
        memories.flush_flags(ws.planes, r, syn.addr & LAST_GROUP)
        memories.flush_synapses(ws.planes, synapses, syn.addr)
        memories.word_of(neurons, neur.addr, ws.word)
    old_word = wide(synapses[syn.addr, 0])
    stimulates = neur.we == 1 and neur.event == 1 and (r.state == POP_NEUR or r.state == SYNAPSE)
    learns = r.spi_gate_activity_sync == 0
    clock(r, neurons, synapses)
    counts.synaptic_operations += int(stimulates)
    if learns:
        counts.weight_steps += _n_weights_changed(old_word, wide(synapses[syn.addr, 0]))
    if neur.we and in_planes:
        memories.load_neuron(ws.planes, neurons, neur.addr, ws.word)
        memories.load_flags(ws.planes, r, neur.addr // N_SYN)
    if syn.we and in_planes:
        memories.load_synapses(ws.planes, synapses, syn.addr)
