"""The story of a recurrent neuron of ReckOn: each weight that it gets in a sample, and its leak in each timestep."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.reckon.layout import N
from draupnir.emulator.reckon.network import Integers, Network
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.reckon.quantise import W_MAX, W_MIN
from draupnir.tools.mapping.reckon.running import inputs
from draupnir.tools.mapping.story import BIAS, LEAK, Story, StoryStep

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _WatchedNetwork(Network):
    """A network that keeps the spikes of every timestep, and the potentials before and after its end."""

    timesteps: list[tuple[Mask, Mask, Integers, Integers]] = field(default_factory=list)
    spikes: list[tuple[Mask, Mask]] = field(default_factory=list)

    def propagated(self, u: Integers, oneur_u: Integers, inp: Mask, z: Mask) -> tuple[Integers, Integers]:
        """The potentials with the weights of all spikes."""
        self.spikes.append((inp, z))
        return super().propagated(u, oneur_u, inp, z)

    def stepped(self, u: Integers) -> tuple[Integers, Mask]:
        """End a timestep."""
        leaked, z = super().stepped(u)
        self.timesteps.append((*self.spikes[-1], u, leaked))
        return leaked, z


def tell(mapped: Mapped, network: Network, spikes: NDArray[np.uint8], neuron: int) -> Story:
    """The story of a recurrent neuron in a sample; spikes : (timesteps, inputs) of 0 and 1

    network : the integer network, that of the configuration or a changed one
    """
    watched = _WatchedNetwork(**{f.name: getattr(network, f.name) for f in fields(Network)})
    watched.run(inputs(mapped.plan, spikes))
    steps: list[StoryStep] = []
    potential = 0
    for timestep, (inp, z, u, leaked) in enumerate(watched.timesteps):
        changes = [*_changes(mapped, network, inp, z, neuron)]
        for i, (source, row, weight, shift) in enumerate(changes):
            is_last = i == len(changes) - 1
            potential = int(u[neuron]) if is_last else potential + (weight << shift)
            spiking = is_last and bool(u[neuron] >= network.thr[neuron])
            steps.append(StoryStep(timestep, source, weight << shift, potential, spiking, row, weight, 1 << shift))
        if not changes and u[neuron] >= network.thr[neuron]:  # as after a reset that subtracts
            steps.append(StoryStep(timestep, LEAK, 0, potential, True))
        if leaked[neuron] != potential:
            steps.append(StoryStep(timestep, LEAK, int(leaked[neuron]) - potential, int(leaked[neuron]), False))
            potential = int(leaked[neuron])
    return Story(tuple(steps), int(network.thr[neuron]), W_MIN, W_MAX)


def _changes(mapped: Mapped, network: Network, inp: Mask, z: Mask, neuron: int) -> list[tuple[str, int, int, int]]:
    """Source, row, content and shift of each weight that reaches the neuron in a timestep, in the chip's order."""
    places = [place for place in mapped.plan.places if mapped.network.population(place.name).spikes]
    names = {int(n): f"{place.name}:{i}" for place in places for i, n in enumerate(place.neurons)}
    changes = []
    for n in np.flatnonzero(inp | z).tolist():
        if inp[n] and network.winp[n, neuron]:
            source = BIAS if n >= mapped.plan.n_inputs else f"input:{n}"
            changes.append((source, n, int(network.winp[n, neuron]), network.fp_loc_winp))
        if z[n] and network.wrec[n, neuron]:
            weight = int(network.wrec[n, neuron])
            changes.append((names.get(n, f"neuron {n}"), N + n, weight, network.fp_loc_wrec))
    return changes
