"""A network on a chip as a layer of PyTorch: what it computes is exactly what the chip does, and it has gradients."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.batch import BatchRun
from draupnir.tools.mapping.choices import Decision
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.trainable import BIAS, NetworkNumbers, TrainableNeurons, trainable
from draupnir.tools.training.surrogate import exactly, rounded, spike, towards_zero


class ChipOutput(NamedTuple):
    """The reaction of a chip to a batch of B samples.

    T is the number of timesteps. On ReckOn they are more than those of the samples, by one for each layer that spikes,
    because a layer takes its spikes in the timestep after.

    spikes : (B, T, outputs) float32, spikes of the output neurons in each timestep; all 0 if they do not spike
    potentials : (B, T, outputs) float32, their potentials at the end of each timestep, in LSB
    populations : population -> (B, T, neurons) float32, the spikes of each population that spikes
    exact : the same without gradients, with labels and synaptic operations
    """

    spikes: Tensor
    potentials: Tensor
    populations: dict[str, Tensor]
    exact: BatchRun


class ChipLayer(torch.nn.Module):
    """A network on a chip, with weights and thresholds that an optimiser can change.

    The forward pass is the chip's integer network: the same spikes in the same order, the same potentials, which also
    saturate as on the chip. The backward pass has surrogate gradients. Parameters are floating-point numbers, which are
    rounded to the chip's integers in each forward pass, with the gradient of the numbers themselves. Their unit is
    the chip's largest weight, so the same learning rate suits all chips. A forward pass also moves parameters
    that left the chip's range to the end of it.

    weights : (sources, targets) parameters, -1..1 or a part of it; a row of ODIN keeps its sign
    thresholds : (thresholds,) parameters, in units of the potential that the largest weight makes; on ReckOn two
        neighbours share one
    """

    def __init__(self, mapped: Mapped) -> None:
        """Take the numbers of a mapped network as the start. Raises InputError for a chip without training."""
        super().__init__()
        self._network = network = trainable(mapped)
        plan = mapped.plan
        self.decision = plan.decision
        self.output, self.extra_timesteps, self.n_inputs = plan.output, plan.extra_timesteps, plan.n_inputs
        self._weight_units = [one.largest for one in network.weights]
        self._threshold_unit = max(one.largest * one.unit for one in network.weights)
        start = network.start()
        self.weights = torch.nn.ParameterList(
            _parameter(numbers / unit) for numbers, unit in zip(start.weights, self._weight_units, strict=True)
        )
        self.thresholds = torch.nn.ParameterList(
            _parameter(numbers / self._threshold_unit) for numbers in start.thresholds
        )

    @classmethod
    def load(cls, place: Path | str) -> ChipLayer:
        """The layer of a folder that ``draupnir map`` or ``save`` wrote. Raises InputError for any other folder."""
        return cls(folder.read(Path(place)))

    def save(self, place: Path | str) -> None:
        """Write the network as a folder, as ``draupnir map`` does, which ``draupnir run`` and all others take."""
        folder.write(self.mapped(), Path(place), None)

    def mapped(self) -> Mapped:
        """The network with the present numbers."""
        return self._network.remapped(self._numbers())

    def run(self, samples: NDArray[np.uint8]) -> BatchRun:
        """Run samples, (B, timesteps, inputs) uint8 of 0 and 1, on the chip's integer network, without gradients."""
        return self._network.run(self._network.bounded(self._numbers()), samples)

    def forward(self, spikes: Tensor) -> ChipOutput:
        """Run samples; spikes : (B, timesteps, inputs) of 0 and 1

        Raises InputError for another shape, or other numbers.
        """
        samples = self._samples(spikes)
        self._bound()
        weights, thresholds = self._rounded()
        whole = NetworkNumbers(tuple(map(_array, weights)), tuple(map(_array, thresholds)))
        exact = self._network.run(whole, samples)
        empty = spikes.new_zeros((len(spikes), self.extra_timesteps, self.n_inputs))
        inputs = torch.cat((spikes.to(torch.float32), empty.to(torch.float32)), dim=1)
        return self._graph(inputs, weights, thresholds, exact)

    def logits(self, output: ChipOutput) -> Tensor:
        """(B, outputs) float32 that rank the labels as the network's decision does, with gradients.

        They are spikes of a neuron, more for earlier ones if the first one decides; or the potential at the end, or its
        mean if the majority of timesteps decides, in units of the largest weight.
        """
        n_timesteps = output.spikes.shape[1]
        if self.decision is Decision.FIRST:
            return (output.spikes * torch.arange(n_timesteps, 0, -1)[:, None] / n_timesteps).sum(dim=1)
        if self.decision is Decision.COUNT:
            return output.spikes[:, : n_timesteps - bool(self.extra_timesteps)].sum(dim=1)  # ReckOn counts one later
        if self.decision is Decision.POTENTIAL:
            return output.potentials[:, -1] / self._threshold_unit
        return output.potentials[:, self.extra_timesteps :].mean(dim=1) / self._threshold_unit

    # --- Numbers ------------------------------------------------------------------------------------------------

    def _numbers(self) -> NetworkNumbers:
        """The parameters in LSB."""
        weights = zip(self.weights, self._weight_units, strict=True)
        return NetworkNumbers(
            tuple(_array(weight * unit) for weight, unit in weights),
            tuple(_array(threshold * self._threshold_unit) for threshold in self.thresholds),
        )

    def _bound(self) -> None:
        """Move parameters into the chip's range."""
        numbers = self._network.bounded(self._numbers())
        for parameter, number, unit in zip(self.weights, numbers.weights, self._weight_units, strict=True):
            parameter.data.copy_(torch.as_tensor(number / unit))
        for parameter, number in zip(self.thresholds, numbers.thresholds, strict=True):
            parameter.data.copy_(torch.as_tensor(number / self._threshold_unit))

    def _rounded(self) -> tuple[list[Tensor], list[Tensor]]:
        """Weights and thresholds in LSB, rounded."""
        weights = zip(self.weights, self._weight_units, strict=True)
        return [rounded(weight * unit) for weight, unit in weights], [
            rounded(threshold * self._threshold_unit) for threshold in self.thresholds
        ]

    def _samples(self, spikes: Tensor) -> NDArray[np.uint8]:
        """The samples as the chip takes them. Raises InputError."""
        samples: NDArray[np.float64] = spikes.detach().cpu().numpy()
        if samples.ndim != 3 or samples.shape[2] != self.n_inputs or not samples.shape[1]:
            shape = tuple(samples.shape)
            raise InputError(f"spikes: shape {shape}; right is (samples, timesteps, {self.n_inputs})")
        wrong = np.argwhere((samples != 0) & (samples != 1))
        if len(wrong):
            place = tuple(wrong[0].tolist())
            raise InputError(f"spikes{list(place)} is {samples[place]:g}; right is 0 or 1")
        return samples.astype(np.uint8)

    # --- The graph ----------------------------------------------------------------------------------------------

    def _graph(self, inputs: Tensor, weights: list[Tensor], thresholds: list[Tensor], exact: BatchRun) -> ChipOutput:
        """Compute timestep by timestep, population by population, and put the chip's numbers in place of each sum."""
        populations = [
            _Population(neurons, threshold, self._links(neurons.name, weights), self.output, exact)
            for neurons, threshold in zip(self._network.neurons, thresholds, strict=True)
        ]
        ones = torch.ones(len(inputs), 1)
        spikes: dict[str, Tensor] = {}
        for t in range(inputs.shape[1]):
            previous, spikes = spikes, {"": inputs[:, t], BIAS: ones}
            for population in populations:
                spikes[population.name] = population.step(t, spikes, previous)
        output = next(population for population in populations if population.name == self.output)
        by_name = {one.name: torch.stack(one.spikes, dim=1) for one in populations if one.neurons.spikes}
        potentials = torch.stack(output.potentials, dim=1)
        return ChipOutput(by_name.get(self.output, torch.zeros_like(potentials)), potentials, by_name, exact)

    def _links(self, target: str, weights: list[Tensor]) -> list[tuple[str, Tensor, bool]]:
        """Source, weights in LSB of the potential, and whether spikes come a timestep later, of each connection."""
        return [
            (one.source, weight * float(one.unit), one.delayed)
            for one, weight in zip(self._network.weights, weights, strict=True)
            if one.target == target
        ]


