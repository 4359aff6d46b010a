"""A network on a chip: its configuration, and the plan that says where everything is and how a sample runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.configuration import Configuration
from draupnir.tools.mapping.choices import Choices, Decision, Ties
from draupnir.tools.mapping.conventions import Conventions
from draupnir.tools.mapping.network import SpikingNetwork

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PopulationPlace:
    """The place of a population on a chip.

    name : the population; neurons : (n,) int64, the chip's neuron for each of its neurons
    twins : (n,) int64, a second neuron for each, which does the same; None if there are none
    scale : (n,) float64, LSB of the potential for 1.0 of the network's potential
    """

    name: str
    neurons: Integers
    scale: NDArray[np.float64]
    twins: Integers | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """The way in which samples of a network run on a chip, and in which their outcome is read.

    places : in the order of the network's populations; the one named ``output`` is read
    inputs : (inputs, k) int64, the rows that a spike of each input stimulates, -1 for none
    bias_rows : (m,) int64, rows that are stimulated in every timestep
    time_reference : whether a time reference ends each timestep but the last
    extra_timesteps : timesteps without input after a sample, in which spikes reach the last layer
    """

    places: tuple[PopulationPlace, ...]
    output: str
    inputs: Integers
    bias_rows: Integers
    time_reference: bool
    decision: Decision
    ties: Ties
    extra_timesteps: int = 0

    @property
    def n_inputs(self) -> int:
        """The number of inputs of the network."""
        return len(self.inputs)

    @property
    def output_neurons(self) -> Integers:
        """(n,) int64, the chip's neurons that are read, in the order of the labels."""
        return next(place.neurons for place in self.places if place.name == self.output)


@dataclass(frozen=True, eq=False)
class Mapped:
    """A network on a chip.

    choices : what its user chose, with the plan's decision
    notes : what is worth knowing before it runs, a line each
    """

    network: SpikingNetwork
    conventions: Conventions
    choices: Choices
    configuration: Configuration
    plan: Plan
    notes: tuple[str, ...]

    @property
    def chip(self) -> str:
        """The chip's name."""
        return self.configuration.chip.name
