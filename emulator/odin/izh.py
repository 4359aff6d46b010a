"""The phenomenological Izhikevich neuron: 4-bit membrane potential in two's complement, 20 behaviours by parameters.

Source: izh_neuron.v, IZH_neuron_blocks/izh_neuron_state.v. ODIN's documentation leaves this model out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import is_negative, negate, wrap
from draupnir.emulator.kernel.bits import bit, set_limb_field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.izh_adapt import AdaptNext, adapt_next, store_adapt, threshold_eff
from draupnir.emulator.odin.izh_input import (
    FI_LOWEST,
    Drive,
    InputNext,
    Stim,
    accumulate,
    drive,
    exceeds_exc,
    input_next,
    stimulation,
    store_input,
)
from draupnir.emulator.odin.layout import IZH
from draupnir.emulator.odin.neuron_words import ResonSign

F = positions(IZH)
CORE_BITS = IZH["core"].width
CORE_MAX = 0b0111
CORE_MIN = 0b1000
DAPDEL_MAX = IZH["dapdel_cnt"].high
POS, NEG = int(ResonSign.POS), int(ResonSign.NEG)
ZERO_TO_P, ZERO_TO_N = int(ResonSign.ZERO_TO_P), int(ResonSign.ZERO_TO_N)


class MembraneNext(NamedTuple):
    """Next state of the membrane."""

    core: int
    refrac: int
    dapdel_cnt: int
    reson_sign: int


class LocksNext(NamedTuple):
    """Next state of the one-bit locks."""

    phasic_lock: int
    mixed_lock: int
    spkout_done: int
    bist_lock: int
    inhin_lock: int
    burst_lock: int


class IzhNext(NamedTuple):
    """A neuron's next state and what it tells the rest of the core.

    spk_ref, isi_ref : further spikes of the burst and their distance, as the event out carries them
    """

    inputs: InputNext
    membrane: MembraneNext
    locks: LocksNext
    adapt: AdaptNext
    v_up: int
    v_down: int
    spike: int
    spk_ref: int
    isi_ref: int


# --- Membrane ---------------------------------------------------------------------------------------------------


@kernel
def core_at_tref(word: np.ndarray, d: Drive) -> int:
    """Potential after a time reference: oscillation, recovery, accommodation, end of after-potential, or leakage."""
    core = take(word, F.core)
    if take(word, F.reson_en):
        return wrap(core - 1, CORE_BITS) if take(word, F.reson_sign) == ZERO_TO_N else core
    if take(word, F.refrac):
        return core if take(word, F.burst_lock) else wrap(core + 1, CORE_BITS)
    if take(word, F.acc_en):
        return core if take(word, F.spkout_done) else wrap(core - take(word, F.stim_str_tmp), CORE_BITS)
    if take(word, F.dap_en) and take(word, F.dapdel_cnt) == 1 and core != 0:
        return 0
    if d.ovfl_leak and core != 0:
        return wrap(core + (1 if is_negative(core, CORE_BITS) else -1), CORE_BITS)
    return core


@kernel
def resonate(core: int, away: bool) -> int:
    """A resonator's potential is an amplitude 0..7: stimulation with its present sign enlarges it, else shrinks it."""
    if away:
        return core if core == CORE_MAX else wrap(core + 1, CORE_BITS)
    return core if core == 0 else wrap(core - 1, CORE_BITS)


@kernel
def core_inhibited(word: np.ndarray) -> int:
    """Potential after an inhibition: one step down to -8 or, without neg_en, to 0."""
    core = take(word, F.core)
    if take(word, F.reson_en):
        sign = take(word, F.reson_sign)
        return resonate(core, sign in (ZERO_TO_N, NEG))
    floor = CORE_MIN if take(word, F.neg_en) else 0
    return core if take(word, F.refrac) or core == floor else wrap(core - 1, CORE_BITS)


