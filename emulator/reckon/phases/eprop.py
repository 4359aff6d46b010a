"""Stretches of state EPROP: the post-synaptic neurons of a group, then the pre-synaptic ones, two clocks each.

``clock`` runs single clocks, and the last two clocks of the state.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import controller, neuron_array, pair, srams
from draupnir.emulator.reckon.controller import LSB_LAST, ONLY_WOUT
from draupnir.emulator.reckon.learning import group, weights
from draupnir.emulator.reckon.srams import Mems


@kernel
def eprop(r: np.record, m: Mems, clocks: int) -> int:
    """Run at most ``clocks`` clocks, and return their number.

    The event controller must be in WAIT, and TARGET_VALID must not change.
    """
    if r.neur_step_cnt | r.neur128x2_cnt | r.e_pre & 1:
        return 0
    n_remaining = clocks
    while n_remaining >= 2:
        n_clocks = _post(r, m, n_remaining) if r.buf16_post else _pre(r, m, n_remaining)
        if n_clocks == 0:
            break
        n_remaining -= n_clocks
    return clocks - n_remaining


@kernel
def _post(r: np.record, m: Mems, clocks: int) -> int:
    """Run the first part of a group: learning signals, pseudo-derivatives, output weights. Return the clocks."""
    only_wout = r.spi_do_eprop == ONLY_WOUT
    target = r.target_valid_sync
    last = controller.num_neur(r)
    last_learner = group.learners(r).out
    e = controller.evt(r)
    group.errors(r)
    n_clocks = 0
    while n_clocks + 2 <= clocks:
        if only_wout and _is_last_post(r):
            break
        post = group.post_of(r)
        if post & 1 == 0 and post <= last and target:
            srams.load_pair(r, m.neurons, post >> 1)
        with_weights = post <= last_learner
        if with_weights:
            weights.load(r.wout_data_o, m.wout, post)
        group.keep(r, group.entry(r, e))
        trace_out = pair.trace_out(neuron_array.dirty_half(r, e, post & 1)) >> r.spi_fp_loc_tout
        if with_weights and group.updates_out(r, trace_out):
            weights.update_out(r, trace_out, m.wout, post)
        n_clocks += 2
        if r.e_post_lsb == LSB_LAST - 1:
            r.e_post_lsb = 0
            if not only_wout:
                r.buf16_post = 0
                break
            r.e_post_msb = (r.e_post_msb + 1) & 0xF
        else:
            r.e_post_lsb += 2
    return n_clocks


@kernel
def _is_last_post(r: np.record) -> bool:
    """Return True if the next two clocks may end state EPROP when only the output weights learn."""
    return r.e_post_msb == r.spi_num_rec_neur >> 4 and r.e_post_lsb >> 1 == r.spi_num_rec_neur & 0xF


@kernel
def _pre(r: np.record, m: Mems, clocks: int) -> int:
    """Run the second part of a group: input and recurrent weights. Return the clocks."""
    if r.spi_do_eprop == ONLY_WOUT:
        return 0
    target = r.target_valid_sync
    learns = group.learners(r)
    idle = group.nothing_above_f0(r)
    last = controller.num_neur(r)
    final_group = r.e_post_msb == r.spi_num_rec_neur >> 4
    e = controller.evt(r)
    weights.prepare(r)
    pre = r.e_pre >> 1
    n_clocks = 0
    while n_clocks + 2 <= clocks and not (final_group and pre == last):
        if pre & 1 == 0 and pre <= last and target:
            srams.load_pair(r, m.neurons, pre >> 1)
        addr = pre << 4 | r.e_post_msb
        state = neuron_array.dirty_half(r, e, pre & 1)
        if pre <= learns.inp:
            weights.load(r.winp_data_o, m.winp, addr)
            trace = pair.trace_inp(state) >> r.spi_fp_loc_tinp
            if trace or not idle:
                weights.update_inp(r, trace, m.winp, addr)
        if pre <= learns.rec:
            weights.load(r.wrec_data_o, m.wrec, addr)
            trace = pair.trace_rec(state) >> r.spi_fp_loc_trec
            if trace or not idle:
                weights.update_rec(r, trace, group.own_place(r, pre), m.wrec, addr)
        n_clocks += 2
        if pre == last:
            pre = 0
            r.e_post_msb = (r.e_post_msb + 1) & 0xF
            r.buf16_post = 1
            break
        pre = (pre + 1) & 0xFF
    r.e_pre = pre << 1
    return n_clocks
