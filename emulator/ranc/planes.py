"""Parameters of neurons and axons as planes of bits, which make a whole neuron quick. A run begins with them.

A run changes nothing of this, since a core writes back the words of its CSRAM with other potentials only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.columns import column
from draupnir.emulator.declare import LIMB_BITS, Field
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.kernel.popcount import popcount
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.words import instruction_word, neuron_word


class CorePlanes(NamedTuple):
    """Parameters of all neurons and axons, int64. Words have no sign, as in ``neuron``.

    synapses : (n_cores, n_neurons, limbs) the axons with a synapse, a bit each
    weights : (n_cores, n_neurons, n_weights) with their signs
    positive, negative, leak, mode, reset : (n_cores, n_neurons) words
    axons : (n_cores, n_weights, limbs) the axons that take this weight, a bit each
    active : (n_weights * limbs, 3) limbs of axons that have spikes: the limb, the spikes, the weight; see ``activate``
    """

    synapses: np.ndarray
    weights: np.ndarray
    positive: np.ndarray
    negative: np.ndarray
    leak: np.ndarray
    mode: np.ndarray
    reset: np.ndarray
    axons: np.ndarray
    active: np.ndarray


def planes_of(s: Sizes, csram: np.ndarray, instructions: np.ndarray) -> CorePlanes:
    """Return the planes for these memories: (n_cores, n_neurons, limbs) and (n_cores, n_axons, 1) uint32."""
    word = neuron_word(s)
    bits = np.unpackbits(np.ascontiguousarray(csram, "<u4").view(np.uint8), axis=-1, bitorder="little")
    first = word["connections"].lsb
    axon_of = instructions[:, None, :, 0] & instruction_word(s)["weight"].high
    axons = axon_of == np.arange(s.n_weights)[:, None]
    limbs = _limbs(axons)
    weights = [_column(word[f"weight_{i}"], csram) for i in range(s.n_weights)]
    return CorePlanes(
        synapses=_limbs(bits[..., first : first + s.n_axons]),
        weights=np.stack(weights, axis=-1),
        positive=_words(word["positive_threshold"], csram),
        negative=_words(word["negative_threshold"], csram),
        leak=_words(word["leak"], csram),
        mode=_words(word["reset_mode"], csram),
        reset=_words(word["reset_potential"], csram),
        axons=limbs,
        active=np.zeros((s.n_weights * limbs.shape[-1], 3), np.int64),
    )


def _column(f: Field, csram: np.ndarray) -> np.ndarray:
    """Return a field of each word, with its sign if it is declared signed: (n_cores, n_neurons) int64."""
    return column(f, csram.reshape(-1, csram.shape[-1])).reshape(csram.shape[:-1])


def _words(f: Field, csram: np.ndarray) -> np.ndarray:
    """Return a field of each word, without a sign."""
    return _column(f, csram) & ((1 << f.width) - 1)


def _limbs(bits: np.ndarray) -> np.ndarray:
    """Return (..., n) bits as (..., limbs) int64."""
    n = bits.shape[-1]
    padded = np.zeros((*bits.shape[:-1], -(-n // LIMB_BITS) * LIMB_BITS), np.uint8)
    padded[..., :n] = bits
    return np.packbits(padded, axis=-1, bitorder="little").view("<u4").astype(np.int64)


@kernel
def activate(planes: CorePlanes, k: int, spikes: np.ndarray) -> int:
    """Fill ``planes.active`` for core ``k``, and return the number of its rows; spikes : (limbs,) uint32, of a tick"""
    n = 0
    for limb in range(len(spikes)):
        if spikes[limb]:
            for weight in range(planes.axons.shape[1]):
                axons = wide(spikes[limb]) & planes.axons[k, weight, limb]
                if axons:
                    planes.active[n, 0], planes.active[n, 1], planes.active[n, 2] = limb, axons, weight
                    n += 1
    return n


@kernel
def weights_of(planes: CorePlanes, k: int, neuron: int, n_active: int) -> int:
    """Return the sum of the weights that a neuron of core ``k`` receives in a tick; n_active : of ``activate``"""
    total = 0
    for i in range(n_active):
        axons = planes.synapses[k, neuron, planes.active[i, 0]] & planes.active[i, 1]
        total += popcount(axons) * planes.weights[k, neuron, planes.active[i, 2]]
    return total
