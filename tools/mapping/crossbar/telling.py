"""The story of a neuron on a crossbar: each event that it gets in a sample, on the integer network."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.crossbar.network import TIME_REFERENCE, CrossbarNetwork, Integers, Schedule
from draupnir.tools.mapping.crossbar.samples import inputs, timesteps
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.story import LEAK, Story, StoryStep, row_names


@dataclass(frozen=True, eq=False)
class _WatchedCrossbar(CrossbarNetwork):
    """A network that keeps every event: its row or TIME_REFERENCE, and potentials before and after it."""

    events: list[tuple[int, Integers, Integers]] = field(default_factory=list)

    def stimulated(self, core: Integers, pre: int) -> Integers:
        """Potentials after a spike of neuron ``pre``, before the threshold."""
        core_after = super().stimulated(core, pre)
        self.events.append((pre, core, core_after))
        return core_after

    def leaked(self, core: Integers) -> Integers:
        """Potentials after a time reference, before the threshold."""
        core_after = super().leaked(core)
        self.events.append((TIME_REFERENCE, core, core_after))
        return core_after


def tell(mapped: Mapped, network: CrossbarNetwork, spikes: NDArray[np.uint8], neuron: int) -> Story:
    """The story of a neuron of the chip in a sample; spikes : (timesteps, inputs) of 0 and 1

    network : the integer network, that of the configuration or a changed one
    """
    parts = {f.name: getattr(network, f.name) for f in fields(CrossbarNetwork)}
    watched = _WatchedCrossbar(**parts)
    numbers = inputs(mapped.plan, spikes)
    watched.run(numbers, Schedule.AT_REST)
    names, limits = row_names(mapped.plan), network.limits
    first_input = min([*mapped.plan.bias_rows.tolist(), *mapped.plan.inputs[mapped.plan.inputs >= 0].tolist()])
    timestep_of, n_inputs, steps = timesteps(mapped.plan, spikes), -1, []
    for row, core, core_after in watched.events:
        n_inputs += row == TIME_REFERENCE or row >= first_input
        change = int(core_after[neuron] - core[neuron])
        if change:
            source = LEAK if row == TIME_REFERENCE else names[row]
            spiking = bool(core_after[neuron] >= network.thr[neuron])
            step = StoryStep(int(timestep_of[n_inputs]), source, change, int(core_after[neuron]), spiking)
            if row != TIME_REFERENCE:
                step = replace(step, row=row, weight=int(network.weights[row, neuron]))
            steps.append(step)
    return Story(tuple(steps), int(network.thr[neuron]), limits.weight_min, limits.weight_max)
