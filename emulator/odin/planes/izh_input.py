"""The Izhikevich neurons' input side on planes: accumulator and stimulation strength of all of them.

Source: IZH_neuron_blocks/izh_input_accumulator.v, izh_stimulation_strength.v, derived anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.izh_input import FI_LOWEST, STIM_MAX, STIM_MIN
from draupnir.emulator.odin.layout import IZH, SYN_WEIGHT
from draupnir.emulator.odin.planes import gates
from draupnir.emulator.odin.planes.gates import ZERO4, Bits4, majority, select, select4
from draupnir.emulator.odin.planes.record import Z
from draupnir.emulator.odin.planes.sweep import put3, take3

INACC_BITS = IZH["inacc"].width
LEAK_BITS = IZH["leak_str"].width
WEIGHT_BITS = SYN_WEIGHT.width


class EventKind(NamedTuple):
    """The kind of event: planes, the same for all neurons, one of them of ones."""

    tref: int
    exc: int
    inh: int


class DriveMask(NamedTuple):
    """The neurons whose membrane the accumulator moves: ``draupnir.emulator.odin.izh_input.Drive`` in planes."""

    leak: int
    exc: int
    inh: int


class StimMask(NamedTuple):
    """The neurons whose stimulation is and was strong: ``draupnir.emulator.odin.izh_input.Stim`` in planes."""

    gt_thr_exc: int
    tmp_gt_thr_exc: int
    tmp_gt_thr_inh: int
    lone_spike_exc: int
    lone_spike_inh: int
    zero: int


@kernel
def bit(p: np.record, lsb: int, w: int) -> int:
    return p.neurons[lsb, w]


@kernel
def put_bit(p: np.record, lsb: int, w: int, x: int, izh: int) -> None:
    p.neurons[lsb, w] = select(izh, x, p.neurons[lsb, w])


@kernel
def take4(p: np.record, lsb: int, w: int) -> Bits4:
    return p.neurons[lsb, w], p.neurons[lsb + 1, w], p.neurons[lsb + 2, w], p.neurons[lsb + 3, w]


@kernel
def put4(p: np.record, lsb: int, w: int, x: Bits4, izh: int) -> None:
    for_three = x[0], x[1], x[2]
    put3(p, lsb, w, for_three, izh)
    put_bit(p, lsb + 3, w, x[3], izh)


# --- Input ------------------------------------------------------------------------------------------------------


@kernel
def _fan_in(p: np.record, w: int, fi: int) -> int:
    """The neurons whose fi_sel is ``fi``, 0..7."""
    sel = take3(p, Z.fi_sel, w)
    low = (sel[0] ^ gates.mask(fi & 1)) | (sel[1] ^ gates.mask(fi >> 1 & 1))
    return ~(low | (sel[2] ^ gates.mask(fi >> 2 & 1)))


@kernel
def accumulate(p: np.record, w: int, e: EventKind, izh: int) -> DriveMask:
    """Weight or leakage into the accumulator, which wraps; returns where the bit that counts toggles."""
    minus = e.inh | e.tref
    leak_en = bit(p, Z.leak_en, w) & e.tref
    carry, toggles = wide(0), wide(0)
    for b in range(INACC_BITS):
        inacc = p.neurons[Z.inacc + b, w]
        addend = p.neurons[Z.leak_str + b, w] & leak_en if b < LEAK_BITS else wide(0)
        if b < WEIGHT_BITS:
            addend |= p.weight[b, w] & ~e.tref
        addend &= izh
        p.neurons[Z.inacc + b, w] = inacc ^ addend ^ carry
        if b >= FI_LOWEST:
            toggles |= (addend ^ carry) & _fan_in(p, w, b - FI_LOWEST)
        carry = majority(inacc ^ minus, addend, carry) & izh
    return DriveMask(toggles & e.tref, toggles & e.exc, toggles & e.inh)


@kernel
def stimulation(p: np.record, w: int, e: EventKind) -> StimMask:
    """The strength of the last and of this time step, compared with stim_thr."""
    stim_thr = take3(p, Z.stim_thr, w)
    last, now = take4(p, Z.stim_str, w), take4(p, Z.stim_str_tmp, w)
    size = gates.negate4(now)
    zero = e.tref & ~gates.any4(now)
    lone = zero & ~bit(p, Z.stim0_prev + 1, w)
    return StimMask(
        ~last[3] & gates.at_least3(gates.lower3(last), stim_thr),
        ~now[3] & gates.at_least3(gates.lower3(now), stim_thr),
        now[3] & (size[3] | gates.at_least3(gates.lower3(size), stim_thr)),
        lone & bit(p, Z.inhexc_prev, w),
        lone & bit(p, Z.inhexc_prev + 1, w),
        zero,
    )


@kernel
def put_input(p: np.record, w: int, e: EventKind, d: DriveMask, s: StimMask, izh: int) -> None:
    """Next stimulation strengths; a time reference closes the time step."""
    now, tref = take4(p, Z.stim_str_tmp, w), e.tref & izh
    put4(p, Z.stim_str, w, now, tref)
    put_bit(p, Z.stim0_prev + 1, w, bit(p, Z.stim0_prev, w), tref)
    put_bit(p, Z.stim0_prev, w, gates.any4(now), tref)
    put_bit(p, Z.inhexc_prev, w, s.tmp_gt_thr_exc, tref)
    put_bit(p, Z.inhexc_prev + 1, w, s.tmp_gt_thr_inh, tref)
    stim_str = gates.step4(now, d.exc & ~gates.equals4(now, STIM_MAX), d.inh & ~gates.equals4(now, STIM_MIN))
    put4(p, Z.stim_str_tmp, w, select4(e.tref, ZERO4, stim_str), izh)
