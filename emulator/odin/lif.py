"""The leaky integrate-and-fire neuron: 8-bit membrane potential, 3-bit calcium.

Source: ODIN doc v0.1, 3.3.2 and 3.3.1; lif_neuron.v, LIF_neuron_blocks/lif_neuron_state.v, lif_calcium.v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import add_saturate, sub_saturate, wrap
from draupnir.emulator.kernel.bits import limb_field, set_limb_field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import LIF

F = positions(LIF)
CORE_MAX = LIF["core"].high
CALCIUM_MAX = LIF["calcium"].high
CALEAK_BITS = LIF["caleak_cnt"].width


class LifNext(NamedTuple):
    """A neuron's next state and what it tells the rest of the core."""

    core: int
    calcium: int
    caleak_cnt: int
    v_up: int
    v_down: int
    spike: int


@kernel
def membrane(core: int, leak: int, syn_weight: int, event_leak: bool, event_exc: bool, event_inh: bool) -> int:
    """Potential before the threshold is applied, 0..255; saturates at both ends.

    leak : leak_str if the leakage is enabled, else 0
    """
    if event_leak:
        return sub_saturate(core, leak)
    if event_inh:
        return sub_saturate(core, syn_weight)
    if event_exc:
        return add_saturate(core, syn_weight, CORE_MAX)
    return core


@kernel
def caleak(ca_en: int, period: int, caleak_cnt: int, event_tref: bool) -> tuple[int, bool]:
    """Next calcium leakage counter, and whether calcium leaks now: once every ``period`` time references."""
    if ca_en == 0 or period == 0 or not event_tref:
        return caleak_cnt, False
    if caleak_cnt == period - 1:
        return 0, True
    return wrap(caleak_cnt + 1, CALEAK_BITS), False


@kernel
def calcium_next(ca_en: int, calcium: int, spike: bool, ca_leak: bool) -> int:
    """Calcium: up at a spike, down at a leak, unchanged at both; 0..7."""
    if ca_en and spike and not ca_leak and calcium < CALCIUM_MAX:
        return calcium + 1
    if ca_en and ca_leak and not spike and calcium > 0:
        return calcium - 1
    return calcium


@kernel
def update(word: np.ndarray, syn_weight: int, syn_sign: int, syn_event: int, time_ref: int) -> LifNext:
    """The neuron whose memory word is ``word`` (4 limbs), after one event.

    syn_weight : 0..7; syn_sign : 1 inhibitory; syn_event : 0 leaves the potential, though it may still spike,
    since the threshold is compared whether or not there is an event; time_ref : 1 for a time reference.
    """
    event_leak = syn_event == 1 and time_ref == 1
    stimulated = syn_event == 1 and time_ref == 0
    ca_en = limb_field(word, F.ca_en)
    core = membrane(
        limb_field(word, F.core),
        limb_field(word, F.leak_str) * limb_field(word, F.leak_en),
        syn_weight,
        event_leak,
        stimulated and syn_sign == 0,
        stimulated and syn_sign == 1,
    )
    spike = core >= limb_field(word, F.thr)
    if spike:
        core = 0
    caleak_cnt, ca_leak = caleak(ca_en, limb_field(word, F.caleak), limb_field(word, F.caleak_cnt), event_leak)
    calcium = calcium_next(ca_en, limb_field(word, F.calcium), spike, ca_leak)
    learns = ca_en == 1 and limb_field(word, F.ca_theta1) <= calcium
    above = core >= limb_field(word, F.thetamem)
    v_up = learns and above and calcium < limb_field(word, F.ca_theta3)
    v_down = learns and not above and calcium < limb_field(word, F.ca_theta2)
    return LifNext(core, calcium, caleak_cnt, int(v_up), int(v_down), int(spike))


@kernel
def store(neurons: np.ndarray, addr: int, n: LifNext) -> None:
    """Put the state fields into the neuron's memory word."""
    set_limb_field(neurons, addr, F.core, n.core)
    set_limb_field(neurons, addr, F.calcium, n.calcium)
    set_limb_field(neurons, addr, F.caleak_cnt, n.caleak_cnt)
