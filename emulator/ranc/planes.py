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
from draupnir.emulator.ranc import axons
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.words import instruction_word, neuron_word


class CorePlanes(NamedTuple):
    """Parameters of all neurons and axons, int64. Words have no sign, as in ``neuron``.

    places : (n_cores, n_axons) the place of each axon in the order of ``axons.py``
    types : (n_cores, n_words) the weight that each word of axons takes
    synapses : (n_cores, n_neurons, n_words) the axons with a synapse, a bit each
    weights : (n_cores, n_neurons, n_weights) with their signs
    positive, negative, leak, mode, reset : (n_cores, n_neurons) words
    spikes : (n_cores, n_words) the axons that have a spike in a tick
    active, n_active : (n_cores, n_words, 3) and (n_cores,), as for ``axons.integral``; ``activate`` fills all three
    """

    places: np.ndarray
    types: np.ndarray
    synapses: np.ndarray
    weights: np.ndarray
    positive: np.ndarray
    negative: np.ndarray
    leak: np.ndarray
    mode: np.ndarray
    reset: np.ndarray
    spikes: np.ndarray
    active: np.ndarray
    n_active: np.ndarray


def planes_of(s: Sizes, csram: np.ndarray, instructions: np.ndarray) -> CorePlanes:
    """Return the planes for these memories: (n_cores, n_neurons, limbs) and (n_cores, n_axons, 1) uint32."""
    word = neuron_word(s)
    bits = np.unpackbits(np.ascontiguousarray(csram, "<u4").view(np.uint8), axis=-1, bitorder="little")
    first = word["connections"].lsb
    places, types = axons.axon_places(instructions[:, :, 0] & instruction_word(s)["weight"].high, s.n_weights)
    n_cores, n_words = types.shape
    weights = [_column(word[f"weight_{i}"], csram) for i in range(s.n_weights)]
    return CorePlanes(
        places=places,
        types=types,
        synapses=axons.in_places(bits[..., first : first + s.n_axons], places, n_words),
        weights=np.stack(weights, axis=-1),
        positive=_words(word["positive_threshold"], csram),
        negative=_words(word["negative_threshold"], csram),
        leak=_words(word["leak"], csram),
        mode=_words(word["reset_mode"], csram),
        reset=_words(word["reset_potential"], csram),
        spikes=np.zeros((n_cores, n_words), np.int64),
        active=np.zeros((n_cores, n_words, 3), np.int64),
        n_active=np.zeros(n_cores, np.int64),
    )


def _column(f: Field, csram: np.ndarray) -> np.ndarray:
    """Return a field of each word, with its sign if it is declared signed: (n_cores, n_neurons) int64."""
    return column(f, csram.reshape(-1, csram.shape[-1])).reshape(csram.shape[:-1])


def _words(f: Field, csram: np.ndarray) -> np.ndarray:
    """Return a field of each word, without a sign."""
    return _column(f, csram) & ((1 << f.width) - 1)


@kernel
def activate(planes: CorePlanes, k: int, limbs: np.ndarray) -> None:
    """Bring the spikes of a tick into the form of ``weights_of``; limbs : (n_limbs,) uint32, of core ``k``"""
    spikes = planes.spikes[k]
    spikes[:] = 0
    for axon in range(planes.places.shape[1]):
        place = planes.places[k, axon]
        is_active = wide(limbs[axon // LIMB_BITS]) >> axon % LIMB_BITS & 1
        spikes[place >> axons.PLACE_BITS] |= is_active << (place & axons.PLACE_MASK)
    planes.n_active[k] = axons.activate(spikes, planes.types[k], planes.active[k])


@kernel
def weights_of(planes: CorePlanes, k: int, neuron: int) -> int:
    """Return the sum of the weights that a neuron of core ``k`` receives in the tick of ``activate``."""
    synapses, weights = planes.synapses[k, neuron], planes.weights[k, neuron]
    total: int = axons.integral(synapses, weights, planes.active[k], planes.n_active[k])[0]
    return total
