"""One clock of the event level, in which the memories are in planes; what a chip that extends ODIN adds to an event.

Source: controller.v, as in controller.py.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import clock as chip_clock
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.controller import POP_NEUR, SYNAPSE
from draupnir.emulator.odin.layout import N_SYN, N
from draupnir.emulator.odin.planes import memories as planes

LAST_GROUP = N // N_SYN - 1
NO_SPIKE = -1


@kernel
def n_weights_changed(old_word: int, new_word: int) -> int:
    """Count the synapses of a word, of eight, that have changed."""
    bits = old_word ^ new_word
    n = 0
    while bits:
        n += int(bits & 0xF != 0)
        bits >>= 4
    return n


def memory_clock_of(clock: ModuleType) -> Callable[..., None]:
    """Make the clock of a chip whose memories are in planes; clock : its module."""
    controller = clock.controller

    @outlined
    def memory_clock(
        r: np.record, memories: tuple[np.ndarray, ...], ws: Workspace, counts: np.record, in_planes: bool = True
    ) -> None:
        """A clock in a state that may touch the memories: what it touches leaves the planes and comes back."""
        neurons, synapses = memories[0], memories[1]
        aerin_addr = field(r.inputs, clock.IN.AERIN_ADDR)
        sched = scheduler.outputs(r)
        neur = controller.neur_mem(r, aerin_addr, sched)
        syn = controller.syn_mem(r, aerin_addr, sched)
        if in_planes:
            planes.settle(ws.cells, r)
            planes.flush_neuron(ws.cells, neurons, neur.addr)
            planes.flush_flags(ws.cells, r, neur.addr // N_SYN)
            planes.flush_flags(ws.cells, r, syn.addr & LAST_GROUP)
            planes.flush_synapses(ws.cells, synapses, syn.addr)
            planes.word_of(neurons, neur.addr, ws.cells.word)
        old_word = wide(synapses[syn.addr, 0])
        stimulates = neur.we == 1 and neur.event == 1 and (r.state == POP_NEUR or r.state == SYNAPSE)
        learns = r.spi_gate_activity_sync == 0
        clock.clock(r, *memories)
        counts.synaptic_operations += int(stimulates)
        if learns:
            counts.weight_steps += n_weights_changed(old_word, wide(synapses[syn.addr, 0]))
        if neur.we and in_planes:
            planes.load_neuron(ws.cells, neurons, neur.addr, ws.cells.word)
            planes.load_flags(ws.cells, r, neur.addr // N_SYN)
        if syn.we and in_planes:
            planes.load_synapses(ws.cells, synapses, syn.addr)

    return memory_clock


memory_clock = memory_clock_of(chip_clock)


# --- What a chip that extends ODIN does beside ODIN; ODIN itself does nothing -----------------------------------------


@kernel
def begin_tref(r: np.record, ws: Workspace, neurons: np.ndarray) -> None:
    """A time reference to all neurons is about to begin."""


@kernel
def visited(r: np.record, ws: Workspace, neurons: np.ndarray, n_fired: int, pre: int, first: int, stop: int) -> None:
    """An event has visited the neurons from ``first`` to before ``stop``.

    n_fired : how many of them spiked; ``ws.fired`` begins with them. pre : the neuron whose spike it is, or NO_SPIKE
    """
