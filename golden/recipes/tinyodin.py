"""tinyODIN's stimulus: the form of its recipes, and the pieces that drive the pins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.tinyodin import layout
from draupnir.emulator.tinyodin.port import PORT
from draupnir.golden.ranges import draw
from draupnir.golden.recipes import crossbar
from draupnir.golden.recipes.crossbar import CrossbarRecipe
from draupnir.golden.spi_host import SpiHost

EVENTS = {event.name: event for event in layout.EVENTS}


@dataclass(frozen=True)
class Synapses:
    """Random synapses.

    weight : the lowest and the highest weight, -8..7
    density : the probability that a synapse has a weight; all others are 0
    pre : the number of pre-synaptic neurons, from 0 on, with weights. With few of them, the images are small, and a
        closed loop does not explode.
    """

    weight: tuple[int, int] = (-8, 7)
    density: float = 0.6
    pre: int = 24


@dataclass(frozen=True)
class Traffic:
    """The traffic on the input event bus.

    kinds : name of an event in ``layout.EVENTS`` -> relative frequency
    hot : the number of neurons, from 0 on, for single time references; pre : the number of pre-synaptic neurons
    weight : the range of the weights of virtual events, -8..7
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
    synapses: Synapses = field(default_factory=Synapses)


# --- Memories ---------------------------------------------------------------------------------------------------


neurons = partial(crossbar.neurons, layout.NEURONS)


def synapses(ranges: Synapses, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Return a random synapse memory, (depth, 1) uint32."""
    shape = (layout.N, layout.N)  # pre-synaptic, post-synaptic neuron
    weight = rng.integers(ranges.weight[0], ranges.weight[1] + 1, size=shape)
    weight[rng.random(shape) >= ranges.density] = 0
    weight[ranges.pre :] = 0
    return crossbar.synapse_words(weight & ((1 << layout.SYN_BITS) - 1))


# --- Events -----------------------------------------------------------------------------------------------------


def events(traffic: Traffic, host: SpiHost, rng: np.random.Generator) -> Iterator[int | None]:
    """Yield addresses for the input event bus, AERIN_ADDR, without an end; None until the host lets the network run."""
    while not host.running:
        yield None
    for kind in crossbar.kinds_of_event(traffic.kinds, rng):
        yield event(kind, traffic, rng)


def event(kind: str, traffic: Traffic, rng: np.random.Generator) -> int:
    """Return the address of a random event of this kind; the free bit of a time reference is random, too."""
    if kind == "virtual":
        return EVENTS[kind].encode(neur=int(rng.integers(16)), weight=draw(traffic.weight, rng))
    if kind == "spike":
        return EVENTS[kind].encode(pre_neur=int(rng.integers(traffic.pre)))
    neur = {"neur": int(rng.integers(traffic.hot))} if kind == "tref" else {}
    return EVENTS[kind].encode(**neur) | int(rng.random() < 0.2) << (layout.M + 1)


prepare = crossbar.preparer(layout.CHIP, synapses, events, partial(SpiHost, PORT))
