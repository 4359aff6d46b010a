"""Random contents of ODIN's memories, from ranges that a recipe names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.codec import encode
from draupnir.emulator.odin import layout
from draupnir.golden.ranges import Range, draw
from draupnir.golden.recipes import crossbar

HOT = 32  # Most events go to the neurons below this number.


@dataclass(frozen=True)
class Group:
    """A kind of neuron.

    view : "lif", "izh", or "random" for words in which all bits are random
    fields : name -> its content, or the range of it; all other fields are 0
    share : the relative frequency among the groups
    """

    view: str
    fields: Mapping[str, Range] = field(default_factory=dict)
    share: float = 1.0

    def word(self, rng: np.random.Generator) -> int:
        if self.view == "random":
            return int.from_bytes(rng.bytes(layout.NEURONS.width // 8), "little")
        view = layout.NEURONS.word(self.view)
        model = next(value for value, name in layout.NEURONS.view.items() if name == self.view)
        contents = {name: draw(span, rng) for name, span in self.fields.items()}
        return encode(view, **{layout.NEURONS.view_field: model}, **contents)


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
