"""The adaptive leaky integrate-and-fire neuron of SNE, one operation at a time, without any state of its own.

All quantities are as wide as in the original, which has consequences: see the quirks on the chip's page.

Source: alif_neuron.sv.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import signed, wrap
from draupnir.emulator.kernel.jit import entry, kernel, outlined
from draupnir.emulator.sne.layout import NeuronOp

BITS = 8  # of a potential, a threshold and a time
HIGH = (1 << BITS - 1) - 1
WEIGHT_BITS, WEIGHT_SCALE = 4, 2
# A quantity of 256 decays to these after 1 to 32 steps of time.
DECAY = (
    238, 234, 229, 225, 221, 216, 212, 208, 204, 200, 197, 193, 189, 186, 182, 179,
    175, 172, 168, 165, 162, 159, 156, 153, 150, 147, 144, 142, 139, 136, 134, 131,
)  # fmt: skip
DECAY_BITS, SLOT_BITS = 8, 5
MOST_HALVINGS = (1 << SLOT_BITS) - 1
IDLE, SPIKE, INTEGRATE, RST, UPDATE = (int(op) for op in NeuronOp)


@kernel
def parameters(word: int) -> tuple[int, int, int, int, int]:
    """Return the fields of cfg_parameter_i: vrest, vth, -128..127; tref, 0..255; davth, tscale, 0..15."""
    return (
        signed(word & 255, BITS),
        signed(word >> 8 & 255, BITS),
        word >> 16 & 255,
        word >> 24 & 15,
        word >> 28 & 15,
    )


@kernel
def remainder(word: int, steps: int, slots: int) -> int:
    """Return word * DECAY[...] / 256, towards minus infinity: the decay of a potential or a threshold.

    word : -128..127
    steps : the steps of time; their lowest five bits choose from the table
    slots : the number of halvings, 0..31
    """
    return (word * (DECAY[steps & MOST_HALVINGS] >> slots)) >> DECAY_BITS


@kernel
def leak(vmem: int, steps: int, vrest: int, tscale: int) -> int:
    """Return the potential after the decay; it stops at vrest, from either side.

    vmem, vrest : -128..127; steps : 0..255; tscale : 0..15
    """
    scaled = steps << tscale
    factor = DECAY[scaled & MOST_HALVINGS] >> min(scaled >> SLOT_BITS, MOST_HALVINGS)
    product = vmem * factor
    base = product >> DECAY_BITS
    return max(base, vrest) if product > 0 else min(base, vrest)


@kernel
def integrate(vmem: int, weight: int) -> int:
    """Return vmem + 4 weight; saturates at 127, and wraps below -128.

    vmem : -128..127; weight : 0..15, a word of two's complement
    """
    total = vmem + (signed(weight, WEIGHT_BITS) << WEIGHT_SCALE)
    return min(total, HIGH) if total > 0 else signed(wrap(total, BITS), BITS)


@kernel
def adapted(avth: int, davth: int) -> int:
    """Return the adaptive threshold after a spike, -128..127.

    The sum is compared without its sign: a negative one becomes 127, and 0 becomes 1.

    avth : -128..127; davth : 0..15
    """
    total = wrap(avth + davth, BITS)
    return 1 if total == 0 else min(total, HIGH)


@outlined
def update(state: int, op: int, weight: int, time: int, word: int) -> tuple[int, int]:
    """Return the next state of a neuron, 0..2**32 - 1, and 1 if it spikes, else 0.

    state : the word of the state memory
    op : 0..7, a ``NeuronOp``; any other value is as SPIKE at the time of the last update
    weight : 0..15, a word of two's complement; time : 0..255
    word : cfg_parameter_i
    """
    vrest, vth, tref, davth, tscale = parameters(word)
    vmem, avth = signed(state >> 24, BITS), signed(state >> 16 & 255, BITS)
    tlupd, tlspk = state >> 8 & 255, state & 255
    if op == RST:
        return 0, 0
    if op == IDLE:
        return state, 0
    if op == INTEGRATE:
        return _word(integrate(vmem, weight), avth, time, tlspk), 0
    steps = wrap(time - tlupd, BITS) if op in (SPIKE, UPDATE) else 0
    vmem = integrate(leak(vmem, steps, vrest, tscale), weight)
    avth = remainder(avth, steps, steps >> SLOT_BITS)
    spikes = op != UPDATE and vmem > signed(wrap(vth + avth, BITS), BITS) and wrap(time - tlspk, BITS) >= tref
    if spikes:
        vmem, avth = signed(wrap(vmem - vth, BITS), BITS), adapted(avth, davth)
        if op == SPIKE:
            tlspk = time
    return _word(vmem, avth, time, tlspk), int(spikes)


@entry
def update_all(
    states: np.ndarray, ops: np.ndarray, weights: np.ndarray, times: np.ndarray, words: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Update many neurons, each by itself: (n,) int64 each, as for ``update``. Return their next states and spikes."""
    next_states, spikes = np.empty_like(states), np.empty_like(states)
    for i in range(len(states)):
        next_states[i], spikes[i] = update(states[i], ops[i], weights[i], times[i], words[i])
    return next_states, spikes


@kernel
def _word(vmem: int, avth: int, tlupd: int, tlspk: int) -> int:
    return wrap(vmem, BITS) << 24 | wrap(avth, BITS) << 16 | tlupd << 8 | tlspk
