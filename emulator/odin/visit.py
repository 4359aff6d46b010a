"""A spike event of ODIN visits neurons; this is a part of the stretches of ``crossbar/stretch.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import aer_out
from draupnir.emulator.crossbar.clock import is_settled
from draupnir.emulator.crossbar.controller import NeurMem, SynMem
from draupnir.emulator.crossbar.layout import IN_GROUP
from draupnir.emulator.kernel.bits import field, set_limb_field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import izh, lif, neuron_core, scheduler, sdsp
from draupnir.emulator.odin.controller import POP_NEUR, PRE_ALL
from draupnir.emulator.odin.layout import CHIP, LIF, N_SYN, SYN_ADDR, N

IN = positions(CHIP.input_word)
COMMON = positions(LIF)
ADDR = positions(SYN_ADDR)


@kernel
def is_bus_idle(r: np.record) -> bool:
    """The output bus is in standard mode, spikes come from the neurons, and no transaction is under way."""
    mode = r.spi_out_aer_monitor_en | r.spi_aer_src_ctrl_nneur
    transfers = r.do_neuron0_transfer | r.do_neuron1_transfer | r.do_synapse_transfer | r.synapse_state_event_del
    return (mode | transfers) == 0 and aer_out.is_idle(r)


@kernel
def is_undisturbed(r: np.record) -> bool:
    """The output bus is idle, and nothing comes from RST or the SPI."""
    return is_bus_idle(r) and is_settled(r, field(r.inputs, IN.RST))


@kernel
def can_visit(r: np.record) -> bool:
    """Tell whether a spike event is about to read the next neuron; a fault may let its counters differ."""
    return r.state == POP_NEUR and r.ctrl_cnt == 2 * r.neur_cnt


@kernel
def last_neuron(r: np.record) -> int:
    return N - 1


@kernel
def visit(r: np.record, neurons: np.ndarray, synapses: np.ndarray, first: int, last: int) -> int:
    """A spike event visits neurons from ``first`` up to one that spikes, or to ``last``; returns which."""
    sched = scheduler.outputs(r)
    pre = field(sched.data_out, scheduler.SCHED.addr)
    n = first
    while n < last:
        group = n // N_SYN
        addr = pre << ADDR.pre.shift | group
        learned = 0
        if n & IN_GROUP == 0:
            word: Any = np.int64(synapses[addr, 0])
            update = r.spi_update_unmapped_syn
            v_up, v_down = r.neur_v_up[group], r.neur_v_down[group]
            learned = sdsp.word_next(word, PRE_ALL, update, 0, v_up, v_down) if v_up | v_down else word
            r.synarray_rdata = word
        if not _visit_one(r, neurons, n, addr, int(sched.burst_end == 1 and n == pre)):
            break
        if n & IN_GROUP == 0:
            synapses[addr, 0] = learned
        n += 1
    return n


@kernel
def _visit_one(r: np.record, neurons: np.ndarray, n: int, syn_addr: int, burst_end: int) -> bool:
    """Read a neuron and write it back; False, and nothing written, if it spikes: that is for all blocks to see."""
    for limb in range(neuron_core.N_LIMBS):
        r.neur_state[limb] = np.int64(neurons[n, limb])
    s = neuron_core.stimulus(r, NeurMem(1, 1, n, 1, 0, 0), SynMem(0, 0, syn_addr))
    if take(r.neur_state, COMMON.lif_izh_sel) == 0:
        return _stays_izh(r, neurons, n, s, burst_end) or _visit_izh(r, neurons, n, s, burst_end)
    result = lif.update(r.neur_state, s.syn_weight, s.syn_sign, 1, 0)
    if result.spike and take(r.neur_state, COMMON.neur_disable) == 0:
        return False
    lif.store(neurons, n, result)
    neuron_core.set_flags(r, n, result.v_up, result.v_down)
    return True


@kernel
def _stays_izh(r: np.record, neurons: np.ndarray, n: int, s: neuron_core.NeuronInput, burst_end: int) -> bool:
    """Write back a neuron of which nothing but the accumulator moves; False, and nothing written, if it is no such."""
    word = r.neur_state
    inacc = izh.accumulate(word, s.syn_weight, False, s.syn_sign == 0, s.syn_sign == 1)
    if burst_end == 1 or not izh.stays(word, inacc):
        return False
    v_up, v_down = izh.plasticity(word, take(word, izh.F.core), take(word, izh.F.calcium))
    set_limb_field(neurons, n, izh.F.inacc, inacc)
    neuron_core.set_flags(r, n, v_up, v_down)
    return True


@outlined
def _visit_izh(r: np.record, neurons: np.ndarray, n: int, s: neuron_core.NeuronInput, burst_end: int) -> bool:
    result = izh.update(r.neur_state, s.syn_weight, s.syn_sign, 1, 0, burst_end)
    if result.spike and take(r.neur_state, COMMON.neur_disable) == 0:
        return False
    izh.store(neurons, n, result)
    neuron_core.set_flags(r, n, result.v_up, result.v_down)
    return True
