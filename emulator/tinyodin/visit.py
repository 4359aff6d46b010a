"""An event of tinyODIN visits neurons; this is a part of the stretches of ``crossbar/stretch.py``.

They are visited two at a time, in loops that LLVM makes vectors of: Numba computes in 64 bits; the words of two neurons
are one such number, and their two weights are a byte. So a loop runs over plain arrays, without a branch, and nothing
has to be gathered. It is the same neuron (``lif``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.crossbar import aer_out, synaptic_core
from draupnir.emulator.crossbar.clock import is_settled
from draupnir.emulator.crossbar.controller import SYN
from draupnir.emulator.crossbar.layout import GROUP_BITS, IN_GROUP
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.tinyodin import controller, lif, neuron_core, scheduler
from draupnir.emulator.tinyodin.clock import IN
from draupnir.emulator.tinyodin.controller import POP_NEUR, TREF
from draupnir.emulator.tinyodin.layout import LIF

WORD_BITS = LIF.width
WORD_MASK = (1 << WORD_BITS) - 1


@kernel
def is_undisturbed(r: np.record) -> bool:
    """No transaction is under way on the output bus, and nothing comes from RST or the SPI."""
    return aer_out.is_idle(r) and is_settled(r, field(r.inputs, IN.RST))


@kernel
def visits_all(r: np.record) -> bool:
    """An event visits all neurons, up to SPI_MAX_NEUR."""
    return r.state == POP_NEUR or (r.state == TREF and controller.names_all(field(r.inputs, IN.AERIN_ADDR)))


@kernel
def can_visit(r: np.record) -> bool:
    """Tell whether such an event is about to read the next neuron, and the last one is still to come."""
    return visits_all(r) and r.ctrl_cnt == 2 * r.neur_cnt and r.neur_cnt < r.spi_max_neur


@kernel
def last_neuron(r: np.record) -> int:
    return r.spi_max_neur


@kernel
def visit(r: np.record, neurons: np.ndarray, synapses: np.ndarray, first: int, last: int) -> int:
    """An event visits neurons from ``first`` up to one that spikes, or to ``last``; returns which.

    Where it stops nothing has been read yet: that is for all blocks to see. In the middle of a word of synapses the
    weights are those that have been read.
    """
    time_ref = int(r.state == TREF)
    row = field(scheduler.outputs(r).data_out, scheduler.SCHED.addr) << SYN.pre.shift
    n = first
    while n < last:
        begins = n & IN_GROUP == 0
        n_visited = _visit_quiet(r, neurons[n:last], synapses[row | n >> GROUP_BITS :], time_ref) if begins else 0
        if n_visited == 0:
            weights: Any = np.int64(synapses[row | n >> GROUP_BITS, 0]) if begins else r.synarray_rdata
            n_visited = _visit_one(r, neurons, n, synaptic_core.synapse(weights, n), time_ref)
            if n_visited == 0:
                break
            r.synarray_rdata = r.synarray_rdata if time_ref else weights
        n += n_visited
    return n


@kernel
def _visit_quiet(r: np.record, neurons: np.ndarray, synapses: np.ndarray, time_ref: int) -> int:
    """An event visits neurons, from the first of a word of synapses on, up to a pair in which one spikes."""
    n_neurons = n_quiet(neurons[: len(neurons) & ~1], synapses, time_ref)
    if n_neurons:
        r.neur_state = np.int64(neurons[n_neurons - 1, 0])
        if not time_ref:
            r.synarray_rdata = np.int64(synapses[(n_neurons - 1) >> GROUP_BITS, 0])
        visit_pairs(neurons[:n_neurons], synapses, time_ref)
    return n_neurons


@kernel
def _visit_one(r: np.record, neurons: np.ndarray, n: int, syn_weight: int, time_ref: int) -> int:
    """An event visits one neuron, unless it would spike; returns how many were visited."""
    word: Any = np.int64(neurons[n, 0])
    result = lif.update(word, syn_weight, 1, time_ref)
    if result.spike & neuron_core.enabled(word):
        return 0
    neurons[n, 0] = result.word
    r.neur_state = word
    return 1


# --- Two neurons at a time --------------------------------------------------------------------------------------


@outlined
def n_quiet(neurons: np.ndarray, synapses: np.ndarray, time_ref: int) -> int:
    """The neurons that an event visits before a pair in which one spikes: their number.

    neurons : (n, 1) uint32, an even number; synapses : (m, 1) uint32, their synapses from the first of a word on
    time_ref : 1 for a time reference, for which the synapses do not matter; 0 for a spike
    """
    pairs, weights = neurons.reshape(-1).view(np.int64), synapses.reshape(-1).view(np.uint8)
    n_pairs = len(pairs)
    for i in range(len(pairs)):
        low, high = _updated(pairs[i], np.int64(weights[i]), time_ref)
        spike = low.spike & neuron_core.enabled(low.word) | high.spike & neuron_core.enabled(high.word)
        n_pairs = min(n_pairs, i if spike else len(pairs))
    return 2 * n_pairs


@outlined
def visit_pairs(neurons: np.ndarray, synapses: np.ndarray, time_ref: int) -> None:
    """An event visits these neurons; the arguments are as in ``n_quiet``."""
    pairs, weights = neurons.reshape(-1).view(np.int64), synapses.reshape(-1).view(np.uint8)
    for i in range(len(pairs)):
        low, high = _updated(pairs[i], np.int64(weights[i]), time_ref)
        pairs[i] = low.word | high.word << WORD_BITS


@kernel
def _updated(pair: Any, weights: Any, time_ref: int) -> tuple[lif.LifNext, lif.LifNext]:
    """Both neurons of a pair after an event."""
    low = lif.update(pair & WORD_MASK, synaptic_core.synapse(weights, 0), 1, time_ref)
    high = lif.update((pair >> WORD_BITS) & WORD_MASK, synaptic_core.synapse(weights, 1), 1, time_ref)
    return low, high
