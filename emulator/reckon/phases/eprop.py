"""Stretches of state EPROP: the post-synaptic neurons of a group, then the pre-synaptic ones, two clocks each.

``clock`` runs single clocks, and the last two clocks of the state.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import controller, neuron_array, pair, srams
from draupnir.emulator.reckon.controller import LSB_LAST, ONLY_WOUT
from draupnir.emulator.reckon.layout import N
from draupnir.emulator.reckon.learning import group, weights
from draupnir.emulator.reckon.phases import learning
from draupnir.emulator.reckon.phases.sweep import NEUR_MASK
from draupnir.emulator.reckon.srams import Mems


@kernel
def eprop(r: np.record, m: Mems, clocks: int) -> int:
    """Run at most ``clocks`` clocks, and return their number.

    The event controller must be in WAIT, and TARGET_VALID must not change.
    """
    if r.neur_step_cnt | r.neur128x2_cnt | r.e_pre & 1:
        return 0
    n_remaining, has_traces = clocks, False
    while n_remaining >= 2:
        if r.buf16_post:
            n_clocks = _post(r, m, n_remaining)
        else:
            begins = r.e_pre == 0
            n_clocks = _pre(r, m, n_remaining, has_traces)
            has_traces = has_traces or begins
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
def _pre(r: np.record, m: Mems, clocks: int, has_traces: bool) -> int:
    """Run the second part of a group: input and recurrent weights. Return the clocks.

    has_traces : True if the lanes have the traces of all pre-synaptic neurons
    """
    begin, last = r.e_pre >> 1, controller.num_neur(r)
    end = N
    if begin <= last:
        end = last if r.e_post_msb == r.spi_num_rec_neur >> 4 else last + 1  # the last group ends the state
    end = min(end, begin + (clocks >> 1))
    if r.spi_do_eprop == ONLY_WOUT or end <= begin:
        return 0
    if not has_traces:
        learning.read_traces(r, m, begin, last + 1 if begin == 0 else end)
    if r.target_valid_sync and begin <= last and end - 1 & ~1 >= begin:
        srams.load_pair(r, m.neurons, (end - 1) >> 1)
    learning.learn(r, m, begin, end)
    if begin <= last and end == last + 1:
        r.e_pre = 0
        r.e_post_msb = (r.e_post_msb + 1) & 0xF
        r.buf16_post = 1
    else:
        r.e_pre = (end & NEUR_MASK) << 1
    return 2 * (end - begin)
