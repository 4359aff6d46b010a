"""Learning at the end of a timestep (state EPROP), whole.

Source: srnn.v, e-prop handling; see ``learning`` for what happens in which clock.
"""

from __future__ import annotations

import numpy as np

from emulator.kernel.arith import wrap
from emulator.kernel.bits import bit
from emulator.kernel.jit import kernel, outlined
from emulator.reckon import learning, pair, weights
from emulator.reckon.controller import ALWAYS_REGUL, CNT, ONLY_WOUT, PROP, SEND, Evt
from emulator.reckon.layout import N_WEIGHTS
from emulator.reckon.sweep_events import GROUPS
from emulator.reckon.sweep_step import read

NO_EVENT = Evt(0, 0, 0, 0, 0)  # the event controller waits; dirty bits go by word 0
GROUP_BITS = 4


@kernel
def clocks(r: np.record, last: int) -> int:
    """Clocks that the phase takes; last : the last neuron, of input or recurrent neurons."""
    if r.spi_do_eprop == ONLY_WOUT:
        return 2 * (r.spi_num_rec_neur + 1)
    return (r.spi_num_rec_neur // N_WEIGHTS + 1) * 2 * (N_WEIGHTS + last + 1)


@outlined
def sweep(r: np.record, neurons: np.ndarray, winp: np.ndarray, wrec: np.ndarray, wout: np.ndarray, last: int) -> None:
    """All of the phase, from its first clock.

    last : the last neuron, of input or recurrent neurons
    SAMPLE must be high, unless results are sent at each timestep: else the phase does not end.
    """
    learning.errors(r)
    only_wout = r.spi_do_eprop == ONLY_WOUT
    n_groups = r.spi_num_rec_neur // N_WEIGHTS + 1
    for group in range(n_groups):
        r.e_post_msb = group
        for i in range(N_WEIGHTS):
            if not only_wout or N_WEIGHTS * group + i <= r.spi_num_rec_neur:
                r.e_post_lsb = 2 * i + 1
                _post(r, neurons, wout, last)
        if not only_wout:
            _pres(r, neurons, winp, wrec, last)
    r.e_pre, r.buf16_post = 0, 1
    r.e_post_msb = wrap(n_groups, GROUP_BITS)
    r.e_post_lsb = 0
    if only_wout:
        after = r.spi_num_rec_neur + 1
        r.e_post_msb, r.e_post_lsb = wrap(after // N_WEIGHTS, GROUP_BITS), 2 * (after % N_WEIGHTS)
    if r.spi_send_per_timestep:
        r.state = SEND
    else:
        r.state, r.state_evt = PROP, CNT


@kernel
def _post(r: np.record, neurons: np.ndarray, wout: np.ndarray, last: int) -> None:
    """A post-synaptic neuron of the group: what learning needs of it is kept, and its output weights learn."""
    post, target = learning.post_of(r), r.target_valid_sync
    used = post <= r.spi_num_rec_neur and target == 1
    if post & 1 == 0 and post <= last and target == 1:
        read(r, neurons, post >> 1)
    if used:
        weights.load(r.wout_data_o, wout, post)
    learning.keep(r, NO_EVENT)
    trace_out = pair.trace_out(_half(r, post)) >> r.spi_fp_loc_tout
    if used and trace_out and bit(r.spi_do_eprop, 2):
        weights.update_out(r, trace_out, wout, post)


@kernel
def _half(r: np.record, neur: int) -> int:
    """State of a neuron whose word was read; the dirty bits that count are those of neurons 0 and 1."""
    return pair.half(r.neur_data_o, neur & 1) if r.neur_dirty[neur & 1] else 0


@kernel
def _pres(r: np.record, neurons: np.ndarray, winp: np.ndarray, wrec: np.ndarray, last: int) -> None:
    """All pre-synaptic neurons: their weights onto the group learn."""
    quiet = learning.nothing_above_f0(r)
    weights.prepare(r)
    target = r.target_valid_sync == 1
    always = r.spi_regul_mode & ALWAYS_REGUL == ALWAYS_REGUL
    inp = bit(r.spi_do_eprop, 0) == 1 and (target or (always and bit(r.spi_regul_w, 0) == 1))
    rec = bit(r.spi_do_eprop, 1) == 1 and (target or (always and bit(r.spi_regul_w, 1) == 1))
    for pre in range(last + 1):
        if pre & 1 == 0 and target:
            read(r, neurons, pre >> 1)
        old = _half(r, pre)
        trace_inp, trace_rec = pair.trace_inp(old) >> r.spi_fp_loc_tinp, pair.trace_rec(old) >> r.spi_fp_loc_trec
        addr = GROUPS * pre + r.e_post_msb
        if inp and pre <= r.spi_num_inp_neur:
            weights.load(r.winp_data_o, winp, addr)
            if trace_inp or not quiet:
                weights.update_inp(r, trace_inp, winp, addr)
        if rec and pre <= r.spi_num_rec_neur:
            weights.load(r.wrec_data_o, wrec, addr)
            if trace_rec or not quiet:
                weights.update_rec(r, trace_rec, learning.own_place(r, pre), wrec, addr)
