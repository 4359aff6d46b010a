"""Random contents of ODIN's memories, from ranges that a recipe names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.odin import layout
from draupnir.golden.recipes import crossbar

HOT = 32  # Most events go to the neurons below this number.


neurons = partial(crossbar.neurons, layout.NEURONS)


@dataclass(frozen=True)
class Synapses:
    """Random synapses.

    weight : the lowest and the highest weight, 0..7
    mapped : the probability that a synapse's mapping bit is 1
    inward : this probability for synapses to the first ``HOT`` neurons from all others; None for ``mapped``. With many
        mapped synapses for input events, and few for the network's own spikes, a closed loop does not explode.
    """

    weight: tuple[int, int] = (0, 7)
    mapped: float = 0.5
    inward: float | None = None


def synapses(ranges: Synapses | None, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Return a random synapse memory, (depth, 1) uint32; all 0 for None."""
    shape = (layout.N, layout.N)  # pre-synaptic, post-synaptic neuron
    if ranges is None:
        return np.zeros((layout.SYNAPSES.depth, 1), np.uint32)
    weight = rng.integers(ranges.weight[0], ranges.weight[1] + 1, size=shape)
    mapped = np.full(shape, ranges.mapped)
    if ranges.inward is not None:
        mapped[HOT:, :HOT] = ranges.inward
    mapping = (rng.random(shape) < mapped).astype(np.int64)
    return crossbar.synapse_words(weight << layout.SYN_WEIGHT.lsb | mapping << layout.MAPPING.lsb)
