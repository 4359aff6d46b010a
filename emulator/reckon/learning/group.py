"""e-prop, clock by clock, in groups of 16 post-synaptic neurons.

A group has two parts. In the first part each neuron of the group takes two clocks. In one the chip reads its word and
its output weights; in the next it keeps the neuron's learning signal, pseudo-derivative and regularisation trace, and
updates its output weights. In the second part each pre-synaptic neuron takes two clocks, in which the chip reads and
then writes its weights to the group.

Source: srnn.v, e-prop handling.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import signed, wrap
from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import neuron_array, pair, readout
from draupnir.emulator.reckon.controller import ALWAYS_REGUL, EPROP, INPUT, OUTPUT, RECURRENT, Evt, num_neur
from draupnir.emulator.reckon.layout import ACT_HALF, H_BITS, N_OUT, U_BITS, W_BITS
from draupnir.emulator.reckon.learning import eprop
from draupnir.emulator.reckon.learning.weights import NO_SELF, OF_WINP, OF_WREC


class Eprop(NamedTuple):
    """The requests of state EPROP to the memories in this clock.

    *_cs, *_we : select and write, 0 or 1
    neur_addr : word of the neuron memory, 0..127
    post, pre : the post-synaptic and the pre-synaptic neuron, 0..255
    trace_* : the traces of the present word, without their fraction
    """

    neur_cs: int
    neur_addr: int
    wout_cs: int
    wout_we: int
    winp_cs: int
    winp_we: int
    wrec_cs: int
    wrec_we: int
    post: int
    pre: int
    trace_inp: int
    trace_rec: int
    trace_out: int


NONE = Eprop(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@kernel
def post_of(r: np.record) -> int:
    """Return the present post-synaptic neuron, 0..255."""
    return r.e_post_msb << 4 | r.e_post_lsb >> 1


@kernel
def nothing_above_f0(r: np.record) -> bool:
    """Return True if no neuron of the group is regularised (trace_reg_zero)."""
    if r.spi_regul_mode != 0:
        for n in range(16):
            if r.trace_reg[n]:
                return False
    return True


class Learners(NamedTuple):
    """The last input, recurrent and post-synaptic neuron whose weights learn in a group; -1 if none learn."""

    inp: int
    rec: int
    out: int


NOBODY = -1


@kernel
def learners(r: np.record) -> Learners:
    """Return the neurons that learn. With ALWAYS_REGUL the weights of SPI_REGUL_W also move without TARGET_VALID."""
    target = r.target_valid_sync == 1
    regularised = r.spi_regul_w if r.spi_regul_mode & ALWAYS_REGUL == ALWAYS_REGUL else 0
    inp = bit(r.spi_do_eprop, INPUT) == 1 and (target or regularised & OF_WINP != 0)
    rec = bit(r.spi_do_eprop, RECURRENT) == 1 and (target or regularised & OF_WREC != 0)
    return Learners(
        r.spi_num_inp_neur if inp else NOBODY,
        r.spi_num_rec_neur if rec else NOBODY,
        r.spi_num_rec_neur if target and r.spi_do_eprop != 0 else NOBODY,
    )


@kernel
def updates_out(r: np.record, trace_out: int) -> bool:
    """Return True if the present output weights are written. ``Learners.out`` says for which neurons they are read."""
    return trace_out != 0 and bit(r.spi_do_eprop, OUTPUT) == 1


@kernel
def wires(r: np.record, e: Evt) -> Eprop:
    """Return the requests that follow from the state and the present words."""
    if r.state != EPROP:
        return NONE
    post, pre = post_of(r), r.e_pre >> 1
    target = r.target_valid_sync
    last = num_neur(r)
    if r.buf16_post:
        state = neuron_array.dirty_half(r, e, post & 1)
        trace_out = pair.trace_out(state) >> r.spi_fp_loc_tout
        odd = r.e_post_lsb & 1
        cs = int(post <= learners(r).out and not (odd == 1 and trace_out == 0))
        neur_cs = int(post <= last and target == 1 and r.e_post_lsb & 3 == 0)
        we = cs & odd & int(updates_out(r, trace_out))
        return Eprop(neur_cs, post >> 1, cs, we, 0, 0, 0, 0, post, pre, 0, 0, trace_out)
    state = neuron_array.dirty_half(r, e, pre & 1)
    trace_inp = pair.trace_inp(state) >> r.spi_fp_loc_tinp
    trace_rec = pair.trace_rec(state) >> r.spi_fp_loc_trec
    odd = r.e_pre & 1
    idle = odd == 1 and nothing_above_f0(r)
    learns = learners(r)
    winp = int(pre <= learns.inp and not (idle and trace_inp == 0))
    wrec = int(pre <= learns.rec and not (idle and trace_rec == 0))
    neur_cs = int(pre <= last and target == 1 and r.e_pre & 3 == 0)
    return Eprop(neur_cs, pre >> 1, 0, 0, winp, winp & odd, wrec, wrec & odd, post, pre, trace_inp, trace_rec, 0)


@kernel
def own_place(r: np.record, pre: int) -> int:
    """Return the pre-synaptic neuron's own place in the group, 0..15, or NO_SELF. Its weight becomes 0 if it moves."""
    return pre & 0xF if pre >> 4 == r.e_post_msb else NO_SELF


