"""Stretches of clocks in which only one thing moves, run without looking at the rest of the chip.

Clock by clock the model computes everything; most of the time all but a little of it stands still. Here that is
recognised (``can_stretch``), and the little is run on: an idle chip, or the neurons that a spike or a
time reference visits, two clocks each, up to the next spike. It is the same state, by the same leaf functions, only
quicker.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.crossbar import aer_out, synaptic_core
from draupnir.emulator.crossbar.clock import is_settled
from draupnir.emulator.crossbar.controller import SYN, is_quiet, synchronise_req_for
from draupnir.emulator.crossbar.layout import GROUP_BITS, IN_GROUP
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.speeds.clocks import begin as begin
from draupnir.emulator.speeds.clocks import end as end
from draupnir.emulator.tinyodin import controller, lif, neuron_core, pairs, scheduler
from draupnir.emulator.tinyodin.clock import IN
from draupnir.emulator.tinyodin.controller import POP_NEUR, TREF, WAIT


@kernel
def is_undisturbed(r: np.record) -> bool:
    """No transaction is under way on the output bus, and nothing comes from RST or the SPI."""
    return aer_out.is_idle(r) and is_settled(r, field(r.inputs, IN.RST))


@kernel
def is_idle(r: np.record) -> bool:
    """The controller's counters are clear, and no event is in the scheduler or on its way."""
    return is_quiet(r, field(r.inputs, IN.AERIN_REQ)) and r.main_empty == 1


@kernel
def visits_all(r: np.record) -> bool:
    """An event visits all neurons, up to SPI_MAX_NEUR."""
    return r.state == POP_NEUR or (r.state == TREF and controller.names_all(field(r.inputs, IN.AERIN_ADDR)))


@kernel
def can_stretch(r: np.record) -> bool:
    """Tell whether a stretch begins here; the inputs are those of the coming clock."""
    if r.state == WAIT:
        begins = is_idle(r)
    else:
        begins = visits_all(r) and r.ctrl_cnt == 2 * r.neur_cnt and r.neur_cnt < r.spi_max_neur
    return begins and field(r.inputs, IN.AEROUT_ACK) == 0 and is_undisturbed(r)


@outlined
def stretch(r: np.record, neurons: np.ndarray, synapses: np.ndarray, clocks: int) -> int:
    """Run on for at most ``clocks`` clocks with the inputs as they are; returns how many, perhaps none.

    Call it only where ``can_stretch``. The output pins stay as they are.
    """
    elapsed = clocks
    if r.state != WAIT:
        first = r.neur_cnt
        n = _visit(r, neurons, synapses, first, min(r.spi_max_neur, first + clocks // 2))
        r.neur_cnt = n
        r.ctrl_cnt = 2 * n
        elapsed = 2 * (n - first)
    synchronise_req_for(r, field(r.inputs, IN.AERIN_REQ), elapsed)
    r.cycle += elapsed
    return elapsed


@kernel
def _visit(r: np.record, neurons: np.ndarray, synapses: np.ndarray, first: int, last: int) -> int:
    """An event visits neurons from ``first`` up to one that spikes, or to ``last``; returns which.

    Where it stops nothing has been read yet: that is for all blocks to see. In the middle of a word of synapses the
    weights are those that have been read.
    """
    time_ref = int(r.state == TREF)
    row = field(scheduler.outputs(r).data_out, scheduler.SCHED.addr) << SYN.pre.shift
    n = first
    while n < last:
        begins = n & IN_GROUP == 0
        n_visited = _visit_pairs(r, neurons[n:last], synapses[row | n >> GROUP_BITS :], time_ref) if begins else 0
        if n_visited == 0:
            weights: Any = np.int64(synapses[row | n >> GROUP_BITS, 0]) if begins else r.synarray_rdata
            n_visited = _visit_one(r, neurons, n, synaptic_core.synapse(weights, n), time_ref)
            if n_visited == 0:
                break
            r.synarray_rdata = r.synarray_rdata if time_ref else weights
        n += n_visited
    return n


@kernel
def _visit_pairs(r: np.record, neurons: np.ndarray, synapses: np.ndarray, time_ref: int) -> int:
    """An event visits neurons, from the first of a word of synapses on, up to a pair in which one spikes."""
    n_neurons = pairs.n_quiet(neurons[: len(neurons) & ~1], synapses, time_ref)
    if n_neurons:
        r.neur_state = np.int64(neurons[n_neurons - 1, 0])
        if not time_ref:
            r.synarray_rdata = np.int64(synapses[(n_neurons - 1) >> GROUP_BITS, 0])
        pairs.visit(neurons[:n_neurons], synapses, time_ref)
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
