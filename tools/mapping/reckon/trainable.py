"""The numbers of a network on ReckOn that training may change, and the places where they are.

Two neighbours share a threshold. Decays stay as they are. Output neurons that count spikes keep their weights.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.reckon.network import (
    ALPHA_FRACTION,
    KAPPA_FRACTION,
    U_MAX,
    U_MIN,
    Network,
    configuration,
    network,
)
from draupnir.tools.mapping.batch import BatchRun
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.network import INPUT
from draupnir.tools.mapping.plan import Integers, Mapped, PopulationPlace
from draupnir.tools.mapping.reckon import batch
from draupnir.tools.mapping.reckon.quantise import HIGHEST_THR, W_MAX, W_MIN
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


class ReckonTrainable(TrainableNetwork):
    """A network on ReckOn whose numbers may change."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self._integers = network(mapped.configuration)
        on_chip = [place for place in mapped.plan.places if place.name == mapped.plan.output or self._spikes(place)]
        self._places = {place.name: place for place in on_chip}
        trained_pairs = [pair for pair in pairs(mapped.network) if pair[1] in self._places]
        self.weights = tuple(self._weights(source, target) for source, target in trained_pairs)
        self.neurons = tuple(self._neurons(place) for place in on_chip)

    def run(self, numbers: NetworkNumbers, samples: NDArray[np.uint8]) -> BatchRun:
        """Run samples on the integer network of these numbers."""
        return batch.run(self.mapped.plan, self._rounded(numbers), samples)

    def configuration(self, numbers: NetworkNumbers) -> Configuration:
        """The configuration with these numbers."""
        goal = configuration(self._rounded(numbers))
        return patched(self.mapped.configuration, configuration(self._integers), goal)

    def scale(self, name: str) -> Reals:
        """The LSB of a population's potential for 1.0."""
        return self._places[name].scale

    def _spikes(self, place: PopulationPlace) -> bool:
        return self.mapped.network.population(place.name).spikes

    def _rounded(self, numbers: NetworkNumbers) -> Network:
        """The integer network of these numbers."""
        parts = {name: getattr(self._integers, name).copy() for name in ("winp", "wrec", "wout", "thr")}
        for one, matrix in zip(self.weights, numbers.weights, strict=True):
            memory, rows, columns, _ = self._place_of(one.source, one.target)
            parts[memory][np.ix_(rows, columns)] = np.rint(matrix)
        for neurons, threshold in zip(self.neurons, numbers.thresholds, strict=True):
            if neurons.spikes:
                firsts = neurons.numbers[::2]
                parts["thr"][firsts] = parts["thr"][firsts + 1] = np.rint(threshold)
        return replace(self._integers, **parts)

    def _place_of(self, source: str, target: str) -> tuple[str, Integers, Integers, int]:
        """The memory, the rows, the columns and the shift of the weights between two populations."""
        plan, integers = self.mapped.plan, self._integers
        columns = self._places[target].neurons
        if source in (INPUT, BIAS):
            rows = plan.bias_rows if source == BIAS else plan.inputs[:, 0]
            return "winp", rows, columns, integers.fp_loc_winp
        if self._spikes(self._places[target]):
            return "wrec", self._places[source].neurons, columns, integers.fp_loc_wrec
        return "wout", self._places[source].neurons, columns, integers.fp_loc_wout

    def _weights(self, source: str, target: str) -> TrainableWeights:
        memory, rows, columns, shift = self._place_of(source, target)
        on_chip = getattr(self._integers, memory)[np.ix_(rows, columns)]
        in_float = float_weights(self.mapped, source, target)
        exists = (in_float != 0) | (on_chip != 0)
        start = refined(on_chip, in_float * self._places[target].scale / (1 << shift))
        low, high = (np.where(exists, end, 0).astype(np.float64) for end in (W_MIN, W_MAX))
        delayed = source not in (INPUT, BIAS)
        return TrainableWeights(source, target, np.clip(start, low, high), low, high, W_MAX, 1 << shift, delayed)

    def _neurons(self, place: PopulationPlace) -> TrainableNeurons:
        integers, own = self._integers, place.neurons
        population, spikes = self.mapped.network.population(place.name), self._spikes(place)
        firsts, n = own[::2], len(own)
        threshold = np.where(spikes, population.threshold, 0) * place.scale
        keep = integers.alpha[own] / (1 << ALPHA_FRACTION) if spikes else integers.kappa / (1 << KAPPA_FRACTION)
        return TrainableNeurons(
            place.name,
            own,
            spikes,
            refined(integers.thr[firsts], threshold[::2] + 0.5)[: len(firsts) * spikes],
            np.ones(len(firsts) * spikes, np.int64),
            HIGHEST_THR,
            np.arange(n) // 2,
            np.zeros(n),
            np.broadcast_to(keep, n).astype(np.float64),
            np.zeros(n),
            not integers.rst_mode,
            (U_MIN, U_MAX),
        )
