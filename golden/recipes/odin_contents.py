"""Contents of ODIN's memories, drawn from ranges that a recipe names."""

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

HOT = 32  # neurons that most events go to


@dataclass(frozen=True)
class Group:
    """Neurons of a kind.

    view : "lif", "izh", or "random" for words all of whose bits are random
    fields : value or range of each field; those not named are 0
    share : how often this kind is drawn, relative to the other groups
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
    """Synapses: weights lo..hi, each with its mapping bit set with probability ``mapped``.

    inward : another such probability for the synapses to the first ``HOT`` neurons from the others, if not None: many
        mapped synapses for input events, few for the network's own spikes, keep a closed loop from exploding
    """

    weight: tuple[int, int] = (0, 7)
    mapped: float = 0.5
    inward: float | None = None


def synapses(ranges: Synapses | None, rng: np.random.Generator) -> NDArray[np.uint32]:
    """The synapse memory, (depth, 1) uint32; all 0 for None."""
    shape = (layout.N, layout.N)  # pre-synaptic, post-synaptic neuron
    if ranges is None:
        return np.zeros((layout.SYNAPSES.depth, 1), np.uint32)
    weight = rng.integers(ranges.weight[0], ranges.weight[1] + 1, size=shape)
    mapped = np.full(shape, ranges.mapped)
    if ranges.inward is not None:
        mapped[HOT:, :HOT] = ranges.inward
    mapping = (rng.random(shape) < mapped).astype(np.int64)
    return crossbar.synapse_words(weight << layout.SYN_WEIGHT.lsb | mapping << layout.MAPPING.lsb)
