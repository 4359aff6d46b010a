"""The step of a neuron, hidden or output, as pure functions of integers.

Source: neuron.v, neuron_slow.v, neuron_2x.v, neuron_4x.v, neuron_8x.v, out_neuron.v.
"""

from __future__ import annotations

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.snn_accelerator.layout import BITS


@kernel
def integrate(post_synaptic: int, spike: int, state: int, shift: int) -> int:
    """Return the potential after a step, 0..255: what is left of it, or nothing after a spike, and the input.

    It wraps modulo 256. state, post_synaptic : 0..255; shift : 1..4
    """
    rest = 0 if spike else state >> shift
    return wrap(post_synaptic + rest, BITS)


@kernel
def fires(state: int, threshold: int) -> int:
    """Return 1 if a potential reaches its threshold, else 0."""
    return int(state >= threshold)