@kernel
def core_excited(word: np.ndarray, s: Stim) -> int:
    """Potential after an excitation: one step up to 7; class 2 neurons ignore it while the stimulation is weak."""
    core = take(word, F.core)
    if take(word, F.reson_en):
        sign = take(word, F.reson_sign)
        return resonate(core, sign in (ZERO_TO_P, POS))
    weak = take(word, F.class2_en) == 1 and not s.gt_thr_exc and not s.tmp_gt_thr_exc
    return core if take(word, F.refrac) or weak or core == CORE_MAX else wrap(core + 1, CORE_BITS)


@kernel
def core_next_i(word: np.ndarray, d: Drive, s: Stim) -> int:
    """Potential before a spike resets it (``state_core_next_i``)."""
    core = take(word, F.core)
    waits_for_latency = take(word, F.spklat_en) == 1 and take(word, F.dapdel_cnt) != 0
    if waits_for_latency or (take(word, F.phasic_lock) == 1 and core == 0):
        return core
    if d.tref:
        return core_at_tref(word, d)
    if d.ovfl_inh:
        return core_inhibited(word)
    if d.ovfl_exc:
        return core_excited(word, s)
    return core


@kernel
def core_after_spike(word: np.ndarray) -> int:
    """+rfr for DAP and resonators, else -rfr."""
    rfr = take(word, F.rfr)
    return rfr if take(word, F.dap_en) or take(word, F.reson_en) else negate(rfr, CORE_BITS)


# --- Spike ------------------------------------------------------------------------------------------------------


@kernel
def spikes(word: np.ndarray, d: Drive, s: Stim, core: int, reson_sign: int, threshold: int) -> bool:
    """Tell whether the neuron spikes; the first behaviour enabled, in this order, decides.

    core, reson_sign : the next ones, before the spike's own effect
    """
    at_threshold = core == threshold
    dapdel_cnt = take(word, F.dapdel_cnt)
    if take(word, F.reson_sharp_en):
        return d.ovfl_exc and dapdel_cnt == take(word, F.reson_sharp_amt)
    if take(word, F.spklat_en):
        return d.tref and dapdel_cnt == 1
    if take(word, F.rebound_en):
        return s.lone_spike_inh or at_threshold
    if take(word, F.bist_en):
        if take(word, F.bist_lock):
            return core == 0 or at_threshold
        return s.lone_spike_exc or at_threshold
    if take(word, F.inhin_lock):
        return core == 0
    if take(word, F.reson_en):
        return reson_sign == POS and at_threshold
    return at_threshold


# --- Locks and counters -----------------------------------------------------------------------------------------


@kernel
def reson_sign_next_i(word: np.ndarray, d: Drive, core: int) -> int:
    """A resonator's phase advances at each time reference, by a quarter turn; at potential 0 it is POS.

    core : the next potential
    """
    if take(word, F.reson_en) == 0:
        return POS
    sign = take(word, F.reson_sign)
    if not d.tref:
        return sign
    if take(word, F.core) == 0:
        return POS
    if sign == POS:
        return ZERO_TO_N
    if sign == NEG:
        return ZERO_TO_P
    if sign == ZERO_TO_P or core == 0:
        return POS
    return NEG


@kernel
def inhin_lock_next(word: np.ndarray, s: Stim, threshold: int) -> int:
    """Inhibition-induced spiking: set when -core is the threshold, cleared by a time step without stimulation."""
    lock = take(word, F.inhin_lock)
    core = take(word, F.core)
    if take(word, F.inhin_en) and take(word, F.refrac) == 0 and negate(core, CORE_BITS) == threshold:
        return 1
    return 0 if lock and s.zero else lock


@kernel
def refrac_next(word: np.ndarray, core: int, spike: bool, inhin_lock: int) -> int:
    """Refractory from a spike (or inhibition-induced lock) until the potential is back at 0."""
    if spike or inhin_lock:
        return int(take(word, F.dap_en) == 0 and take(word, F.rfr) != 0 and take(word, F.reson_en) == 0)
    return 0 if core == 0 else take(word, F.refrac)


