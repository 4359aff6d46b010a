"""Stretches of clocks in which only one thing moves, run without looking at the rest of the chip.

Clock by clock the model computes everything; most of the time all but a little of it stands still. Here that is
recognised (``is_settled``, ``is_bus_idle``), and the little is run on: an idle chip, or the neurons that a spike or a
time reference visits, two clocks each, up to the next spike. It is the same state, by the same leaf functions, only
quicker.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emulator.kernel.bits import field
from emulator.kernel.jit import kernel, outlined
from emulator.tinyodin import controller, lif, neuron_core, scheduler, synaptic_core
from emulator.tinyodin.clock import IN
from emulator.tinyodin.controller import GROUP_BITS, POP_NEUR, TREF, WAIT
from emulator.tinyodin.layout import N_SYN


@kernel
def is_settled(r: np.record) -> bool:
    """Nothing that comes from RST or the SPI is still on its way through a flip-flop, and the gate is open."""
    gate = r.spi_gate_activity | r.spi_gate_activity_sync_int | r.spi_gate_activity_sync
    reset = field(r.inputs, IN.RST) | r.rst_sync_int | r.rst_sync
    read, prog, loop = r.ctrl_readback_event, r.ctrl_prog_event, r.spi_open_loop
    unlike = (read ^ r.ctrl_readback_event_sync_int) | (read ^ r.ctrl_readback_event_sync)
    unlike |= (prog ^ r.ctrl_prog_event_sync_int) | (prog ^ r.ctrl_prog_event_sync)
    unlike |= (loop ^ r.spi_open_loop_sync_int) | (loop ^ r.spi_open_loop_sync)
    return (gate | reset | unlike) == 0


@kernel
def is_bus_idle(r: np.record) -> bool:
    """No transaction is under way on the output bus."""
    ack = r.aerout_ack_sync_int | r.aerout_ack_sync | r.aerout_ack_sync_del
    return (ack | r.aerout_req | r.aerout_ctrl_busy) == 0


@kernel
def can_stretch(r: np.record) -> bool:
    """Whether a stretch begins here; the inputs are those of the coming clock."""
    if r.state == WAIT:
        begins = _is_idle(r)
    else:
        visits = r.state == POP_NEUR or (r.state == TREF and controller.names_all(field(r.inputs, IN.AERIN_ADDR)))
        begins = visits and r.ctrl_cnt == 2 * r.neur_cnt and r.neur_cnt < r.spi_max_neur
    return begins and field(r.inputs, IN.AEROUT_ACK) == 0 and is_bus_idle(r) and is_settled(r)


@kernel
def _is_idle(r: np.record) -> bool:
    """The controller's counters are clear, and no event is in the scheduler or on its way."""
    requests = field(r.inputs, IN.AERIN_REQ) | r.aerin_req_sync | r.aerin_req_sync_int
    return (requests | r.ctrl_cnt | r.neur_cnt) == 0 and r.main_empty == 1


@outlined
def stretch(r: np.record, neurons: np.ndarray, synapses: np.ndarray, clocks: int) -> int:
    """Run on for at most ``clocks`` clocks with the inputs as they are; returns how many, perhaps none.

    Call it only where ``can_stretch``. The output pins stay as they are.
    """
    taken = clocks
    if r.state != WAIT:
        first = r.neur_cnt
        last = min(r.spi_max_neur, first + clocks // 2)
        n = _stimulate(r, neurons, synapses, first, last) if r.state == POP_NEUR else _leak(r, neurons, first, last)
        r.neur_cnt = n
        r.ctrl_cnt = 2 * n
        taken = 2 * (n - first)
    req = field(r.inputs, IN.AERIN_REQ)
    if taken >= 2:
        r.aerin_req_sync = req
        r.aerin_req_sync_int = req
    elif taken == 1:
        r.aerin_req_sync = r.aerin_req_sync_int
        r.aerin_req_sync_int = req
    r.cycle += taken
    return taken


@kernel
def _stimulate(r: np.record, neurons: np.ndarray, synapses: np.ndarray, first: int, last: int) -> int:
    """A spike event visits neurons from ``first`` up to one that spikes, or to ``last``; returns which.

    Where it stops nothing has been read yet: that is for all blocks to see.
    """
    row = field(scheduler.outputs(r).data_out, scheduler.SCHED.addr) << controller.SYN.pre.shift
    syn_word: Any = r.synarray_rdata
    n = first
    while n < last:
        weights: Any = np.int64(synapses[row | n >> GROUP_BITS, 0]) if n & (N_SYN - 1) == 0 else syn_word
        word: Any = np.int64(neurons[n, 0])
        after = lif.update(word, synaptic_core.synapse(weights, n), 1, 0)
        if after.spike & neuron_core.enabled(word):
            break
        neurons[n, 0] = after.word
        r.neur_state = word
        syn_word = weights
        n += 1
    r.synarray_rdata = syn_word
    return n


@kernel
def _leak(r: np.record, neurons: np.ndarray, first: int, last: int) -> int:
    """As ``_stimulate``, for a time reference."""
    n = first
    while n < last:
        word: Any = np.int64(neurons[n, 0])
        after = lif.update(word, 0, 1, 1)
        if after.spike & neuron_core.enabled(word):
            break
        neurons[n, 0] = after.word
        r.neur_state = word
        n += 1
    return n
