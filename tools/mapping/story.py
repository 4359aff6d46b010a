"""The story of one neuron in one sample: all that its potential got, and the spikes that came of it."""

from __future__ import annotations

from dataclasses import dataclass

from draupnir.tools.mapping.plan import Plan

LEAK = "leak"  # the source of a change at a time reference, or at the end of a timestep
BIAS = "bias"


@dataclass(frozen=True)
class StoryStep:
    """One change of the potential.

    timestep : from 0; source : a neuron by name, such as input:12 or hidden:7, LEAK or BIAS
    change : in LSB; potential : after it, before it is compared with the threshold; spikes : the neuron spikes then
    row, weight : the row of the weight for a ``Change``, and its content, in steps of ``lsb``; None for the leak
    """

    timestep: int
    source: str
    change: int
    potential: int
    spikes: bool
    row: int | None = None
    weight: int | None = None
    lsb: int = 1


@dataclass(frozen=True)
class Story:
    """All steps in order. threshold : in LSB; weight_low, weight_high : the range of a weight"""

    steps: tuple[StoryStep, ...]
    threshold: int
    weight_low: int
    weight_high: int

    @property
    def n_spikes(self) -> int:
        """The number of spikes."""
        return sum(step.spikes for step in self.steps)

    def sums(self) -> dict[str, tuple[int, int]]:
        """Source -> the sum of its changes and their number, without the leak."""
        sums: dict[str, tuple[int, int]] = {}
        for step in self.steps:
            if step.source != LEAK:
                total, n = sums.get(step.source, (0, 0))
                sums[step.source] = total + step.change, n + 1
        return sums

    def peak(self) -> StoryStep | None:
        """The step with the highest potential, the first of several; None if there are no steps."""
        return max(self.steps, key=lambda step: step.potential, default=None)


def row_names(plan: Plan) -> dict[int, str]:
    """The name of each row of a crossbar, or of each neuron of the chip, that may stimulate."""
    names = {int(row): BIAS for row in plan.bias_rows}
    for place in plan.places:
        for i, neuron in enumerate(place.neurons.tolist()):
            names[neuron] = f"{place.name}:{i}"
        for i, twin in enumerate([] if place.twins is None else place.twins.tolist()):
            if twin >= 0:
                names[twin] = f"{place.name}:{i}"
    for i, rows in enumerate(plan.inputs.tolist()):
        names |= {row: f"input:{i}" for row in rows if row >= 0}
    return names