@kernel
def dapdel_cnt_next(word: np.ndarray, d: Drive, core: int, spike: bool, threshold: int) -> int:
    """Sharp resonance: time references since the last excitation, at most 7. Else the delay, counting down to 0."""
    cnt = take(word, F.dapdel_cnt)
    if take(word, F.reson_sharp_en):
        if d.tref and cnt != DAPDEL_MAX:
            return cnt + 1
        return 0 if d.ovfl_exc else cnt
    latency_starts = take(word, F.spklat_en) == 1 and core == threshold and take(word, F.core) != threshold
    if latency_starts or (take(word, F.dap_en) == 1 and spike):
        return take(word, F.dapdel)
    return cnt - 1 if d.tref and cnt != 0 else cnt


@kernel
def stimulus_locks(word: np.ndarray, d: Drive, s: Stim, spike: bool) -> tuple[bool, bool]:
    """Tell whether the phasic and mixed locks are taken now, and else whether they are released."""
    rested = take(word, F.core) == 0 or take(word, F.refrac) == 1
    takes = (spike and (s.tmp_gt_thr_exc or s.gt_thr_exc)) or (
        d.tref and take(word, F.spkout_done) == 1 and rested and s.tmp_gt_thr_exc
    )
    return takes, not s.gt_thr_exc


@kernel
def locked(takes: bool, releases: bool, enabled: int, lock: int) -> int:
    """A phasic or mixed lock's next value."""
    if takes:
        return enabled
    return 0 if releases else lock


@kernel
def membrane_next(word: np.ndarray, d: Drive, core: int, reson_sign: int, spike: bool, inhin_lock: int) -> MembraneNext:
    """Next state of the membrane; core, reson_sign : the next ones, before the spike's own effect."""
    dapdel_cnt = dapdel_cnt_next(word, d, core, spike, threshold_eff(word))
    refrac = refrac_next(word, core, spike, inhin_lock)
    if not spike:
        return MembraneNext(core, refrac, dapdel_cnt, reson_sign)
    return MembraneNext(core_after_spike(word), refrac, dapdel_cnt, NEG if take(word, F.reson_en) == 1 else reson_sign)


@kernel
def locks_next(word: np.ndarray, d: Drive, s: Stim, spike: bool, spk_ref: int, burst_end: int) -> LocksNext:
    """Next state of the locks."""
    takes, releases = stimulus_locks(word, d, s, spike)
    spkout_done = 0 if d.tref else (1 if spike else take(word, F.spkout_done))
    bist_toggles = take(word, F.bist_en) == 1 and s.lone_spike_exc
    burst_lock = 1 if spike and spk_ref != 0 else (0 if burst_end == 1 else take(word, F.burst_lock))
    return LocksNext(
        locked(takes, releases, take(word, F.phasic_en), take(word, F.phasic_lock)),
        locked(takes, releases, take(word, F.mixed_en), take(word, F.mixed_lock)),
        spkout_done,
        take(word, F.bist_lock) ^ int(bist_toggles),
        inhin_lock_next(word, s, threshold_eff(word)),
        burst_lock,
    )


# --- The whole neuron -------------------------------------------------------------------------------------------


@kernel
def plasticity(word: np.ndarray, core: int, calcium: int) -> tuple[int, int]:
    """SDSP flags (up, down) for the next potential and calcium; a negative potential sets neither."""
    learns = take(word, F.ca_en) == 1 and not is_negative(core, CORE_BITS) and take(word, F.ca_theta1) <= calcium
    above = core >= take(word, F.thetamem)
    v_up = learns and above and calcium < take(word, F.ca_theta3)
    v_down = learns and not above and calcium < take(word, F.ca_theta2)
    return int(v_up), int(v_down)


