"""The Izhikevich neurons' slow variables on planes: effective threshold and calcium of all of them.

Source: IZH_neuron_blocks/izh_effective_threshold.v, izh_calcium.v, derived anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.izh_adapt import THR_MAX, THR_MIN
from draupnir.emulator.odin.layout import IZH
from draupnir.emulator.odin.planes import gates
from draupnir.emulator.odin.planes.gates import ONE3, SEVEN4, Bits3, Bits4, select, select3, select4
from draupnir.emulator.odin.planes.izh_input import DriveMask, EventKind, bit, put4, take4
from draupnir.emulator.odin.planes.record import Z
from draupnir.emulator.odin.planes.sweep import leaks, put3, take3

CALEAK_BITS = IZH["caleak"].width
THRLEAK_BITS = IZH["thrleak"].width


class Spike(NamedTuple):
    """The neurons that spike; spk_ref, burst_length : further spikes of the burst, and all of them, at most 7."""

    mask: int
    spk_ref: Bits3
    burst_length: Bits3


@kernel
def burst(p: np.record, w: int, mask: int, izh: int) -> Spike:
    """The burst that starts where neurons spike, also as they tell it."""
    single = bit(p, Z.mixed_lock, w)
    spk_ref = gates.both3(~single, take3(p, Z.spk_ref, w))
    isi_ref = gates.both3(~single, take3(p, Z.isi_ref, w))
    p.spike[w] = select(izh, mask & ~bit(p, Z.neur_disable, w), p.spike[w])
    p.spk_ref[0, w], p.spk_ref[1, w], p.spk_ref[2, w] = spk_ref[0] & izh, spk_ref[1] & izh, spk_ref[2] & izh
    p.isi_ref[0, w], p.isi_ref[1, w], p.isi_ref[2, w] = isi_ref[0] & izh, isi_ref[1] & izh, isi_ref[2] & izh
    return Spike(mask, spk_ref, gates.add_saturate3(spk_ref, ONE3))


@kernel
def threshold_eff(p: np.record, w: int) -> Bits4:
    """Effective threshold: thr + thrmod, wraps."""
    return gates.add4(gates.extended4(take3(p, Z.thr, w)), take4(p, Z.thrmod, w))


@kernel
def _accommodated(p: np.record, w: int) -> Bits4:
    """Threshold modifier that follows the stimulation, kept so that the threshold does not leave 0..7."""
    thr, strength = gates.extended4(take3(p, Z.thr, w)), take4(p, Z.stim_str_tmp, w)
    total = gates.add4(strength, thr)
    bound = wide(-1), ~strength[3], ~strength[3], wide(0)
    return select4(total[3], gates.subtract4(bound, thr), strength)


@kernel
def _thrmod_next(
    p: np.record, w: int, e: EventKind, d: DriveMask, threshold: Bits4, spike: Spike, thr_leak: int
) -> Bits4:
    """Next threshold modifier: accommodation, else adaptation by spikes or variability by the input, else leakage."""
    thrmod = take4(p, Z.thrmod, w)
    acc_en, thrvar_en, by_spikes = bit(p, Z.acc_en, w), bit(p, Z.thrvar_en, w), bit(p, Z.thr_sel_of, w)
    raises = select(by_spikes, spike.mask, d.exc)
    lowers = ~by_spikes & d.inh
    by_burst = raises & bit(p, Z.burst_incr, w)
    leak = thr_leak & gates.any4(thrmod) & ~raises & ~lowers
    up = (raises & ~gates.equals4(threshold, THR_MAX)) | (leak & thrmod[3])
    down = (lowers & ~raises & ~gates.equals4(threshold, THR_MIN)) | (leak & ~thrmod[3])
    step = gates.extended4(spike.burst_length)
    room = gates.subtract4(SEVEN4, threshold)
    over = ~room[3] & ~gates.at_least3(gates.lower3(room), spike.burst_length)
    varied = select4(by_burst, select4(over, SEVEN4, gates.add4(thrmod, step)), gates.step4(thrmod, up, down))
    followed = select4(e.tref, _accommodated(p, w), thrmod)
    return select4(acc_en, followed, select4(thrvar_en, varied, thrmod))


@kernel
def put_adapt(p: np.record, w: int, e: EventKind, d: DriveMask, threshold: Bits4, spike: Spike, izh: int) -> None:
    """Next state of the slow variables."""
    tref, ca_en = e.tref & izh, bit(p, Z.ca_en, w)
    thr_leak = leaks(p, w, Z.thrleak_cnt, Z.thrleak, THRLEAK_BITS, tref & bit(p, Z.thrvar_en, w))
    ca_leak = leaks(p, w, Z.caleak_cnt, Z.caleak, CALEAK_BITS, tref & ca_en)
    put4(p, Z.thrmod, w, _thrmod_next(p, w, e, d, threshold, spike, thr_leak), izh)
    calcium = take3(p, Z.calcium, w)
    rises = ca_en & spike.mask & ~ca_leak
    increment = select3(bit(p, Z.burst_incr, w), spike.burst_length, ONE3)
    risen = gates.add_saturate3(calcium, gates.both3(rises, increment))
    falls = ca_leak & ~spike.mask & gates.any3(calcium)
    put3(p, Z.calcium, w, gates.step3(risen, wide(0), falls), izh)
