"""One event for all Izhikevich neurons at once, on planes.

Function by function what izh.py, izh_input.py and izh_adapt.py do to one neuron; here a condition is a plane, and a
choice between two ways a multiplexer.

Source: izh_neuron.v and IZH_neuron_blocks/*.v, derived anew, in gates; a test holds it to izh.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin.izh import CORE_MAX, CORE_MIN
from draupnir.emulator.odin.planes import gates
from draupnir.emulator.odin.planes.gates import ALL, NONE, ONE3, ZERO4, Bits3, Bits4, select, select3, select4
from draupnir.emulator.odin.planes.izh_adapt import Spike, burst, put_adapt, threshold_eff
from draupnir.emulator.odin.planes.izh_input import (
    DriveMask,
    EventKind,
    StimMask,
    accumulate,
    bit,
    put4,
    put_bit,
    put_input,
    stimulation,
    take4,
)
from draupnir.emulator.odin.planes.record import Z, words
from draupnir.emulator.odin.planes.sweep import learn, put3, take3


class Membrane(NamedTuple):
    """The membrane before the event, and its potential and threshold in the event.

    core_next : before a spike resets it
    """

    core: Bits4
    core_next: Bits4
    threshold: Bits4
    at_threshold: int
    refrac: int
    dapdel_cnt: Bits3


# --- Membrane ---------------------------------------------------------------------------------------------------


@kernel
def _core_at_tref(p: np.record, w: int, d: DriveMask, core: Bits4) -> Bits4:
    """Potential after a time reference: oscillation, recovery, accommodation, end of after-potential, or leakage."""
    reson_en, refrac, acc_en = bit(p, Z.reson_en, w), bit(p, Z.refrac, w), bit(p, Z.acc_en, w)
    to_n = bit(p, Z.reson_sign, w) & bit(p, Z.reson_sign + 1, w)
    leak = d.leak & gates.any4(core)
    up = ~reson_en & select(refrac, ~bit(p, Z.burst_lock, w), leak & core[3])
    down = select(reson_en, to_n, leak & ~core[3] & ~refrac)
    stepped = gates.step4(core, up, down)
    others = ~refrac & ~reson_en
    ends = others & ~acc_en & bit(p, Z.dap_en, w) & gates.equal3(take3(p, Z.dapdel_cnt, w), ONE3)
    follows = others & acc_en
    followed = select4(bit(p, Z.spkout_done, w), core, gates.subtract4(core, take4(p, Z.stim_str_tmp, w)))
    return select4(follows, followed, select4(ends, ZERO4, stepped))


@kernel
def _core_driven(p: np.record, w: int, d: DriveMask, s: StimMask, core: Bits4) -> Bits4:
    """Potential after an inhibition or an excitation: of a resonator an amplitude 0..7."""
    is_zero, is_max = ~gates.any4(core), gates.equals4(core, CORE_MAX)
    reson_en, refrac = bit(p, Z.reson_en, w), bit(p, Z.refrac, w)
    phase = bit(p, Z.reson_sign, w)
    away = (d.exc & ~phase) | (d.inh & phase)
    towards = (d.exc & phase) | (d.inh & ~phase)
    weak = bit(p, Z.class2_en, w) & ~s.gt_thr_exc & ~s.tmp_gt_thr_exc
    neg_en = bit(p, Z.neg_en, w)
    at_floor = select(neg_en, gates.equals4(core, CORE_MIN), is_zero)
    up = select(reson_en, away, d.exc & ~refrac & ~weak) & ~is_max
    down = select(reson_en, towards & ~is_zero, d.inh & ~refrac & ~at_floor)
    return gates.step4(core, up, down)


@kernel
def _membrane(p: np.record, w: int, e: EventKind, d: DriveMask, s: StimMask) -> Membrane:
    core, dapdel_cnt, threshold = take4(p, Z.core, w), take3(p, Z.dapdel_cnt, w), threshold_eff(p, w)
    core_after_event = select4(e.tref, _core_at_tref(p, w, d, core), _core_driven(p, w, d, s, core))
    stays = (bit(p, Z.spklat_en, w) & gates.any3(dapdel_cnt)) | (bit(p, Z.phasic_lock, w) & ~gates.any4(core))
    core_next = select4(stays, core, core_after_event)
    at_threshold = gates.equal4(core_next, threshold)
    return Membrane(core, core_next, threshold, at_threshold, bit(p, Z.refrac, w), dapdel_cnt)


@kernel
def _reson_sign_next(p: np.record, w: int, e: EventKind, m: Membrane) -> tuple[int, int]:
    """A resonator's phase, two bits, before a spike sets it: a quarter turn at each time reference, POS at 0."""
    reson_en = bit(p, Z.reson_en, w)
    sign0, sign1 = bit(p, Z.reson_sign, w), bit(p, Z.reson_sign + 1, w)
    was_above, is_above = gates.any4(m.core), gates.any4(m.core_next)
    pos, neg = ~sign0 & ~sign1, sign0 & ~sign1
    to_n = sign0 & sign1
    turned0, turned1 = was_above & (pos | (to_n & is_above)), was_above & (pos | neg)
    return select(e.tref, turned0, sign0) & reson_en, select(e.tref, turned1, sign1) & reson_en