class _Population:
    """The neurons of one population, in one forward pass."""

    def __init__(
        self,
        neurons: TrainableNeurons,
        threshold: Tensor,
        links: list[tuple[str, Tensor, bool]],
        output: str,
        exact: BatchRun,
    ) -> None:
        self.neurons, self.name, self._links = neurons, neurons.name, links
        own, is_output = neurons.numbers, neurons.name == output and not neurons.spikes
        self._exact_spikes = torch.from_numpy(exact.spikes[:, :, own].astype(np.float32)) if neurons.spikes else None
        potentials = exact.outputs if is_output else exact.potentials[:, :, own]
        self._exact_potentials = torch.from_numpy(potentials.astype(np.float32))
        self._rest, self._keep, self._leak = (_tensor(each) for each in (neurons.rest, neurons.keep, neurons.leak))
        self._leaks = bool(neurons.leak.any())
        self._threshold = threshold[torch.from_numpy(neurons.group)] if neurons.spikes else threshold
        self._potential = self._rest.expand(len(potentials), -1)
        self.spikes: list[Tensor] = []
        self.potentials: list[Tensor] = []

    def step(self, t: int, spikes: dict[str, Tensor], previous: dict[str, Tensor]) -> Tensor:
        """Take the spikes of a timestep and of the one before; returns those of this population."""
        potential = self._potential
        if t and self._leaks:
            potential = towards_zero(potential, self._leak)
        for source, weight, delayed in self._links:
            arriving = (previous if delayed else spikes).get(source)
            if arriving is not None:
                potential = potential + arriving @ weight
        potential = potential.clamp(*self.neurons.ends)
        fired = self._fire(t, potential)
        decayed = potential * self._keep
        if self.neurons.spikes:
            reset = (fired * self._threshold).detach()
            decayed = decayed - reset if self.neurons.subtracts else decayed * (fired == 0)
        self.spikes.append(fired)
        self._potential = exactly(decayed, self._exact_potentials[:, t])
        self.potentials.append(self._potential)
        return fired

    def _fire(self, t: int, potential: Tensor) -> Tensor:
        """The chip's spikes, with a surrogate gradient."""
        if self._exact_spikes is None:
            return torch.zeros_like(potential)
        distance = (potential - self._threshold) / (self._threshold - self._rest).detach()
        return exactly(spike(distance), self._exact_spikes[:, t])


def _parameter(numbers: NDArray[np.float64]) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor(numbers, dtype=torch.float32))


def _tensor(numbers: NDArray[np.float64]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32)


def _array(numbers: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = numbers.detach().numpy().astype(np.float64)
    return array
