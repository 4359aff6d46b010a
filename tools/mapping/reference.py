"""The network in floating point, as the framework that trained it computes it: what mapping must not lose.

In each timestep a population adds its currents, decides which neurons spike, and resets those. ``Conventions`` say how;
NIR does not. Recordings of the framework's own spikes tell which conventions are right (``hold``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from draupnir.tools.mapping.conventions import Conventions, Decay, Reset
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.network import INPUT, NeuronKind, Population, SpikingNetwork

Mask = NDArray[np.bool_]
AT_ONCE = 256  # samples whose potentials are in memory
# In seconds: of snnTorch and SpikingJelly, of Norse, of Sinabs, which counts timesteps, and of older Norse.
USUAL_DTS = (1e-4, 1e-3, 1.0, 1e-6)


@dataclass(frozen=True, eq=False)
class FloatRun:
    """One run of a network over n samples.

    spikes : population -> (n, timesteps, neurons), of those that spike
    potentials : population -> (n, timesteps, neurons) float64 at the end of each timestep
    """

    spikes: Mapping[str, Mask]
    potentials: Mapping[str, Reals]


def run(network: SpikingNetwork, samples: NDArray[np.uint8], conventions: Conventions) -> FloatRun:
    """Run a network on samples, each from rest.

    samples : (n, timesteps, inputs) of 0 and 1
    """
    n, n_timesteps, _ = samples.shape
    spikes = {one.name: np.zeros((n, n_timesteps, one.size), np.bool_) for one in network.populations if one.spikes}
    potentials = {one.name: np.zeros((n, n_timesteps, one.size)) for one in network.populations}
    state = {one.name: _Neurons(one, n, conventions) for one in network.populations}
    for t in range(n_timesteps):
        for population in network.populations:
            current = np.broadcast_to(population.bias, (n, population.size)).copy()
            for connection in network.inputs_of(population.name):
                then = t - connection.recurrent
                if then >= 0:
                    source_spikes = samples if connection.source == INPUT else spikes[connection.source]
                    current += source_spikes[:, then].astype(np.float64) @ connection.weights.T
            fired = state[population.name].step(current)
            if population.spikes:
                spikes[population.name][:, t] = fired
            potentials[population.name][:, t] = state[population.name].v
    return FloatRun(spikes, potentials)


class _Neurons:
    """The potentials of one population; n : samples at once"""

    def __init__(self, population: Population, n: int, conventions: Conventions):
        self.population, self.reset = population, conventions.reset
        self.keep, self.gain = factors(population, conventions)
        self.v = np.zeros((n, population.size))
        self.fired: Mask = np.zeros((n, population.size), np.bool_)

    def step(self, current: Reals) -> Mask:
        """Take one timestep's current; the neurons that spike."""
        threshold = self.population.threshold
        v = self.v * self.keep + current * self.gain
        if self.reset is Reset.SUBTRACT_AFTER_LEAK:
            v -= np.where(self.fired, threshold, 0)
        self.fired = v > threshold
        if self.reset is Reset.ZERO:
            v = np.where(self.fired, self.population.v_reset, v)
        elif self.reset is Reset.SUBTRACT:
            v -= np.where(self.fired, threshold, 0)
        self.v = v
        return self.fired


def factors(population: Population, conventions: Conventions) -> tuple[Reals, Reals]:
    """(neurons,) float64 each: the share of a potential that a timestep keeps, and the gain of its current."""
    ratio = conventions.dt / population.tau
    if population.kind in (NeuronKind.IF, NeuronKind.INTEGRATOR):
        return np.ones(population.size), population.r * conventions.dt
    keep = np.maximum(1 - ratio, 0) if conventions.decay is Decay.EULER else np.exp(-ratio)
    return keep, population.r * (1 - keep)


@dataclass(frozen=True)
class Difference:
    """The first difference between the reference and a recording."""

    population: str
    sample: int
    timestep: int
    neuron: int
    recording: bool

    def __str__(self) -> str:
        ours, theirs = ("no spike", "a spike") if self.recording else ("a spike", "no spike")
        place = f"sample {self.sample}, timestep {self.timestep}, '{self.population}' neuron {self.neuron}"
        return f"{place}: {ours}, and the recording has {theirs}"


