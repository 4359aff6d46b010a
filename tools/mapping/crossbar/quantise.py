"""The float crossbar in integers: weights and thresholds in a scale of their own for each neuron, and a constant leak.

The scale of a neuron is free, because it has a threshold of its own: weights are as large as the chip's range allows,
unless the threshold would then be out of range. Neurons whose potentials are compared with each other share one scale.
A network's neuron spikes above its threshold, and the chip's at or above, so the integer threshold is one more than the
largest potential without a spike. At a time reference the chip moves a potential towards 0 by a constant number, where
a network keeps a share of it; both are equal at one potential, which ``Choices.leak_at`` names.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.crossbar.network import CrossbarNetwork, Limits
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.crossbar.assembly import FloatCrossbar
from draupnir.tools.mapping.graph import Reals

Integers = NDArray[np.int64]
TOLERANCE = 1e-9  # a product of two floats that should be a whole number may lie so far below it


def scales(crossbar: FloatCrossbar, limits: Limits, choices: Choices) -> Reals:
    """(n,) float64, the LSB of a neuron's potential for 1.0 of the network's potential."""
    largest = abs(crossbar.weights).max(axis=0) * choices.clip
    scale = limits.weight_max / np.where(largest > 0, largest, np.inf)
    room = min(limits.core_max, limits.thr_max) - 1 - start_potentials(crossbar, limits, choices)
    spiking = np.isfinite(crossbar.threshold)
    scale = np.where(spiking, np.minimum(scale, room / np.where(spiking, crossbar.threshold, 1)), scale)
    scale[largest == 0] = 1
    if not spiking.all():
        scale[~spiking] = scale[~spiking].min()
    return scale


def start_potentials(crossbar: FloatCrossbar, limits: Limits, choices: Choices) -> Integers:
    """(n,) int64, potentials at the start: ``choices.start`` where inhibition would otherwise end at 0."""
    is_inhibited = (crossbar.weights < 0).any(axis=0)
    return np.where(is_inhibited, choices.start, 0) if limits.core_min == 0 else np.zeros(crossbar.n_neurons, np.int64)


def quantise(crossbar: FloatCrossbar, limits: Limits, choices: Choices, n_visited: int) -> CrossbarNetwork:
    """The integer network of a float crossbar.

    n_visited : the number of neurons that an event visits, at least those in use; the others are not enabled
    """
    scale, start = scales(crossbar, limits, choices), start_potentials(crossbar, limits, choices)
    spiking = np.isfinite(crossbar.threshold)
    threshold = np.where(spiking, crossbar.threshold, 0) * scale
    thr = np.where(spiking, np.floor(threshold + TOLERANCE).astype(np.int64) + 1 + start, limits.thr_max)
    leak = np.rint((1 - crossbar.keep) * choices.leak_at * threshold).astype(np.int64)
    weights = np.clip(np.rint(crossbar.weights * scale), limits.weight_min, limits.weight_max).astype(np.int64)
    unused = n_visited - crossbar.n_neurons
    return CrossbarNetwork(
        weights=np.pad(weights, ((0, 0), (0, unused))),
        thr=np.pad(thr, (0, unused), constant_values=limits.thr_max),
        leak=np.pad(np.minimum(leak, limits.leak_max), (0, unused)),
        enabled=np.pad(spiking, (0, unused)),
        core=np.pad(start, (0, unused)),
        closed_loop=bool((crossbar.weights[: crossbar.n_neurons] != 0).any()),
        limits=limits,
    )


def silent_weights(crossbar: FloatCrossbar, network: CrossbarNetwork) -> int:
    """The number of weights that become 0 although they are not 0 in the float crossbar."""
    weights = network.weights[:, : crossbar.n_neurons]
    return int(np.count_nonzero((weights == 0) & (crossbar.weights != 0)))