@kernel
def errors(r: np.record) -> None:
    """Compute the error of each output neuron into ``oneur_err``: 0 without a target or e-prop, and if not in use."""
    active = r.spi_do_eprop != 0 and r.target_valid_sync == 1
    for k in range(N_OUT):
        r.oneur_err[k] = 0
        if active and k <= r.spi_num_out_neur:
            label = ACT_HALF if k == r.class_label else 0
            target = signed(r.reg_tar[k], U_BITS) if r.spi_regression else label
            r.oneur_err[k] = readout.error(target, readout.activation(signed(r.oneur_u[k], U_BITS), r.spi_no_out_act))


@kernel
def _learning_signal(r: np.record) -> int:
    """Return the learning signal of the neuron of the present output weights; 0 if only output weights learn."""
    psum = 0
    if bit(r.spi_do_eprop, INPUT) | bit(r.spi_do_eprop, RECURRENT):
        for k in range(r.spi_num_out_neur + 1):
            psum += r.oneur_err[k] * signed(r.wout_data_o[k], W_BITS)
    return eprop.learning_signal(psum, r.spi_learn_sig_scale)


@kernel
def _update_h(r: np.record, u: int) -> int:
    """Return the pseudo-derivative as a word of 5 bits; 0 outside of the group's first part."""
    if r.state != EPROP or not r.buf16_post:
        return 0
    return eprop.pseudo_derivative(
        u,
        *(r.spi_thr_h_0, r.spi_thr_h_1, r.spi_thr_h_2, r.spi_thr_h_3),
        *(r.spi_h_0, r.spi_h_1, r.spi_h_2, r.spi_h_3, r.spi_h_4),
    )


class GroupEntry(NamedTuple):
    """The results of a group's first part for a neuron, which the second part needs.

    place : the neuron's place in the group, 0..15, or -1 in a clock that keeps nothing
    has_signal : True if the learning signal is kept, too
    """

    place: int
    has_signal: bool
    learning_signal: int
    neur_h: int
    trace_reg: int


NO_ENTRY = GroupEntry(-1, False, 0, 0, 0)


@outlined
def entry(r: np.record, e: Evt) -> GroupEntry:
    """Return the results of a neuron, at odd counts of the group's first part.

    The count stands still outside of state EPROP, and may stay odd there. Then results are kept in each clock, but no
    learning signals.
    """
    post = post_of(r)
    n = post & 0xF
    state = neuron_array.dirty_half(r, e, post & 1)
    signals = r.state == EPROP
    signal = wrap(_learning_signal(r), U_BITS) if signals and post <= r.spi_num_rec_neur else 0
    above_f0 = eprop.above_f0(pair.trace_rec(state) >> r.spi_fp_loc_trec, r.spi_regul_f0)
    return GroupEntry(n, signals, signal, wrap(_update_h(r, pair.u(state)), H_BITS), above_f0)


@kernel
def keep(r: np.record, k: GroupEntry) -> None:
    """Rising edge of CLK: write the results to the neuron's place."""
    if k.place < 0:
        return
    if k.has_signal:
        r.learning_signals[k.place] = k.learning_signal
    r.neur_h[k.place] = k.neur_h
    if r.spi_regul_mode:
        r.trace_reg[k.place] = k.trace_reg
