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
def n_unstimulated(neurons: np.ndarray, synapses: np.ndarray) -> int:
    """The neurons that a spike event visits before a pair in which one spikes: their number.

    neurons : (n, 1) uint32, an even number; synapses : (m, 1) uint32, their synapses from the first of a word on
    """
    pairs, weights = neurons.reshape(-1).view(np.int64), synapses.reshape(-1).view(np.uint8)
    n_quiet = len(pairs)
    for i in range(len(pairs)):
        n_quiet = min(n_quiet, i if _spike(pairs[i], np.int64(weights[i]), 0) else len(pairs))
    return 2 * n_quiet


@outlined
def stimulate(neurons: np.ndarray, synapses: np.ndarray) -> None:
    """A spike event visits these neurons; both as in ``n_unstimulated``."""
    pairs, weights = neurons.reshape(-1).view(np.int64), synapses.reshape(-1).view(np.uint8)
    for i in range(len(pairs)):
        pairs[i] = _pair_next(pairs[i], np.int64(weights[i]), 0)


@outlined
def n_unleaked(neurons: np.ndarray) -> int:
    """The same as ``n_unstimulated``, for a time reference."""
    pairs = neurons.reshape(-1).view(np.int64)
    n_quiet = len(pairs)
    for i in range(len(pairs)):
        n_quiet = min(n_quiet, i if _spike(pairs[i], 0, 1) else len(pairs))
    return 2 * n_quiet


@outlined
def leak(neurons: np.ndarray) -> None:
    """A time reference visits these neurons, an even number."""
    pairs = neurons.reshape(-1).view(np.int64)
    for i in range(len(pairs)):
        pairs[i] = _pair_next(pairs[i], 0, 1)


@kernel
def _spike(pair: Any, weights: Any, time_ref: int) -> int:
    """1 if a spike leaves one of a pair's neurons, else 0."""
    low, high = _updated(pair, weights, 0, time_ref), _updated(pair, weights, 1, time_ref)
    return low.spike & neuron_core.enabled(low.word) | high.spike & neuron_core.enabled(high.word)


@kernel
def _pair_next(pair: Any, weights: Any, time_ref: int) -> int:
    """A pair of neurons after an event."""
    return _updated(pair, weights, 0, time_ref).word | _updated(pair, weights, 1, time_ref).word << WORD_BITS


@kernel
def _updated(pair: Any, weights: Any, i: int, time_ref: int) -> lif.LifNext:
    """The first (i = 0) or the second neuron of a pair, after an event."""
    return lif.update((pair >> (WORD_BITS * i)) & WORD_MASK, synaptic_core.synapse(weights, i), 1, time_ref)
