"""Stretches of clocks in which only one thing moves, run without looking at the rest of the chip.

Clock by clock the model computes everything; most of the time all but a little of it stands still. Here that is
recognised (``is_settled``, ``is_bus_idle``), and the little is run on: an idle chip, or the neurons of a spike event,
two clocks each, up to the next spike. It is the same state, by the same leaf functions, only quicker.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import aer_out
from draupnir.emulator.crossbar.clock import is_settled
from draupnir.emulator.crossbar.controller import NeurMem, SynMem, is_quiet, synchronise_req_for
from draupnir.emulator.crossbar.layout import IN_GROUP
from draupnir.emulator.kernel.bits import bit, field, set_limb_field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin import izh, lif, neuron_core, scheduler, sdsp
from draupnir.emulator.odin.controller import POP_NEUR, PRE_ALL, WAIT
from draupnir.emulator.odin.layout import CHIP, LIF, N_SYN, SYN_ADDR, N

IN = positions(CHIP.input_word)
COMMON = positions(LIF)
ADDR = positions(SYN_ADDR)


@kernel
def begin(r: np.record) -> None:
    """Find out anew what is kept to be quick."""
    scheduler.begin(r)


@kernel
def end(r: np.record) -> None:
    """Let go what is kept to be quick."""
    r.burst_clean = 0


@kernel
def is_bus_idle(r: np.record) -> bool:
    """The output bus is in standard mode, spikes come from the neurons, and no transaction is under way."""
    mode = r.spi_out_aer_monitor_en | r.spi_aer_src_ctrl_nneur
    transfers = r.do_neuron0_transfer | r.do_neuron1_transfer | r.do_synapse_transfer | r.synapse_state_event_del
    return (mode | transfers) == 0 and aer_out.is_idle(r)


@kernel
def can_stretch(r: np.record) -> bool:
    """Tell whether a stretch begins here; the inputs are those of the coming clock."""
    if r.aerout_ctrl_busy or (r.state != POP_NEUR and r.state != WAIT) or bit(r.ctrl_cnt, 0) == 1:
        return False
    return field(r.inputs, IN.AEROUT_ACK) == 0 and is_bus_idle(r) and is_settled(r, field(r.inputs, IN.RST))


@outlined
def stretch(r: np.record, neurons: np.ndarray, synapses: np.ndarray, clocks: int) -> int:
    """Run on for at most ``clocks`` clocks with the inputs as they are; returns how many, perhaps none.

    Call it only where ``can_stretch``. The output pins stay as they are.
    """
    clocks = min(clocks, scheduler.unchanged_for(r))
    elapsed = 0
    if r.state == POP_NEUR:
        elapsed = _visit(r, neurons, synapses, clocks)
    elif is_idle(r):
        elapsed = clocks
    scheduler.run_on(r, elapsed)
    synchronise_req_for(r, field(r.inputs, IN.AERIN_REQ), elapsed)
    r.cycle += elapsed
    return elapsed


@kernel
def is_idle(r: np.record) -> bool:
    """The controller waits, its counters are clear, and no event is in the scheduler or on its way."""
    return is_quiet(r, field(r.inputs, IN.AERIN_REQ)) and scheduler.outputs(r).empty == 1


@kernel
def _visit(r: np.record, neurons: np.ndarray, synapses: np.ndarray, clocks: int) -> int:
    """The next neurons of the spike event, before the last and before the first that spikes; returns the clocks."""
    sched = scheduler.outputs(r)
    pre = field(sched.data_out, scheduler.SCHED.addr)
    first = r.neur_cnt
    last = min(N - 1, first + clocks // 2)
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
    r.neur_cnt = n
    r.ctrl_cnt = 2 * n
    return 2 * (n - first)


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
