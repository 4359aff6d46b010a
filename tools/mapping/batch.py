"""The outcome of a network on a chip for many samples at once, timestep by timestep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from draupnir.tools.mapping.plan import Integers

Counts = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class BatchRun:
    """The reaction of a chip to B samples. T is the number of timesteps, with those without input that the plan adds.

    spikes : (B, T, n) int32, spikes of each of the chip's neurons in each timestep
    potentials : (B, T, n) int32, their potentials at the end of each timestep, in LSB
    outputs : (B, T, outputs) int32, potentials of the neurons that are read, likewise
    labels : (B,) int64, the number of the output neuron that wins, or NO_LABEL
    synaptic_operations, dropped_spikes : (B,) int64
    """

    spikes: Counts
    potentials: Counts
    outputs: Counts
    labels: Integers
    synaptic_operations: Integers
    dropped_spikes: Integers
