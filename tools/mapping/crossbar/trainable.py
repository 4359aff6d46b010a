"""The numbers of a network on a crossbar that training may change, and the places where they are.

A source has one row, or two where its weights have both signs and a row has one. Then the first row has the positive
weights, and the second the negative ones. A row keeps its sign in training. A twin gets what its neuron gets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import CrossbarNetwork
from draupnir.tools.mapping.batch import BatchRun
from draupnir.tools.mapping.crossbar import batch
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.network import INPUT
from draupnir.tools.mapping.plan import Integers, Mapped, PopulationPlace
from draupnir.tools.mapping.trainable import (
    BIAS,
    NetworkNumbers,
    TrainableNetwork,
    TrainableNeurons,
    TrainableWeights,
    float_weights,
    pairs,
    patched,
    refined,
)

NONE = -1


class CrossbarTrainable(TrainableNetwork):
    """A network on a crossbar whose numbers may change.

    integers : the integer network at the start; one_sign : whether a row of the chip has one sign
    write : returns the configuration of an integer network
    """

    def __init__(
        self,
        mapped: Mapped,
        integers: CrossbarNetwork,
        one_sign: bool,
        write: Callable[[CrossbarNetwork], Configuration],
    ) -> None:
        self.mapped = mapped
        self._integers, self._write = integers, write
        self._places = {place.name: place for place in mapped.plan.places}
        self._signs = self._row_signs() if one_sign else np.zeros(len(integers.weights), np.int64)
        self.weights = tuple(self._weights(source, target) for source, target in pairs(mapped.network))
        self.neurons = tuple(self._neurons(place) for place in mapped.plan.places)

    def run(self, numbers: NetworkNumbers, samples: NDArray[np.uint8]) -> BatchRun:
        """Run samples on the integer network of these numbers."""
        return batch.run(self.mapped.plan, self._rounded(numbers), samples)

    def configuration(self, numbers: NetworkNumbers) -> Configuration:
        """The configuration with these numbers."""
        goal = self._write(self._rounded(numbers))
        return patched(self.mapped.configuration, self._write(self._integers), goal)

    def scale(self, name: str) -> Reals:
        """The LSB of a population's potential for 1.0."""
        return self._places[name].scale

    def _rounded(self, numbers: NetworkNumbers) -> CrossbarNetwork:
        """The integer network of these numbers."""
        weights, thr = self._integers.weights.copy(), self._integers.thr.copy()
        for one, matrix in zip(self.weights, numbers.weights, strict=True):
            whole = np.rint(matrix).astype(np.int64)
            for columns in self._columns(one.target):
                for rows, part in self._parts(one.source, whole):
                    weights[np.ix_(rows, columns[columns >= 0])] = part[:, columns >= 0]
        for neurons, threshold in zip(self.neurons, numbers.thresholds, strict=True):
            if neurons.spikes:
                for columns in self._columns(neurons.name):
                    thr[columns[columns >= 0]] = np.rint(threshold)[columns >= 0]
        return replace(self._integers, weights=weights, thr=thr)

    def _columns(self, name: str) -> list[Integers]:
        """The numbers of a population's neurons, and those of their twins, NONE where there is none."""
        place = self._places[name]
        return [place.neurons] if place.twins is None else [place.neurons, place.twins]

    def _rows(self, source: str) -> Integers:
        """(sources, 2) int64, the rows of each source, the second one NONE where it has only one."""
        plan = self.mapped.plan
        if source == INPUT:
            rows = plan.inputs
        elif source == BIAS:
            rows = plan.bias_rows[np.newaxis]
        else:
            rows = np.stack(self._columns(source), axis=1)
        return np.pad(rows, ((0, 0), (0, 2 - rows.shape[1])), constant_values=NONE)

    def _parts(self, source: str, weights: Integers) -> list[tuple[Integers, Integers]]:
        """Rows, and the weights in each of them, for all rows of a source."""
        first, second = self._rows(source).T
        single, double = second < 0, second >= 0
        return [
            (first[single], weights[single]),
            (first[double], np.maximum(weights[double], 0)),
            (second[double], np.minimum(weights[double], 0)),
        ]

    def _weights(self, source: str, target: str) -> TrainableWeights:
        place, rows = self._places[target], self._rows(source)
        first, second = rows.T
        on_chip = self._integers.weights[first][:, place.neurons]
        on_chip = on_chip + np.where(second[:, np.newaxis] < 0, 0, self._integers.weights[second][:, place.neurons])
        in_float = float_weights(self.mapped, source, target)
        scaled, exists = in_float * place.scale, (in_float != 0) | (on_chip != 0)
        names = list(self._places)
        delayed = source in names and names.index(source) >= names.index(target)
        sign = np.where(second < 0, self._signs[first], 0)[:, np.newaxis]
        sign = np.sign(in_float) if delayed else sign  # so that inhibition in a loop never becomes excitation
        limits = self._integers.limits
        low = np.where(exists & (sign <= 0), limits.weight_min, 0).astype(np.float64)
        high = np.where(exists & (sign >= 0), limits.weight_max, 0).astype(np.float64)
        start = np.clip(refined(on_chip, scaled), low, high)
        return TrainableWeights(source, target, start, low, high, limits.weight_max, 1, delayed)

    def _row_signs(self) -> Integers:
        """(256,) int64, the sign of each row; that in floating point where all integers are 0, or 1."""
        signs = np.ones(len(self._integers.weights), np.int64)
        for source, target in reversed(pairs(self.mapped.network)):
            sums = float_weights(self.mapped, source, target).sum(axis=1)
            signs[self._rows(source)[:, 0]] = np.where(sums < 0, -1, 1)
        whole = np.sign(self._integers.weights.sum(axis=1))
        return np.where(whole != 0, whole, signs)

    def _neurons(self, place: PopulationPlace) -> TrainableNeurons:
        integers, own = self._integers, place.neurons
        population = self.mapped.network.population(place.name)
        in_float = np.where(population.spikes, population.threshold, 0) * place.scale + 0.5 + integers.core[own]
        leak = integers.leak[own] * self.mapped.plan.time_reference
        limits = integers.limits
        return TrainableNeurons(
            place.name,
            own,
            population.spikes,
            refined(integers.thr[own], in_float)[: len(own) * population.spikes],
            integers.core[own][: len(own) * population.spikes] + 1,
            min(limits.core_max, limits.thr_max),
            np.arange(len(own)),
            integers.core[own].astype(np.float64),
            np.ones(len(own)),
            leak.astype(np.float64),
            False,
            (limits.core_min, limits.core_max),
        )
