"""The Izhikevich neuron's slow variables: effective threshold and calcium.

Source: IZH_neuron_blocks/izh_effective_threshold.v, izh_calcium.v. ODIN's documentation leaves this model out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import add_saturate, is_negative, wrap
from draupnir.emulator.kernel.bits import bit, set_limb_field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.izh_input import Drive
from draupnir.emulator.odin.layout import IZH
from draupnir.emulator.odin.lif import caleak

F = positions(IZH)
THR_BITS = IZH["thrmod"].width
THR_MAX = 0b0111
THR_MIN = 0b0001
SPK_MAX = IZH["spk_ref"].high
CALCIUM_MAX = IZH["calcium"].high


class AdaptNext(NamedTuple):
    """Next state of the slow variables."""

    thrmod: int
    thrleak_cnt: int
    calcium: int
    caleak_cnt: int


@kernel
def threshold_eff(word: np.ndarray) -> int:
    """Effective threshold: thr + thrmod, wraps modulo 16."""
    return wrap(take(word, F.thr) + take(word, F.thrmod), THR_BITS)


@kernel
def burst_length(spk_ref: int) -> int:
    """Spikes in a burst, as the increments by burst_incr count them: spk_ref + 1, but at most 7."""
    return add_saturate(spk_ref, 1, SPK_MAX)


@kernel
def accommodated(word: np.ndarray) -> int:
    """Threshold modifier that follows the stimulation: the threshold is thr + strength, but 7 above 7 and 1 below 0."""
    thr = take(word, F.thr)
    strength = take(word, F.stim_str_tmp)
    if bit(wrap(strength + thr, THR_BITS), 3) == 0:
        return strength
    return wrap((THR_MIN if is_negative(strength, THR_BITS) else THR_MAX) - thr, THR_BITS)


@kernel
def thrleak(word: np.ndarray, tref: bool) -> tuple[int, bool]:
    """Next threshold leakage counter, and whether the modifier leaks now: once every ``thrleak`` time references."""
    cnt = take(word, F.thrleak_cnt)
    period = take(word, F.thrleak)
    if take(word, F.thrvar_en) == 0 or period == 0 or not tref:
        return cnt, False
    if cnt == period - 1:
        return 0, True
    return wrap(cnt + 1, THR_BITS), False


@kernel
def raised(word: np.ndarray, spk_ref: int) -> int:
    """Modifier after an increment: by 1, stopping where the threshold is 7, or by the burst's length.

    Source quirk: a burst increment that would pass 7 makes the *modifier* 7, not the threshold.
    """
    thrmod = take(word, F.thrmod)
    threshold = threshold_eff(word)
    if take(word, F.burst_incr):
        step = burst_length(spk_ref)
        return THR_MAX if wrap(THR_MAX - threshold, THR_BITS) < step else wrap(thrmod + step, THR_BITS)
    return thrmod if threshold == THR_MAX else wrap(thrmod + 1, THR_BITS)


@kernel
def thrmod_next(word: np.ndarray, d: Drive, thr_leak: bool, spike: bool, spk_ref: int) -> int:
    """Next threshold modifier.

    With acc_en it follows the stimulation at each time reference. With thrvar_en it is raised by spikes
    (thr_sel_of = 1), or raised by excitation and lowered by inhibition (0), and leaks back to 0.
    """
    thrmod = take(word, F.thrmod)
    if take(word, F.acc_en):
        return accommodated(word) if d.tref else thrmod
    if take(word, F.thrvar_en) == 0:
        return thrmod
    adapts = take(word, F.thr_sel_of) == 1
    if spike if adapts else d.ovfl_exc:
        return raised(word, spk_ref)
    if not adapts and d.ovfl_inh:
        return thrmod if threshold_eff(word) == THR_MIN else wrap(thrmod - 1, THR_BITS)
    if thr_leak and thrmod != 0:
        return wrap(thrmod + (1 if is_negative(thrmod, THR_BITS) else -1), THR_BITS)
    return thrmod


@kernel
def calcium_next(word: np.ndarray, spike: bool, spk_ref: int, ca_leak: bool) -> int:
    """Calcium: up by 1 or by the burst's length at a spike, down by 1 at a leak, unchanged at both; 0..7."""
    calcium = take(word, F.calcium)
    if take(word, F.ca_en) == 0:
        return calcium
    if spike and not ca_leak and calcium < CALCIUM_MAX:
        return add_saturate(calcium, burst_length(spk_ref) if take(word, F.burst_incr) else 1, CALCIUM_MAX)
    if ca_leak and not spike and calcium > 0:
        return calcium - 1
    return calcium


@kernel
def adapt_next(word: np.ndarray, d: Drive, spike: bool, spk_ref: int) -> AdaptNext:
    """Next state; spk_ref : further spikes of the burst that starts now."""
    thrleak_cnt, thr_leak = thrleak(word, d.tref)
    caleak_cnt, ca_leak = caleak(take(word, F.ca_en), take(word, F.caleak), take(word, F.caleak_cnt), d.tref)
    thrmod = thrmod_next(word, d, thr_leak, spike, spk_ref)
    return AdaptNext(thrmod, thrleak_cnt, calcium_next(word, spike, spk_ref, ca_leak), caleak_cnt)


@kernel
def store_adapt(neurons: np.ndarray, addr: int, n: AdaptNext) -> None:
    """Put the slow variables into the neuron's memory word."""
    set_limb_field(neurons, addr, F.thrmod, n.thrmod)
    set_limb_field(neurons, addr, F.thrleak_cnt, n.thrleak_cnt)
    set_limb_field(neurons, addr, F.calcium, n.calcium)
    set_limb_field(neurons, addr, F.caleak_cnt, n.caleak_cnt)
