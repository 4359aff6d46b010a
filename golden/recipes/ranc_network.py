"""A random network for RANC, from ranges that a recipe names: the contents of its memories, and packets into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.declare import Chip, Word
from draupnir.emulator.ranc.sizes import Sizes, sizes_of
from draupnir.emulator.state import new_memory
from draupnir.golden.ranges import Range, draw


@dataclass(frozen=True)
class Network:
    """The ranges of a network. A range may be wider than a field: each value is cut to what fits.

    density : the probability that a neuron has a synapse with an axon, 0..1
    weights, thresholds, floors, leaks, reset_potentials, potentials : of every neuron; floors are negative thresholds
    reset_modes, ticks : of every neuron
    to_output : the probability that a neuron's target is the output bus
    outside : the probability that a target lies anywhere, also outside of the grid
    gathered : all other targets are core 0
    any_axon : targets may be axons beyond the last one
    """

    density: float = 0.4
    weights: Range = (-8, 24)
    thresholds: Range = (5, 40)
    floors: Range = (-40, -5)
    leaks: Range = (-2, 2)
    reset_potentials: Range = (-4, 4)
    potentials: Range = 0
    reset_modes: Range = (0, 1)
    ticks: Range = (0, 2)
    to_output: float = 0.3
    outside: float = 0.0
    gathered: bool = False
    any_axon: bool = False


def contents(chip: Chip, network: Network, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the memories of a random network; the schedulers are empty."""
    s, word = sizes_of(chip.sizes), chip.memory("csram").words[0]
    csram, instructions = new_memory(chip.memory("csram")), new_memory(chip.memory("neuron_instructions"))
    cores = [n for n in range(s.n_routers) if n != s.output]
    for k, place in enumerate(cores):
        for neuron in range(s.n_neurons):
            csram[k, neuron] = to_limbs(_neuron(s, word, network, place, rng), csram.shape[-1])
    instructions[...] = rng.integers(s.n_weights, size=instructions.shape)
    return {"csram": csram, "neuron_instructions": instructions}


def _neuron(s: Sizes, word: Word, network: Network, place: int, rng: np.random.Generator) -> int:
    """Return the word of a neuron in the core at a place."""
    dx, dy = _distance(s, network, place, rng)
    connections = sum(1 << axon for axon in np.flatnonzero(rng.random(s.n_axons) < network.density).tolist())
    ranges = {
        **{f"weight_{i}": network.weights for i in range(s.n_weights)},
        "positive_threshold": network.thresholds,
        "negative_threshold": network.floors,
        "leak": network.leaks,
        "reset_potential": network.reset_potentials,
        "current_potential": network.potentials,
        "reset_mode": network.reset_modes,
        "tick": network.ticks,
    }
    numbers = {name: _cut(word, name, draw(span, rng)) for name, span in ranges.items()}
    axon = _axon(s, network, rng)
    return encode(word, **numbers, axon=axon, dx=_cut(word, "dx", dx), dy=_cut(word, "dy", dy), connections=connections)


def _axon(s: Sizes, network: Network, rng: np.random.Generator) -> int:
    return int(rng.integers(1 << s.axon_width if network.any_axon else s.n_axons))


def _cut(word: Word, name: str, number: int) -> int:
    """Return the number, or the nearest one that fits into a field."""
    return min(max(number, word[name].low), word[name].high)


def _distance(s: Sizes, network: Network, place: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return the distance of a random target from a place, to the east and to the north."""
    if rng.random() < network.outside:
        return int(rng.integers(-s.n_x, s.n_x + 1)), int(rng.integers(-s.n_y, s.n_y + 1))
    target = int(rng.integers(s.n_routers))
    if rng.random() < network.to_output:
        target = s.output
    elif network.gathered:
        target = 0
    return target % s.n_x - place % s.n_x, target // s.n_x - place // s.n_x


def packets(chip: Chip, network: Network, rng: np.random.Generator) -> Iterator[int]:
    """Yield packets for the input: their targets are those that a neuron of core 0 could have, or any other."""
    s, word = sizes_of(chip.sizes), chip.memory("csram").words[0]
    for _ in repeat(None):
        dx, dy = _distance(s, network, 0, rng)
        axon, tick = _axon(s, network, rng), _cut(word, "tick", draw(network.ticks, rng))
        yield encode(word, dx=_cut(word, "dx", dx), dy=_cut(word, "dy", dy), axon=axon, tick=tick)
