"""Many neurons under an event, two at a time: loops that LLVM makes vectors of.

Numba computes in 64 bits; the words of two neurons are one such number, and their two weights are a byte. So a loop
runs over plain arrays, without a branch, and nothing has to be gathered. It is the same neuron (``lif``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.crossbar import synaptic_core
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.tinyodin import lif, neuron_core
from draupnir.emulator.tinyodin.layout import LIF

WORD_BITS = LIF.width
WORD_MASK = (1 << WORD_BITS) - 1


@outlined
def n_quiet(neurons: np.ndarray, synapses: np.ndarray, time_ref: int) -> int:
    """The neurons that an event visits before a pair in which one spikes: their number.

    neurons : (n, 1) uint32, an even number; synapses : (m, 1) uint32, their synapses from the first of a word on
    time_ref : 1 for a time reference, for which the synapses do not matter; 0 for a spike
    """
    pairs, weights = neurons.reshape(-1).view(np.int64), synapses.reshape(-1).view(np.uint8)
    n_pairs = len(pairs)
    for i in range(len(pairs)):
        low, high = _updated(pairs[i], np.int64(weights[i]), time_ref)
        spike = low.spike & neuron_core.enabled(low.word) | high.spike & neuron_core.enabled(high.word)
        n_pairs = min(n_pairs, i if spike else len(pairs))
    return 2 * n_pairs


@outlined
def visit(neurons: np.ndarray, synapses: np.ndarray, time_ref: int) -> None:
    """An event visits these neurons; the arguments are as in ``n_quiet``."""
    pairs, weights = neurons.reshape(-1).view(np.int64), synapses.reshape(-1).view(np.uint8)
    for i in range(len(pairs)):
        low, high = _updated(pairs[i], np.int64(weights[i]), time_ref)
        pairs[i] = low.word | high.word << WORD_BITS


@kernel
def _updated(pair: Any, weights: Any, time_ref: int) -> tuple[lif.LifNext, lif.LifNext]:
    """Both neurons of a pair after an event."""
    low = lif.update(pair & WORD_MASK, synaptic_core.synapse(weights, 0), 1, time_ref)
    high = lif.update((pair >> WORD_BITS) & WORD_MASK, synaptic_core.synapse(weights, 1), 1, time_ref)
    return low, high
