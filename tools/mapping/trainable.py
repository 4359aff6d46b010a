"""The numbers of a network on a chip that training may change: weights and thresholds, and what they become there.

They are floating-point numbers in LSB. Rounded, they are the chip's. A chip's mapper makes a ``TrainableNetwork`` of a
mapped network; it runs many samples on the integer network of new numbers, and writes these into the configuration and
the network in floating point. Nothing here needs PyTorch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.batch import BatchRun
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.network import Population, SpikingNetwork
from draupnir.tools.mapping.plan import Integers, Mapped
from draupnir.tools.mapping.reference import factors

BIAS = "\0bias"  # the source of a bias, which spikes in every timestep; no node has this name
HALF = 0.49  # a number that is nearer than this to an integer is rounded to it, also with 24 bits of precision


@dataclass(frozen=True, eq=False)
class TrainableWeights:
    """All weights from one population to another.

    source : a population, the input or ``BIAS``, which is one source; target : a population
    start : (sources, targets) float64, weights at the start, in LSB of a weight; low, high : likewise, their ends, both
        0 where there is no weight
    largest : the largest weight of the chip; unit : LSB of a potential for 1 LSB of a weight
    delayed : whether a spike arrives in the timestep after
    """

    source: str
    target: str
    start: Reals
    low: Reals
    high: Reals
    largest: int
    unit: int
    delayed: bool


@dataclass(frozen=True, eq=False)
class TrainableNeurons:
    """The neurons of one population.

    name : the population; numbers : (n,) int64, their numbers on the chip; spikes : whether they spike
    threshold : (k,) float64, thresholds at the start, in LSB, none if they do not spike; low : (k,), high : their ends
    group : (n,) int64, the threshold of each neuron
    rest : (n,) potential at the start of a sample; keep : (n,) the share of it that a timestep keeps
    leak : (n,) LSB by which a timestep moves it towards 0; subtracts : a spike takes the threshold from it, or sets it
        to 0
    ends : the lowest and the highest potential
    """

    name: str
    numbers: Integers
    spikes: bool
    threshold: Reals
    low: Integers
    high: int
    group: Integers
    rest: Reals
    keep: Reals
    leak: Reals
    subtracts: bool
    ends: tuple[int, int]


@dataclass(frozen=True, eq=False)
class NetworkNumbers:
    """Weights and thresholds in LSB, in the order of a ``TrainableNetwork``, in floating point."""

    weights: tuple[Reals, ...]
    thresholds: tuple[Reals, ...]


class TrainableNetwork(ABC):
    """A network on a chip whose numbers may change.

    mapped : the network at the start; weights, neurons : its numbers; the neurons are in the order of the populations,
        without those that the chip does not have
    """

    mapped: Mapped
    weights: tuple[TrainableWeights, ...]
    neurons: tuple[TrainableNeurons, ...]

    @abstractmethod
    def run(self, numbers: NetworkNumbers, samples: NDArray[np.uint8]) -> BatchRun:
        """Run samples, (B, timesteps, inputs) of 0 and 1, on the chip's integer network of these numbers."""

    @abstractmethod
    def configuration(self, numbers: NetworkNumbers) -> Configuration:
        """The configuration with these numbers; all else is as in the one at the start."""

    @abstractmethod
    def scale(self, name: str) -> Reals:
        """(n,) float64, LSB of the potential for 1.0 of the network's potential, of a population."""

    def start(self) -> NetworkNumbers:
        """The numbers at the start."""
        return NetworkNumbers(tuple(one.start for one in self.weights), tuple(one.threshold for one in self.neurons))

    def remapped(self, numbers: NetworkNumbers) -> Mapped:
        """The mapped network with these numbers, in its configuration and in floating point."""
        numbers = self.bounded(numbers)
        return replace(self.mapped, configuration=self.configuration(numbers), network=self._network(numbers))

    def bounded(self, numbers: NetworkNumbers) -> NetworkNumbers:
        """The numbers, held within their ends."""
        weights = zip(self.weights, numbers.weights, strict=True)
        thresholds = zip(self.neurons, numbers.thresholds, strict=True)
        return NetworkNumbers(
            tuple(np.clip(numbers, one.low, one.high) for one, numbers in weights),
            tuple(np.clip(numbers, one.low, one.high) for one, numbers in thresholds),
        )

    def _network(self, numbers: NetworkNumbers) -> SpikingNetwork:
        """The network in floating point."""
        network, conventions = self.mapped.network, self.mapped.conventions
        neurons = {one.name: one for one in self.neurons}
        units = {name: factors(network.population(name), conventions)[1] * self.scale(name) for name in neurons}
        weights = {
            (one.source, one.target): number * one.unit / units[one.target]
            for one, number in zip(self.weights, numbers.weights, strict=True)
        }
        connections = {}
        for one in network.connections:
            matrix = weights.get((one.source, one.target))
            connections[one.source, one.target] = one if matrix is None else replace(one, weights=matrix.T)
        thresholds = {one.name: threshold for one, threshold in zip(self.neurons, numbers.thresholds, strict=True)}
        populations = [
            self._population(one, neurons[one.name], thresholds[one.name], weights.get((BIAS, one.name)))
            if one.name in neurons
            else one
            for one in network.populations
        ]
        return replace(network, populations=tuple(populations), connections=tuple(connections.values()))

    def _population(
        self, population: Population, neurons: TrainableNeurons, threshold: Reals, bias: Reals | None
    ) -> Population:
        """A population with its thresholds and biases in floating point; the chip spikes at or above a threshold."""
        if neurons.spikes:
            above = threshold[neurons.group] - 0.5 - neurons.rest
            population = replace(population, threshold=above / self.scale(population.name))
        return population if bias is None else replace(population, bias=bias[0])