@kernel
def update(word: np.ndarray, syn_weight: int, syn_sign: int, syn_event: int, time_ref: int, burst_end: int) -> IzhNext:
    """The neuron whose memory word is ``word`` (4 limbs), after one event.

    syn_weight : 0..7; syn_sign : 1 inhibitory; syn_event : 0 for no event (the neuron may spike all the same, since
    conditions such as core == threshold are level-sensitive); time_ref : 1 for a time reference; burst_end : 1 if
    the event processed is the last spike of this neuron's own burst.
    """
    tref = syn_event == 1 and time_ref == 1
    stimulated = syn_event == 1 and time_ref == 0
    exc, inh = stimulated and syn_sign == 0, stimulated and syn_sign == 1
    inacc = accumulate(word, syn_weight, tref, exc, inh)
    d = drive(word, inacc, tref, exc, inh)
    s = stimulation(word, tref)
    core = core_next_i(word, d, s)
    reson_sign = reson_sign_next_i(word, d, core)
    spike = spikes(word, d, s, core, reson_sign, threshold_eff(word))
    single = take(word, F.mixed_lock) == 1
    spk_ref = 0 if single else take(word, F.spk_ref)
    isi_ref = 0 if single else take(word, F.isi_ref)
    locks = locks_next(word, d, s, spike, spk_ref, burst_end)
    membrane = membrane_next(word, d, core, reson_sign, spike, locks.inhin_lock)
    adapt = adapt_next(word, d, spike, spk_ref)
    v_up, v_down = plasticity(word, membrane.core, adapt.calcium)
    return IzhNext(input_next(word, inacc, d, s), membrane, locks, adapt, v_up, v_down, int(spike), spk_ref, isi_ref)


@kernel
def stays(word: np.ndarray, inacc: int) -> bool:
    """Tell whether a stimulation to ``inacc`` of the accumulator changes nothing else, and no neuron spikes by it.

    Quickly told: of some neurons that would stay, for instance with inhin_en, it says that they may not. burst_end and
    the flags (``plasticity``) are left to the caller.
    """
    core = take(word, F.core)
    toggles = bit(take(word, F.inacc) ^ inacc, FI_LOWEST + take(word, F.fi_sel))
    weak = int(not exceeds_exc(take(word, F.stim_str), take(word, F.stim_thr)))
    released = (take(word, F.phasic_lock) | take(word, F.mixed_lock)) & weak
    at_zero = int(core == 0) & (take(word, F.refrac) | take(word, F.bist_lock))
    turns = int(take(word, F.reson_sign) != POS) & (1 - take(word, F.reson_en))
    inhibited = take(word, F.inhin_en) | take(word, F.inhin_lock)
    return (toggles | int(core == threshold_eff(word)) | released | at_zero | turns | inhibited) == 0


@kernel
def store(neurons: np.ndarray, addr: int, n: IzhNext) -> None:
    """Put the state fields into the neuron's memory word."""
    store_input(neurons, addr, n.inputs)
    store_adapt(neurons, addr, n.adapt)
    set_limb_field(neurons, addr, F.core, n.membrane.core)
    set_limb_field(neurons, addr, F.refrac, n.membrane.refrac)
    set_limb_field(neurons, addr, F.dapdel_cnt, n.membrane.dapdel_cnt)
    set_limb_field(neurons, addr, F.reson_sign, n.membrane.reson_sign)
    set_limb_field(neurons, addr, F.phasic_lock, n.locks.phasic_lock)
    set_limb_field(neurons, addr, F.mixed_lock, n.locks.mixed_lock)
    set_limb_field(neurons, addr, F.spkout_done, n.locks.spkout_done)
    set_limb_field(neurons, addr, F.bist_lock, n.locks.bist_lock)
    set_limb_field(neurons, addr, F.inhin_lock, n.locks.inhin_lock)
    set_limb_field(neurons, addr, F.burst_lock, n.locks.burst_lock)
