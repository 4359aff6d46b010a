"""tinyODIN's stimulus: a recipe of weights and ranges, turned into pieces that drive the pins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.codec import encode
from draupnir.emulator.tinyodin import layout
from draupnir.emulator.tinyodin.port import PORT
from draupnir.golden.ranges import Range, draw
from draupnir.golden.recipes import crossbar
from draupnir.golden.recipes.crossbar import CrossbarRecipe
from draupnir.golden.spi_host import SpiHost

EVENTS = {event.name: event for event in layout.EVENTS}


@dataclass(frozen=True)
class Group:
    """Neurons of a kind.

    fields : value or range of each field; those not named are 0
    share : how often this kind is drawn, relative to the other groups
    """

    fields: Mapping[str, Range]
    share: float = 1.0

    def word(self, rng: np.random.Generator) -> int:
        return encode(layout.LIF, **{name: draw(span, rng) for name, span in self.fields.items()})


@dataclass(frozen=True)
class Synapses:
    """Weights lo..hi with probability ``density``, else 0, from the first ``pre`` neurons; 0 from the others.

    Few rows keep the images small, and a closed loop from exploding.
    """

    weight: tuple[int, int] = (-8, 7)
    density: float = 0.6
    pre: int = 24


@dataclass(frozen=True)
class Traffic:
    """The traffic on the input event bus.

    kinds : relative frequency of each event of ``layout.EVENTS``
    hot : neurons that single time references go to, the first this many; pre : pre-synaptic neurons, likewise
    weight : of virtual events
    """

    kinds: Mapping[str, float]
    hot: int = 32
    pre: int = 24
    weight: tuple[int, int] = (-8, 7)


@dataclass(frozen=True)
class TinyOdinRecipe(CrossbarRecipe):
    """A stimulus for tinyODIN; see ``CrossbarRecipe``."""

    traffic: Traffic
    n_cycles: int = 40_000
    neurons: tuple[Group, ...] = ()
    synapses: Synapses = field(default_factory=Synapses)


# --- Memories ---------------------------------------------------------------------------------------------------


neurons = partial(crossbar.neurons, layout.NEURONS)


def synapses(ranges: Synapses, rng: np.random.Generator) -> NDArray[np.uint32]:
    """The synapse memory, (depth, 1) uint32."""
    shape = (layout.N, layout.N)  # pre-synaptic, post-synaptic neuron
    weight = rng.integers(ranges.weight[0], ranges.weight[1] + 1, size=shape)
    weight[rng.random(shape) >= ranges.density] = 0
    weight[ranges.pre :] = 0
    return crossbar.synapse_words(weight & ((1 << layout.SYN_BITS) - 1))


# --- Events -----------------------------------------------------------------------------------------------------


def events(traffic: Traffic, host: SpiHost, rng: np.random.Generator) -> Iterator[int | None]:
    """Addresses for the input event bus; None until the host lets the network run."""
    while not host.running:
        yield None
    for kind in crossbar.kinds_of_event(traffic.kinds, rng):
        yield event(kind, traffic, rng)


def event(kind: str, traffic: Traffic, rng: np.random.Generator) -> int:
    """An event of a kind; a time reference's free bit, that of a virtual event, is drawn too."""
    if kind == "virtual":
        return EVENTS[kind].encode(neur=int(rng.integers(16)), weight=draw(traffic.weight, rng))
    if kind == "spike":
        return EVENTS[kind].encode(pre_neur=int(rng.integers(traffic.pre)))
    neur = {"neur": int(rng.integers(traffic.hot))} if kind == "tref" else {}
    return EVENTS[kind].encode(**neur) | int(rng.random() < 0.2) << (layout.M + 1)


prepare = crossbar.preparer(layout.CHIP, synapses, events, partial(SpiHost, PORT))
