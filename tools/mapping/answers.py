"""The answer of a chip to one sample, and the label that it means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.tools.mapping.choices import Decision, Ties
from draupnir.tools.mapping.plan import Integers, Plan

NO_LABEL = -1  # no output neuron spikes, where spikes decide


@dataclass(frozen=True, eq=False)
class SampleAnswer:
    """The reaction of a chip to one sample.

    label : the number of the output neuron that wins, or NO_LABEL
    spikes : (m,) int64, the chip's neurons that spike, in order; empty if they do not leave the chip
    potentials : (n,) int64, potentials of the output neurons at the end, in LSB
    dropped_spikes : spikes that found a full FIFO
    synaptic_operations : weights that were added to a potential
    fifo_high_water : most events that waited at once, 0 on a chip without a FIFO
    n_cycles : clocks; None without a chip's clock
    timesteps : (m,) int64, the timestep of each spike; None if it is not known
    lowest, highest : (n,) int64, ends of the potentials of the chip's neurons in the sample; None if not known
    """

    label: int
    spikes: Integers
    potentials: Integers
    dropped_spikes: int
    synaptic_operations: int
    fifo_high_water: int = 0
    n_cycles: int | None = None
    timesteps: Integers | None = None
    lowest: Integers | None = None
    highest: Integers | None = None


def decide(plan: Plan, spikes: Integers, potentials: Integers) -> int:
    """The number of the output neuron that wins by spikes or by the last potentials, or NO_LABEL.

    spikes : (m,) int64, neurons in the order in which they spike; potentials : (n,) int64, of the output neurons
    """
    neurons = plan.output_neurons
    if plan.decision is Decision.POTENTIAL:
        return int(potentials.argmax())
    outputs = spikes[np.isin(spikes, neurons)]
    if not len(outputs):
        return NO_LABEL
    if plan.decision is Decision.FIRST:
        return int(np.flatnonzero(neurons == outputs[0])[0])
    counts = (outputs[:, np.newaxis] == neurons).sum(axis=0)
    winners = np.flatnonzero(counts == counts.max())
    if plan.ties is Ties.LOWEST:
        return int(winners[0])
    return int(min(winners, key=lambda winner: np.flatnonzero(outputs == neurons[winner])[-1]))
