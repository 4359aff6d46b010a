"""The axons of a core in an order in which a whole word of spikes takes the same weight.

The axons of a core are reordered by the weight that they take, and each weight begins in a new word. So a neuron's
input is a sum of popcounts, each times one weight. A word has 63 bits, the bits of an int64 that are never negative.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.kernel.popcount import popcount

WORD_BITS = 63
PLACE_BITS = 6  # a place is the number of a word, and in its lowest bits the number of the bit
PLACE_MASK = (1 << PLACE_BITS) - 1


def axon_places(axons: np.ndarray, n_weights: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of each axon, (C, A) int64, and the weight that each word takes, (C, V) int64.

    axons : (C, A), the weight that each axon takes, 0..n_weights - 1
    """
    places = np.zeros(axons.shape, np.int64)
    word_types = []
    for core, core_types in enumerate(axons):
        types: list[int] = []
        for kind in range(n_weights):
            axons_of_kind = np.flatnonzero(core_types == kind)
            words, bits = np.divmod(np.arange(len(axons_of_kind)), WORD_BITS)
            places[core, axons_of_kind] = (len(types) + words << PLACE_BITS) + bits
            types += [kind] * -(-len(axons_of_kind) // WORD_BITS)
        word_types.append(types)
    n_words = max(map(len, word_types))
    return places, np.array([types + [0] * (n_words - len(types)) for types in word_types], np.int64)


def in_places(connections: np.ndarray, places: np.ndarray, n_words: int) -> np.ndarray:
    """Return the axons that each neuron hears in this order, (C, N, V) int64; connections : (C, N, A) bool"""
    c, n, _ = connections.shape
    words = np.zeros((c, n, n_words), np.int64)
    for core in range(c):
        ordered = np.zeros((n, n_words << PLACE_BITS), np.bool_)
        ordered[:, places[core]] = connections[core]
        words[core] = np.packbits(ordered, axis=1, bitorder="little").view("<i8")
    return words


@kernel
def activate(spikes: np.ndarray, types: np.ndarray, active: np.ndarray) -> int:
    """Fill ``active`` for ``integral`` with the words of a tick that have a spike, and return their number.

    spikes : (V,) int64; types : (V,) int64, the weight that each word takes
    """
    n_active = 0
    for word in range(len(spikes)):
        if spikes[word] != 0:
            active[n_active, 0] = word
            active[n_active, 1] = spikes[word]
            active[n_active, 2] = types[word]
            n_active += 1
    return n_active


@kernel
def integral(synapses: np.ndarray, weights: np.ndarray, active: np.ndarray, n_active: int) -> tuple[int, int]:
    """Return the sum of the weights of all synapses of a neuron that have a spike, and the number of these synapses.

    synapses : (V,) int64; weights : (G,) int64
    active : (V, 3) int64, the index, the spikes and the weight of each word that has a spike; n_active : their number
    """
    total = n_synapses = 0
    for i in range(n_active):
        n = popcount(synapses[active[i, 0]] & active[i, 1])
        n_synapses += n
        total += n * wide(weights[active[i, 2]])
    return total, n_synapses