@runtime_checkable
class TrainingMapper(Protocol):
    """A mapper of a chip on which networks can be trained."""

    def trainable(self, mapped: Mapped) -> TrainableNetwork: ...


def _trains(mapper: object) -> TypeGuard[TrainingMapper]:
    return isinstance(mapper, TrainingMapper)


def trainable(mapped: Mapped) -> TrainableNetwork:
    """The trainable network of a mapped one. Raises InputError for a chip whose mapper has none."""
    mapper = mapper_of(mapped.chip)
    if not _trains(mapper):
        raise InputError(f"{mapped.chip}: its mapper has no trainable(), so no network is trained on it")
    return mapper.trainable(mapped)


def refined(on_chip: Reals | Integers, in_float: Reals) -> Reals:
    """The numbers in floating point, as far as they are rounded to the chip's integers; else these integers.

    on_chip : integers; in_float : floating-point numbers in LSB, of the same shape
    """
    rounds = np.asarray(abs(in_float - on_chip) <= HALF)
    return np.where(rounds, in_float, on_chip).astype(np.float64)


def float_weights(mapped: Mapped, source: str, target: str) -> Reals:
    """(sources, targets) float64, the sum of all connections between two populations, or the biases of one."""
    network = mapped.network
    gain = factors(network.population(target), mapped.conventions)[1]
    if source == BIAS:
        return (network.population(target).bias * gain)[np.newaxis]
    connections = [one for one in network.inputs_of(target) if one.source == source]
    return sum((one.weights.T for one in connections), np.zeros(())) * gain


def pairs(network: SpikingNetwork) -> list[tuple[str, str]]:
    """All pairs of source and target between which there are weights, biases last."""
    endpoints = [(one.source, one.target) for one in network.connections]
    biased = [(BIAS, one.name) for one in network.populations if one.bias.any()]
    return [*dict.fromkeys(endpoints), *biased]


def patched(configuration: Configuration, base: Configuration, goal: Configuration) -> Configuration:
    """A configuration in which the bits change that differ between two others.

    So what ``base`` and ``goal`` do not know of, such as registers for learning, stays as it is.
    """
    registers = {
        name: goal.registers[name] if goal.registers[name] != base.registers[name] else contents
        for name, contents in configuration.registers.items()
    }
    memories = {
        name: words ^ base.memories[name] ^ goal.memories[name] for name, words in configuration.memories.items()
    }
    return Configuration(configuration.chip, registers, memories)