# --- Spike ------------------------------------------------------------------------------------------------------


@kernel
def _spikes(
    p: np.record, w: int, e: EventKind, d: DriveMask, s: StimMask, m: Membrane, reson_sign: tuple[int, int]
) -> int:
    """The neurons that spike, a plane; the first behaviour enabled, in this order, decides."""
    is_zero = ~gates.any4(m.core_next)
    sharp = d.exc & gates.equal3(m.dapdel_cnt, take3(p, Z.reson_sharp_amt, w))
    latency = e.tref & gates.equal3(m.dapdel_cnt, ONE3)
    rebound = s.lone_spike_inh | m.at_threshold
    bistable = select(bit(p, Z.bist_lock, w), is_zero, s.lone_spike_exc) | m.at_threshold
    resonates = m.at_threshold & ~(bit(p, Z.reson_en, w) & (reson_sign[0] | reson_sign[1]))
    x = select(bit(p, Z.inhin_lock, w), is_zero, resonates)
    x = select(bit(p, Z.bist_en, w), bistable, x)
    x = select(bit(p, Z.rebound_en, w), rebound, x)
    x = select(bit(p, Z.spklat_en, w), latency, x)
    return select(bit(p, Z.reson_sharp_en, w), sharp, x)


# --- What the spike leaves behind -------------------------------------------------------------------------------


@kernel
def _put_locks(p: np.record, w: int, e: EventKind, s: StimMask, m: Membrane, spike: Spike, izh: int) -> None:
    """Next state of the one-bit locks, but inhin_lock."""
    spkout_done, phasic_lock, mixed_lock = (
        bit(p, Z.spkout_done, w),
        bit(p, Z.phasic_lock, w),
        bit(p, Z.mixed_lock, w),
    )
    rested = ~gates.any4(m.core) | m.refrac
    takes = spike.mask & (s.tmp_gt_thr_exc | s.gt_thr_exc)
    takes |= e.tref & spkout_done & rested & s.tmp_gt_thr_exc
    put_bit(p, Z.phasic_lock, w, select(takes, bit(p, Z.phasic_en, w), phasic_lock & s.gt_thr_exc), izh)
    put_bit(p, Z.mixed_lock, w, select(takes, bit(p, Z.mixed_en, w), mixed_lock & s.gt_thr_exc), izh)
    put_bit(p, Z.spkout_done, w, (spkout_done | spike.mask) & ~e.tref, izh)
    p.neurons[Z.bist_lock, w] ^= bit(p, Z.bist_en, w) & s.lone_spike_exc & izh
    bursts = spike.mask & gates.any3(spike.spk_ref)
    put_bit(p, Z.burst_lock, w, bursts | (bit(p, Z.burst_lock, w) & ~p.burst_end[w]), izh)


