"""Random integer networks for ODIN and tinyODIN, and their comparison with the chip's own levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.crossbar import network as family
from draupnir.emulator.crossbar.layout import N
from draupnir.emulator.crossbar.network import (
    TIME_REFERENCE,
    CrossbarNetwork,
    Integers,
    Limits,
    NetworkOutcome,
    Schedule,
)
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST

EVENT, STALL = 520, 40  # the largest numbers of clocks of a spike event, and of a spike on the output bus
MOST = 400  # the number of spike events after which a network that never comes to rest is stopped


@dataclass(frozen=True)
class Trial:
    """A network and its inputs.

    apart : True to send inputs at rest so far apart that the cycle of a spike tells its input; False for AT_REST
    """

    network: CrossbarNetwork
    inputs: Integers
    schedule: Schedule
    environment: Environment
    apart: bool


@dataclass(frozen=True)
class Maker:
    """The maker of a chip's random networks.

    one_sign : all weights of a row have one sign; thr : most thresholds are below it
    """

    limits: Limits
    n_neurons: Callable[[np.random.Generator], int]
    one_sign: bool
    thr: int

    def trial(self, kind: str, seed: int) -> Trial:
        """A random network of a kind of KINDS, with up to 40 inputs."""
        rng = np.random.default_rng([seed, *kind.encode()])
        n = N if kind == "flooding" else self.n_neurons(rng)
        weights, thr, core = getattr(self, f"_{kind}")(rng, n)
        limits = self.limits
        leak = rng.integers(0, limits.leak_max + 1, n) if rng.random() < 0.3 else rng.integers(0, 4, n)
        enabled = rng.random(n) >= rng.choice([0.0, 0.1, 0.1 if kind == "flooding" else 0.5])
        if self.one_sign:
            weights = _one_sign_a_row(rng, weights)
        network = CrossbarNetwork(weights, thr, leak, enabled, core, bool(rng.random() < 0.9), limits)
        inputs = rng.integers(0, N, rng.integers(1, 40))
        inputs[rng.random(len(inputs)) < rng.choice([0.0, 0.1, 0.3])] = TIME_REFERENCE
        schedule = Schedule.BACK_TO_BACK if seed % 2 else Schedule.AT_REST
        environment = Environment(*rng.integers(0, 6, 4).clip(max=2 * n).tolist())
        return Trial(network, inputs, schedule, environment, apart=seed % 4 == 0)

    def _weights(self, rng: np.random.Generator, n: int, density: float) -> Integers:
        """Return weights; this share of them is not 0."""
        full = rng.integers(self.limits.weight_min, self.limits.weight_max + 1, (N, n))
        return np.where(rng.random((N, n)) < density, full, 0)

    def _near_rest(self, rng: np.random.Generator, n: int) -> Integers:
        return rng.integers(max(-20, self.limits.core_min), 20, n)

    def _feedforward(self, rng: np.random.Generator, n: int) -> tuple[Integers, Integers, Integers]:
        """Make a network in which neurons lead only to later ones."""
        weights = self._weights(rng, n, 0.5)
        weights[:n] = np.triu(weights[:n], 1)
        return weights, rng.integers(1, self.thr, n), self._near_rest(rng, n)

    def _recurrent(self, rng: np.random.Generator, n: int) -> tuple[Integers, Integers, Integers]:
        """Make a sparse network of all to all; most of these come to rest, and some do not."""
        return (
            self._weights(rng, n, rng.choice([0.05, 0.3, 1.0])),
            rng.integers(2, self.thr, n),
            self._near_rest(rng, n),
        )

    def _saturating(self, rng: np.random.Generator, n: int) -> tuple[Integers, Integers, Integers]:
        """Make a network with potentials and weights at their ends, and thresholds at and beyond theirs."""
        most = self.limits
        ends = np.array([most.weight_min, most.weight_max, 0])
        core = rng.choice([most.core_min, most.core_min + 3, 0, most.core_max - 3, most.core_max], n)
        thr = rng.choice([most.core_max - 2, most.core_max, most.core_max + 1, most.thr_max], n)
        return rng.choice(ends, (N, n)), thr.clip(max=most.thr_max), core

    def _eager(self, rng: np.random.Generator, n: int) -> tuple[Integers, Integers, Integers]:
        """Make a network in which a few neurons with threshold 0 spike at each event; most never come to rest."""
        thr = np.where(rng.random(n) < 2 / n, 0, rng.integers(1, 60, n))
        return self._weights(rng, n, 0.2), thr, self._near_rest(rng, n)

    def _flooding(self, rng: np.random.Generator, n: int) -> tuple[Integers, Integers, Integers]:
        """Make a network in which some rows make most neurons spike, all others inhibit, and the FIFO overflows."""
        weights = abs(self._weights(rng, n, 1.0)).clip(1, self.limits.weight_max)
        floods = rng.random(N) < 0.3
        weights[~floods] = -(weights[~floods] == self.limits.weight_max).astype(np.int64)
        weights[:, floods[:n]] = 0  # These neurons get no spikes, so that the network comes to rest.
        thr = rng.integers(1, 12, n)
        return weights, thr, (thr - rng.integers(1, 3, n)).clip(min=0)


KINDS = ("feedforward", "recurrent", "saturating", "eager", "flooding")


def _one_sign_a_row(rng: np.random.Generator, weights: Integers) -> Integers:
    """Return weights in which each row has one sign: that of most of its weights, or a random one."""
    sign = np.sign(weights.sum(axis=1))
    sign[sign == 0] = rng.choice([-1, 1], int((sign == 0).sum()))
    return abs(weights) * sign[:, np.newaxis]


def hold(trial: Trial, chip: ModuleType, model: Any, level: ModuleType) -> NetworkOutcome:
    """Assert that a model does at this level what the network does. Return the network's outcome.

    chip : the chip's module ``network``; model : of the chip, which is configured here; level : its engine, or its
    closed loop
    """
    network, schedule = trial.network, trial.schedule
    try:
        expected = network.run(trial.inputs, schedule, MOST)
    except InputError:  # The delays would decide the order.
        schedule = Schedule.AT_REST
        expected = network.run(trial.inputs, schedule, MOST)
    configuration = chip.configuration(network)
    assert_equal(chip.network(configuration), network)
    configuration.apply(model)
    first, is_apart = int(model.registers[0].cycle), schedule is Schedule.AT_REST and trial.apart
    apart, not_before = _apart(expected) if is_apart else 0, None
    if schedule is Schedule.AT_REST:
        not_before = first + apart * np.arange(len(trial.inputs)) if apart else np.full(len(trial.inputs), AT_REST)
    events = family.addresses(model.chip, trial.inputs)
    run = level.run(
        model, events, trial.environment, None if expected.done else _enough(expected, apart), not_before=not_before
    )
    n_spikes = len(expected.neurons)
    assert (len(run.addrs) == n_spikes) if expected.done else (len(run.addrs) >= n_spikes > 0)
    assert run.addrs[:n_spikes].tolist() == expected.neurons.tolist()
    if apart:
        assert ((run.cycles[:n_spikes] - first) // apart).tolist() == expected.inputs.tolist()
    if expected.done:
        assert model.registers[0].n_dropped == expected.dropped_spikes
        expected_memories = chip.configuration(replace(network, core=expected.core)).memories
        assert all(np.array_equal(model.memories[name], words) for name, words in expected_memories.items())
        if hasattr(run, "statistics"):
            statistics = run.statistics
            assert statistics.dropped_spikes == expected.dropped_spikes
            assert statistics.synaptic_operations == expected.synaptic_operations
    return expected


def assert_equal(one: CrossbarNetwork, other: CrossbarNetwork) -> None:
    """Assert that two networks are equal."""
    for f in fields(CrossbarNetwork):
        assert np.array_equal(getattr(one, f.name), getattr(other, f.name)), f.name


def _apart(expected: NetworkOutcome) -> int:
    """Clocks between inputs that find the chip at rest: more than all that one of them leads to takes."""
    most_spikes = int(np.bincount(expected.inputs, minlength=1).max())
    return (most_spikes + 2) * (EVENT + STALL)


def _enough(expected: NetworkOutcome, apart: int) -> int:
    """Clocks in which an endless network comes beyond the end of what is expected of it."""
    n_inputs = int(expected.inputs[-1]) + 1
    return n_inputs * (apart + EVENT) + MOST * EVENT + len(expected.neurons) * STALL
