"""Spike-dependent synaptic plasticity: what a pre-synaptic spike or a bistability event does to a synapse.

Source: ODIN doc v0.1, 3.3.1; sdsp_update.v; J. Brader, W. Senn and S. Fusi, Neural Computation 19(11), 2007.
"""

from __future__ import annotations

from draupnir.emulator.codec import position
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import MAPPING, N_SYN, SYN_BITS, SYN_WEIGHT

WEIGHT = position(SYN_WEIGHT)
MAPPED = position(MAPPING)
WEIGHT_MAX = SYN_WEIGHT.high
WEIGHT_HALF = 1 << (SYN_WEIGHT.width - 1)
SYN_MASK = (1 << SYN_BITS) - 1


@kernel
def weight_next(weight: int, up: bool, down: bool) -> int:
    """One step up or down within 0..7.

    ``up`` at 7 or ``down`` at 0 holds the weight even if the other is asserted too; else ``up`` wins.
    """
    if (up and weight == WEIGHT_MAX) or (down and weight == 0):
        return weight
    if up:
        return weight + 1
    return weight - 1 if down else weight


@kernel
def synapse_next(synapse: int, bist: int, v_up: int, v_down: int) -> int:
    """A plastic synapse (4 bits) after a pre-synaptic spike (bist = 0) or a bistability event (bist = 1).

    A spike follows the post-synaptic neuron's flags; bistability drives the weight to the end of its half: 0..3 down,
    4..7 up.
    The mapping bit stays.
    """
    weight = field(synapse, WEIGHT)
    high = weight >= WEIGHT_HALF
    up = high if bist else v_up == 1
    down = not high if bist else v_down == 1
    return (synapse & ~WEIGHT_MAX) | weight_next(weight, up, down)


@kernel
def word_next(word: int, pre_en: int, update_unmapped: int, bist: int, v_up: int, v_down: int) -> int:
    """A synapse memory word (8 synapses) after an event.

    pre_en, v_up, v_down : 8 bits, bit i for synapse i; synapses outside pre_en stay, and so do, unless update_unmapped
    is 1, those whose mapping bit is 0.
    """
    new_word = 0
    for i in range(N_SYN):
        synapse = (word >> (SYN_BITS * i)) & SYN_MASK
        if bit(pre_en, i) == 1 and (update_unmapped == 1 or field(synapse, MAPPED) == 1):
            synapse = synapse_next(synapse, bist, bit(v_up, i), bit(v_down, i))
        new_word |= synapse << (SYN_BITS * i)
    return new_word
