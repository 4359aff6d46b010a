"""The Izhikevich neuron's input side: accumulator and stimulation strength.

Source: IZH_neuron_blocks/izh_input_accumulator.v, izh_stimulation_strength.v. The documentation leaves this model out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import is_negative, negate, wrap
from draupnir.emulator.kernel.bits import bit, set_limb_field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import IZH

F = positions(IZH)
INACC_BITS = IZH["inacc"].width
STIM_BITS = IZH["stim_str_tmp"].width
FI_LOWEST = 3  # bit of the accumulator that fi_sel = 0 selects (izh_input_accumulator.v)
STIM_MAX = 0b0111  # stim_str_tmp counts up to 7 ...
STIM_MIN = 0b1001  # ... and down to -7, in two's complement


class Drive(NamedTuple):
    """The steps that the accumulator passes on to the membrane: at most one of these, besides ``tref``, is true."""

    tref: bool
    ovfl_leak: bool
    ovfl_exc: bool
    ovfl_inh: bool


class Stim(NamedTuple):
    """The strength of the stimulation, now and before, compared with stim_thr (izh_stimulation_strength.v)."""

    gt_thr_exc: bool
    tmp_gt_thr_exc: bool
    tmp_gt_thr_inh: bool
    lone_spike_exc: bool
    lone_spike_inh: bool
    zero: bool


class InputNext(NamedTuple):
    """Next state of the input side."""

    inacc: int
    stim_str: int
    stim_str_tmp: int
    stim0_prev: int
    inhexc_prev: int


@kernel
def accumulate(word: np.ndarray, syn_weight: int, leak: bool, exc: bool, inh: bool) -> int:
    """Next input accumulator; wraps modulo 2**11 in both directions."""
    inacc = take(word, F.inacc)
    if leak:
        return wrap(inacc - take(word, F.leak_str) * take(word, F.leak_en), INACC_BITS)
    if exc:
        return wrap(inacc + syn_weight, INACC_BITS)
    if inh:
        return wrap(inacc - syn_weight, INACC_BITS)
    return inacc


@kernel
def drive(word: np.ndarray, inacc_next: int, leak: bool, exc: bool, inh: bool) -> Drive:
    """The membrane is driven when the accumulator's bit 3 + fi_sel toggles, whatever the direction."""
    fi = FI_LOWEST + take(word, F.fi_sel)
    toggle = bit(take(word, F.inacc), fi) != bit(inacc_next, fi)
    return Drive(leak, toggle and leak, toggle and exc, toggle and inh)


@kernel
def exceeds_exc(strength: int, stim_thr: int) -> bool:
    """A non-negative strength has reached the threshold (also a strength of 0 a threshold of 0)."""
    return not is_negative(strength, STIM_BITS) and strength >= stim_thr


@kernel
def exceeds_inh(strength: int, stim_thr: int) -> bool:
    """A negative strength has reached the threshold in size."""
    return is_negative(strength, STIM_BITS) and negate(strength, STIM_BITS) >= stim_thr


@kernel
def stimulation(word: np.ndarray, tref: bool) -> Stim:
    """Compare the strength of the last and of this time step with the threshold.

    A *lone* spike: the last time step reached the threshold, this one has seen nothing, nor had the one before that.
    """
    stim_thr = take(word, F.stim_thr)
    now = take(word, F.stim_str_tmp)
    inhexc_prev = take(word, F.inhexc_prev)
    zero = tref and now == 0
    lone = zero and bit(take(word, F.stim0_prev), 1) == 0
    return Stim(
        exceeds_exc(take(word, F.stim_str), stim_thr),
        exceeds_exc(now, stim_thr),
        exceeds_inh(now, stim_thr),
        lone and bit(inhexc_prev, 0) == 1,
        lone and bit(inhexc_prev, 1) == 1,
        zero,
    )


@kernel
def strength_next(now: int, d: Drive) -> int:
    """Next stim_str_tmp: counts excitations up and inhibitions down within -7..7; a time reference clears it."""
    if d.tref:
        return 0
    if d.ovfl_exc and now != STIM_MAX:
        return wrap(now + 1, STIM_BITS)
    if d.ovfl_inh and now != STIM_MIN:
        return wrap(now - 1, STIM_BITS)
    return now


@kernel
def input_next(word: np.ndarray, inacc: int, d: Drive, s: Stim) -> InputNext:
    """Next state; a time reference closes the time step: what was counted so far becomes the last step's."""
    now = take(word, F.stim_str_tmp)
    stim_str = take(word, F.stim_str)
    stim0_prev = take(word, F.stim0_prev)
    inhexc_prev = take(word, F.inhexc_prev)
    if d.tref:
        stim_str = now
        stim0_prev = bit(stim0_prev, 0) << 1 | int(now != 0)
        inhexc_prev = int(s.tmp_gt_thr_inh) << 1 | int(s.tmp_gt_thr_exc)
    return InputNext(inacc, stim_str, strength_next(now, d), stim0_prev, inhexc_prev)


@kernel
def store_input(neurons: np.ndarray, addr: int, n: InputNext) -> None:
    """Put the input side's state fields into the neuron's memory word."""
    set_limb_field(neurons, addr, F.inacc, n.inacc)
    set_limb_field(neurons, addr, F.stim_str, n.stim_str)
    set_limb_field(neurons, addr, F.stim_str_tmp, n.stim_str_tmp)
    set_limb_field(neurons, addr, F.stim0_prev, n.stim0_prev)
    set_limb_field(neurons, addr, F.inhexc_prev, n.inhexc_prev)
