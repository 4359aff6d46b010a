"""One event for all LIF neurons at once, on planes.

Source: the same as lif.py, derived anew, in gates; a test holds the two together.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin.layout import LIF, SYN_WEIGHT
from draupnir.emulator.odin.planes import gates
from draupnir.emulator.odin.planes.gates import ALL, majority, select
from draupnir.emulator.odin.planes.record import L, words
from draupnir.emulator.odin.planes.sweep import leaks, learn, put3, take3

CORE_BITS = LIF["core"].width
CALEAK_BITS = LIF["caleak"].width
LEAK_BITS = LIF["leak_str"].width
WEIGHT_BITS = SYN_WEIGHT.width


@kernel
def _core_at_least(p: np.record, w: int, lsb: int) -> int:
    """The potential on its way is at least the field whose lowest bit is ``lsb``."""
    borrow = wide(0)
    for b in range(CORE_BITS):
        borrow = majority(~p.core[b, w], p.neurons[lsb + b, w], borrow)
    return ~borrow


@kernel
def _fire(p: np.record, w: int, ca_leak: int) -> None:
    """Threshold, calcium and SDSP flags of LIF neurons with the potential ``p.core``; nothing changes in others."""
    lif = p.neurons[L.lif_izh_sel, w]
    spike = lif & _core_at_least(p, w, L.thr)
    for b in range(CORE_BITS):
        p.core[b, w] &= ~spike
        p.neurons[L.core + b, w] = select(lif, p.core[b, w], p.neurons[L.core + b, w])
    calcium = take3(p, L.calcium, w)
    rises = spike & p.neurons[L.ca_en, w] & ~ca_leak & ~gates.all3(calcium)
    falls = ~spike & ca_leak & gates.any3(calcium)
    put3(p, L.calcium, w, gates.step3(calcium, rises, falls), lif)
    learn(p, w, L, lif, ALL, _core_at_least(p, w, L.thetamem))
    p.spike[w] = spike & ~p.neurons[L.neur_disable, w]


@kernel
def _add_weight(p: np.record, w: int, inh: int) -> None:
    """``p.core`` : potential and weight, or their difference where ``inh``; saturates at both ends."""
    carry = wide(0)
    for b in range(CORE_BITS):
        core = p.neurons[L.core + b, w]
        addend = p.weight[b, w] if b < WEIGHT_BITS else wide(0)
        p.core[b, w] = core ^ addend ^ carry
        carry = majority(core ^ inh, addend, carry)
    for b in range(CORE_BITS):
        p.core[b, w] = (p.core[b, w] | (carry & ~inh)) & ~(carry & inh)


@outlined
def stimulate_lif(p: np.record, syn_sign: int) -> None:
    """All LIF neurons take their ``weight``; syn_sign : 1 inhibitory."""
    for w in range(words(p)):
        _add_weight(p, w, gates.mask(syn_sign))
        _fire(p, w, wide(0))


@kernel
def _take_leak(p: np.record, w: int) -> None:
    """``p.core`` : potential less leakage, at least 0."""
    borrow = wide(0)
    for b in range(CORE_BITS):
        core = p.neurons[L.core + b, w]
        leak = p.neurons[L.leak_str + b, w] & p.neurons[L.leak_en, w] if b < LEAK_BITS else wide(0)
        p.core[b, w] = core ^ leak ^ borrow
        borrow = majority(~core, leak, borrow)
    for b in range(CORE_BITS):
        p.core[b, w] &= ~borrow


@outlined
def leak_lif(p: np.record) -> None:
    """All LIF neurons take a time reference."""
    for w in range(words(p)):
        _take_leak(p, w)
        active = p.neurons[L.lif_izh_sel, w] & p.neurons[L.ca_en, w]
        _fire(p, w, leaks(p, w, L.caleak_cnt, L.caleak, CALEAK_BITS, active))
