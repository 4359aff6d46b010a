"""A feedback event and a learn event of Gungnir at once: their clocks only read and write the memories, in order.

Each synapse word and each neuron goes through the same functions as clock by clock.

Source: README.md, as in clock.py and controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.controller import NeurMem, SynMem
from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.gungnir import clock, controller, eprop, neuron_core
from draupnir.emulator.gungnir.layout import LEARN_ROW_CLOCKS, N_SYN, N
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin.events.visits import EVENT_CLOCKS
from draupnir.emulator.odin.events.workspace import n_weights_changed
from draupnir.emulator.odin.neuron_core import stimulus
from draupnir.emulator.odin.planes import memories as planes

GROUPS = N // N_SYN
READ_CLOCKS = 2  # of a row that does not learn: its trace is read


@kernel
def _flush_row(ws: Workspace, synapses: np.ndarray, row: int) -> None:
    """Bring the words of a row up to date, if it is in planes."""
    if ws.cells.row_here[row]:
        for group in range(GROUPS):
            planes.flush_synapses(ws.cells, synapses, row * GROUPS + group)


@outlined
def feedback(r: np.record, ws: Workspace, neurons: np.ndarray, synapses: np.ndarray) -> int:
    """Add the weights of a row to the learning signals; returns the event's clocks."""
    aerin_addr = field(r.inputs, clock.IN.AERIN_ADDR)
    row = controller.neur_of(aerin_addr)
    planes.keep_last_neuron(ws.cells, neurons)
    _flush_row(ws, synapses, row)
    ws.cells.are_synapses_kept = 0
    for n in range(N):
        syn = SynMem(1, 0, row * GROUPS + n // N_SYN)
        if n % N_SYN == 0:
            r.synarray_rdata = wide(synapses[syn.addr, 0])
        if neuron_core.learns(neurons[n]):
            neur = NeurMem(1, 1, n, 0, 0, 0)
            s = stimulus(r, neur, syn)
            amount = controller.amount(r, aerin_addr, s.syn_weight, s.syn_sign)
            neuron_core.add_signal(neurons, n, amount)
    return EVENT_CLOCKS


@kernel
def _learn_row(r: np.record, synapses: np.ndarray, fractions: np.ndarray, row: int, counts: np.record) -> None:
    """E-prop for the 256 synapses of a row."""
    for addr in range(row * GROUPS, (row + 1) * GROUPS):
        place = SynMem(1, 1, addr)
        r.synarray_rdata, r.fractions_rdata = wide(synapses[addr, 0]), wide(fractions[addr, 0])
        syn_word, fraction_word = clock.words_next(r, place)
        counts.weight_steps += n_weights_changed(wide(r.synarray_rdata), syn_word)
        synapses[addr, 0], fractions[addr, 0] = syn_word, fraction_word
        r.lfsr = eprop.lfsr_next(r.lfsr)


@outlined
def learn(
    r: np.record,
    ws: Workspace,
    neurons: np.ndarray,
    synapses: np.ndarray,
    fractions: np.ndarray,
    counts: np.record,
) -> int:
    """E-prop for one row or for all; returns the event's clocks."""
    aerin_addr = field(r.inputs, clock.IN.AERIN_ADDR)
    single = controller.is_single(aerin_addr)
    first = controller.neur_of(aerin_addr) if single else 0
    last = first if single else N - 1
    planes.settle(ws.cells, r)
    planes.flush_neuron(ws.cells, neurons, last)  # the memory's output register will show its word
    clocks = 0
    for row in range(first, last + 1):
        planes.word_of(neurons, row, r.neur_state)
        if controller.trace(r) == 0:
            clocks += READ_CLOCKS
            continue
        _flush_row(ws, synapses, row)
        ws.cells.row_here[row] = 0
        _learn_row(r, synapses, fractions, row, counts)
        clocks += LEARN_ROW_CLOCKS
    return clocks
