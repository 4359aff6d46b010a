"""The leaky integrate-and-fire neuron: a signed membrane potential of 12 bits.

Source: tinyODIN doc v1.0, 3.1; lif_neuron.v.
"""

from __future__ import annotations

from typing import NamedTuple

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import signed, wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.tinyodin.layout import LIF, SYN_BITS

F = positions(LIF)
CORE_BITS = LIF["core"].width
CORE_MIN, CORE_MAX = LIF["core"].low, LIF["core"].high
CORE_MASK = F.core.mask


class LifNext(NamedTuple):
    """The memory word after an event, and whether the neuron spikes."""

    word: int
    spike: int


@kernel
def leak(core: int, leak_str: int) -> int:
    """One step towards 0, which it does not pass; core : -2048..2047, leak_str : 0..127."""
    return min(core + leak_str, 0) if core < 0 else max(core - leak_str, 0)


@kernel
def integrate(core: int, syn_weight: int) -> int:
    """Potential plus weight (-8..7); saturates at -2048 and 2047."""
    return min(max(core + syn_weight, CORE_MIN), CORE_MAX)


@kernel
def update(word: int, syn_weight: int, syn_event: int, time_ref: int) -> LifNext:
    """A neuron after one event.

    word : its memory word; syn_weight : 4 bits, two's complement; time_ref : 1 for a time reference
    syn_event : 0 leaves the potential, though the neuron may still spike: the threshold is compared whether or not
    there is an event. A spike sets the potential to 0; a disabled neuron too gets there, silently.
    """
    core = signed(field(word, F.core), CORE_BITS)
    if syn_event:
        core = leak(core, field(word, F.leak_str)) if time_ref else integrate(core, signed(syn_weight, SYN_BITS))
    spike = core >= field(word, F.thr)  # a negative potential is below any threshold, a threshold is never negative
    if spike:
        core = 0
    return LifNext(word & ~CORE_MASK | wrap(core, CORE_BITS), int(spike))