@kernel
def _inhin_lock_next(p: np.record, w: int, s: StimMask, m: Membrane) -> int:
    """Set when -core is the threshold, cleared by a time step without stimulation."""
    sets = bit(p, Z.inhin_en, w) & ~m.refrac & ~gates.any4(gates.add4(m.core, m.threshold))
    return sets | (bit(p, Z.inhin_lock, w) & ~s.zero)


@kernel
def _dapdel_cnt_next(p: np.record, w: int, e: EventKind, d: DriveMask, m: Membrane, spike: Spike) -> Bits3:
    """Sharp resonance: time references since the last excitation, at most 7. Else the delay, counting down to 0."""
    cnt, sharp = m.dapdel_cnt, bit(p, Z.reson_sharp_en, w)
    cleared = sharp & d.exc
    starts = bit(p, Z.spklat_en, w) & m.at_threshold & ~gates.equal4(m.core, m.threshold)
    starts = (starts | (bit(p, Z.dap_en, w) & spike.mask)) & ~sharp
    up, down = e.tref & sharp & ~gates.all3(cnt), e.tref & ~sharp & gates.any3(cnt)
    stepped = gates.both3(~cleared, gates.step3(cnt, up, down))
    return select3(starts, take3(p, Z.dapdel, w), stepped)


@kernel
def _put_membrane(
    p: np.record,
    w: int,
    e: EventKind,
    d: DriveMask,
    s: StimMask,
    m: Membrane,
    reson_sign: tuple[int, int],
    spike: Spike,
    izh: int,
) -> Bits4:
    """Next state of the membrane, inhin_lock with it; returns the next potential."""
    rfr, reson_en, dap_en = take3(p, Z.rfr, w), bit(p, Z.reson_en, w), bit(p, Z.dap_en, w)
    inhin_lock = _inhin_lock_next(p, w, s, m)
    core_after_spike = gates.extended4(rfr)
    core_after_spike = select4(dap_en | reson_en, core_after_spike, gates.negate4(core_after_spike))
    core = select4(spike.mask, core_after_spike, m.core_next)
    recovers = ~dap_en & gates.any3(rfr) & ~reson_en
    put3(p, Z.dapdel_cnt, w, _dapdel_cnt_next(p, w, e, d, m, spike), izh)
    put_bit(p, Z.refrac, w, select(spike.mask | inhin_lock, recovers, m.refrac & gates.any4(m.core_next)), izh)
    put_bit(p, Z.inhin_lock, w, inhin_lock, izh)
    rings = spike.mask & reson_en
    put_bit(p, Z.reson_sign, w, reson_sign[0] | rings, izh)
    put_bit(p, Z.reson_sign + 1, w, reson_sign[1] & ~rings, izh)
    put4(p, Z.core, w, core, izh)
    return core


# --- The whole neuron -------------------------------------------------------------------------------------------


@kernel
def _update(p: np.record, w: int, e: EventKind) -> None:
    izh = ~bit(p, Z.lif_izh_sel, w)
    d = accumulate(p, w, e, izh)
    s = stimulation(p, w, e)
    m = _membrane(p, w, e, d, s)
    reson_sign = _reson_sign_next(p, w, e, m)
    spike = burst(p, w, _spikes(p, w, e, d, s, m, reson_sign), izh)
    put_adapt(p, w, e, d, m.threshold, spike, izh)
    _put_locks(p, w, e, s, m, spike, izh)
    core = _put_membrane(p, w, e, d, s, m, reson_sign, spike, izh)
    put_input(p, w, e, d, s, izh)
    learn(p, w, Z, izh, ~core[3], gates.at_least3(gates.lower3(core), take3(p, Z.thetamem, w)))


@outlined
def stimulate_izh(p: np.record, syn_sign: int) -> None:
    """All Izhikevich neurons take their ``weight``; syn_sign : 1 inhibitory."""
    inh = gates.mask(syn_sign)
    for w in range(words(p)):
        _update(p, w, EventKind(NONE, ~inh, inh))


@outlined
def step_izh(p: np.record) -> None:
    """All Izhikevich neurons take a time reference."""
    for w in range(words(p)):
        _update(p, w, EventKind(ALL, NONE, NONE))
