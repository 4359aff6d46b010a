"""A study of samples: what each neuron does on the chip and in floating point, and which samples go most wrong.

The neurons' spikes and potentials are those of the integer network, which does what the chip does; a chip need not send
them. A study keeps a number for each neuron, and the spikes of a few samples, however many it sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.tools.mapping import reference
from draupnir.tools.mapping.answers import NO_LABEL, SampleAnswer
from draupnir.tools.mapping.choices import Decision
from draupnir.tools.mapping.labels import float_labels
from draupnir.tools.mapping.losses import Losses
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.plan import Integers, Mapped, Plan, PopulationPlace
from draupnir.tools.mapping.samples import SpikeSamples
from draupnir.tools.trials.trial import Advance

MOST_SAMPLES = 1000  # the integer network is slower than the chip's event level
N_WORST = 10

Raster = tuple[Integers, Integers]  # timesteps and neurons of spikes, (m,) each


@dataclass(frozen=True, eq=False)
class NeuronFigures:
    """The figures of one population; spikes are sums over all samples, (neurons,) int64.

    lowest, highest : ends of the potentials on the chip, (neurons,) int64; None if the chip has none of them
    """

    in_float: Integers
    on_chip: Integers
    lowest: Integers | None
    highest: Integers | None

    def silent(self) -> Integers:
        """The neurons that never spike on the chip."""
        return np.flatnonzero(self.on_chip == 0)


@dataclass(frozen=True, eq=False)
class WorstSample:
    """A sample with a wrong label. margin : how far the right one is behind; rasters : population -> spikes"""

    index: int
    right: int
    label: int
    margin: float
    in_float: Mapping[str, Raster]
    on_chip: Mapping[str, Raster]


@dataclass(frozen=True, eq=False)
class Study:
    """The outcome of a study of n samples of T timesteps.

    neurons : population -> its figures, for populations that spike; worst : the worst sample first
    """

    n: int
    n_timesteps: int
    neurons: Mapping[str, NeuronFigures]
    losses: Losses
    worst: tuple[WorstSample, ...]

    def always(self, name: str) -> Integers:
        """The neurons of a population that spike in almost every timestep of every sample."""
        return np.flatnonzero(self.neurons[name].on_chip >= 0.9 * self.n * self.n_timesteps)


def study(mapped: Mapped, samples: SpikeSamples, advance: Advance = lambda n: None) -> Study:
    """Look at the first samples, at most MOST_SAMPLES; advance : receives numbers of samples"""
    mapper, collector = mapper_of(mapped.chip), _Collector(mapped)
    unrounded, integer = mapper.unrounded_run(mapped), mapper.integer_run(mapped)
    labels: list[tuple[int, int, int]] = []
    n_dropped = 0
    for sample in islice((one for batch in samples.batches() for one in batch), MOST_SAMPLES):
        floats = reference.run(mapped.network, sample[np.newaxis], mapped.conventions)
        answer = integer(sample)
        right = None if samples.labels is None else int(samples.labels[len(labels)])
        in_float = int(float_labels(mapped.plan, floats)[0])
        labels.append((in_float, unrounded(sample).label, answer.label))
        n_dropped += answer.dropped_spikes
        collector.add(len(labels) - 1, floats, answer, in_float if right is None else right)
        advance(1)
    columns = np.array(labels, np.int64).reshape(-1, 3).T
    right_labels = None if samples.labels is None else samples.labels[: len(labels)]
    losses = Losses(right_labels, columns[0], columns[1], columns[2], n_dropped)
    return Study(len(labels), samples.n_timesteps, collector.figures(), losses, tuple(collector.worst))


class _Collector:
    """Sums and ends of all neurons so far, and the worst samples."""

    def __init__(self, mapped: Mapped) -> None:
        self._plan = mapped.plan
        self._places = [place for place in mapped.plan.places if mapped.network.population(place.name).spikes]
        self._in_float = {place.name: np.zeros(len(place.neurons), np.int64) for place in self._places}
        self._on_chip = np.zeros(0, np.int64)
        self._lowest: Integers | None = None
        self._highest: Integers | None = None
        self.worst: list[WorstSample] = []

    def add(self, index: int, floats: reference.FloatRun, answer: SampleAnswer, right: int) -> None:
        """Count one sample; right : the label that it should have"""
        for place in self._places:
            self._in_float[place.name] += floats.spikes[place.name][0].sum(axis=0)
        counts = np.bincount(answer.spikes, minlength=max(len(self._on_chip), 1))
        counts[: len(self._on_chip)] += self._on_chip
        self._on_chip = counts
        if answer.lowest is not None and answer.highest is not None:
            lowest, highest = self._lowest, self._highest
            self._lowest = answer.lowest if lowest is None else np.minimum(lowest, answer.lowest)
            self._highest = answer.highest if highest is None else np.maximum(highest, answer.highest)
        if answer.label != right:
            self._rank(index, floats, answer, right)

    def _rank(self, index: int, floats: reference.FloatRun, answer: SampleAnswer, right: int) -> None:
        """Keep a sample with a wrong label if it is among the worst."""
        rasters = {place.name: _raster(floats.spikes[place.name][0]) for place in self._places}
        margin = _margin(self._plan, answer, right)
        on_chip = {place.name: _chip_raster(place, answer) for place in self._places}
        self.worst.append(WorstSample(index, right, answer.label, margin, rasters, on_chip))
        self.worst.sort(key=lambda one: (-one.margin, one.index))
        del self.worst[N_WORST:]

    def figures(self) -> dict[str, NeuronFigures]:
        """The figures of all populations."""
        return {place.name: self._figures(place) for place in self._places}

    def _figures(self, place: PopulationPlace) -> NeuronFigures:
        counts = np.zeros(max(len(self._on_chip), int(place.neurons.max()) + 1), np.int64)
        counts[: len(self._on_chip)] = self._on_chip
        lowest, highest = (None if ends is None else ends[place.neurons] for ends in (self._lowest, self._highest))
        return NeuronFigures(self._in_float[place.name], counts[place.neurons], lowest, highest)


def _raster(spikes: NDArray[np.bool_]) -> Raster:
    timesteps, neurons = np.nonzero(spikes)
    return timesteps, neurons


def _chip_raster(place: PopulationPlace, answer: SampleAnswer) -> Raster:
    """The spikes of a population on the chip; all in timestep 0 if their timesteps are not known."""
    timesteps = np.zeros(len(answer.spikes), np.int64) if answer.timesteps is None else answer.timesteps
    own = np.isin(answer.spikes, place.neurons)
    return timesteps[own], np.searchsorted(place.neurons, answer.spikes[own])


def _margin(plan: Plan, answer: SampleAnswer, right: int) -> float:
    """The lead of the label before the right one: spikes, or LSB of potentials."""
    neurons = plan.output_neurons
    if answer.label == NO_LABEL or not 0 <= right < len(neurons):
        return 0.0
    if len(answer.potentials) and plan.decision not in (Decision.COUNT, Decision.FIRST):
        return float(answer.potentials[answer.label] - answer.potentials[right])
    counts = (answer.spikes[:, np.newaxis] == neurons).sum(axis=0)
    return float(counts[answer.label] - counts[right])


def as_json(study: Study, mapped: Mapped) -> dict[str, Any]:
    """The study for JSON."""
    losses = study.losses
    return {
        "n_samples": study.n,
        "sentence": losses.sentence(mapped.chip),
        "accuracy": losses.shares(),
        "populations": {
            name: {
                "spikes_in_float": figures.in_float.tolist(),
                "spikes_on_chip": figures.on_chip.tolist(),
                "silent": figures.silent().tolist(),
                "always_spiking": study.always(name).tolist(),
                "lowest_potential": None if figures.lowest is None else int(figures.lowest.min()),
                "highest_potential": None if figures.highest is None else int(figures.highest.max()),
            }
            for name, figures in study.neurons.items()
        },
        "worst": [
            {"sample": one.index, "right": one.right, "label": one.label, "margin": one.margin} for one in study.worst
        ],
    }