@dataclass(frozen=True)
class Equality:
    """The share of samples in which all recorded spikes are equal, under one reading of a network."""

    conventions: Conventions
    n_equal: int
    n: int
    first: Difference | None

    @property
    def holds(self) -> bool:
        """Tell whether all samples are equal."""
        return self.n_equal == self.n


@dataclass(frozen=True)
class Verdict:
    """The equality under the conventions that were asked for; if it does not hold, those under others, best first."""

    baseline: Equality
    others: Sequence[Equality]

    def __str__(self) -> str:
        baseline = self.baseline
        text = f"float reference equal to the recording in {baseline.n_equal} of {baseline.n} samples"
        if baseline.holds:
            return text
        best = self.others[0] if self.others else baseline
        fit = "fits" if best.holds else "is closest"
        remedy = f"{best.conventions} {fit}: {best.n_equal} of {best.n}"
        if best.n_equal <= baseline.n_equal:
            remedy = "no other --reset or --decay, and no usual --dt, comes closer"
        return f"{text} with {baseline.conventions}; {baseline.first}; {remedy}"


def compare(
    network: SpikingNetwork, samples: NDArray[np.uint8], recording: Mapping[str, Mask], conventions: Conventions
) -> Equality:
    """Hold the reference against recorded spikes.

    recording : population -> (n, timesteps, neurons), for the first n samples; the others are left out
    """
    n = min(len(samples), *(len(spikes) for spikes in recording.values()))
    n_equal, first = 0, None
    for start in range(0, n, AT_ONCE):
        piece = slice(start, min(start + AT_ONCE, n))
        ours = run(network, samples[piece], conventions).spikes
        differs = {name: ours[name] != (spikes[piece] != 0) for name, spikes in recording.items()}
        unequal = np.any([mask.any(axis=(1, 2)) for mask in differs.values()], axis=0)
        n_equal += int((~unequal).sum())
        if first is None and unequal.any():
            first = _first(differs, recording, start)
    return Equality(conventions, n_equal, n, first)


def _first(differs: Mapping[str, Mask], recording: Mapping[str, Mask], start: int) -> Difference:
    """The earliest difference of the first sample that has one; start : the sample with which ``differs`` begins"""
    differences = []
    for name, mask in differs.items():
        for sample, timestep, neuron in np.argwhere(mask)[:1].tolist():
            differences.append((start + sample, timestep, neuron, name))
    sample, timestep, neuron, name = min(differences)
    return Difference(name, sample, timestep, neuron, bool(recording[name][sample, timestep, neuron]))


def hold(
    network: SpikingNetwork, samples: NDArray[np.uint8], recording: Mapping[str, Mask], conventions: Conventions
) -> Verdict:
    """Compare; if anything differs, try what else NIR allows: other resets, decays and timesteps."""
    baseline = compare(network, samples, recording, conventions)
    if baseline.holds:
        return Verdict(baseline, ())
    others = (compare(network, samples, recording, other) for other in _others(network, conventions))
    return Verdict(baseline, sorted(others, key=lambda equality: -equality.n_equal))


def _others(network: SpikingNetwork, baseline: Conventions) -> Iterator[Conventions]:
    """Other readings of a network, those that change less first, without a timestep beyond a time constant."""
    shortest = min((float(one.tau.min()) for one in network.populations), default=np.inf)
    dts = [baseline.dt]
    if network.dt is None:
        dts += [dt for dt in (*USUAL_DTS, baseline.dt * 10, baseline.dt / 10) if not np.isclose(dt, baseline.dt)]
    for dt, decay, reset in product(dts, Decay, Reset):
        other = Conventions(dt, reset, decay)
        if other != baseline and (decay is Decay.EXPONENTIAL or dt <= shortest * (1 + 1e-6)):
            yield other
